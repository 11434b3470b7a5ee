//! Stage *residual*: the anomalous cue x − DFG(x) (paper section 3.3, eq. 5).

use burn::tensor::Tensor;
use despoof_nn::ops;

/// The anomalous cue of aligned faces and their generated versions, both `[batch, 3, side, side]`
/// in [−1, 1].
///
/// `standardised` divides by the image's own spread after taking off its mean, as the authors'
/// published code does; the paper's text has the plain difference.
pub fn cue_from_residual(
    aligned: Tensor<4>,
    generated: Tensor<4>,
    standardised: bool,
) -> Tensor<4> {
    let residual = ops::subtract(aligned, generated);
    if standardised { ops::standardise(residual, 1e-8) } else { residual }
}

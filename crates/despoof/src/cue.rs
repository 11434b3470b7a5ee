//! Stage *residual*: the anomalous cue x − DFG(x) (paper section 3.3, eq. 5).

use burn::tensor::Tensor;

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
    let residual = aligned - generated;
    if standardised { standardise(residual) } else { residual }
}

/// (r − mean) / (std + 1e-8) over each image.
fn standardise(residual: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = residual.dims();
    let flat = residual.reshape([batch, channels * height * width]);
    let centred = flat.clone() - flat.mean_dim(1);
    let deviation = centred.clone().powf_scalar(2.0).mean_dim(1).sqrt();
    (centred / (deviation + 1e-8)).reshape([batch, channels, height, width])
}

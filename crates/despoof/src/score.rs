//! Stage *score*: AG-Net's probability that the face is live (paper section 3.3, eq. 5–8).

use burn::tensor::Tensor;
use despoof_nn::agnet::{AgNet, Views};
use despoof_nn::ops;

/// Index of the class "live" among AG-Net's two logits.
pub const LIVE: usize = 1;

/// Probability of live `[batch]` from crops and cues, `[batch, 3, 224, 224]`.
///
/// `temperature` divides the logits (fitted on dev data; 1 leaves them as they are).
pub fn score(agnet: &AgNet, views: Views, cue: Tensor<4>, temperature: f32) -> Tensor<1> {
    let logits = agnet.forward(views, Some(cue)).logits;
    let [batch, _] = logits.dims();
    let classes = ops::softmax(ops::scale(logits, 1.0 / f64::from(temperature)), 1);
    ops::reshape(ops::slice(classes, 1, LIVE, 1), [batch])
}

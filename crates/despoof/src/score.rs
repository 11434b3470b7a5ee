//! Stage *score*: AG-Net's probability that the face is live (paper section 3.3, eq. 5–8).

use burn::tensor::Tensor;
use despoof_nn::agnet::AgNet;
use despoof_nn::ops;

use crate::looks::Looks;

/// Index of the class "live" among AG-Net's two logits.
pub const LIVE: usize = 1;

/// Probability of live `[batch]`: that of the mean logits of all looks at a face, in one pass.
///
/// `temperature` divides the logits (fitted on dev data; 1 leaves them as they are).
pub fn score(agnet: &AgNet, looks: Looks, temperature: f32) -> Tensor<1> {
    let Looks { views, cue, faces } = looks;
    let logits = agnet.forward(views, Some(cue)).logits;
    let half = |start| ops::slice(logits.clone(), 0, start, faces);
    let sum = ops::add(half(0), half(faces));
    let classes = ops::softmax(ops::scale(sum, 0.5 / f64::from(temperature)), 1);
    ops::reshape(ops::slice(classes, 1, LIVE, 1), [faces])
}

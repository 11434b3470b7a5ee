//! Stage *score*: AG-Net's probability that the face is live (paper section 3.3, eq. 5–8).

use burn::tensor::Tensor;
use despoof_nn::agnet::{AgNet, Views};
use despoof_nn::ops;

use crate::look::Look;

/// Index of the class "live" among AG-Net's two logits.
pub const LIVE: usize = 1;

/// Times that AG-Net looks at a face: as it is shown and mirrored.
pub const LOOKS: u64 = 2;

/// Dimension of a picture from its left to its right.
const ACROSS: usize = 3;

/// Probability of live `[batch]` of what AG-Net is shown: that of the mean logits of the
/// pictures and their mirror images, in one pass (docs/adr/0022).
///
/// `temperature` divides the logits (fitted on dev data; 1 leaves them as they are).
pub fn score(agnet: &AgNet, look: Look, temperature: f32) -> Tensor<1> {
    let Look { views: Views { face, context }, cue } = look;
    let [batch, ..] = face.dims();
    let views = Views { face: with_mirror(face), context: context.map(with_mirror) };
    let logits = agnet.forward(views, cue.map(with_mirror)).logits;
    let half = |start| ops::slice(logits.clone(), 0, start, batch);
    let sum = ops::add(half(0), half(batch));
    let classes = ops::softmax(ops::scale(sum, 0.5 / f64::from(temperature)), 1);
    ops::reshape(ops::slice(classes, 1, LIVE, 1), [batch])
}

/// Pictures, then their mirror images.
fn with_mirror(pictures: Tensor<4>) -> Tensor<4> {
    let mirrored = ops::flip(pictures.clone(), ACROSS);
    ops::concatenate(pictures, mirrored, 0)
}

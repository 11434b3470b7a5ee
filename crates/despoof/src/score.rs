//! Stage *score*: AG-Net's probability that the face is live (paper section 3.3, eq. 5–8).

use burn::tensor::Tensor;
use despoof_nn::agnet::{AgNet, Views};
use despoof_nn::ops;
use despoof_nn::resample::resize_bilinear;

use crate::look::Look;

/// Index of the class "live" among AG-Net's two logits.
pub const LIVE: usize = 1;

/// Times that AG-Net looks at a face: at the pictures and at their lower middle, each as shown and mirrored.
pub const LOOKS: u64 = 4;

/// Share of a picture's sides that its lower middle has: 1/1.12.
const LOWER_MIDDLE: [usize; 2] = [25, 28];

/// Dimension of a picture from its top to its bottom.
const DOWN: usize = 2;

/// Dimension of a picture from its left to its right.
const ACROSS: usize = 3;

/// Probability of live `[batch]` of what AG-Net is shown: that of the mean logits of the pictures, their
/// lower middle (docs/adr/0026) and the mirror images of both (docs/adr/0022), in one pass.
///
/// `temperature` divides the logits (fitted on dev data; 1 leaves them as they are).
pub fn score(agnet: &AgNet, look: Look, temperature: f32) -> Tensor<1> {
    let Look { views: Views { face, context }, cue } = look;
    let [batch, ..] = face.dims();
    let looks = |pictures| with_mirror(with_lower_middle(pictures));
    let views = Views { face: looks(face), context: context.map(looks) };
    let logits = agnet.forward(views, cue.map(looks)).answer();
    let of_look = |look| ops::slice(logits.clone(), 0, look * batch, batch);
    let sum = (1..LOOKS as usize).map(of_look).fold(of_look(0), ops::add);
    let classes = ops::softmax(ops::scale(sum, 1.0 / (LOOKS as f64 * f64::from(temperature))), 1);
    ops::reshape(ops::slice(classes, 1, LIVE, 1), [batch])
}

/// Pictures, then their lower middle, enlarged to the size of the whole.
fn with_lower_middle(pictures: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = pictures.dims();
    let [part, whole] = LOWER_MIDDLE;
    let [rows, columns] = [height, width].map(|side| (side * part / whole).max(1));
    let lower = ops::slice(pictures.clone(), DOWN, height - rows, rows);
    let middle = ops::slice(lower, ACROSS, (width - columns) / 2, columns);
    ops::concatenate(pictures, resize_bilinear(middle, [height, width]), 0)
}

/// Pictures, then their mirror images.
fn with_mirror(pictures: Tensor<4>) -> Tensor<4> {
    let mirrored = ops::flip(pictures.clone(), ACROSS);
    ops::concatenate(pictures, mirrored, 0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    /// A picture whose values are its rows and, in hundredths, its columns.
    fn slope(height: usize, width: usize) -> Tensor<4> {
        let value = |index: usize| (index / width) as f32 + (index % width) as f32 / 100.0;
        let values: Vec<f32> = (0..height * width).map(value).collect();
        Tensor::from_data(TensorData::new(values, [1, 1, height, width]), &Device::flex())
    }

    #[test]
    fn the_lower_middle_ends_where_the_picture_does_and_lacks_both_sides_alike() {
        let both = with_lower_middle(slope(56, 56));
        let at = |picture: usize, row: usize, column: usize| -> f32 {
            let all: Vec<f32> = both.to_data().iter().collect();
            all[(picture * 56 + row) * 56 + column]
        };
        assert_eq!(both.dims(), [2, 1, 56, 56]);
        assert_eq!(at(0, 55, 55), 55.55, "the whole is left as it is");
        // 50 of 56 rows and columns: from the sixth row on, without three columns on either side.
        for (place, expected) in [((0, 0), 6.03), ((55, 0), 55.03), ((55, 55), 55.52)] {
            let actual = at(1, place.0, place.1);
            assert!((actual - expected).abs() < 1e-4, "{actual} and not {expected}");
        }
        let tenth = 6.0 + 10.0 * 49.0 / 55.0 + 0.03;
        assert!((at(1, 10, 0) - tenth).abs() < 1e-4, "between the rows around it");
    }
}

//! Stage *looks*: what AG-Net is shown of a face and its generated version. A look is a picture of them and the cue of
//! that picture (docs/adr/0022 and 0023).

use burn::tensor::Tensor;
use despoof_nn::agnet::Views;
use despoof_nn::ops;

use crate::cue::cue_from_residual;

/// Times that AG-Net looks at a face: as it is; mirrored, with more contrast.
pub const LOOKS: u64 = 2;

/// Contrast of the second look, against the face's own.
pub const CONTRAST: f64 = 1.8;

/// Dimension of a picture from its left to its right.
const ACROSS: usize = 3;

/// The looks at faces: all first ones, then all second ones.
#[derive(Clone, Debug)]
pub struct Looks {
    pub(crate) views: Views,
    pub(crate) cue: Tensor<4>,
    /// How many faces.
    pub(crate) faces: usize,
}

/// Looks at crops and the faces that were generated from them, `[batch, 3, 224, 224]` in [−1, 1].
///
/// Contrast is that around the mean tone of the aligned face, for the wider crop and the generated face, too. `standardised` as in
/// [`cue_from_residual`].
pub fn looks(views: Views, generated: Tensor<4>, standardised: bool) -> Looks {
    let [faces, ..] = generated.dims();
    let around = ops::mean(views.face.clone());
    let both = |pictures: Tensor<4>| {
        let steep = ops::contrasted(pictures.clone(), around.clone(), CONTRAST);
        ops::concatenate(pictures, ops::flip(steep, ACROSS), 0)
    };
    let face = both(views.face);
    let cue = cue_from_residual(face.clone(), both(generated), standardised);
    Looks { views: Views { face, context: views.context.map(both) }, cue, faces }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    /// A picture of two pixels beside each other, each grey.
    fn pair(left: f32, right: f32) -> Tensor<4> {
        let values = [left, right].repeat(3);
        Tensor::from_data(TensorData::new(values, [1, 3, 1, 2]), &Device::flex())
    }

    /// What two pixels' first channel shows in both looks.
    fn shown(pictures: Tensor<4>) -> Vec<f32> {
        pictures.narrow(1, 0, 1).into_data().iter().collect()
    }

    fn assert_shows(pictures: Tensor<4>, expected: [f32; 4]) {
        let shown = shown(pictures);
        let far = |(a, b): (&f32, f32)| (a - b).abs() > 1e-6;
        assert!(!shown.iter().zip(expected).any(far), "{shown:?} and not {expected:?}");
    }

    #[test]
    fn the_second_look_is_mirrored_and_has_more_contrast_around_the_mean_of_the_face() {
        // The mean is 0.1: 0.4 becomes 0.1 + 1.8 · 0.3, −0.2 becomes 0.1 − 1.8 · 0.3.
        let views = Views { face: pair(0.4, -0.2), context: Some(pair(0.9, 0.1)) };
        let looks = looks(views, pair(0.3, -0.2), false);
        assert_eq!(looks.faces, 1);
        assert_shows(looks.views.face, [0.4, -0.2, -0.44, 0.64]);
        assert_shows(looks.views.context.expect("it was given"), [0.9, 0.1, 0.1, 1.0]);
        assert_shows(looks.cue, [0.1, 0.0, 0.0, 0.18]);
    }

    #[test]
    fn a_face_that_was_drawn_as_it_is_gives_no_cue_in_any_look() {
        let face = pair(0.9, -1.0);
        assert_shows(looks(Views::of_face(face.clone()), face, false).cue, [0.0; 4]);
    }
}

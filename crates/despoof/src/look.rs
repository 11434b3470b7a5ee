//! Stage *look*: what AG-Net is shown of a face and its generated version (paper section 3.3, eq. 5).

use burn::tensor::Tensor;
use despoof_nn::agnet::Views;
use despoof_nn::ops;
use serde::{Deserialize, Serialize};

use crate::cue::cue_from_residual;

/// How AG-Net looks at faces, in training as in a check.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LookConfig {
    /// Whether the cue is standardised per image, as the authors' code does.
    pub standardised_cue: bool,
    /// Contrast of what AG-Net sees, against the photo's own (docs/adr/0023); the paper's is 1.
    #[serde(skip_serializing_if = "LookConfig::is_own")]
    pub contrast: f64,
}

impl LookConfig {
    /// Contrast of a picture that is left as it is.
    pub const OWN_CONTRAST: f64 = 1.0;

    fn is_own(contrast: &f64) -> bool {
        *contrast == Self::OWN_CONTRAST
    }
}

impl Default for LookConfig {
    fn default() -> Self {
        Self { standardised_cue: false, contrast: Self::OWN_CONTRAST }
    }
}

/// What AG-Net sees of faces.
#[derive(Clone, Debug)]
pub struct Look {
    /// Crops.
    pub views: Views,
    /// The cue of the aligned crop, `[batch, 3, 224, 224]`, where AG-Net looks at one.
    pub cue: Option<Tensor<4>>,
}

/// A look at crops and the faces that were generated from them, if any, `[batch, 3, 224, 224]` in [−1, 1].
///
/// Contrast is that around the mean tone of the aligned face, for the wider crop and the generated face, too; the cue is that of
/// the changed pictures.
pub fn look(views: Views, generated: Option<Tensor<4>>, config: LookConfig) -> Look {
    let LookConfig { standardised_cue, contrast } = config;
    let own = LookConfig::is_own(&contrast);
    let around = (!own).then(|| ops::mean(views.face.clone()));
    let seen = |pictures: Tensor<4>| match &around {
        Some(around) => ops::contrasted(pictures, around.clone(), contrast),
        None => pictures,
    };
    let face = seen(views.face);
    let cue = generated.map(|drawn| cue_from_residual(face.clone(), seen(drawn), standardised_cue));
    Look { views: Views { face, context: views.context.map(seen) }, cue }
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

    /// Whether both pixels' last channel is as expected.
    fn assert_shows(picture: Tensor<4>, expected: [f32; 2]) {
        let shown: Vec<f32> = picture.narrow(1, 2, 1).into_data().iter().collect();
        assert_eq!(shown.len(), expected.len());
        let near = |(a, b): (&f32, f32)| (a - b).abs() <= 1e-6;
        assert!(shown.iter().zip(expected).all(near), "{shown:?} and not {expected:?}");
    }

    fn looked(contrast: f64) -> [Tensor<4>; 3] {
        let views = Views { face: pair(0.4, -0.2), context: Some(pair(0.9, 0.1)) };
        let config = LookConfig { contrast, ..LookConfig::default() };
        let Look { views, cue } = look(views, Some(pair(0.3, -0.2)), config);
        [views.face, views.context.expect("it was given"), cue.expect("it was generated")]
    }

    #[test]
    fn contrast_is_around_the_mean_of_the_face_in_all_pictures() {
        // The mean is 0.1: 0.4 becomes 0.1 + 1.8 · 0.3, −0.2 becomes 0.1 − 1.8 · 0.3; 1.54 is cut to 1.
        let [face, context, cue] = looked(1.8);
        assert_shows(face, [0.64, -0.44]);
        assert_shows(context, [1.0, 0.1]);
        assert_shows(cue, [0.18, 0.0]);
    }

    #[test]
    fn own_contrast_leaves_everything_as_it_is() {
        let [face, context, cue] = looked(LookConfig::OWN_CONTRAST);
        assert_shows(face, [0.4, -0.2]);
        assert_shows(context, [0.9, 0.1]);
        assert_shows(cue, [0.1, 0.0]);
    }

    #[test]
    fn a_face_that_was_drawn_as_it_is_gives_no_cue_and_none_drawn_none_at_all() {
        let face = pair(0.9, -1.0);
        let config = LookConfig { contrast: 1.8, ..LookConfig::default() };
        let drawn = look(Views::of_face(face.clone()), Some(face.clone()), config);
        assert_shows(drawn.cue.expect("it was generated"), [0.0; 2]);
        assert!(look(Views::of_face(face), None, config).cue.is_none());
    }

    #[test]
    fn contrast_is_written_down_where_it_is_not_the_pictures_own() {
        let written = |config| serde_json::to_string(&config).expect("plain data");
        let own = LookConfig::default();
        assert_eq!(written(own), r#"{"standardised_cue":false}"#);
        let steep = LookConfig { contrast: 1.8, ..own };
        for config in [own, steep] {
            let read: LookConfig = serde_json::from_str(&written(config)).expect("just written");
            assert_eq!(read, config);
        }
    }
}

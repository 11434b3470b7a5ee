//! Settings of the detector.

use despoof_nn::mtcnn::PNET_WINDOW;
use serde::{Deserialize, Serialize};

/// How thoroughly faces are looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectorConfig {
    /// A photo whose longest side is longer is reduced to this first, in pixels; `None`: never.
    pub longest_side: Option<u32>,
    /// Side of the smallest face looked for, in pixels of the reduced photo, at least 12.
    pub minimum_face: f32,
    /// The same as a share of the reduced photo's longest side; the larger of both counts.
    pub minimum_face_share: f32,
    /// Probability from which P-Net, R-Net and O-Net pass a candidate on.
    pub thresholds: [f32; 3],
    /// Size of each scale of the pyramid relative to the one before, 0.1 to 0.95.
    pub pyramid_factor: f64,
    /// The most probable candidates that go on: from each scale of the pyramid, into R-Net and
    /// into O-Net. Keeps time and memory bounded on photos full of face-like texture.
    pub most_candidates: [usize; 3],
    /// Width of the border with which a photo without a whole face is searched once more, as a
    /// share of its longest side, 0 to 1; 0: never, as in manifests that do not say.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub border: f32,
}

/// Manifests of before there were borders keep their digest.
fn is_zero(share: &f32) -> bool {
    *share == 0.0
}

impl Default for DetectorConfig {
    /// The product's settings: one person in front of a camera, cheap enough for a phone.
    fn default() -> DetectorConfig {
        DetectorConfig {
            longest_side: Some(640),
            minimum_face_share: 1.0 / 16.0,
            most_candidates: [256, 256, 64],
            border: 0.35,
            ..DetectorConfig::facenet()
        }
    }
}

impl DetectorConfig {
    /// The defaults of facenet-pytorch, for comparison with it: time and memory are not bounded.
    pub fn facenet() -> DetectorConfig {
        DetectorConfig {
            longest_side: None,
            minimum_face: 20.0,
            minimum_face_share: 0.0,
            thresholds: [0.6, 0.7, 0.7],
            pyramid_factor: 0.709,
            most_candidates: [usize::MAX; 3],
            border: 0.0,
        }
    }

    /// What is wrong with the settings, if anything.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let ensure = |right: bool, message| if right { Ok(()) } else { Err(message) };
        let share = 0.0..=1.0;
        ensure(self.longest_side.is_none_or(|side| side >= 12), "longest_side is below 12 pixels")?;
        ensure((12.0..1e6).contains(&self.minimum_face), "minimum_face is not 12 to 1e6 pixels")?;
        ensure(share.contains(&self.minimum_face_share), "minimum_face_share is not 0 to 1")?;
        ensure(self.thresholds.iter().all(|one| share.contains(one)), "a threshold is not 0 to 1")?;
        ensure(share.contains(&self.border), "border is not 0 to 1")?;
        ensure((0.1..=0.95).contains(&self.pyramid_factor), "pyramid_factor is not 0.1 to 0.95")
    }

    /// Factors by which a picture of `width` × `height` pixels is scaled for P-Net, largest first.
    pub(super) fn pyramid_scales(&self, width: u32, height: u32) -> Vec<f64> {
        let window = PNET_WINDOW as f64;
        let share = f64::from(self.minimum_face_share) * f64::from(width.max(height));
        let mut scale = window / f64::from(self.minimum_face).max(share);
        let mut shortest_side = f64::from(width.min(height)) * scale;
        let mut scales = Vec::new();
        while shortest_side >= window {
            scales.push(scale);
            scale *= self.pyramid_factor;
            shortest_side *= self.pyramid_factor;
        }
        scales
    }
}

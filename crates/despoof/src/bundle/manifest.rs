//! `manifest.json`: what a bundle holds, how its input is prepared, and how it decides.

use std::fmt::Display;

use despoof_nn::agnet::AgNetConfig;
use despoof_nn::diffusion::NoiseScheduleConfig;
use despoof_nn::presets::Preset;
use image::RgbImage;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BundleError;
use crate::align::{ContextCrop, Crops, Landmarks, Template, aligned_from_photo};
use crate::decide::DecisionRule;
use crate::detect::DetectorConfig;
use crate::look::LookConfig;

/// The layout this version reads and writes.
pub const FORMAT: u32 = 1;

/// Content of `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout version.
    pub format: u32,
    /// Sizes of all networks and the sampler's settings.
    pub preset: Preset,
    /// How a photo becomes the networks' input.
    pub preprocessing: Preprocessing,
    /// Thresholds, and which data fixed them.
    pub decision: DecisionRule,
    /// Every stored tensor.
    pub tensors: Vec<TensorEntry>,
    /// The shard files, in the order in which they should be fetched.
    pub shards: Vec<ShardEntry>,
    /// SHA-256 of this manifest with an empty digest, as hexadecimal: names the whole bundle,
    /// since the shards' digests are part of it.
    pub digest: String,
}

/// How a photo becomes the networks' input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Settings of the face detector.
    pub detector: DetectorConfig,
    /// Where the five landmarks come to lie, as fractions of the crop.
    pub template: Template,
    /// Side of the aligned crop in pixels.
    pub side: u32,
    /// What AG-Net is shown.
    #[serde(flatten)]
    pub look: LookConfig,
    /// The wider crop, where AG-Net looks at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextCrop>,
}

impl Preprocessing {
    /// As AG-Net of these sizes was trained.
    pub fn of_agnet(agnet: &AgNetConfig) -> Self {
        let context = agnet.context_tokens.map(|_| ContextCrop::default());
        Self { context, ..Self::default() }
    }

    /// A face cut out of its photo by its landmarks, and what is around it.
    pub fn crops_from_photo(&self, photo: &RgbImage, landmarks: &Landmarks) -> Crops {
        let wider = |context: ContextCrop| {
            aligned_from_photo(photo, landmarks, &context.template, context.side)
        };
        Crops {
            aligned: self.aligned_from_photo(photo, landmarks),
            context: self.context.map(wider),
        }
    }

    /// The face alone, upright and to scale.
    pub fn aligned_from_photo(&self, photo: &RgbImage, landmarks: &Landmarks) -> RgbImage {
        aligned_from_photo(photo, landmarks, &self.template, self.side)
    }
}

impl Default for Preprocessing {
    fn default() -> Self {
        Self {
            detector: DetectorConfig::default(),
            template: Template::PIPELINE,
            side: 224,
            look: LookConfig::default(),
            context: None,
        }
    }
}

/// One stored tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TensorEntry {
    /// Parameter path in PyTorch's names.
    pub name: String,
    /// Dimensions in PyTorch's order.
    pub shape: Vec<usize>,
    /// `I8` (with `NAME.scale` beside it), `F16` or `F32`.
    pub dtype: String,
    /// The file it is in.
    pub shard: String,
}

/// One shard file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// File name beside the manifest.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 as hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads a manifest and checks its version and digest.
    ///
    /// # Errors
    /// [`BundleError::Manifest`] and [`BundleError::ManifestDigest`].
    pub fn from_json(text: &str) -> Result<Self, BundleError> {
        let unreadable = |error: serde_json::Error| BundleError::Manifest(error.to_string());
        let format = serde_json::from_str::<FormatOnly>(text).map_err(unreadable)?.format;
        if format != FORMAT {
            let message = format!("its format is {format}, this version reads {FORMAT}");
            return Err(BundleError::Manifest(message));
        }
        let manifest: Self = serde_json::from_str(text).map_err(unreadable)?;
        let expected = manifest.computed_digest();
        if manifest.digest == expected {
            Ok(manifest)
        } else {
            Err(BundleError::ManifestDigest { found: manifest.digest, expected })
        }
    }

    /// Whether a check can run with these settings; a digest says only that nobody altered them since.
    ///
    /// # Errors
    /// [`BundleError::Manifest`], naming the setting.
    pub fn check(&self) -> Result<(), BundleError> {
        let Self { preset, preprocessing, decision, .. } = self;
        let context_side = preprocessing.context.map(|context| context.side as usize);
        let schedule = NoiseScheduleConfig::default().init();
        preset
            .check(preprocessing.side as usize, context_side)
            .map_err(|error| refused("preset", error))?;
        preset.sampler.check(&schedule).map_err(|error| refused("preset.sampler", error))?;
        let detector = &preprocessing.detector;
        detector.check().map_err(|error| refused("preprocessing.detector", error))?;
        decision.check().map_err(|error| refused("decision", error))
    }

    /// SHA-256 of this manifest with an empty digest.
    pub fn computed_digest(&self) -> String {
        let content = Self { digest: String::new(), ..self.clone() };
        let bytes =
            serde_json::to_vec(&content).expect("a manifest holds only what JSON can express");
        hexadecimal_sha256(&bytes)
    }
}

fn refused(setting: &str, reason: impl Display) -> BundleError {
    BundleError::Manifest(format!("{setting}: {reason}"))
}

/// Read first, so that a bundle of another version is named as such.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

/// SHA-256 as lower-case hexadecimal.
pub fn hexadecimal_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

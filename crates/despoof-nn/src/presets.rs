//! The presets: every size of the pipeline's networks as one value.

use serde::{Deserialize, Serialize};

use crate::agnet::AgNetConfig;
use crate::autoencoder::AutoencoderConfig;
use crate::diffusion::{Prediction, TimestepSpacing};
use crate::identity::IdentityConfig;
use crate::iresnet::IResNetConfig;
use crate::mobilefacenet::MobileFaceNetConfig;
use crate::sampler::{SamplerConfig, Start};
use crate::sizes::{SizesError, divisible, equal};
use crate::unet::UnetConfig;

/// Pixels of a side that become one position of a latent, in every preset.
pub const LATENT_STRIDE: usize = 8;
/// Channels of a latent, in every preset.
pub const LATENT_CHANNELS: usize = 4;

/// Name of a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresetName {
    /// Runs in a page.
    Web,
    /// The published sizes, for a GPU.
    Paper,
}

/// Sizes of all networks behind the detector, and the sampler's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    /// Which preset the sizes are of.
    pub name: PresetName,
    /// F_id.
    pub identity: IdentityConfig,
    /// Latent space of the generator.
    pub autoencoder: AutoencoderConfig,
    /// ε_θ.
    pub unet: UnetConfig,
    /// Steps, start and seed.
    pub sampler: SamplerConfig,
    /// AG-Net.
    pub agnet: AgNetConfig,
}

impl Preset {
    /// Whether networks can be made of these sizes and fit together, for aligned faces of `face_side`
    /// pixels and, where there is one, a wider crop of `context_side` pixels.
    ///
    /// # Errors
    /// [`SizesError`], naming the size.
    pub fn check(&self, face_side: usize, context_side: Option<usize>) -> Result<(), SizesError> {
        let Self { identity, autoencoder, unet, agnet, .. } = self;
        identity.check()?;
        autoencoder.check()?;
        unet.check()?;
        agnet.check(face_side, context_side)?;
        equal("autoencoder.image_channels", autoencoder.image_channels, 3)?;
        equal("autoencoder.latent_channels", autoencoder.latent_channels, LATENT_CHANNELS)?;
        equal("pixels of a latent's position", autoencoder.stride(), LATENT_STRIDE)?;
        equal("unet.channels_in", unet.channels_in, LATENT_CHANNELS)?;
        equal("unet.channels_out", unet.channels_out, LATENT_CHANNELS)?;
        divisible("the face's side", face_side, LATENT_STRIDE)?;
        let (found, most) = (identity.width(), unet.context_width);
        if found > most { Err(SizesError::WideIdentity { found, most }) } else { Ok(()) }
    }

    /// The preset of that name.
    pub fn named(name: PresetName) -> Self {
        match name {
            PresetName::Web => Self::web(),
            PresetName::Paper => Self::paper(),
        }
    }

    /// What runs in a page: at most 16 MB of int8 weights and 5 G multiply-accumulates a check.
    pub fn web() -> Self {
        Self {
            name: PresetName::Web,
            identity: IdentityConfig::MobileFaceNet(MobileFaceNetConfig::web()),
            autoencoder: AutoencoderConfig::web(),
            unet: UnetConfig::web(),
            sampler: SamplerConfig {
                steps: 1,
                spacing: TimestepSpacing::Trailing,
                start: Start::NoisedInput { timestep: 601 },
                seed: 0,
                prediction: Prediction::Velocity,
            },
            agnet: AgNetConfig::web(),
        }
    }

    /// The published networks (paper section 4.2) and the paper's text's way of sampling: from pure
    /// noise. The autoencoder is the one whose latents the U-Net's checkpoint knows;
    /// [`AutoencoderConfig::latent_diffusion_vq`] is the paper's other reading.
    pub fn paper() -> Self {
        Self {
            name: PresetName::Paper,
            identity: IdentityConfig::IResNet(IResNetConfig::iresnet18()),
            autoencoder: AutoencoderConfig::stable_diffusion(),
            unet: UnetConfig::stable_diffusion(),
            sampler: SamplerConfig {
                steps: 50,
                spacing: TimestepSpacing::Leading,
                start: Start::Noise,
                seed: 0,
                prediction: Prediction::Epsilon,
            },
            agnet: AgNetConfig::paper(),
        }
    }
}

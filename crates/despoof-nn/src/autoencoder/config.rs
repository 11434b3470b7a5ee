//! Sizes of the autoencoder.

use burn::nn::{GroupNorm, GroupNormConfig};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::spatial_attention::SpatialAttention;
use crate::residual_block::{ResidualBlock, ResidualBlockConfig};
use crate::sizes::{SizesError, divisible, equal, positive};

/// Group normalisation's epsilon in the autoencoder; the U-Net has another.
const NORM_EPSILON: f64 = 1e-6;

/// Sizes of an [`Autoencoder`](super::Autoencoder).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoencoderConfig {
    /// Channels of the image.
    pub image_channels: usize,
    /// Channels of the latent.
    pub latent_channels: usize,
    /// Side of the square of pixels that becomes one position of the first level.
    pub patch: usize,
    /// Channels of every level, from the image's side to the latent's; each further level halves the
    /// resolution.
    pub block_out_channels: Vec<usize>,
    /// Residual blocks of every level of the encoder.
    pub encoder_layers: Vec<usize>,
    /// Residual blocks of every level of the decoder, also from the image's side to the latent's.
    pub decoder_layers: Vec<usize>,
    /// Whether encoder and decoder have a residual block, self-attention and another residual block
    /// at the lowest resolution, and a 1×1 convolution on their side of the code.
    pub mid_attention: bool,
    /// Whether self-attention also follows every residual block of the lowest level.
    #[serde(default, skip_serializing_if = "is_false")]
    pub level_attention: bool,
    /// How the decoder doubles the resolution.
    pub upsampling: Upsampling,
    /// Groups of every group normalisation.
    pub norm_groups: usize,
    /// Vectors of the codebook that codes are made of; `None` is the KL-regularised autoencoder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codebook_entries: Option<usize>,
    /// Brings latents to unit variance for the U-Net; measured on training data.
    pub scaling_factor: f64,
}

/// How the decoder doubles the resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upsampling {
    /// A 3×3 convolution to four times the channels of the next level, then
    /// [`pixel_shuffle`](crate::resample::pixel_shuffle): convolves at the lower resolution.
    PixelShuffle,
    /// Nearest neighbour, then a 3×3 convolution at the higher resolution (diffusers).
    Nearest,
}

impl AutoencoderConfig {
    /// The autoencoder of Stable Diffusion 1.5, 83.7 M parameters, frozen in the published AG-FAS.
    pub fn stable_diffusion() -> Self {
        Self {
            image_channels: 3,
            latent_channels: 4,
            patch: 1,
            block_out_channels: vec![128, 256, 512, 512],
            encoder_layers: vec![2; 4],
            decoder_layers: vec![3; 4],
            mid_attention: true,
            level_attention: false,
            upsampling: Upsampling::Nearest,
            norm_groups: 32,
            codebook_entries: None,
            scaling_factor: 0.18215,
        }
    }

    /// The autoencoder `vq-f8` of latent diffusion, 16 384 vectors of 4 channels: the paper calls 𝓔
    /// "the encoder of a VQVAE". No scale was published with it.
    pub fn latent_diffusion_vq() -> Self {
        Self {
            block_out_channels: vec![128, 256, 256, 512],
            level_attention: true,
            codebook_entries: Some(16_384),
            scaling_factor: 1.0,
            ..Self::stable_diffusion()
        }
    }

    /// The autoencoder that runs in a page: 224×224×3 to 28×28×4.
    pub fn web() -> Self {
        Self {
            image_channels: 3,
            latent_channels: 4,
            patch: 4,
            block_out_channels: vec![64, 128],
            encoder_layers: vec![1, 1],
            decoder_layers: vec![1, 3],
            mid_attention: false,
            level_attention: false,
            upsampling: Upsampling::PixelShuffle,
            norm_groups: 16,
            codebook_entries: None,
            scaling_factor: 1.0,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SizesError> {
        let levels = self.block_out_channels.len();
        positive([
            ("the number of autoencoder.block_out_channels", levels),
            ("autoencoder.image_channels", self.image_channels),
            ("autoencoder.latent_channels", self.latent_channels),
            ("autoencoder.patch", self.patch),
            ("autoencoder.norm_groups", self.norm_groups),
            ("autoencoder.codebook_entries", self.codebook_entries.unwrap_or(1)),
        ])?;
        equal("entries of autoencoder.encoder_layers", self.encoder_layers.len(), levels)?;
        equal("entries of autoencoder.decoder_layers", self.decoder_layers.len(), levels)?;
        for &layers in self.encoder_layers.iter().chain(&self.decoder_layers) {
            positive([("an autoencoder level's layers", layers)])?;
        }
        for &channels in &self.block_out_channels {
            positive([("autoencoder.block_out_channels", channels)])?;
            divisible("autoencoder.block_out_channels", channels, self.norm_groups)?;
        }
        if self.scaling_factor.is_finite() && self.scaling_factor > 0.0 {
            Ok(())
        } else {
            Err(SizesError::Scale(self.scaling_factor))
        }
    }

    /// Pixels of a side that become one position of the code.
    pub(crate) fn stride(&self) -> usize {
        2_usize.saturating_pow(self.lowest_level() as u32).saturating_mul(self.patch)
    }

    /// Channels of an image whose patches have become channels.
    pub(super) fn patch_channels(&self) -> usize {
        self.image_channels * self.patch * self.patch
    }

    /// Channels that the encoder ends with: mean and log variance, or the code itself.
    pub(super) fn moment_channels(&self) -> usize {
        if self.codebook_entries.is_some() {
            self.latent_channels
        } else {
            2 * self.latent_channels
        }
    }

    pub(super) fn lowest_level(&self) -> usize {
        self.block_out_channels.len() - 1
    }

    pub(super) fn lowest_channels(&self) -> usize {
        self.block_out_channels[self.lowest_level()]
    }

    pub(super) fn norm(&self, channels: usize, device: &Device) -> GroupNorm {
        GroupNormConfig::new(self.norm_groups, channels).with_epsilon(NORM_EPSILON).init(device)
    }

    /// The attentions behind the `count` residual blocks of a level.
    pub(super) fn level_attentions(
        &self,
        level: usize,
        count: usize,
        device: &Device,
    ) -> Vec<SpatialAttention> {
        let attends = self.level_attention && level == self.lowest_level();
        (0..if attends { count } else { 0 }).map(|_| SpatialAttention::new(self, device)).collect()
    }

    /// `count` residual blocks of which the first changes the number of channels.
    pub(super) fn residual_blocks(
        &self,
        channels_in: usize,
        channels_out: usize,
        count: usize,
        device: &Device,
    ) -> Vec<ResidualBlock> {
        (0..count)
            .map(|layer| ResidualBlockConfig {
                channels_in: if layer == 0 { channels_in } else { channels_out },
                channels_out,
                time_embedding_width: None,
                norm_groups: self.norm_groups,
                norm_epsilon: NORM_EPSILON,
            })
            .map(|config| config.init(device))
            .collect()
    }
}

/// For fields that bundles written before them lack.
fn is_false(value: &bool) -> bool {
    !value
}

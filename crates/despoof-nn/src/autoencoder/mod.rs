//! The autoencoder 𝓔 and 𝓓 of the De-spoofing Face Generator (paper section 3.2): KL-regularised, 4
//! latent channels at an eighth of the resolution (Rombach et al. 2022), in the structure and with
//! the parameter names of diffusers' `AutoencoderKL`.
//!
//! Where that network spends most of its time at full resolution, the one for the web packs squares
//! of pixels into channels first, works at a quarter of the resolution and below, and unpacks them
//! last.

mod decoder;
mod encoder;
mod mid_block;

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{GroupNorm, GroupNormConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::cost;
use crate::layers;
use crate::residual_block::{ResidualBlock, ResidualBlockConfig, conv1x1};
use decoder::Decoder;
use encoder::Encoder;

/// Regular expressions and replacements, in this order, that turn the names of a diffusers
/// checkpoint into those of [`Autoencoder`].
pub const DIFFUSERS_KEYS: [(&str, &str); 3] = [
    (r"\.to_out\.0\.", ".to_out."),
    (r"\.downsamplers\.0\.conv\.", ".downsampler."),
    (r"\.upsamplers\.0\.conv\.", ".upsampler."),
];

/// Group normalisation's epsilon in the autoencoder; the U-Net has another.
const NORM_EPSILON: f64 = 1e-6;

/// Sizes of an [`Autoencoder`].
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
    /// How the decoder doubles the resolution.
    pub upsampling: Upsampling,
    /// Groups of every group normalisation.
    pub norm_groups: usize,
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

/// Encoder and decoder between images in [−1, 1] and latents.
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: Encoder,
    quant_conv: Option<Conv2d>,
    post_quant_conv: Option<Conv2d>,
    decoder: Decoder,
    scaling_factor: f64,
}

/// The Gaussian that the encoder gives for an image.
#[derive(Clone, Debug)]
pub struct Moments {
    /// `[batch, latent channels, height, width]`; the code itself at inference.
    pub mean: Tensor<4>,
    /// Of the same shape, in [−30, 20].
    pub log_variance: Tensor<4>,
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
            upsampling: Upsampling::Nearest,
            norm_groups: 32,
            scaling_factor: 0.18215,
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
            upsampling: Upsampling::PixelShuffle,
            norm_groups: 16,
            scaling_factor: 1.0,
        }
    }

    /// An autoencoder with random weights.
    pub fn init(&self, device: &Device) -> Autoencoder {
        let conv_of_code =
            |channels| self.mid_attention.then(|| conv1x1(channels, channels).init(device));
        Autoencoder {
            encoder: Encoder::new(self, device),
            quant_conv: conv_of_code(2 * self.latent_channels),
            post_quant_conv: conv_of_code(self.latent_channels),
            decoder: Decoder::new(self, device),
            scaling_factor: self.scaling_factor,
        }
    }

    /// Channels of an image whose patches have become channels.
    fn patch_channels(&self) -> usize {
        self.image_channels * self.patch * self.patch
    }

    fn lowest_level(&self) -> usize {
        self.block_out_channels.len() - 1
    }

    fn lowest_channels(&self) -> usize {
        self.block_out_channels[self.lowest_level()]
    }

    fn norm(&self, channels: usize, device: &Device) -> GroupNorm {
        GroupNormConfig::new(self.norm_groups, channels).with_epsilon(NORM_EPSILON).init(device)
    }

    /// `count` residual blocks of which the first changes the number of channels.
    fn residual_blocks(
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

impl Autoencoder {
    /// Image `[batch, 3, height, width]` in [−1, 1] to the Gaussian of its code at an eighth of the
    /// resolution (𝓔 of paper eq. 4, not yet scaled).
    pub fn encode(&self, image: Tensor<4>) -> Moments {
        Moments::from_channels(convolve(&self.quant_conv, self.encoder.forward(image)))
    }

    /// Code `[batch, 4, height / 8, width / 8]`, not scaled, to image `[batch, 3, height, width]`,
    /// nominally in [−1, 1].
    pub fn decode(&self, code: Tensor<4>) -> Tensor<4> {
        self.decoder.forward(convolve(&self.post_quant_conv, code))
    }

    /// The latent the U-Net works on: the scaled mean of the code. Shapes as [`Self::encode`].
    pub fn latent_from_image(&self, image: Tensor<4>) -> Tensor<4> {
        self.encode(image).mean * self.scaling_factor
    }

    /// The image of a latent of the U-Net. Shapes as [`Self::decode`].
    pub fn image_from_latent(&self, latent: Tensor<4>) -> Tensor<4> {
        self.decode(latent / self.scaling_factor)
    }

    /// Parameters that only [`Self::encode`] needs.
    pub fn encoder_parameters(&self) -> usize {
        cost::parameters(&self.encoder) + cost::parameters(&self.quant_conv)
    }
}

/// The input itself where there is no convolution.
fn convolve(conv: &Option<Conv2d>, input: Tensor<4>) -> Tensor<4> {
    match conv {
        Some(conv) => layers::conv2d(conv, input),
        None => input,
    }
}

impl Moments {
    fn from_channels(moments: Tensor<4>) -> Self {
        let latent_channels = moments.dims()[1] / 2;
        let log_variance = moments.clone().narrow(1, latent_channels, latent_channels);
        Self {
            mean: moments.narrow(1, 0, latent_channels),
            // diffusers' bounds: variances stay finite in f32.
            log_variance: log_variance.clamp(-30.0, 20.0),
        }
    }

    /// A draw from the Gaussian, given standard normal `noise` of the same shape.
    pub fn sample(&self, noise: Tensor<4>) -> Tensor<4> {
        self.mean.clone() + noise * (self.log_variance.clone() * 0.5).exp()
    }

    /// Kullback–Leibler divergence from the standard normal in nats, summed per sample: `[batch]`.
    pub fn kl_divergence(&self) -> Tensor<1> {
        let squared_mean = self.mean.clone().square();
        let variance = self.log_variance.clone().exp();
        let per_value = (squared_mean + variance - 1.0 - self.log_variance.clone()) * 0.5;
        per_value.sum_dims_squeeze(&[1, 2, 3])
    }
}

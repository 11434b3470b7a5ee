//! The autoencoder 𝓔 and 𝓓 of the De-spoofing Face Generator (paper section 3.2): 4 latent channels at
//! an eighth of the resolution (Rombach et al. 2022), KL-regularised or with a codebook, in the
//! structure and with the parameter names of diffusers' `AutoencoderKL` and `VQModel`.
//!
//! Where that network spends most of its time at full resolution, the one for the web packs squares
//! of pixels into channels first, works at a quarter of the resolution and below, and unpacks them
//! last.

mod codebook;
mod config;
mod decoder;
mod encoder;
mod mid_block;
mod moments;
mod spatial_attention;

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use crate::cost;
use crate::layers;
use crate::ops;
use crate::residual_block::conv1x1;
use codebook::Codebook;
pub(crate) use decoder::Decoder;
pub(crate) use encoder::Encoder;

pub use config::{AutoencoderConfig, Upsampling};
pub use moments::Moments;

/// Regular expressions and replacements, in this order, that turn the names of a diffusers
/// checkpoint into those of [`Autoencoder`].
pub const DIFFUSERS_KEYS: [(&str, &str); 7] = [
    (r"\.to_out\.0\.", ".to_out."),
    // As older checkpoints call the projections, that of Stable Diffusion 1.5 among them.
    (r"\.(attentions\.\d)\.query\.", ".$1.to_q."),
    (r"\.(attentions\.\d)\.key\.", ".$1.to_k."),
    (r"\.(attentions\.\d)\.value\.", ".$1.to_v."),
    (r"\.(attentions\.\d)\.proj_attn\.", ".$1.to_out."),
    (r"\.downsamplers\.0\.conv\.", ".downsampler."),
    (r"\.upsamplers\.0\.conv\.", ".upsampler."),
];

/// Encoder and decoder between images in [−1, 1] and latents.
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: Encoder,
    quant_conv: Option<Conv2d>,
    quantize: Option<Codebook>,
    post_quant_conv: Option<Conv2d>,
    decoder: Decoder,
    scaling_factor: f64,
}

impl AutoencoderConfig {
    /// An autoencoder with random weights.
    pub fn init(&self, device: &Device) -> Autoencoder {
        let conv_of_code =
            |channels| self.mid_attention.then(|| conv1x1(channels, channels).init(device));
        Autoencoder {
            encoder: Encoder::new(self, self.moment_channels(), device),
            quant_conv: conv_of_code(self.moment_channels()),
            quantize: self
                .codebook_entries
                .map(|entries| Codebook::new(entries, self.latent_channels, device)),
            post_quant_conv: conv_of_code(self.latent_channels),
            decoder: Decoder::new(self, device),
            scaling_factor: self.scaling_factor,
        }
    }
}

impl Autoencoder {
    /// Image `[batch, 3, height, width]` in [−1, 1] to the Gaussian of its code at an eighth of the
    /// resolution (𝓔 of paper eq. 4, not yet scaled).
    ///
    /// # Panics
    /// With a codebook: its codes are no Gaussians, see [`Self::code_from_image`].
    pub fn encode(&self, image: Tensor<4>) -> Moments {
        assert!(self.quantize.is_none(), "an autoencoder without a codebook");
        Moments::from_channels(convolve(&self.quant_conv, self.encoder.forward(image)))
    }

    /// Image `[batch, 3, height, width]` in [−1, 1] to its code `[batch, 4, height / 8, width / 8]`,
    /// not yet scaled: the Gaussian's mean, or the code that is not yet quantised (on which latent
    /// diffusion works, too).
    pub fn code_from_image(&self, image: Tensor<4>) -> Tensor<4> {
        match self.quantize {
            Some(_) => convolve(&self.quant_conv, self.encoder.forward(image)),
            None => self.encode(image).mean,
        }
    }

    /// The code made of the codebook's vectors, through which gradients reach the codebook alone;
    /// the code itself without a codebook.
    pub fn quantized(&self, code: Tensor<4>) -> Tensor<4> {
        match &self.quantize {
            Some(codebook) => codebook.nearest(code),
            None => code,
        }
    }

    /// Code `[batch, 4, height / 8, width / 8]`, not scaled, to image `[batch, 3, height, width]`,
    /// nominally in [−1, 1]. A codebook's quantisation lets gradients pass (straight-through).
    pub fn decode(&self, code: Tensor<4>) -> Tensor<4> {
        let code = match &self.quantize {
            Some(codebook) => code.clone() + (codebook.nearest(code.clone()) - code).detach(),
            None => code,
        };
        self.decoder.forward(convolve(&self.post_quant_conv, code))
    }

    /// The latent the U-Net works on: the scaled code. Shapes as [`Self::code_from_image`].
    pub fn latent_from_image(&self, image: Tensor<4>) -> Tensor<4> {
        ops::scale(self.code_from_image(image), self.scaling_factor)
    }

    /// The image of a latent of the U-Net. Shapes as [`Self::decode`].
    pub fn image_from_latent(&self, latent: Tensor<4>) -> Tensor<4> {
        self.decode(ops::scale(latent, 1.0 / self.scaling_factor))
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

//! The denoiser of the De-spoofing Face Generator (paper section 3.2, ε_θ of eq. 4): the conditional
//! U-Net of latent diffusion (Rombach et al. 2022), in the structure and with the parameter names of
//! diffusers' `UNet2DConditionModel`.

mod blocks;
mod conditions;
mod time_embedding;
mod transformer;

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{GroupNorm, GroupNormConfig};
use burn::tensor::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers;
use crate::ops;
use crate::residual_block::{ResidualBlock, ResidualBlockConfig, conv3x3, zeroed};
use crate::sizes::{SizesError, divisible, equal, positive};
use blocks::{DownBlock, MidBlock, UpBlock};
use conditions::Conditions;
use time_embedding::TimeEmbedding;
use transformer::{Transformer, TransformerConfig};

pub use conditions::{ContextTokens, TimeShifts};
pub use time_embedding::sinusoidal_embedding;

/// Regular expressions and replacements, in this order, that turn the names of a diffusers
/// checkpoint into those of [`Unet`].
pub const DIFFUSERS_KEYS: [(&str, &str); 5] = [
    (r"\.to_out\.0\.", ".to_out."),
    (r"\.ff\.net\.0\.proj\.", ".ff.proj_in."),
    (r"\.ff\.net\.2\.", ".ff.proj_out."),
    (r"\.downsamplers\.0\.conv\.", ".downsampler."),
    (r"\.upsamplers\.0\.conv\.", ".upsampler."),
];

/// Sizes of a [`Unet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnetConfig {
    /// Channels of the noisy latent.
    pub channels_in: usize,
    /// Channels of the prediction.
    pub channels_out: usize,
    /// Channels of every level, from the full resolution down; each further level halves it.
    pub block_out_channels: Vec<usize>,
    /// Which levels attend to the context (and to themselves); the middle always does.
    pub cross_attention: Vec<bool>,
    /// Residual blocks of a level on the way down; one more on the way up.
    pub layers_per_block: usize,
    /// Attention heads of every level; the middle has those of the last.
    pub heads: Vec<usize>,
    /// Width of the context tokens, the identity feature of paper eq. 4.
    pub context_width: usize,
    /// Groups of every group normalisation.
    pub norm_groups: usize,
}

/// Predicts the noise (or the velocity) in a latent from its time step and the identity feature.
#[derive(Module, Debug)]
pub struct Unet {
    conv_in: Conv2d,
    time_embedding: TimeEmbedding,
    down_blocks: Vec<DownBlock>,
    mid_block: MidBlock,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
    context_width: usize,
}

impl UnetConfig {
    /// The U-Net of Stable Diffusion 1.5, 859.5 M parameters; the published AG-FAS fine-tunes it.
    pub fn stable_diffusion() -> Self {
        Self {
            channels_in: 4,
            channels_out: 4,
            block_out_channels: vec![320, 640, 1280, 1280],
            cross_attention: vec![true, true, true, false],
            layers_per_block: 2,
            heads: vec![8; 4],
            context_width: 768,
            norm_groups: 32,
        }
    }

    /// The U-Net that runs in a page: 28×28 latent, attention at 14×14 and 7×7.
    pub fn web() -> Self {
        Self {
            channels_in: 4,
            channels_out: 4,
            block_out_channels: vec![32, 64, 144],
            cross_attention: vec![false, true, true],
            layers_per_block: 1,
            heads: vec![1, 2, 4],
            context_width: 512,
            norm_groups: 8,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SizesError> {
        let levels = self.block_out_channels.len();
        positive([
            ("the number of unet.block_out_channels", levels),
            ("unet.channels_in", self.channels_in),
            ("unet.channels_out", self.channels_out),
            ("unet.layers_per_block", self.layers_per_block),
            ("unet.context_width", self.context_width),
            ("unet.norm_groups", self.norm_groups),
        ])?;
        equal("entries of unet.cross_attention", self.cross_attention.len(), levels)?;
        equal("entries of unet.heads", self.heads.len(), levels)?;
        for (&channels, &heads) in self.block_out_channels.iter().zip(&self.heads) {
            positive([("unet.block_out_channels", channels), ("unet.heads", heads)])?;
            divisible("unet.block_out_channels", channels, heads)?;
            divisible("unet.block_out_channels", channels, self.norm_groups)?;
        }
        // The time embedding is half cosines, half sines.
        divisible("unet.block_out_channels", self.block_out_channels[0], 2)
    }

    /// A U-Net whose output starts at zero.
    pub fn init(&self, device: &Device) -> Unet {
        let levels = self.block_out_channels.len();
        assert_eq!(levels, self.cross_attention.len(), "levels with or without cross-attention");
        assert_eq!(levels, self.heads.len(), "levels with attention heads");
        let first = self.block_out_channels[0];
        Unet {
            conv_in: conv3x3(self.channels_in, first).init(device),
            time_embedding: TimeEmbedding::new(first, self.time_embedding_width(), device),
            down_blocks: self.down_blocks(device),
            mid_block: MidBlock::new(self, device),
            up_blocks: self.up_blocks(device),
            conv_norm_out: GroupNormConfig::new(self.norm_groups, first).init(device),
            conv_out: zeroed(conv3x3(first, self.channels_out)).init(device),
            context_width: self.context_width,
        }
    }

    fn down_blocks(&self, device: &Device) -> Vec<DownBlock> {
        (0..self.block_out_channels.len())
            .map(|level| DownBlock::new(self, level, device))
            .collect()
    }

    /// From the lowest resolution up.
    fn up_blocks(&self, device: &Device) -> Vec<UpBlock> {
        (0..self.block_out_channels.len())
            .rev()
            .map(|level| UpBlock::new(self, level, device))
            .collect()
    }

    fn time_embedding_width(&self) -> usize {
        4 * self.block_out_channels[0]
    }

    fn residual_block(&self, channels_in: usize, channels_out: usize) -> ResidualBlockConfig {
        ResidualBlockConfig {
            channels_in,
            channels_out,
            time_embedding_width: Some(self.time_embedding_width()),
            norm_groups: self.norm_groups,
            norm_epsilon: 1e-5,
        }
    }

    fn transformer(&self, level: usize) -> TransformerConfig {
        TransformerConfig {
            channels: self.block_out_channels[level],
            heads: self.heads[level],
            context_width: self.context_width,
            norm_groups: self.norm_groups,
        }
    }
}

impl Unet {
    /// ε_θ(z_t, t, F_id(x)) of paper eq. 4.
    ///
    /// `latent` is `[batch, channels in, height, width]`: an odd side (the paper's 28 has one at its
    /// fourth level) halves to the larger half, as in diffusers; `timesteps` is `[batch]`, in f32 whatever the precision of the network;
    /// `context` is `[batch, tokens, context width]`, or narrower: zeros are put behind it (paper
    /// section 4.2: 49×512 becomes 49×768). Returns `[batch, channels out, height, width]`.
    pub fn forward(
        &self,
        latent: Tensor<4>,
        timesteps: Tensor<1>,
        context: Tensor<3>,
    ) -> Tensor<4> {
        let time = self.time_shifts(timesteps, latent.dtype());
        self.denoise(latent, &time, &self.context_tokens(context))
    }

    /// What [`Self::denoise`] needs of time steps `[batch]`, in f32; `dtype` is the precision of the network.
    pub fn time_shifts(&self, timesteps: Tensor<1>, dtype: DType) -> TimeShifts {
        let activated = layers::silu(self.time_embedding.forward(timesteps, dtype));
        let shift = |block: &ResidualBlock| block.time_shift(activated.clone());
        TimeShifts(self.residual_blocks().map(shift).collect())
    }

    /// What [`Self::denoise`] needs of a context as in [`Self::forward`].
    pub fn context_tokens(&self, context: Tensor<3>) -> ContextTokens {
        let context = padded_to_width(context, self.context_width);
        let tokens = |transformer: &Transformer| transformer.keys_and_values(&context);
        ContextTokens(self.transformers().map(tokens).collect())
    }

    /// Parameters that only [`Self::context_tokens`] needs.
    pub fn context_parameters(&self) -> usize {
        self.transformers().map(Transformer::context_parameters).sum()
    }

    /// [`Self::forward`] with what was prepared: shifts of one time step serve any batch.
    pub fn denoise(
        &self,
        latent: Tensor<4>,
        time: &TimeShifts,
        context: &ContextTokens,
    ) -> Tensor<4> {
        let mut conditions = Conditions::new(time, context);
        let mut hidden = layers::conv2d(&self.conv_in, latent);
        let mut skips = vec![hidden.clone()];
        for block in &self.down_blocks {
            hidden = block.forward(hidden, &mut conditions, &mut skips);
        }
        hidden = self.mid_block.forward(hidden, &mut conditions);
        for block in &self.up_blocks {
            hidden = block.forward(hidden, &mut conditions, &mut skips);
        }
        layers::conv2d(&self.conv_out, layers::group_norm_silu(&self.conv_norm_out, hidden))
    }

    /// In the order of a pass.
    fn residual_blocks(&self) -> impl Iterator<Item = &ResidualBlock> {
        let down = self.down_blocks.iter().flat_map(|block| &block.resnets);
        let up = self.up_blocks.iter().flat_map(|block| &block.resnets);
        down.chain(&self.mid_block.resnets).chain(up)
    }

    /// In the order of a pass.
    fn transformers(&self) -> impl Iterator<Item = &Transformer> {
        let down = self.down_blocks.iter().flat_map(|block| &block.attentions);
        let up = self.up_blocks.iter().flat_map(|block| &block.attentions);
        down.chain(&self.mid_block.attentions).chain(up)
    }
}

/// Puts zeros behind every token; `width` is at least that of the tokens.
fn padded_to_width(tokens: Tensor<3>, width: usize) -> Tensor<3> {
    let [batch, count, narrow] = tokens.dims();
    assert!(narrow <= width, "context tokens of width {narrow} for a network of width {width}");
    if narrow == width {
        return tokens;
    }
    let zeros = Tensor::zeros([batch, count, width - narrow], (&tokens.device(), tokens.dtype()));
    ops::concatenate(tokens, zeros, 2)
}

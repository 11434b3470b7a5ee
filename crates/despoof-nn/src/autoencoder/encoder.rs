//! Image to its code or the moments of it.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{GroupNorm, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::AutoencoderConfig;
use super::mid_block::MidBlock;
use super::spatial_attention::{SpatialAttention, attend};
use crate::layers;
use crate::resample::pixel_unshuffle;
use crate::residual_block::{ResidualBlock, conv3x3};

/// Levels of residual blocks at falling resolution.
#[derive(Module, Debug)]
pub(crate) struct Encoder {
    conv_in: Conv2d,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
    patch: usize,
}

impl Encoder {
    /// Ends with `channels_out`: those of the code, or of its moments.
    pub(crate) fn new(config: &AutoencoderConfig, channels_out: usize, device: &Device) -> Self {
        let lowest = config.lowest_channels();
        Self {
            conv_in: conv3x3(config.patch_channels(), config.block_out_channels[0]).init(device),
            down_blocks: (0..=config.lowest_level())
                .map(|level| DownBlock::new(config, level, device))
                .collect(),
            mid_block: config.mid_attention.then(|| MidBlock::new(config, device)),
            conv_norm_out: config.norm(lowest, device),
            conv_out: conv3x3(lowest, channels_out).init(device),
            patch: config.patch,
        }
    }

    /// `[batch, 3, height, width]` to `[batch, channels out, height / 8, width / 8]`; a sixteenth where
    /// there is a level more.
    pub(crate) fn forward(&self, image: Tensor<4>) -> Tensor<4> {
        let mut hidden = layers::conv2d(&self.conv_in, pixel_unshuffle(image, self.patch));
        for block in &self.down_blocks {
            hidden = block.forward(hidden);
        }
        if let Some(block) = &self.mid_block {
            hidden = block.forward(hidden);
        }
        layers::conv2d(&self.conv_out, layers::group_norm_silu(&self.conv_norm_out, hidden))
    }
}

/// Residual blocks, then half the resolution (except at the last level).
#[derive(Module, Debug)]
struct DownBlock {
    resnets: Vec<ResidualBlock>,
    attentions: Vec<SpatialAttention>,
    downsampler: Option<Conv2d>,
}

impl DownBlock {
    fn new(config: &AutoencoderConfig, level: usize, device: &Device) -> Self {
        let channels = config.block_out_channels[level];
        let channels_in = config.block_out_channels[level.saturating_sub(1)];
        let layers = config.encoder_layers[level];
        Self {
            resnets: config.residual_blocks(channels_in, channels, layers, device),
            attentions: config.level_attentions(level, layers, device),
            downsampler: (level < config.lowest_level())
                .then(|| downsampler(channels).init(device)),
        }
    }

    /// `[batch, channels of the level above, height, width]` to
    /// `[batch, channels, height / 2, width / 2]`.
    fn forward(&self, mut hidden: Tensor<4>) -> Tensor<4> {
        for (index, resnet) in self.resnets.iter().enumerate() {
            hidden = attend(self.attentions.get(index), resnet.forward(hidden, None));
        }
        match &self.downsampler {
            Some(downsampler) => layers::conv2d(downsampler, hidden),
            None => hidden,
        }
    }
}

/// Halves an even resolution; pads the bottom and the right alone, as diffusers does.
fn downsampler(channels: usize) -> Conv2dConfig {
    conv3x3(channels, channels)
        .with_stride([2, 2])
        .with_padding(PaddingConfig2d::Explicit(0, 0, 1, 1))
}

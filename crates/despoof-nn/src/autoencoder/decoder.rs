//! Code to image.

use burn::module::Module;
use burn::nn::GroupNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use super::mid_block::MidBlock;
use super::spatial_attention::{SpatialAttention, attend};
use super::{AutoencoderConfig, Upsampling};
use crate::layers;
use crate::resample::{pixel_shuffle, upsample_nearest};
use crate::residual_block::{ResidualBlock, conv3x3};

/// Levels of residual blocks at rising resolution.
#[derive(Module, Debug)]
pub(crate) struct Decoder {
    conv_in: Conv2d,
    mid_block: Option<MidBlock>,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
    patch: usize,
}

impl Decoder {
    pub(crate) fn new(config: &AutoencoderConfig, device: &Device) -> Self {
        let first = config.block_out_channels[0];
        Self {
            conv_in: conv3x3(config.latent_channels, config.lowest_channels()).init(device),
            mid_block: config.mid_attention.then(|| MidBlock::new(config, device)),
            up_blocks: (0..=config.lowest_level())
                .rev()
                .map(|level| UpBlock::new(config, level, device))
                .collect(),
            conv_norm_out: config.norm(first, device),
            conv_out: conv3x3(first, config.patch_channels()).init(device),
            patch: config.patch,
        }
    }

    /// `[batch, latent channels, height / 8, width / 8]` to `[batch, 3, height, width]`.
    pub(crate) fn forward(&self, code: Tensor<4>) -> Tensor<4> {
        let mut hidden = layers::conv2d(&self.conv_in, code);
        if let Some(block) = &self.mid_block {
            hidden = block.forward(hidden);
        }
        for block in &self.up_blocks {
            hidden = block.forward(hidden);
        }
        let normalised = layers::group_norm_silu(&self.conv_norm_out, hidden);
        pixel_shuffle(layers::conv2d(&self.conv_out, normalised), self.patch)
    }
}

/// Residual blocks, then twice the resolution (except at the first level).
#[derive(Module, Debug)]
struct UpBlock {
    resnets: Vec<ResidualBlock>,
    attentions: Vec<SpatialAttention>,
    upsampler: Option<Conv2d>,
    #[module(skip)]
    upsampling: Upsampling,
}

impl UpBlock {
    fn new(config: &AutoencoderConfig, level: usize, device: &Device) -> Self {
        let channels = config.block_out_channels[level];
        let channels_in = channels_into_level(config, level);
        let layers = config.decoder_layers[level];
        Self {
            resnets: config.residual_blocks(channels_in, channels, layers, device),
            attentions: config.level_attentions(level, layers, device),
            upsampler: (level > 0).then(|| {
                let channels_out = match config.upsampling {
                    Upsampling::PixelShuffle => 4 * config.block_out_channels[level - 1],
                    Upsampling::Nearest => channels,
                };
                conv3x3(channels, channels_out).init(device)
            }),
            upsampling: config.upsampling,
        }
    }

    /// `[batch, channels in, height, width]` to `[batch, channels, 2 height, 2 width]`, after a
    /// pixel shuffle with the channels of the level above.
    fn forward(&self, mut hidden: Tensor<4>) -> Tensor<4> {
        for (index, resnet) in self.resnets.iter().enumerate() {
            hidden = attend(self.attentions.get(index), resnet.forward(hidden, None));
        }
        match (&self.upsampler, self.upsampling) {
            (None, _) => hidden,
            (Some(conv), Upsampling::PixelShuffle) => {
                pixel_shuffle(layers::conv2d(conv, hidden), 2)
            }
            (Some(conv), Upsampling::Nearest) => layers::conv2d(conv, upsample_nearest(hidden)),
        }
    }
}

/// Nearest neighbour keeps the channels of the level below; a pixel shuffle has already changed them.
fn channels_into_level(config: &AutoencoderConfig, level: usize) -> usize {
    let from = match config.upsampling {
        Upsampling::PixelShuffle => level,
        Upsampling::Nearest => (level + 1).min(config.lowest_level()),
    };
    config.block_out_channels[from]
}

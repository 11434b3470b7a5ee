//! The levels of the U-Net: down, middle, up.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use super::UnetConfig;
use super::conditions::Conditions;
use super::transformer::Transformer;
use crate::layers;
use crate::ops;
use crate::resample::resize_nearest;
use crate::residual_block::{ResidualBlock, conv3x3};

/// Residual blocks with optional transformers, then half the resolution (except at the last level).
#[derive(Module, Debug)]
pub(super) struct DownBlock {
    pub(super) resnets: Vec<ResidualBlock>,
    pub(super) attentions: Vec<Transformer>,
    downsampler: Option<Conv2d>,
}

impl DownBlock {
    pub(super) fn new(config: &UnetConfig, level: usize, device: &Device) -> Self {
        let channels = config.block_out_channels[level];
        let channels_in = config.block_out_channels[level.saturating_sub(1)];
        let is_last = level + 1 == config.block_out_channels.len();
        let resnets = (0..config.layers_per_block)
            .map(|layer| if layer == 0 { channels_in } else { channels })
            .map(|channels_in| config.residual_block(channels_in, channels).init(device))
            .collect();
        Self {
            resnets,
            attentions: transformers(config, level, config.layers_per_block, device),
            downsampler: (!is_last)
                .then(|| conv3x3(channels, channels).with_stride([2, 2]).init(device)),
        }
    }

    /// `[batch, channels of the level above, height, width]` to
    /// `[batch, channels, height / 2, width / 2]`; every intermediate map goes onto `skips`.
    pub(super) fn forward(
        &self,
        mut hidden: Tensor<4>,
        conditions: &mut Conditions,
        skips: &mut Vec<Tensor<4>>,
    ) -> Tensor<4> {
        for (index, resnet) in self.resnets.iter().enumerate() {
            hidden = resnet.forward(hidden, Some(conditions.next_shift()));
            hidden = attend(self.attentions.get(index), hidden, conditions);
            skips.push(hidden.clone());
        }
        if let Some(downsampler) = &self.downsampler {
            hidden = layers::conv2d(downsampler, hidden);
            skips.push(hidden.clone());
        }
        hidden
    }
}

/// Residual block, transformer, residual block at the lowest resolution.
#[derive(Module, Debug)]
pub(super) struct MidBlock {
    pub(super) resnets: Vec<ResidualBlock>,
    pub(super) attentions: Vec<Transformer>,
}

impl MidBlock {
    pub(super) fn new(config: &UnetConfig, device: &Device) -> Self {
        let lowest = config.block_out_channels.len() - 1;
        let channels = config.block_out_channels[lowest];
        let resnet = || config.residual_block(channels, channels).init(device);
        Self {
            resnets: vec![resnet(), resnet()],
            attentions: vec![config.transformer(lowest).init(device)],
        }
    }

    /// `[batch, channels, height, width]` to the same.
    pub(super) fn forward(&self, hidden: Tensor<4>, conditions: &mut Conditions) -> Tensor<4> {
        let hidden = self.resnets[0].forward(hidden, Some(conditions.next_shift()));
        let hidden = self.attentions[0].forward(hidden, conditions.next_context());
        self.resnets[1].forward(hidden, Some(conditions.next_shift()))
    }
}

/// Residual blocks over the skips of the same level, then twice the resolution (except at the first
/// level).
#[derive(Module, Debug)]
pub(super) struct UpBlock {
    pub(super) resnets: Vec<ResidualBlock>,
    pub(super) attentions: Vec<Transformer>,
    upsampler: Option<Conv2d>,
}

impl UpBlock {
    pub(super) fn new(config: &UnetConfig, level: usize, device: &Device) -> Self {
        let channels = config.block_out_channels[level];
        let layers = config.layers_per_block + 1;
        let resnets = (0..layers)
            .map(|layer| {
                let channels_in =
                    hidden_channels(config, level, layer) + skip_channels(config, level, layer);
                config.residual_block(channels_in, channels).init(device)
            })
            .collect();
        Self {
            resnets,
            attentions: transformers(config, level, layers, device),
            upsampler: (level > 0).then(|| conv3x3(channels, channels).init(device)),
        }
    }

    /// `[batch, channels of the level below, height, width]` to
    /// `[batch, channels, 2 height, 2 width]`, one less where the level above was odd; takes its
    /// skips off the end of `skips`.
    pub(super) fn forward(
        &self,
        mut hidden: Tensor<4>,
        conditions: &mut Conditions,
        skips: &mut Vec<Tensor<4>>,
    ) -> Tensor<4> {
        let first_skip = skips.len() - self.resnets.len();
        let own_skips = skips.split_off(first_skip).into_iter().rev();
        for (index, (resnet, skip)) in self.resnets.iter().zip(own_skips).enumerate() {
            hidden =
                resnet.forward(ops::concatenate(hidden, skip, 1), Some(conditions.next_shift()));
            hidden = attend(self.attentions.get(index), hidden, conditions);
        }
        match (&self.upsampler, skips.last()) {
            (Some(upsampler), Some(next)) => {
                let [_, _, height, width] = next.dims();
                layers::conv2d(upsampler, resize_nearest(hidden, [height, width]))
            }
            _ => hidden,
        }
    }
}

/// Channels that arrive at residual block `layer` of the way up from the block before it.
fn hidden_channels(config: &UnetConfig, level: usize, layer: usize) -> usize {
    let lowest = config.block_out_channels.len() - 1;
    let from = if layer == 0 { (level + 1).min(lowest) } else { level };
    config.block_out_channels[from]
}

/// Channels of the skip of residual block `layer` of the way up: the last one was the input of the
/// level on the way down.
fn skip_channels(config: &UnetConfig, level: usize, layer: usize) -> usize {
    let is_input = layer == config.layers_per_block;
    config.block_out_channels[if is_input { level.saturating_sub(1) } else { level }]
}

fn transformers(
    config: &UnetConfig,
    level: usize,
    count: usize,
    device: &Device,
) -> Vec<Transformer> {
    let count = if config.cross_attention[level] { count } else { 0 };
    let transformer = config.transformer(level);
    (0..count).map(|_| transformer.init(device)).collect()
}

/// The map itself at a level without attention.
fn attend(
    transformer: Option<&Transformer>,
    hidden: Tensor<4>,
    conditions: &mut Conditions,
) -> Tensor<4> {
    match transformer {
        Some(transformer) => transformer.forward(hidden, conditions.next_context()),
        None => hidden,
    }
}

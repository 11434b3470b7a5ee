//! Self-attention at the lowest resolution of the autoencoder.

use burn::module::Module;
use burn::nn::{GroupNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::AutoencoderConfig;
use crate::attention::attention;
use crate::layers;
use crate::ops;

/// Residual self-attention of the positions of a feature map with one head.
#[derive(Module, Debug)]
pub(super) struct SpatialAttention {
    group_norm: GroupNorm,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
}

impl SpatialAttention {
    pub(super) fn new(config: &AutoencoderConfig, device: &Device) -> Self {
        let channels = config.lowest_channels();
        let linear = || LinearConfig::new(channels, channels).init(device);
        Self {
            group_norm: config.norm(channels, device),
            to_q: linear(),
            to_k: linear(),
            to_v: linear(),
            to_out: linear(),
        }
    }

    /// `[batch, channels, height, width]` to the same.
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = input.dims();
        let tokens = ops::tokens_from_map(layers::group_norm(&self.group_norm, input.clone()));
        let query = layers::linear(&self.to_q, tokens.clone());
        let key = layers::linear(&self.to_k, tokens.clone());
        let value = layers::linear(&self.to_v, tokens);
        let attended = layers::linear(&self.to_out, attention(query, key, value, 1));
        ops::add(ops::map_from_tokens(attended, height, width), input)
    }
}

/// The map itself where there is no attention.
pub(super) fn attend(attention: Option<&SpatialAttention>, hidden: Tensor<4>) -> Tensor<4> {
    match attention {
        Some(attention) => attention.forward(hidden),
        None => hidden,
    }
}

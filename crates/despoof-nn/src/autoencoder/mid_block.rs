//! The lowest resolution of the Stable Diffusion autoencoder: two residual blocks around attention.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::AutoencoderConfig;
use super::spatial_attention::SpatialAttention;
use crate::residual_block::ResidualBlock;

/// Residual block, self-attention, residual block.
#[derive(Module, Debug)]
pub(super) struct MidBlock {
    resnets: Vec<ResidualBlock>,
    attentions: Vec<SpatialAttention>,
}

impl MidBlock {
    pub(super) fn new(config: &AutoencoderConfig, device: &Device) -> Self {
        let channels = config.lowest_channels();
        Self {
            resnets: config.residual_blocks(channels, channels, 2, device),
            attentions: vec![SpatialAttention::new(config, device)],
        }
    }

    /// `[batch, channels, height, width]` to the same.
    pub(super) fn forward(&self, hidden: Tensor<4>) -> Tensor<4> {
        let hidden = self.resnets[0].forward(hidden, None);
        let hidden = self.attentions[0].forward(hidden);
        self.resnets[1].forward(hidden, None)
    }
}

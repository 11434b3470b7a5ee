//! The residual block of the U-Net and the autoencoder (diffusers' `ResnetBlock2D`).

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers;
use crate::ops;

/// Sizes of a [`ResidualBlock`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResidualBlockConfig {
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// Width of the time embedding; `None` in the autoencoder, which knows no time.
    pub time_embedding_width: Option<usize>,
    /// Groups of both group normalisations.
    pub norm_groups: usize,
    /// Added to the variance under the root: 1e-5 in the U-Net, 1e-6 in the autoencoder.
    pub norm_epsilon: f64,
}

/// Two normalised 3×3 convolutions around a shortcut (He et al. 2016), shifted by the time embedding.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    norm1: GroupNorm,
    conv1: Conv2d,
    time_emb_proj: Option<Linear>,
    norm2: GroupNorm,
    conv2: Conv2d,
    conv_shortcut: Option<Conv2d>,
}

impl ResidualBlockConfig {
    /// A block whose last convolution is zero, so that it starts as its shortcut (as in the code of
    /// Rombach et al. 2022).
    pub fn init(&self, device: &Device) -> ResidualBlock {
        let (channels_in, channels_out) = (self.channels_in, self.channels_out);
        ResidualBlock {
            norm1: self.norm(channels_in, device),
            conv1: conv3x3(channels_in, channels_out).init(device),
            time_emb_proj: self
                .time_embedding_width
                .map(|width| LinearConfig::new(width, channels_out).init(device)),
            norm2: self.norm(channels_out, device),
            conv2: zeroed(conv3x3(channels_out, channels_out)).init(device),
            conv_shortcut: (channels_in != channels_out)
                .then(|| conv1x1(channels_in, channels_out).init(device)),
        }
    }

    fn norm(&self, channels: usize, device: &Device) -> GroupNorm {
        GroupNormConfig::new(self.norm_groups, channels)
            .with_epsilon(self.norm_epsilon)
            .init(device)
    }
}

impl ResidualBlock {
    /// What the time step adds to every channel, `[batch, channels out, 1, 1]`, from its activated
    /// embedding `[batch, width]`.
    ///
    /// # Panics
    /// In the autoencoder's blocks, which know no time.
    pub fn time_shift(&self, activated: Tensor<2>) -> Tensor<4> {
        let projection = self.time_emb_proj.as_ref().expect("the block knows time");
        let shift = layers::linear(projection, activated);
        let [batch, channels] = shift.dims();
        ops::reshape(shift, [batch, channels, 1, 1])
    }

    /// `[batch, channels in, height, width]` and a [`Self::time_shift`] (absent in the autoencoder) to
    /// `[batch, channels out, height, width]`.
    pub fn forward(&self, input: Tensor<4>, time_shift: Option<Tensor<4>>) -> Tensor<4> {
        let mut hidden =
            layers::conv2d(&self.conv1, layers::group_norm_silu(&self.norm1, input.clone()));
        if let Some(shift) = time_shift {
            hidden = ops::add(hidden, shift);
        }
        let hidden = layers::conv2d(&self.conv2, layers::group_norm_silu(&self.norm2, hidden));
        let shortcut = match &self.conv_shortcut {
            Some(conv) => layers::conv2d(conv, input),
            None => input,
        };
        ops::add(shortcut, hidden)
    }
}

/// A 3×3 convolution that keeps height and width.
pub(crate) fn conv3x3(channels_in: usize, channels_out: usize) -> Conv2dConfig {
    Conv2dConfig::new([channels_in, channels_out], [3, 3])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
}

/// A 1×1 convolution.
pub(crate) fn conv1x1(channels_in: usize, channels_out: usize) -> Conv2dConfig {
    Conv2dConfig::new([channels_in, channels_out], [1, 1])
}

/// The same convolution, starting at zero.
pub(crate) fn zeroed(conv: Conv2dConfig) -> Conv2dConfig {
    conv.with_initializer(Initializer::Zeros)
}

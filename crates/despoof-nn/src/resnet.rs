//! ResNet of basic blocks (He et al. 2016, "Deep Residual Learning for Image Recognition"): the
//! paper's cue encoder F_cue (section 4.2), with torchvision's parameter names.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers;
use crate::ops;
use crate::sizes::{SizesError, positive};

/// Sizes of a [`ResNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Channels of the first of four stages; every further stage doubles them.
    pub base_width: usize,
    /// Blocks of every stage.
    pub repeats: [usize; 4],
}

/// The network up to its last map, without pooling and classifier.
#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
}

impl ResNetConfig {
    /// ResNet-18: 512 channels at stride 32.
    pub fn resnet18() -> Self {
        Self { base_width: 64, repeats: [2, 2, 2, 2] }
    }

    pub(crate) fn check(&self) -> Result<(), SizesError> {
        positive([("a ResNet's base_width", self.base_width)])?;
        positive(self.repeats.map(|repeats| ("a ResNet's repeats", repeats)))
    }

    /// Channels of the last map.
    pub fn width(&self) -> usize {
        self.stage_width(3)
    }

    fn stage_width(&self, stage: usize) -> usize {
        self.base_width << stage
    }

    /// A network with random weights.
    pub fn init(&self, device: &Device) -> ResNet {
        ResNet {
            conv1: conv(3, self.base_width, 7, 2).init(device),
            bn1: BatchNormConfig::new(self.base_width).init(device),
            layer1: self.stage(0, device),
            layer2: self.stage(1, device),
            layer3: self.stage(2, device),
            layer4: self.stage(3, device),
        }
    }

    /// Blocks of which the first doubles the channels and halves the resolution, except in stage 0.
    fn stage(&self, stage: usize, device: &Device) -> Vec<BasicBlock> {
        let width = self.stage_width(stage);
        let first = if stage == 0 { (width, 1) } else { (width / 2, 2) };
        (0..self.repeats[stage])
            .map(|index| if index == 0 { first } else { (width, 1) })
            .map(|(width_in, stride)| BasicBlock::new(width_in, width, stride, device))
            .collect()
    }
}

impl ResNet {
    /// Image to the map before the pooling.
    ///
    /// `[batch, 3, height, width]` to `[batch, 8 · base width, height / 32, width / 32]`.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let stem = layers::batch_norm(&self.bn1, layers::conv2d(&self.conv1, images));
        let pooled = ops::max_pool(ops::relu(stem), 3, 2, 1, false);
        let stages = [&self.layer1, &self.layer2, &self.layer3, &self.layer4];
        stages.into_iter().flatten().fold(pooled, |hidden, block| block.forward(hidden))
    }
}

/// Two 3×3 convolutions around a shortcut.
#[derive(Module, Debug)]
struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl BasicBlock {
    fn new(width_in: usize, width: usize, stride: usize, device: &Device) -> Self {
        let norm = || BatchNormConfig::new(width).init(device);
        Self {
            conv1: conv(width_in, width, 3, stride).init(device),
            bn1: norm(),
            conv2: conv(width, width, 3, 1).init(device),
            bn2: norm(),
            downsample: (stride != 1)
                .then(|| (conv(width_in, width, 1, stride).init(device), norm())),
        }
    }

    /// `[batch, width in, height, width]` to `[batch, width out, height / stride, width / stride]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let hidden = layers::batch_norm(&self.bn1, layers::conv2d(&self.conv1, input.clone()));
        let hidden = layers::conv2d(&self.conv2, ops::relu(hidden));
        let shortcut = match &self.downsample {
            Some((conv, norm)) => layers::batch_norm(norm, layers::conv2d(conv, input)),
            None => input,
        };
        ops::relu(ops::add(layers::batch_norm(&self.bn2, hidden), shortcut))
    }
}

/// A convolution without a bias: a normalisation follows it.
pub(crate) fn conv(
    channels_in: usize,
    channels_out: usize,
    kernel: usize,
    stride: usize,
) -> Conv2dConfig {
    let padding = kernel / 2;
    Conv2dConfig::new([channels_in, channels_out], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_bias(false)
}

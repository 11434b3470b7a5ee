//! What makes tokens: of the face (paper eq. 6) and of the cue (paper eq. 5).

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig};
use crate::layers;
use crate::ops::{self, tokens_from_map};
use crate::resnet::{ResNet, ResNetConfig};
use crate::sizes::{SizesError, positive};

/// Face embedder F_emb (paper eq. 6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EmbedderConfig {
    /// Non-overlapping squares of pixels (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words").
    Patches {
        /// Side of a square in pixels.
        side: usize,
    },
    /// The positions of a convolutional network's map.
    EfficientNetLite(EfficientNetLiteConfig),
}

/// Cue encoder F_cue (paper eq. 5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CueEncoderConfig {
    /// The paper's choice, ResNet-18 there.
    ResNet(ResNetConfig),
    /// A lighter one.
    EfficientNetLite(EfficientNetLiteConfig),
}

/// A convolution whose positions are tokens, over the face itself or over a trunk's map.
#[derive(Module, Debug)]
pub(super) struct Embedder {
    pub(super) trunk: Option<EfficientNetLite>,
    proj: Conv2d,
    #[module(skip)]
    shrink: usize,
}

impl EmbedderConfig {
    pub(super) fn check(&self) -> Result<(), SizesError> {
        match self {
            Self::Patches { side } => positive([("agnet.embedder.side", *side)]),
            Self::EfficientNetLite(config) => config.check(),
        }
    }

    /// Tokens in a row of those of a square image of `side` pixels.
    pub(super) fn map_side(&self, side: usize) -> usize {
        match self {
            Self::Patches { side: patch } => side / patch,
            Self::EfficientNetLite(config) => config.map_side(side),
        }
    }

    pub(super) fn init(&self, width: usize, shrink: usize, device: &Device) -> Embedder {
        let trunk = match self {
            Self::Patches { .. } => None,
            Self::EfficientNetLite(config) => Some(config.init(device)),
        };
        Embedder { trunk, proj: self.projection(width, device), shrink }
    }

    /// What makes tokens of the trunk's map, or of the image where there is no trunk.
    pub(super) fn projection(&self, width: usize, device: &Device) -> Conv2d {
        match self {
            Self::Patches { side } => patches(3, width, *side, device),
            Self::EfficientNetLite(config) => patches(config.width(), width, 1, device),
        }
    }
}

impl Embedder {
    /// `[batch, 3, height, width]` to `[batch, width, rows, columns]`: a token at each position.
    pub(super) fn forward(&self, face: Tensor<4>) -> Tensor<4> {
        self.forward_by(&self.proj, face)
    }

    /// The same behind another projection.
    pub(super) fn forward_by(&self, projection: &Conv2d, image: Tensor<4>) -> Tensor<4> {
        let image = self.shrunk(image);
        let map = match &self.trunk {
            Some(trunk) => trunk.forward(image),
            None => image,
        };
        layers::conv2d(projection, map)
    }

    /// An image of which squares of as many pixels as the network's `shrink` says are one.
    pub(super) fn shrunk(&self, image: Tensor<4>) -> Tensor<4> {
        if self.shrink == 1 { image } else { ops::average_pool(image, self.shrink) }
    }
}

/// Makes tokens of the cue.
#[derive(Module, Debug)]
pub(super) enum CueEncoder {
    ResNet(ResNet),
    EfficientNetLite(EfficientNetLite),
}

impl CueEncoderConfig {
    /// Tokens in a row of those of a square cue of `side` pixels.
    pub(super) fn map_side(&self, side: usize) -> usize {
        match self {
            // Five times halved, each rounded up.
            Self::ResNet(_) => side.div_ceil(32),
            Self::EfficientNetLite(config) => config.map_side(side),
        }
    }

    pub(super) fn check(&self) -> Result<(), SizesError> {
        match self {
            Self::ResNet(config) => config.check(),
            Self::EfficientNetLite(config) => config.check(),
        }
    }

    pub(super) fn width(&self) -> usize {
        match self {
            Self::ResNet(config) => config.width(),
            Self::EfficientNetLite(config) => config.width(),
        }
    }

    pub(super) fn init(&self, device: &Device) -> CueEncoder {
        match self {
            Self::ResNet(config) => CueEncoder::ResNet(config.init(device)),
            Self::EfficientNetLite(config) => CueEncoder::EfficientNetLite(config.init(device)),
        }
    }
}

impl CueEncoder {
    /// f_cue of paper eq. 5: `[batch, 3, height, width]` to `[batch, tokens, width]`; 49 tokens of a
    /// 224×224 cue at stride 32.
    pub(super) fn forward(&self, cue: Tensor<4>) -> Tensor<3> {
        tokens_from_map(match self {
            Self::ResNet(network) => network.forward(cue),
            Self::EfficientNetLite(network) => network.forward(cue),
        })
    }
}

/// A convolution over squares that do not overlap.
fn patches(channels_in: usize, width: usize, side: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([channels_in, width], [side, side]).with_stride([side, side]).init(device)
}

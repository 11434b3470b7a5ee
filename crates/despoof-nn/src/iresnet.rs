//! iResNet, the "improved" ResNet that ArcFace is trained with (Deng et al. 2019, "ArcFace: Additive
//! Angular Margin Loss for Deep Face Recognition", section 3.1): the paper's identity encoder F_id
//! (section 4.2). Sizes and parameter names are those of InsightFace's `iresnet18`.
//!
//! Against a [`ResNet`](crate::resnet::ResNet) of basic blocks: a 3×3 stem without stride or pooling,
//! a halving in every stage, a normalisation in front of each block, PReLU inside it and no
//! activation behind the addition.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PRelu, PReluConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers;
use crate::mobilefacenet::FACE_SIDE;
use crate::ops;
use crate::resnet::conv;
use crate::sizes::{SizesError, positive};

/// Positions of the map of a face of [`FACE_SIDE`].
const MAP_POSITIONS: usize = (FACE_SIDE / 16) * (FACE_SIDE / 16);

/// Regular expressions and replacements, in this order, that turn InsightFace's names into those of
/// an [`IResNet`].
pub const INSIGHTFACE_KEYS: [(&str, &str); 1] = [(r"(^|\.)prelu\.weight$", "${1}prelu.alpha")];

/// Sizes of an [`IResNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IResNetConfig {
    /// Channels of the first of four stages; every further stage doubles them.
    pub base_width: usize,
    /// Blocks of every stage.
    pub repeats: [usize; 4],
    /// Width of the vector that faces are compared by; `None` leaves it out.
    pub embedding_width: Option<usize>,
}

/// Face to identity map, and from there to an embedding.
#[derive(Module, Debug)]
pub struct IResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    prelu: PRelu,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    bn2: BatchNorm,
    fc: Option<Linear>,
    features: Option<BatchNorm>,
}

impl IResNetConfig {
    /// iResNet-18 up to its last map, 512 channels at stride 16: the paper's identity encoder.
    pub fn iresnet18() -> Self {
        Self { base_width: 64, repeats: [2, 2, 2, 2], embedding_width: None }
    }

    /// The published network with its 512-wide embedding, as it is trained.
    pub fn arcface() -> Self {
        Self { embedding_width: Some(512), ..Self::iresnet18() }
    }

    pub(crate) fn check(&self) -> Result<(), SizesError> {
        positive([
            ("identity.base_width", self.base_width),
            ("identity.embedding_width", self.embedding_width.unwrap_or(1)),
        ])?;
        positive(self.repeats.map(|repeats| ("identity.repeats", repeats)))
    }

    /// Channels of the last map.
    pub fn width(&self) -> usize {
        self.stage_width(3)
    }

    fn stage_width(&self, stage: usize) -> usize {
        self.base_width << stage
    }

    /// A network with random weights.
    pub fn init(&self, device: &Device) -> IResNet {
        let width = self.width();
        let fc = |embedding| LinearConfig::new(width * MAP_POSITIONS, embedding).init(device);
        IResNet {
            conv1: conv(3, self.base_width, 3, 1).init(device),
            bn1: BatchNormConfig::new(self.base_width).init(device),
            prelu: prelu(self.base_width, device),
            layer1: self.stage(0, device),
            layer2: self.stage(1, device),
            layer3: self.stage(2, device),
            layer4: self.stage(3, device),
            bn2: BatchNormConfig::new(width).init(device),
            fc: self.embedding_width.map(fc),
            features: self.embedding_width.map(|width| BatchNormConfig::new(width).init(device)),
        }
    }

    /// Blocks of which the first halves the resolution.
    fn stage(&self, stage: usize, device: &Device) -> Vec<Block> {
        let width = self.stage_width(stage);
        let width_in = self.stage_width(stage.saturating_sub(1));
        (0..self.repeats[stage])
            .map(|index| if index == 0 { (width_in, 2) } else { (width, 1) })
            .map(|(width_in, stride)| Block::new(width_in, width, stride, device))
            .collect()
    }
}

impl IResNet {
    /// F_id(x) of paper eq. 4 as a map: the last one, behind its normalisation.
    ///
    /// `faces` is `[batch, 3, height, width]`, RGB in [−1, 1], made for 112×112. Returns
    /// `[batch, 8 · base width, height / 16, width / 16]`.
    pub fn forward(&self, faces: Tensor<4>) -> Tensor<4> {
        let stem = layers::batch_norm(&self.bn1, layers::conv2d(&self.conv1, faces));
        let stem = layers::prelu(&self.prelu, stem);
        let stages = [&self.layer1, &self.layer2, &self.layer3, &self.layer4];
        let map = stages.into_iter().flatten().fold(stem, |hidden, block| block.forward(hidden));
        layers::batch_norm(&self.bn2, map)
    }

    /// The vector that faces are compared by (cosine similarity), not normalised to length 1.
    ///
    /// `map` is what [`IResNet::forward`] makes of 112×112 faces, `[batch, map width, 7, 7]`.
    /// Returns `[batch, embedding width]`.
    ///
    /// # Panics
    /// When the config has no embedding.
    pub fn embedding(&self, map: Tensor<4>) -> Tensor<2> {
        let (Some(fc), Some(features)) = (&self.fc, &self.features) else {
            panic!("IResNetConfig::embedding_width is set")
        };
        let embedding = layers::linear(fc, map.flatten::<2>(1, 3)).unsqueeze_dims(&[2, 3]);
        layers::batch_norm(features, embedding).flatten(1, 3)
    }
}

/// Normalisation, 3×3, PReLU, 3×3 around a shortcut.
#[derive(Module, Debug)]
struct Block {
    bn1: BatchNorm,
    conv1: Conv2d,
    bn2: BatchNorm,
    prelu: PRelu,
    conv2: Conv2d,
    bn3: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

impl Block {
    fn new(width_in: usize, width: usize, stride: usize, device: &Device) -> Self {
        let norm = |width| BatchNormConfig::new(width).init(device);
        Self {
            bn1: norm(width_in),
            conv1: conv(width_in, width, 3, 1).init(device),
            bn2: norm(width),
            prelu: prelu(width, device),
            conv2: conv(width, width, 3, stride).init(device),
            bn3: norm(width),
            downsample: (stride != 1)
                .then(|| (conv(width_in, width, 1, stride).init(device), norm(width))),
        }
    }

    /// `[batch, width in, height, width]` to `[batch, width out, height / stride, width / stride]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let hidden = layers::conv2d(&self.conv1, layers::batch_norm(&self.bn1, input.clone()));
        let hidden = layers::prelu(&self.prelu, layers::batch_norm(&self.bn2, hidden));
        let hidden = layers::batch_norm(&self.bn3, layers::conv2d(&self.conv2, hidden));
        let shortcut = match &self.downsample {
            Some((conv, norm)) => layers::batch_norm(norm, layers::conv2d(conv, input)),
            None => input,
        };
        ops::add(hidden, shortcut)
    }
}

fn prelu(channels: usize, device: &Device) -> PRelu {
    PReluConfig::new().with_num_parameters(channels).init(device)
}

//! MobileFaceNet (Chen et al. 2018, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face
//! Verification on Mobile Devices"): the identity encoder F_id of paper eq. 4.
//!
//! One module is both the published ArcFace network that teaches and the student that ships. Its
//! map before the global pooling stands where the paper has ArcFace's 512×7×7 (section 4.2).

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Linear, LinearConfig, PRelu, PReluConfig, PaddingConfig2d,
};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::layers;
use crate::ops;
use crate::sizes::{SizesError, positive};

pub use crate::ops::tokens_from_map;

/// Side of the face that the network is made for; the map has a sixteenth of it.
pub const FACE_SIDE: usize = 112;

/// Side of the map of such a face, which the embedding's global convolution covers.
const MAP_SIDE: usize = FACE_SIDE / 16;

/// Regular expressions and replacements, in this order, that turn the names of InsightFace's
/// PyTorch port into those of a [`MobileFaceNet`] of [`MobileFaceNetConfig::arcface`].
pub const INSIGHTFACE_KEYS: [(&str, &str); 13] = [
    (r"^conv_1\.", "stem."),
    (r"^conv_2_dw\.", "stem_depthwise."),
    (r"^dconv_23_conv_(sep|dw|proj)\.", "stages.0.0.$1."),
    (r"^res_3_block(\d)_conv_(sep|dw|proj)\.", "stages.1.$1.$2."),
    (r"^dconv_34_conv_(sep|dw|proj)\.", "stages.2.0.$1."),
    (r"^res_4_block(\d)_conv_(sep|dw|proj)\.", "stages.3.$1.$2."),
    (r"^dconv_45_conv_(sep|dw|proj)\.", "stages.4.0.$1."),
    (r"^res_5_block(\d)_conv_(sep|dw|proj)\.", "stages.5.$1.$2."),
    (r"^conv_6sep\.", "widen."),
    (r"^conv_6dw7_7\.", "embedder.pool."),
    (r"^pre_fc1\.", "embedder.linear."),
    (r"^fc1\.bn\.", "embedder.bn."),
    (r"\.prelu\.weight$", ".prelu.alpha"),
];

/// Sizes of a [`MobileFaceNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MobileFaceNetConfig {
    /// Channels of the two convolutions in front of the bottlenecks.
    pub stem_width: usize,
    /// The bottlenecks, in order.
    pub stages: Vec<BottleneckStage>,
    /// Channels of the map.
    pub map_width: usize,
    /// Width of the vector that faces are compared by; `None` leaves it out.
    pub embedding_width: Option<usize>,
    /// Added to the variance under the root of every batch normalisation.
    pub norm_epsilon: f64,
}

/// One line (t, c, n, s) of table 1 of Chen et al. All bottlenecks of a stage have its stride: the
/// line (2, 64, 5, 2), of which only the first halves the resolution, makes two stages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BottleneckStage {
    /// Inner channels over channels in.
    pub expansion: usize,
    /// Channels out.
    pub width: usize,
    /// Number of bottlenecks.
    pub repeats: usize,
    /// Stride of their depthwise convolution.
    pub stride: usize,
}

/// Face to identity map, and from there to an embedding.
#[derive(Module, Debug)]
pub struct MobileFaceNet {
    stem: ConvUnit,
    stem_depthwise: ConvUnit,
    stages: Vec<Vec<Bottleneck>>,
    widen: ConvUnit,
    embedder: Option<Embedder>,
}

impl MobileFaceNetConfig {
    /// The published network with its 128-wide embedding.
    pub fn arcface() -> Self {
        Self { embedding_width: Some(128), norm_epsilon: 0.0, ..Self::web() }
    }

    /// The identity encoder that runs in a page.
    pub fn web() -> Self {
        let stage = |expansion, width, repeats, stride| BottleneckStage {
            expansion,
            width,
            repeats,
            stride,
        };
        Self {
            stem_width: 64,
            stages: vec![
                stage(2, 64, 1, 2),
                stage(2, 64, 4, 1),
                stage(4, 128, 1, 2),
                stage(2, 128, 6, 1),
                stage(4, 128, 1, 2),
                stage(2, 128, 2, 1),
            ],
            map_width: 512,
            embedding_width: None,
            norm_epsilon: 1e-5,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SizesError> {
        positive([
            ("identity.stem_width", self.stem_width),
            ("identity.map_width", self.map_width),
            ("identity.embedding_width", self.embedding_width.unwrap_or(1)),
        ])?;
        self.stages.iter().try_for_each(BottleneckStage::check)
    }

    /// A network with random weights.
    pub fn init(&self, device: &Device) -> MobileFaceNet {
        let norm_epsilon = self.norm_epsilon;
        let mut width = self.stem_width;
        let mut stages = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            stages.push(stage.init(width, norm_epsilon, device));
            width = stage.width;
        }
        let stem = conv(3, self.stem_width, 3).with_stride([2, 2]);
        MobileFaceNet {
            stem: ConvUnit::activated(stem, norm_epsilon, device),
            stem_depthwise: ConvUnit::activated(depthwise(self.stem_width), norm_epsilon, device),
            stages,
            widen: ConvUnit::activated(conv(width, self.map_width, 1), norm_epsilon, device),
            embedder: self
                .embedding_width
                .map(|width| Embedder::new(self.map_width, width, norm_epsilon, device)),
        }
    }
}

impl BottleneckStage {
    fn check(&self) -> Result<(), SizesError> {
        positive([
            ("identity.stages.expansion", self.expansion),
            ("identity.stages.width", self.width),
            ("identity.stages.repeats", self.repeats),
            ("identity.stages.stride", self.stride),
        ])
    }

    fn init(&self, width_in: usize, norm_epsilon: f64, device: &Device) -> Vec<Bottleneck> {
        (0..self.repeats)
            .map(|index| if index == 0 { width_in } else { self.width })
            .map(|width_in| Bottleneck::new(self, width_in, norm_epsilon, device))
            .collect()
    }
}

impl MobileFaceNet {
    /// F_id(x) of paper eq. 4 as a map.
    ///
    /// `faces` is `[batch, 3, height, width]`, RGB in [−1, 1], made for 112×112. (The published weights
    /// are trained on `(value − 127.5) / 128`, which ends at ±0.996.)
    /// Returns `[batch, map width, height / 16, width / 16]`.
    pub fn forward(&self, faces: Tensor<4>) -> Tensor<4> {
        let mut hidden = self.stem_depthwise.forward(self.stem.forward(faces));
        for bottleneck in self.stages.iter().flatten() {
            hidden = bottleneck.forward(hidden);
        }
        self.widen.forward(hidden)
    }

    /// The vector that faces are compared by (cosine similarity), not normalised to length 1.
    ///
    /// `map` is what [`MobileFaceNet::forward`] makes of 112×112 faces, `[batch, map width, 7, 7]`.
    /// Returns `[batch, embedding width]`.
    ///
    /// # Panics
    /// When the config has no embedding.
    pub fn embedding(&self, map: Tensor<4>) -> Tensor<2> {
        let embedder = self.embedder.as_ref().expect("MobileFaceNetConfig::embedding_width is set");
        embedder.forward(map)
    }
}

/// 1×1 up, 3×3 depthwise, 1×1 down without activation, with a shortcut where the shape allows.
#[derive(Module, Debug)]
struct Bottleneck {
    sep: ConvUnit,
    dw: ConvUnit,
    proj: ConvUnit,
    has_shortcut: bool,
}

impl Bottleneck {
    fn new(stage: &BottleneckStage, width_in: usize, norm_epsilon: f64, device: &Device) -> Self {
        let (inner, stride) = (stage.expansion * width_in, stage.stride);
        let spatial = depthwise(inner).with_stride([stride, stride]);
        Self {
            sep: ConvUnit::activated(conv(width_in, inner, 1), norm_epsilon, device),
            dw: ConvUnit::activated(spatial, norm_epsilon, device),
            proj: ConvUnit::linear(conv(inner, stage.width, 1), norm_epsilon, device),
            has_shortcut: stride == 1 && width_in == stage.width,
        }
    }

    /// `[batch, width in, height, width]` to `[batch, width out, height / stride, width / stride]`.
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let hidden = self.dw.forward(self.sep.forward(input.clone()));
        let output = self.proj.forward(hidden);
        if self.has_shortcut { ops::add(output, input) } else { output }
    }
}

/// Global depthwise convolution, which pools with learnt weights, then an affine map.
#[derive(Module, Debug)]
struct Embedder {
    pool: ConvUnit,
    linear: Linear,
    bn: BatchNorm,
}

impl Embedder {
    fn new(map_width: usize, width: usize, norm_epsilon: f64, device: &Device) -> Self {
        let pool = conv(map_width, map_width, MAP_SIDE)
            .with_groups(map_width)
            .with_padding(PaddingConfig2d::Valid);
        Self {
            pool: ConvUnit::linear(pool, norm_epsilon, device),
            linear: LinearConfig::new(map_width, width).init(device),
            bn: batch_norm(width, norm_epsilon, device),
        }
    }

    /// `[batch, map width, 7, 7]` to `[batch, width]`.
    fn forward(&self, map: Tensor<4>) -> Tensor<2> {
        let pooled = self.pool.forward(map).flatten::<2>(1, 3);
        let embedding = layers::linear(&self.linear, pooled).unsqueeze_dims(&[2, 3]);
        layers::batch_norm(&self.bn, embedding).flatten(1, 3)
    }
}

/// Convolution, batch normalisation and, except in front of an addition or a pooling, PReLU.
#[derive(Module, Debug)]
struct ConvUnit {
    conv: Conv2d,
    bn: BatchNorm,
    prelu: Option<PRelu>,
}

impl ConvUnit {
    fn linear(conv: Conv2dConfig, norm_epsilon: f64, device: &Device) -> Self {
        Self {
            conv: conv.init(device),
            bn: batch_norm(conv.channels[1], norm_epsilon, device),
            prelu: None,
        }
    }

    fn activated(conv: Conv2dConfig, norm_epsilon: f64, device: &Device) -> Self {
        let prelu = PReluConfig::new().with_num_parameters(conv.channels[1]);
        Self { prelu: Some(prelu.init(device)), ..Self::linear(conv, norm_epsilon, device) }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let normalised = layers::conv2d_batch_norm(&self.conv, &self.bn, input);
        match &self.prelu {
            Some(prelu) => layers::prelu(prelu, normalised),
            None => normalised,
        }
    }
}

/// A convolution that keeps height and width, without a bias: a normalisation follows it.
fn conv(channels_in: usize, channels_out: usize, kernel: usize) -> Conv2dConfig {
    let padding = kernel / 2;
    Conv2dConfig::new([channels_in, channels_out], [kernel, kernel])
        .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
        .with_bias(false)
}

/// The same, 3×3, each channel on its own.
fn depthwise(channels: usize) -> Conv2dConfig {
    conv(channels, channels, 3).with_groups(channels)
}

fn batch_norm(channels: usize, epsilon: f64, device: &Device) -> BatchNorm {
    let mut norm = BatchNormConfig::new(channels).init(device);
    // Not through the config, which refuses the 0 of the published network.
    norm.epsilon = epsilon;
    norm
}

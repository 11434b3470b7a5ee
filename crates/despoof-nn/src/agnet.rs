//! AG-Net, the anomalous cue guided feature extraction network F_AG (paper section 3.3): a vision
//! transformer that looks at the face and, in every layer, at the cue.
//!
//! The vision transformer's part has the names of timm's `VisionTransformer`, except that query, key
//! and value are three layers and not one.

use burn::module::{Initializer, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::attention::attention;
use crate::cost;
use crate::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig};
use crate::layers;
use crate::ops;
use crate::resnet::{ResNet, ResNetConfig};

/// Attack and live, in this order.
const CLASSES: usize = 2;

/// Epsilon of every layer normalisation, that of vision transformers.
const NORM_EPSILON: f64 = 1e-6;

/// Sizes of an [`AgNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgNetConfig {
    /// What makes tokens of the face.
    pub embedder: EmbedderConfig,
    /// Number of those tokens: positions of the embedder's map.
    pub tokens: usize,
    /// What makes tokens of the cue.
    pub cue_encoder: CueEncoderConfig,
    /// Width of the face's tokens.
    pub width: usize,
    /// Number of guided layers, L.
    pub layers: usize,
    /// Heads of every attention.
    pub heads: usize,
    /// Inner width of the feed-forward part over `width`.
    pub mlp_ratio: usize,
    /// Width of the embedding in front of the classifier.
    pub bottleneck_width: usize,
}

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

/// Sizes of a [`GuidedLayer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuidedLayerConfig {
    /// Width of the face's tokens.
    pub width: usize,
    /// Width of the cue's tokens.
    pub cue_width: usize,
    /// Heads of both attentions.
    pub heads: usize,
    /// Inner width of the feed-forward part over `width`.
    pub mlp_ratio: usize,
}

/// Face and cue to liveness.
#[derive(Module, Debug)]
pub struct AgNet {
    patch_embed: Embedder,
    cls_token: Param<Tensor<3>>,
    pos_embed: Param<Tensor<3>>,
    cue_encoder: CueEncoder,
    blocks: Vec<GuidedLayer>,
    norm: LayerNorm,
    bottleneck: Linear,
    classifier: Linear,
}

/// What [`AgNet::forward`] says of a batch.
#[derive(Clone, Debug)]
pub struct AgNetOutput {
    /// F_AG(x) of paper eq. 8, `[batch, width]`.
    pub feature: Tensor<2>,
    /// The feature behind the bottleneck, of length √2, that SSDG's losses compare:
    /// `[batch, bottleneck width]`.
    pub embedding: Tensor<2>,
    /// Of attack and live, in this order, `[batch, 2]`.
    pub logits: Tensor<2>,
}

impl AgNetConfig {
    /// The published network: ViT-B/16, and ResNet-18 for the cue.
    pub fn paper() -> Self {
        Self {
            embedder: EmbedderConfig::Patches { side: 16 },
            tokens: 196,
            cue_encoder: CueEncoderConfig::ResNet(ResNetConfig::resnet18()),
            width: 768,
            layers: 12,
            heads: 12,
            mlp_ratio: 4,
            bottleneck_width: 512,
        }
    }

    /// The network that runs in a page.
    pub fn web() -> Self {
        let lite0 = EfficientNetLiteConfig::lite0();
        Self {
            embedder: EmbedderConfig::EfficientNetLite(lite0.clone().to_stride_16()),
            tokens: 196,
            cue_encoder: CueEncoderConfig::EfficientNetLite(lite0.to_stride_32()),
            width: 192,
            layers: 6,
            heads: 3,
            mlp_ratio: 4,
            bottleneck_width: 512,
        }
    }

    /// A network that does not look at the cue yet.
    pub fn init(&self, device: &Device) -> AgNet {
        let layer = GuidedLayerConfig {
            width: self.width,
            cue_width: self.cue_encoder.width(),
            heads: self.heads,
            mlp_ratio: self.mlp_ratio,
        };
        let token = Initializer::Normal { mean: 0.0, std: 0.02 };
        AgNet {
            patch_embed: self.embedder.init(self.width, device),
            cls_token: token.init([1, 1, self.width], device),
            pos_embed: token.init([1, 1 + self.tokens, self.width], device),
            cue_encoder: self.cue_encoder.init(device),
            blocks: (0..self.layers).map(|_| layer.init(device)).collect(),
            norm: layer_norm(self.width, device),
            bottleneck: LinearConfig::new(self.width, self.bottleneck_width).init(device),
            classifier: LinearConfig::new(self.bottleneck_width, CLASSES).init(device),
        }
    }
}

impl AgNet {
    /// F_AG (paper eq. 5 to 8) and the classifier behind it.
    ///
    /// `face` and `cue`, the residual x − x̂, are `[batch, 3, height, width]`, made for 224×224.
    /// Without a cue every layer leaves its cross-attention out: the setting "only image" of the
    /// paper's table 3.
    pub fn forward(&self, face: Tensor<4>, cue: Option<Tensor<4>>) -> AgNetOutput {
        self.forward_guided(face, cue.map(|cue| self.cue_tokens(cue)))
    }

    /// [`Self::forward`] with the cue's tokens, as [`Self::cue_tokens`] gives them.
    pub fn forward_guided(&self, face: Tensor<4>, cue_tokens: Option<Tensor<3>>) -> AgNetOutput {
        let mut tokens = self.embed(face);
        for layer in &self.blocks {
            tokens = layer.forward(tokens, cue_tokens.clone());
        }
        let [batch, _, width] = tokens.dims();
        let class_token = ops::slice(tokens, 1, 0, 1);
        let feature = layers::layer_norm(&self.norm, NORM_EPSILON, class_token);
        let feature = ops::reshape(feature, [batch, width]);
        let embedding = self.embedding_from_feature(feature.clone());
        let logits = layers::linear(&self.classifier, embedding.clone());
        AgNetOutput { feature, embedding, logits }
    }

    /// f_cue of paper eq. 5: a cue `[batch, 3, 224, 224]` to `[batch, 49, cue width]`.
    pub fn cue_tokens(&self, cue: Tensor<4>) -> Tensor<3> {
        self.cue_encoder.forward(cue)
    }

    /// Parameters that only [`Self::cue_tokens`] needs.
    pub fn cue_encoder_parameters(&self) -> usize {
        cost::parameters(&self.cue_encoder)
    }

    /// f_0 of paper eq. 6 with the class token in front: `[batch, 1 + tokens, width]`.
    fn embed(&self, face: Tensor<4>) -> Tensor<3> {
        let tokens = self.patch_embed.forward(face);
        let [batch, _, width] = tokens.dims();
        let cls_token = ops::expand(self.cls_token.val(), [batch, 1, width]);
        ops::add(ops::concatenate(cls_token, tokens, 1), self.pos_embed.val())
    }

    /// The published code's bottleneck: scaled to the length √2.
    fn embedding_from_feature(&self, feature: Tensor<2>) -> Tensor<2> {
        ops::to_length(layers::linear(&self.bottleneck, feature), 2.0)
    }
}

/// A convolution whose positions are tokens, over the face itself or over a trunk's map.
#[derive(Module, Debug)]
struct Embedder {
    trunk: Option<EfficientNetLite>,
    proj: Conv2d,
}

impl EmbedderConfig {
    fn init(&self, width: usize, device: &Device) -> Embedder {
        match self {
            Self::Patches { side } => {
                Embedder { trunk: None, proj: patches(3, width, *side, device) }
            }
            Self::EfficientNetLite(config) => Embedder {
                trunk: Some(config.init(device)),
                proj: patches(config.width(), width, 1, device),
            },
        }
    }
}

impl Embedder {
    /// `[batch, 3, height, width]` to `[batch, tokens, width]`.
    fn forward(&self, face: Tensor<4>) -> Tensor<3> {
        let map = match &self.trunk {
            Some(trunk) => trunk.forward(face),
            None => face,
        };
        ops::tokens_from_map(layers::conv2d(&self.proj, map))
    }
}

/// Makes tokens of the cue.
#[derive(Module, Debug)]
enum CueEncoder {
    ResNet(ResNet),
    EfficientNetLite(EfficientNetLite),
}

impl CueEncoderConfig {
    fn width(&self) -> usize {
        match self {
            Self::ResNet(config) => config.width(),
            Self::EfficientNetLite(config) => config.width(),
        }
    }

    fn init(&self, device: &Device) -> CueEncoder {
        match self {
            Self::ResNet(config) => CueEncoder::ResNet(config.init(device)),
            Self::EfficientNetLite(config) => CueEncoder::EfficientNetLite(config.init(device)),
        }
    }
}

impl CueEncoder {
    /// f_cue of paper eq. 5: `[batch, 3, height, width]` to `[batch, tokens, width]`; 49 tokens of a
    /// 224×224 cue at stride 32.
    fn forward(&self, cue: Tensor<4>) -> Tensor<3> {
        ops::tokens_from_map(match self {
            Self::ResNet(network) => network.forward(cue),
            Self::EfficientNetLite(network) => network.forward(cue),
        })
    }
}

/// One cue guided feature extraction layer F_guided (paper eq. 9 to 11).
///
/// As in the published code, each of its three parts is a residual branch behind a layer
/// normalisation, and the cross-attention starts at zero.
#[derive(Module, Debug)]
pub struct GuidedLayer {
    norm1: LayerNorm,
    attn: Attention,
    norm_cross: LayerNorm,
    cross_attn: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
}

impl GuidedLayerConfig {
    /// A layer that does not look at the cue yet.
    pub fn init(&self, device: &Device) -> GuidedLayer {
        let width = self.width;
        let out = LinearConfig::new(width, width);
        let cross_out = out.clone().with_initializer(Initializer::Zeros);
        GuidedLayer {
            norm1: layer_norm(width, device),
            attn: Attention::new(width, self.heads, out, device),
            norm_cross: layer_norm(width, device),
            cross_attn: Attention::new(self.cue_width, self.heads, cross_out, device),
            norm2: layer_norm(width, device),
            mlp: Mlp::new(width, self.mlp_ratio * width, device),
        }
    }
}

impl GuidedLayer {
    /// `tokens` `[batch, tokens, width]` and `cue` `[batch, cue tokens, cue width]`, or no cue, to
    /// `[batch, tokens, width]`.
    pub fn forward(&self, tokens: Tensor<3>, cue: Option<Tensor<3>>) -> Tensor<3> {
        let normalised = layers::layer_norm(&self.norm1, NORM_EPSILON, tokens.clone());
        let mut tokens = ops::add(tokens, self.attn.forward(normalised.clone(), normalised));
        if let Some(cue) = cue {
            let normalised = layers::layer_norm(&self.norm_cross, NORM_EPSILON, tokens.clone());
            tokens = ops::add(tokens, self.cross_attn.forward(normalised, cue));
        }
        let normalised = layers::layer_norm(&self.norm2, NORM_EPSILON, tokens.clone());
        ops::add(tokens, self.mlp.forward(normalised))
    }
}

/// Multi-head attention with its four projections.
#[derive(Module, Debug)]
struct Attention {
    q: Linear,
    k: Linear,
    v: Linear,
    proj: Linear,
    heads: usize,
}

impl Attention {
    /// The output projection `out` also gives the width of the queries.
    fn new(context_width: usize, heads: usize, out: LinearConfig, device: &Device) -> Self {
        let width = out.d_input;
        Self {
            q: LinearConfig::new(width, width).init(device),
            k: LinearConfig::new(context_width, width).init(device),
            v: LinearConfig::new(context_width, width).init(device),
            proj: out.init(device),
            heads,
        }
    }

    /// `[batch, tokens, width]` and `[batch, context tokens, context width]` to
    /// `[batch, tokens, width]`.
    fn forward(&self, tokens: Tensor<3>, context: Tensor<3>) -> Tensor<3> {
        let query = layers::linear(&self.q, tokens);
        let key = layers::linear(&self.k, context.clone());
        let value = layers::linear(&self.v, context);
        layers::linear(&self.proj, attention(query, key, value, self.heads))
    }
}

/// W_forward of paper eq. 11: two layers around a GELU.
#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

impl Mlp {
    fn new(width: usize, inner: usize, device: &Device) -> Self {
        Self {
            fc1: LinearConfig::new(width, inner).init(device),
            fc2: LinearConfig::new(inner, width).init(device),
        }
    }

    /// `[batch, tokens, width]` to the same.
    fn forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        layers::linear(&self.fc2, layers::gelu(layers::linear(&self.fc1, tokens)))
    }
}

/// A convolution over squares that do not overlap.
fn patches(channels_in: usize, width: usize, side: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([channels_in, width], [side, side]).with_stride([side, side]).init(device)
}

fn layer_norm(width: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width).with_epsilon(NORM_EPSILON).init(device)
}

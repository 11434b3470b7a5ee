//! Sizes of AG-Net, and which of the paper's networks of table 3 it is.

use serde::{Deserialize, Serialize};

use super::embedder::{CueEncoderConfig, EmbedderConfig};
use super::guided_layer::GuidedLayerConfig;
use crate::efficientnet_lite::EfficientNetLiteConfig;
use crate::resnet::ResNetConfig;
use crate::sizes::{SizesError, divisible, equal, positive};

/// Sizes of an [`AgNet`](super::AgNet).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgNetConfig {
    /// How face and cue come together.
    #[serde(default, skip_serializing_if = "Variant::is_ag_net")]
    pub variant: Variant,
    /// Side of the squares of pixels that are averaged to one before the network looks, at face, wider
    /// crop and cue alike: with 2 it sees half the resolution at a quarter of the trunks' cost.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub shrink: usize,
    /// What makes tokens of the face.
    pub embedder: EmbedderConfig,
    /// Number of those tokens: positions of the embedder's map, where the image is not shrunk.
    pub tokens: usize,
    /// Number of further tokens that the embedder makes of a wider crop, the face with what is around
    /// it; none where the network sees the face alone, as in the paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<usize>,
    /// What the class token starts as.
    #[serde(default, skip_serializing_if = "ClassToken::is_learned")]
    pub class_token: ClassToken,
    /// Whether the network also answers without its cue, by the same weights (docs/adr/0027).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unguided_answer: bool,
    /// Whether a second network, that shares the cue's encoder, answers beside it (docs/adr/0030).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub companion: bool,
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

/// For manifests written before images could be shrunk.
fn whole() -> usize {
    1
}

fn is_whole(shrink: &usize) -> bool {
    *shrink == whole()
}

/// What the class token is in front of the first layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassToken {
    /// The same for every face, as in vision transformers.
    #[default]
    Learned,
    /// That, plus the mean of the face's tokens and the mean of those around it. The layers of a new
    /// network change nothing: it starts as a linear classifier over its trunk's maps
    /// (docs/adr/0010).
    Pooled,
}

impl ClassToken {
    /// For manifests written before there were others.
    fn is_learned(&self) -> bool {
        *self == Self::Learned
    }
}

/// How face and cue come together (paper table 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// The cue guides every layer by cross-attention: the method.
    #[default]
    AgNet,
    /// A vision transformer that sees the face alone: the baseline.
    OnlyImage,
    /// The same vision transformer, that sees the residual alone.
    OnlyResidual,
    /// Two vision transformers, one for the face and one for the residual; their features are put
    /// beside each other in front of the classifier.
    DualBranch,
}

impl Variant {
    /// Whether the cue is looked at.
    pub fn looks_at_cue(self) -> bool {
        self != Self::OnlyImage
    }

    /// For manifests written before there were others.
    fn is_ag_net(&self) -> bool {
        *self == Self::AgNet
    }
}

impl AgNetConfig {
    /// The published network: ViT-B/16, and ResNet-18 for the cue.
    pub fn paper() -> Self {
        Self {
            variant: Variant::AgNet,
            shrink: whole(),
            embedder: EmbedderConfig::Patches { side: 16 },
            tokens: 196,
            context_tokens: None,
            class_token: ClassToken::Learned,
            unguided_answer: false,
            companion: false,
            cue_encoder: CueEncoderConfig::ResNet(ResNetConfig::resnet18()),
            width: 768,
            layers: 12,
            heads: 12,
            mlp_ratio: 4,
            bottleneck_width: 512,
        }
    }

    /// The network that runs in a page; resolution and depth by docs/adr/0016.
    pub fn web() -> Self {
        let lite0 = EfficientNetLiteConfig::lite0();
        Self {
            variant: Variant::AgNet,
            shrink: 2,
            embedder: EmbedderConfig::EfficientNetLite(lite0.clone().to_stride_16()),
            tokens: 196,
            // Of 112×112 pixels.
            context_tokens: Some(49),
            class_token: ClassToken::Pooled,
            unguided_answer: false,
            companion: false,
            cue_encoder: CueEncoderConfig::EfficientNetLite(lite0.to_stride_32()),
            width: 192,
            layers: 2,
            heads: 3,
            mlp_ratio: 4,
            bottleneck_width: 512,
        }
    }

    /// The same sizes in another of the paper's networks. One that sees no face sees nothing around it; only
    /// one that the cue guides can do without it, too, and shares the cue's encoder with a companion.
    #[must_use]
    pub fn with_variant(self, variant: Variant) -> Self {
        let context_tokens = self.context_tokens.filter(|_| variant != Variant::OnlyResidual);
        let guided = variant == Variant::AgNet;
        let (unguided_answer, companion) =
            (self.unguided_answer && guided, self.companion && guided);
        Self { variant, context_tokens, unguided_answer, companion, ..self }
    }

    /// The same sizes; where `face_only` is set, without a look at what is around the face.
    #[must_use]
    pub fn with_face_only(self, face_only: bool) -> Self {
        let context_tokens = self.context_tokens.filter(|_| !face_only);
        Self { context_tokens, ..self }
    }

    /// Whether a network can be made of these sizes for square faces of `face_side` pixels and wider
    /// crops of `context_side` pixels.
    pub(crate) fn check(
        &self,
        face_side: usize,
        context_side: Option<usize>,
    ) -> Result<(), SizesError> {
        positive([
            ("agnet.shrink", self.shrink),
            ("agnet.width", self.width),
            ("agnet.heads", self.heads),
            ("agnet.mlp_ratio", self.mlp_ratio),
            ("agnet.bottleneck_width", self.bottleneck_width),
        ])?;
        divisible("agnet.width", self.width, self.heads)?;
        self.embedder.check()?;
        self.cue_encoder.check()?;
        self.check_tokens("agnet.tokens", self.tokens, face_side)?;
        match (self.context_tokens, context_side) {
            (None, None) => Ok(()),
            (Some(tokens), Some(side)) if self.variant != Variant::OnlyResidual => {
                self.check_tokens("agnet.context_tokens", tokens, side)
            }
            _ => Err(SizesError::WiderCrop),
        }
    }

    /// Whether the network makes as many tokens of an image of `side` pixels as it has places for.
    fn check_tokens(
        &self,
        name: &'static str,
        tokens: usize,
        side: usize,
    ) -> Result<(), SizesError> {
        let made = self.embedder.map_side(side / self.shrink).saturating_pow(2);
        positive([(name, tokens), ("tokens of an image that the network looks at", made)])?;
        equal(name, self.after_shrinking(tokens), made)
    }

    /// Places for the class token and the face's tokens.
    pub(super) fn face_places(&self) -> usize {
        1 + self.after_shrinking(self.tokens)
    }

    /// What is left of `tokens` of a square map once the image is shrunk. Trunks round up where a side is
    /// odd.
    pub(super) fn after_shrinking(&self, tokens: usize) -> usize {
        tokens.isqrt().div_ceil(self.shrink).pow(2)
    }

    /// Tokens of a square cue of `side` pixels and their width; none where the cue does not guide the
    /// network.
    pub fn cue_shape(&self, side: usize) -> Option<[usize; 2]> {
        let tokens = self.cue_encoder.map_side(side / self.shrink).pow(2);
        (self.variant == Variant::AgNet).then(|| [tokens, self.cue_encoder.width()])
    }

    /// A layer of the network; only AG-Net's own has cross-attention.
    pub(super) fn layer(&self) -> GuidedLayerConfig {
        GuidedLayerConfig {
            width: self.width,
            cue_width: (self.variant == Variant::AgNet).then(|| self.cue_encoder.width()),
            heads: self.heads,
            mlp_ratio: self.mlp_ratio,
            starts_as_identity: self.class_token == ClassToken::Pooled,
        }
    }

    /// Width of the feature: that of one class token, or of two beside each other.
    pub fn feature_width(&self) -> usize {
        if self.variant == Variant::DualBranch { 2 * self.width } else { self.width }
    }
}

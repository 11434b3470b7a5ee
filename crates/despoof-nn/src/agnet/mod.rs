//! AG-Net, the anomalous cue guided feature extraction network F_AG (paper section 3.3): a vision
//! transformer that looks at the face and, in every layer, at the cue; and the networks that the paper
//! compares it with ([`Variant`]).
//!
//! The vision transformer's part has the names of timm's `VisionTransformer`, except that query, key
//! and value are three layers and not one.

mod branch;
mod companion;
mod config;
mod embedder;
mod guided_layer;
mod head;

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Tensor};

use crate::cost;
use crate::ops;
use branch::{Branch, ContextEmbedder, Parts, learned_token};
use companion::Companion;
use embedder::{CueEncoder, Embedder};
use head::{Head, new_bottleneck, new_classifier};

pub use config::{AgNetConfig, ClassToken, Variant};
pub use embedder::{CueEncoderConfig, EmbedderConfig};
pub use guided_layer::{GuidedLayer, GuidedLayerConfig};

/// Attack and live, in this order.
const CLASSES: usize = 2;

/// Epsilon of every layer normalisation, that of vision transformers.
const NORM_EPSILON: f64 = 1e-6;

/// Face and cue to liveness.
#[derive(Module, Debug)]
pub struct AgNet {
    patch_embed: Embedder,
    cls_token: Param<Tensor<3>>,
    pos_embed: Param<Tensor<3>>,
    context: Option<ContextEmbedder>,
    cue_encoder: Option<CueEncoder>,
    cue_branch: Option<Branch>,
    blocks: Vec<GuidedLayer>,
    norm: LayerNorm,
    bottleneck: Linear,
    classifier: Linear,
    companion: Option<Companion>,
    #[module(skip)]
    variant: Variant,
    #[module(skip)]
    class_token: ClassToken,
    #[module(skip)]
    unguided_answer: bool,
}

/// What AG-Net looks at beside the cue.
#[derive(Clone, Debug)]
pub struct Views {
    /// Aligned faces, `[batch, 3, height, width]` in [−1, 1].
    pub face: Tensor<4>,
    /// The same faces with what is around them, in the same units and of any size that gives the
    /// configured number of tokens.
    pub context: Option<Tensor<4>>,
}

impl Views {
    /// Of a network that sees the face alone.
    pub fn of_face(face: Tensor<4>) -> Self {
        Self { face, context: None }
    }
}

/// What [`AgNet::forward`] says of a batch.
#[derive(Clone, Debug)]
pub struct AgNetOutput {
    /// The first vision transformer's f_0 without class token and wider crop, `[batch, tokens, width]`.
    pub embedded: Tensor<3>,
    /// Its f_L without class token and wider crop, not normalised, `[batch, tokens, width]`.
    pub tokens: Tensor<3>,
    /// F_AG(x) of paper eq. 8, `[batch, width]`; both branches' beside each other where there are two.
    pub feature: Tensor<2>,
    /// The feature behind the bottleneck, of length √2, that SSDG's losses compare:
    /// `[batch, bottleneck width]`.
    pub embedding: Tensor<2>,
    /// Of attack and live, in this order, `[batch, 2]`.
    pub logits: Tensor<2>,
    /// Logits of the same network without its cue, where it is one that answers so, too, and there is a cue.
    pub unguided: Option<Tensor<2>>,
    /// What the network's companion says, where it has one.
    pub companion: Option<Box<AgNetOutput>>,
}

impl AgNetOutput {
    /// Mean logits of the network's answers with and without its cue, `[batch, 2]`; those with it where
    /// they are all. With a companion the mean of both networks' answers.
    pub fn answer(self) -> Tensor<2> {
        let mean = |one, other| ops::scale(ops::add(one, other), 0.5);
        let own = match self.unguided {
            Some(unguided) => mean(self.logits, unguided),
            None => self.logits,
        };
        match self.companion {
            Some(companion) => mean(own, companion.answer()),
            None => own,
        }
    }
}

impl AgNetConfig {
    /// A network that does not look at the cue yet, unless it has a branch for it.
    pub fn init(&self, device: &Device) -> AgNet {
        let is = |variant| self.variant == variant;
        AgNet {
            patch_embed: self.embedder.init(self.width, self.shrink, device),
            cls_token: learned_token(1, self.width, device),
            pos_embed: learned_token(self.face_places(), self.width, device),
            context: self.context_tokens.map(|count| ContextEmbedder::new(self, count, device)),
            cue_encoder: is(Variant::AgNet).then(|| self.cue_encoder.init(device)),
            cue_branch: is(Variant::DualBranch).then(|| Branch::new(self, device)),
            blocks: (0..self.layers).map(|_| self.layer().init(device)).collect(),
            norm: layer_norm(self.width, device),
            bottleneck: new_bottleneck(self, device),
            classifier: new_classifier(self, device),
            companion: self.companion.then(|| Companion::new(self, device)),
            variant: self.variant,
            class_token: self.class_token,
            unguided_answer: self.unguided_answer,
        }
    }
}

impl AgNet {
    /// F_AG (paper eq. 5 to 8) and the classifier behind it.
    ///
    /// Face and `cue`, the residual x − x̂, are `[batch, 3, height, width]`, made for 224×224.
    /// Without a cue every layer leaves its cross-attention out.
    ///
    /// # Panics
    /// Without a cue, where the variant sees the residual as an image; without a wider crop, where the
    /// network looks at one.
    pub fn forward(&self, views: Views, cue: Option<Tensor<4>>) -> AgNetOutput {
        let residual = |cue: Option<Tensor<4>>| {
            Views::of_face(cue.expect("this variant looks at the residual"))
        };
        let trunk = self.parts();
        let (tokens, second) = match self.variant {
            Variant::AgNet => {
                return self.forward_guided(views, cue.map(|cue| self.cue_tokens(cue)));
            }
            Variant::OnlyImage => (trunk.forward(views, None), None),
            Variant::OnlyResidual => (trunk.forward(residual(cue), None), None),
            Variant::DualBranch => {
                let branch = self.cue_branch.as_ref().expect("two branches have a second one");
                (trunk.forward(views, None), Some(branch.parts().forward(residual(cue), None)))
            }
        };
        self.head().output(tokens, second)
    }

    /// [`Self::forward`] of the published variant with the cue's tokens, as [`Self::cue_tokens`] gives
    /// them.
    pub fn forward_guided(&self, views: Views, cue_tokens: Option<Tensor<3>>) -> AgNetOutput {
        let companion = self.forward_companion(views.clone(), cue_tokens.clone()).map(Box::new);
        let own = self.head().output(self.parts().forward(views, cue_tokens.as_ref()), None);
        AgNetOutput { companion, ..own }
    }

    /// What its companion says alone, with the cue's tokens; none without a companion.
    pub fn forward_companion(
        &self,
        views: Views,
        cue_tokens: Option<Tensor<3>>,
    ) -> Option<AgNetOutput> {
        self.companion.as_ref().map(|it| it.forward(views, cue_tokens.as_ref()))
    }

    /// Whether a companion answers beside it.
    pub fn has_companion(&self) -> bool {
        self.companion.is_some()
    }

    /// Whether it looks at a wider crop beside the face.
    pub fn looks_at_context(&self) -> bool {
        self.context.is_some()
    }

    /// f_cue of paper eq. 5: a cue `[batch, 3, 224, 224]` to `[batch, 49, cue width]`.
    ///
    /// # Panics
    /// In a variant that the cue does not guide.
    pub fn cue_tokens(&self, cue: Tensor<4>) -> Tensor<3> {
        let encoder = self.cue_encoder.as_ref().expect("the cue guides this variant");
        encoder.forward(self.patch_embed.shrunk(cue))
    }

    /// Parameters that only [`Self::cue_tokens`] needs.
    pub fn cue_encoder_parameters(&self) -> usize {
        cost::parameters(&self.cue_encoder)
    }

    /// Names below which there is an EfficientNet-Lite that may start from others' weights.
    pub fn trunks(&self) -> Vec<&'static str> {
        let has_trunk = |embedder: &Embedder| embedder.trunk.is_some();
        let cue_encoder = matches!(self.cue_encoder, Some(CueEncoder::EfficientNetLite(_)));
        let cue_branch = self.cue_branch.as_ref().is_some_and(|it| has_trunk(&it.patch_embed));
        let companion = self.companion.is_some() && has_trunk(&self.patch_embed);
        let trunks = [
            (has_trunk(&self.patch_embed), "patch_embed.trunk"),
            (cue_encoder, "cue_encoder"),
            (cue_branch, "cue_branch.patch_embed.trunk"),
            (companion, "companion.branch.patch_embed.trunk"),
        ];
        trunks.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect()
    }

    /// The classifier: an embedding `[batch, bottleneck width]` to logits `[batch, 2]`.
    pub fn logits_from_embedding(&self, embedding: Tensor<2>) -> Tensor<2> {
        self.head().logits_from_embedding(embedding)
    }

    /// The published code's bottleneck: `[batch, feature width]` scaled to the length √2.
    pub fn embedding_from_feature(&self, feature: Tensor<2>) -> Tensor<2> {
        self.head().embedding_from_feature(feature)
    }

    fn head(&self) -> Head<'_> {
        Head { bottleneck: &self.bottleneck, classifier: &self.classifier }
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            patch_embed: &self.patch_embed,
            cls_token: &self.cls_token,
            pos_embed: &self.pos_embed,
            context: self.context.as_ref(),
            class_token: self.class_token,
            unguided_answer: self.unguided_answer,
            blocks: &self.blocks,
            norm: &self.norm,
        }
    }
}

fn layer_norm(width: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width).with_epsilon(NORM_EPSILON).init(device)
}

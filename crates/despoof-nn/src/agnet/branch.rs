//! The vision transformer that AG-Net is built on: embedder, layers, norm.

use burn::module::{Initializer, Module, Param};
use burn::nn::LayerNorm;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use super::config::{AgNetConfig, ClassToken};
use super::embedder::Embedder;
use super::guided_layer::GuidedLayer;
use super::{NORM_EPSILON, Views, layer_norm};
use crate::layers;
use crate::ops::{self, tokens_from_map};

/// A second vision transformer, that of the dual-branch network or a companion's, with the first one's names.
#[derive(Module, Debug)]
pub(super) struct Branch {
    pub(super) patch_embed: Embedder,
    cls_token: Param<Tensor<3>>,
    pos_embed: Param<Tensor<3>>,
    context: Option<ContextEmbedder>,
    blocks: Vec<GuidedLayer>,
    norm: LayerNorm,
    #[module(skip)]
    class_token: ClassToken,
    #[module(skip)]
    unguided_answer: bool,
}

/// Makes tokens of a wider crop, with the embedder's own trunk.
#[derive(Module, Debug)]
pub(super) struct ContextEmbedder {
    proj: Conv2d,
    pos_embed: Param<Tensor<3>>,
}

impl ContextEmbedder {
    pub(super) fn new(config: &AgNetConfig, tokens: usize, device: &Device) -> Self {
        Self {
            proj: config.embedder.projection(config.width, device),
            pos_embed: learned_token(config.after_shrinking(tokens), config.width, device),
        }
    }
}

/// The parts of a vision transformer, whether AG-Net itself holds them (as timm's names have it) or a
/// [`Branch`].
pub(super) struct Parts<'a> {
    pub(super) patch_embed: &'a Embedder,
    pub(super) cls_token: &'a Param<Tensor<3>>,
    pub(super) pos_embed: &'a Param<Tensor<3>>,
    pub(super) context: Option<&'a ContextEmbedder>,
    pub(super) class_token: ClassToken,
    pub(super) unguided_answer: bool,
    pub(super) blocks: &'a [GuidedLayer],
    pub(super) norm: &'a LayerNorm,
}

/// What a vision transformer says of a batch.
pub(super) struct Tokens {
    /// f_0 without class token and wider crop, `[batch, tokens, width]`.
    pub(super) embedded: Tensor<3>,
    /// f_L without class token and wider crop, `[batch, tokens, width]`.
    pub(super) last: Tensor<3>,
    /// The class token behind the last norm, `[batch, width]`.
    pub(super) feature: Tensor<2>,
    /// The same of the layers that were not guided, where they are asked, too.
    pub(super) unguided_feature: Option<Tensor<2>>,
}

impl Branch {
    /// One that looks at what the network of that configuration looks at.
    pub(super) fn guided(config: &AgNetConfig, device: &Device) -> Self {
        let embedder = |tokens| ContextEmbedder::new(config, tokens, device);
        let context = config.context_tokens.map(embedder);
        Self { context, unguided_answer: config.unguided_answer, ..Self::new(config, device) }
    }

    /// One that looks at a single image.
    pub(super) fn new(config: &AgNetConfig, device: &Device) -> Self {
        Self {
            patch_embed: config.embedder.init(config.width, config.shrink, device),
            cls_token: learned_token(1, config.width, device),
            pos_embed: learned_token(config.face_places(), config.width, device),
            context: None,
            blocks: (0..config.layers).map(|_| config.layer().init(device)).collect(),
            norm: layer_norm(config.width, device),
            class_token: config.class_token,
            unguided_answer: false,
        }
    }

    pub(super) fn parts(&self) -> Parts<'_> {
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

impl Parts<'_> {
    /// Paper eq. 6 and 7, guided by tokens of the cue or not, or both: then faces that are not guided stand
    /// behind the same faces in the layers' batch, from the first cross-attention on. Tokens of a wider crop,
    /// which the paper does not have, stand behind those of the face.
    pub(super) fn forward(&self, views: Views, cue_tokens: Option<&Tensor<3>>) -> Tokens {
        let face = self.patch_embed.forward(views.face);
        let around = self.context.map(|embedder| {
            let crop = views.context.expect("this network looks at a wider crop");
            (self.patch_embed.forward_by(&embedder.proj, crop), &embedder.pos_embed)
        });
        let class_token = self.class_token(&face, around.as_ref().map(|(map, _)| map));
        let embedded = tokens_from_map(face);
        let [_, count, _] = embedded.dims();
        let mut tokens =
            ops::add(ops::concatenate(class_token, embedded.clone(), 1), self.pos_embed.val());
        if let Some((map, positions)) = around {
            let around = ops::add(tokens_from_map(map), positions.val());
            tokens = ops::concatenate(tokens, around, 1);
        }
        let mut blocks = self.blocks.iter();
        if let Some(cue) = cue_tokens.filter(|_| self.unguided_answer)
            && let Some(first) = blocks.next()
        {
            tokens = first.forward_both(tokens, cue.clone());
        }
        for layer in blocks {
            tokens = layer.forward(tokens, cue_tokens.cloned());
        }
        let class_token = ops::slice(tokens.clone(), 1, 0, 1);
        let [all, _, width] = class_token.dims();
        let feature =
            ops::reshape(layers::layer_norm(self.norm, NORM_EPSILON, class_token), [all, width]);
        let [batch, ..] = embedded.dims();
        let twice = all > batch;
        Tokens {
            embedded,
            last: ops::first(ops::slice(tokens, 1, 1, count), batch),
            unguided_feature: twice.then(|| ops::slice(feature.clone(), 0, batch, batch)),
            feature: ops::first(feature, batch),
        }
    }

    /// `[batch, 1, width]`, from the tokens' maps.
    fn class_token(&self, face: &Tensor<4>, around: Option<&Tensor<4>>) -> Tensor<3> {
        let [batch, width, ..] = face.dims();
        let learned = ops::expand(self.cls_token.val(), [batch, 1, width]);
        match self.class_token {
            ClassToken::Learned => learned,
            ClassToken::Pooled => [Some(face), around]
                .into_iter()
                .flatten()
                .fold(learned, |token, map| ops::add(token, mean_of_map(map.clone()))),
        }
    }
}

/// A square map's mean over its positions, `[batch, 1, width]`.
fn mean_of_map(map: Tensor<4>) -> Tensor<3> {
    let [batch, width, side, _] = map.dims();
    ops::reshape(ops::average_pool(map, side), [batch, 1, width])
}

/// Tokens that start as small noise, `[1, count, width]`.
pub(super) fn learned_token(count: usize, width: usize, device: &Device) -> Param<Tensor<3>> {
    Initializer::Normal { mean: 0.0, std: 0.02 }.init([1, count, width], device)
}

//! The vision transformer that AG-Net is built on: embedder, layers, norm.

use burn::module::{Initializer, Module, Param};
use burn::nn::LayerNorm;
use burn::tensor::{Device, Tensor};

use super::config::AgNetConfig;
use super::embedder::Embedder;
use super::guided_layer::GuidedLayer;
use super::{NORM_EPSILON, layer_norm};
use crate::layers;
use crate::ops;

/// The second vision transformer of the dual-branch network, with the first one's names.
#[derive(Module, Debug)]
pub(super) struct Branch {
    pub(super) patch_embed: Embedder,
    cls_token: Param<Tensor<3>>,
    pos_embed: Param<Tensor<3>>,
    blocks: Vec<GuidedLayer>,
    norm: LayerNorm,
}

/// The parts of a vision transformer, whether AG-Net itself holds them (as timm's names have it) or a
/// [`Branch`].
pub(super) struct Parts<'a> {
    pub(super) patch_embed: &'a Embedder,
    pub(super) cls_token: &'a Param<Tensor<3>>,
    pub(super) pos_embed: &'a Param<Tensor<3>>,
    pub(super) blocks: &'a [GuidedLayer],
    pub(super) norm: &'a LayerNorm,
}

/// What a vision transformer says of a batch.
pub(super) struct Tokens {
    /// f_0 without the class token, `[batch, tokens, width]`.
    pub(super) embedded: Tensor<3>,
    /// f_L without the class token, `[batch, tokens, width]`.
    pub(super) last: Tensor<3>,
    /// The class token behind the last norm, `[batch, width]`.
    pub(super) feature: Tensor<2>,
}

impl Branch {
    pub(super) fn new(config: &AgNetConfig, device: &Device) -> Self {
        Self {
            patch_embed: config.embedder.init(config.width, device),
            cls_token: learned_token(1, config.width, device),
            pos_embed: learned_token(1 + config.tokens, config.width, device),
            blocks: (0..config.layers).map(|_| config.layer().init(device)).collect(),
            norm: layer_norm(config.width, device),
        }
    }

    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            patch_embed: &self.patch_embed,
            cls_token: &self.cls_token,
            pos_embed: &self.pos_embed,
            blocks: &self.blocks,
            norm: &self.norm,
        }
    }
}

impl Parts<'_> {
    /// Paper eq. 6 and 7: an image `[batch, 3, height, width]`, guided by tokens of the cue or not.
    pub(super) fn forward(&self, image: Tensor<4>, cue_tokens: Option<&Tensor<3>>) -> Tokens {
        let embedded = self.patch_embed.forward(image);
        let [batch, count, width] = embedded.dims();
        let cls_token = ops::expand(self.cls_token.val(), [batch, 1, width]);
        let mut tokens =
            ops::add(ops::concatenate(cls_token, embedded.clone(), 1), self.pos_embed.val());
        for layer in self.blocks {
            tokens = layer.forward(tokens, cue_tokens.cloned());
        }
        let class_token = ops::slice(tokens.clone(), 1, 0, 1);
        Tokens {
            embedded,
            last: ops::slice(tokens, 1, 1, count),
            feature: ops::reshape(
                layers::layer_norm(self.norm, NORM_EPSILON, class_token),
                [batch, width],
            ),
        }
    }
}

/// Tokens that start as small noise, `[1, count, width]`.
pub(super) fn learned_token(count: usize, width: usize, device: &Device) -> Param<Tensor<3>> {
    Initializer::Normal { mean: 0.0, std: 0.02 }.init([1, count, width], device)
}

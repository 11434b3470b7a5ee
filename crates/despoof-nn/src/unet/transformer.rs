//! The spatial transformer of the U-Net (diffusers' `Transformer2DModel` with one
//! `BasicTransformerBlock`): self-attention, cross-attention to the identity feature, feed-forward.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{GroupNorm, GroupNormConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::attention::attention;
use crate::layers;
use crate::ops;
use crate::residual_block::{conv1x1, zeroed};

/// What is attended to, each `[batch, context tokens, width]`.
#[derive(Clone, Debug)]
pub(super) struct KeysAndValues {
    keys: Tensor<3>,
    values: Tensor<3>,
}

/// Epsilon of every layer normalisation, as in diffusers.
const NORM_EPSILON: f64 = 1e-5;

/// Sizes of a [`Transformer`].
pub(super) struct TransformerConfig {
    pub(super) channels: usize,
    pub(super) heads: usize,
    pub(super) context_width: usize,
    pub(super) norm_groups: usize,
}

/// Treats the positions of a feature map as tokens.
#[derive(Module, Debug)]
pub(super) struct Transformer {
    norm: GroupNorm,
    proj_in: Conv2d,
    transformer_blocks: Vec<TransformerBlock>,
    proj_out: Conv2d,
}

impl TransformerConfig {
    /// A transformer that starts as the identity.
    pub(super) fn init(&self, device: &Device) -> Transformer {
        let channels = self.channels;
        Transformer {
            norm: GroupNormConfig::new(self.norm_groups, channels).with_epsilon(1e-6).init(device),
            proj_in: conv1x1(channels, channels).init(device),
            transformer_blocks: vec![TransformerBlock::new(self, device)],
            proj_out: zeroed(conv1x1(channels, channels)).init(device),
        }
    }
}

impl Transformer {
    /// What [`Self::forward`] attends to, from `[batch, tokens, context width]`.
    pub(super) fn keys_and_values(&self, context: &Tensor<3>) -> KeysAndValues {
        self.transformer_blocks[0].attn2.keys_and_values(context.clone())
    }

    /// Parameters that only [`Self::keys_and_values`] needs.
    pub(super) fn context_parameters(&self) -> usize {
        let attention = &self.transformer_blocks[0].attn2;
        attention.to_k.num_params() + attention.to_v.num_params()
    }

    /// `[batch, channels, height, width]` to the same.
    pub(super) fn forward(&self, input: Tensor<4>, context: &KeysAndValues) -> Tensor<4> {
        let [_, _, height, width] = input.dims();
        let projected =
            layers::conv2d(&self.proj_in, layers::group_norm(&self.norm, input.clone()));
        let mut tokens = ops::tokens_from_map(projected);
        for block in &self.transformer_blocks {
            tokens = block.forward(tokens, context);
        }
        let map = ops::map_from_tokens(tokens, height, width);
        ops::add(layers::conv2d(&self.proj_out, map), input)
    }
}

/// Three residual branches, each behind a layer normalisation.
#[derive(Module, Debug)]
struct TransformerBlock {
    norm1: LayerNorm,
    attn1: Attention,
    norm2: LayerNorm,
    attn2: Attention,
    norm3: LayerNorm,
    ff: FeedForward,
}

impl TransformerBlock {
    fn new(config: &TransformerConfig, device: &Device) -> Self {
        let width = config.channels;
        let norm = || LayerNormConfig::new(width).with_epsilon(NORM_EPSILON).init(device);
        Self {
            norm1: norm(),
            attn1: Attention::new(width, width, config.heads, device),
            norm2: norm(),
            attn2: Attention::new(width, config.context_width, config.heads, device),
            norm3: norm(),
            ff: FeedForward::new(width, device),
        }
    }

    /// `[batch, tokens, width]` to the same.
    fn forward(&self, tokens: Tensor<3>, context: &KeysAndValues) -> Tensor<3> {
        let normalised = layers::layer_norm(&self.norm1, NORM_EPSILON, tokens.clone());
        let own = self.attn1.keys_and_values(normalised.clone());
        let tokens = ops::add(self.attn1.forward(normalised, &own), tokens);
        let normalised = layers::layer_norm(&self.norm2, NORM_EPSILON, tokens.clone());
        let tokens = ops::add(self.attn2.forward(normalised, context), tokens);
        let normalised = layers::layer_norm(&self.norm3, NORM_EPSILON, tokens.clone());
        ops::add(self.ff.forward(normalised), tokens)
    }
}

/// Multi-head attention of `tokens` to `context`; only the output projection has a bias.
#[derive(Module, Debug)]
struct Attention {
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
    heads: usize,
}

impl Attention {
    fn new(width: usize, context_width: usize, heads: usize, device: &Device) -> Self {
        let from_context = || LinearConfig::new(context_width, width).with_bias(false);
        Self {
            to_q: LinearConfig::new(width, width).with_bias(false).init(device),
            to_k: from_context().init(device),
            to_v: from_context().init(device),
            to_out: LinearConfig::new(width, width).init(device),
            heads,
        }
    }

    /// Of `[batch, context tokens, context width]`.
    fn keys_and_values(&self, context: Tensor<3>) -> KeysAndValues {
        KeysAndValues {
            keys: layers::linear(&self.to_k, context.clone()),
            values: layers::linear(&self.to_v, context),
        }
    }

    /// `[batch, tokens, width]` to the same.
    fn forward(&self, tokens: Tensor<3>, context: &KeysAndValues) -> Tensor<3> {
        let query = layers::linear(&self.to_q, tokens);
        let KeysAndValues { keys, values } = context.clone();
        layers::linear(&self.to_out, attention(query, keys, values, self.heads))
    }
}

/// Feed-forward layer gated by a GELU (GEGLU, Shazeer 2020), four times as wide inside.
#[derive(Module, Debug)]
struct FeedForward {
    proj_in: Linear,
    proj_out: Linear,
}

impl FeedForward {
    fn new(width: usize, device: &Device) -> Self {
        let inner = 4 * width;
        Self {
            proj_in: LinearConfig::new(width, 2 * inner).init(device),
            proj_out: LinearConfig::new(inner, width).init(device),
        }
    }

    /// `[batch, tokens, width]` to the same.
    fn forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        let projected = layers::linear(&self.proj_in, tokens);
        let inner = projected.dims()[2] / 2;
        let hidden = ops::slice(projected.clone(), 2, 0, inner);
        let gate = ops::slice(projected, 2, inner, inner);
        layers::linear(&self.proj_out, ops::multiply(hidden, layers::gelu(gate)))
    }
}

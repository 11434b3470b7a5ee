//! One cue guided feature extraction layer F_guided (paper eq. 9 to 11).

use burn::module::{Initializer, Module};
use burn::nn::{LayerNorm, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::{NORM_EPSILON, layer_norm};
use crate::attention::attention;
use crate::layers;
use crate::ops;

/// Sizes of a [`GuidedLayer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuidedLayerConfig {
    /// Width of the face's tokens.
    pub width: usize,
    /// Width of the cue's tokens; `None` leaves the cross-attention out.
    pub cue_width: Option<usize>,
    /// Heads of both attentions.
    pub heads: usize,
    /// Inner width of the feed-forward part over `width`.
    pub mlp_ratio: usize,
    /// Whether every branch of a new layer gives zero, not the cross-attention's alone.
    #[serde(default)]
    pub starts_as_identity: bool,
}

/// One cue guided feature extraction layer F_guided (paper eq. 9 to 11).
///
/// As in the published code, each of its three parts is a residual branch behind a layer
/// normalisation, and the cross-attention starts at zero.
#[derive(Module, Debug)]
pub struct GuidedLayer {
    norm1: LayerNorm,
    attn: Attention,
    norm_cross: Option<LayerNorm>,
    cross_attn: Option<Attention>,
    norm2: LayerNorm,
    mlp: Mlp,
}

impl GuidedLayerConfig {
    /// A layer that does not look at the cue yet.
    pub fn init(&self, device: &Device) -> GuidedLayer {
        let width = self.width;
        let zeros = |linear: LinearConfig| linear.with_initializer(Initializer::Zeros);
        let branch = |linear| if self.starts_as_identity { zeros(linear) } else { linear };
        let out = LinearConfig::new(width, width);
        let cross_out = zeros(out.clone());
        let inner = self.mlp_ratio * width;
        GuidedLayer {
            norm1: layer_norm(width, device),
            attn: Attention::new(width, self.heads, branch(out), device),
            norm_cross: self.cue_width.map(|_| layer_norm(width, device)),
            cross_attn: self
                .cue_width
                .map(|cue_width| Attention::new(cue_width, self.heads, cross_out, device)),
            norm2: layer_norm(width, device),
            mlp: Mlp::new(width, branch(LinearConfig::new(inner, width)), device),
        }
    }
}

impl GuidedLayer {
    /// `tokens` `[batch, tokens, width]` and `cue` `[guided, cue tokens, cue width]`, or no cue, to
    /// `[batch, tokens, width]`. Of a batch with fewer cues than faces the last ones are not guided.
    pub fn forward(&self, tokens: Tensor<3>, cue: Option<Tensor<3>>) -> Tensor<3> {
        let mut tokens = self.attended(tokens);
        if let Some(cue) = cue {
            let [batch, ..] = tokens.dims();
            let [guided, ..] = cue.dims();
            let seeing = self.guided(ops::first(tokens.clone(), guided), cue);
            tokens = match batch - guided {
                0 => seeing,
                others => ops::concatenate(seeing, ops::slice(tokens, 0, guided, others), 0),
            };
        }
        self.fed_forward(tokens)
    }

    /// [`Self::forward`] with a cue `[batch, cue tokens, cue width]` and, behind it in the batch, without:
    /// `tokens` `[batch, tokens, width]` to `[2 · batch, tokens, width]`.
    pub fn forward_both(&self, tokens: Tensor<3>, cue: Tensor<3>) -> Tensor<3> {
        let tokens = self.attended(tokens);
        let guided = self.guided(tokens.clone(), cue);
        self.fed_forward(ops::concatenate(guided, tokens, 0))
    }

    /// Paper eq. 9: self-attention.
    fn attended(&self, tokens: Tensor<3>) -> Tensor<3> {
        let normalised = layers::layer_norm(&self.norm1, NORM_EPSILON, tokens.clone());
        ops::add(tokens, self.attn.forward(normalised.clone(), normalised))
    }

    /// Paper eq. 10: cross-attention, where the layer has one.
    fn guided(&self, tokens: Tensor<3>, cue: Tensor<3>) -> Tensor<3> {
        let (Some(norm), Some(attention)) = (&self.norm_cross, &self.cross_attn) else {
            return tokens;
        };
        let normalised = layers::layer_norm(norm, NORM_EPSILON, tokens.clone());
        ops::add(tokens, attention.forward(normalised, cue))
    }

    /// Paper eq. 11: the feed-forward part.
    fn fed_forward(&self, tokens: Tensor<3>) -> Tensor<3> {
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
    /// The second layer `out` also gives the inner width.
    fn new(width: usize, out: LinearConfig, device: &Device) -> Self {
        Self { fc1: LinearConfig::new(width, out.d_input).init(device), fc2: out.init(device) }
    }

    /// `[batch, tokens, width]` to the same.
    fn forward(&self, tokens: Tensor<3>) -> Tensor<3> {
        layers::linear(&self.fc2, layers::gelu(layers::linear(&self.fc1, tokens)))
    }
}

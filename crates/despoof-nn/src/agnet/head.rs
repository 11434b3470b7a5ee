//! What stands behind a vision transformer: the published code's bottleneck, and the classifier.

use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::branch::Tokens;
use super::config::AgNetConfig;
use super::{AgNetOutput, CLASSES};
use crate::layers;
use crate::ops;

/// A bottleneck and a classifier, whoever holds them.
pub(super) struct Head<'a> {
    pub(super) bottleneck: &'a Linear,
    pub(super) classifier: &'a Linear,
}

pub(super) fn new_bottleneck(config: &AgNetConfig, device: &Device) -> Linear {
    LinearConfig::new(config.feature_width(), config.bottleneck_width).init(device)
}

pub(super) fn new_classifier(config: &AgNetConfig, device: &Device) -> Linear {
    LinearConfig::new(config.bottleneck_width, CLASSES).init(device)
}

impl Head<'_> {
    /// Of one vision transformer, or of two whose features are put beside each other.
    pub(super) fn output(&self, tokens: Tokens, second: Option<Tokens>) -> AgNetOutput {
        let feature = match second {
            Some(second) => ops::concatenate(tokens.feature, second.feature, 1),
            None => tokens.feature,
        };
        let embedding = self.embedding_from_feature(feature.clone());
        let logits = self.logits_from_embedding(embedding.clone());
        let unguided = tokens
            .unguided_feature
            .map(|feature| self.logits_from_embedding(self.embedding_from_feature(feature)));
        let Tokens { embedded, last, .. } = tokens;
        let companion = None;
        AgNetOutput { embedded, tokens: last, feature, embedding, logits, unguided, companion }
    }

    pub(super) fn logits_from_embedding(&self, embedding: Tensor<2>) -> Tensor<2> {
        layers::linear(self.classifier, embedding)
    }

    pub(super) fn embedding_from_feature(&self, feature: Tensor<2>) -> Tensor<2> {
        ops::to_length(layers::linear(self.bottleneck, feature), 2.0)
    }
}

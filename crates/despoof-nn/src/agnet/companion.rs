//! A second vision transformer beside AG-Net's own, for answers of two (docs/adr/0030).

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::branch::Branch;
use super::config::AgNetConfig;
use super::head::{Head, new_bottleneck, new_classifier};
use super::{AgNetOutput, Views};

/// Looks at what the first one looks at, and at the tokens that the first one's encoder makes of the cue;
/// all else is its own.
#[derive(Module, Debug)]
pub(super) struct Companion {
    branch: Branch,
    bottleneck: Linear,
    classifier: Linear,
}

impl Companion {
    pub(super) fn new(config: &AgNetConfig, device: &Device) -> Self {
        Self {
            branch: Branch::guided(config, device),
            bottleneck: new_bottleneck(config, device),
            classifier: new_classifier(config, device),
        }
    }

    /// What it says alone.
    pub(super) fn forward(&self, views: Views, cue_tokens: Option<&Tensor<3>>) -> AgNetOutput {
        let head = Head { bottleneck: &self.bottleneck, classifier: &self.classifier };
        head.output(self.branch.parts().forward(views, cue_tokens), None)
    }
}

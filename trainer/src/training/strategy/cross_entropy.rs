//! Plain cross-entropy, without any help for other domains.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor};
use despoof_nn::agnet::{AgNet, AgNetConfig, AgNetOutput};

use super::{Labels, Moment, Strategy, probability_of_truth};
use crate::training::run::StepLoss;

/// Cross-entropy of live against attack.
pub struct CrossEntropy {
    /// Share of the target probability spread over both classes.
    pub label_smoothing: f32,
}

impl CrossEntropy {
    /// The loss, and the mean probability of what is true.
    pub fn of(&self, logits: Tensor<2>, classes: Tensor<1, Int>) -> (Tensor<1>, f64) {
        let right = probability_of_truth(&logits, &classes);
        let smoothing = (self.label_smoothing > 0.0).then_some(self.label_smoothing);
        let loss = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&logits.device());
        (loss.forward(logits, classes), right)
    }
}

impl Strategy for CrossEntropy {
    type Network = AgNet;

    fn network(agnet: AgNet, _: &AgNetConfig, _: usize, _: &Device) -> AgNet {
        agnet
    }

    fn agnet(network: &AgNet) -> &AgNet {
        network
    }

    fn loss(
        &self,
        _network: &AgNet,
        output: AgNetOutput,
        labels: &Labels,
        _moment: Moment,
    ) -> StepLoss {
        let classes = labels.classes(&output.logits.device());
        let (loss, right) = self.of(output.logits, classes);
        StepLoss { loss, parts: vec![("probability_of_truth", right)] }
    }
}

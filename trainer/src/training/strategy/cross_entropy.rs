//! Plain cross-entropy, without any help for other domains.

use burn::tensor::{Device, Tensor, activation};
use despoof_nn::agnet::{AgNet, AgNetConfig, AgNetOutput};

use super::{Labels, Moment, Strategy, probability_of_truth};
use crate::training::run::StepLoss;

/// Cross-entropy of live against attack.
pub struct CrossEntropy {
    /// Share of the target probability spread over both classes.
    pub label_smoothing: f32,
}

impl CrossEntropy {
    /// The mean loss of what a network answers with and without its cue, where it does both; and the mean
    /// probability of what is true, with it.
    pub fn of_answers(&self, output: &AgNetOutput, labels: &Labels) -> (Tensor<1>, f64) {
        let (loss, right) = self.of(output.logits.clone(), labels);
        let loss = match &output.unguided {
            Some(unguided) => (loss + self.of(unguided.clone(), labels).0) / 2.0,
            None => loss,
        };
        (loss, right)
    }

    /// The loss, and the mean probability of what is true.
    pub fn of(&self, logits: Tensor<2>, labels: &Labels) -> (Tensor<1>, f64) {
        let device = logits.device();
        let right = probability_of_truth(&logits, &labels.classes(&device));
        let smoothing = f64::from(self.label_smoothing);
        let targets = labels.target_probabilities(&device) * (1.0 - smoothing) + smoothing / 2.0;
        let loss = -(activation::log_softmax(logits, 1) * targets).sum_dim(1).mean();
        (loss, right)
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
        let (loss, right) = self.of_answers(&output, labels);
        StepLoss { loss, parts: vec![("probability_of_truth", right)] }
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::loss::CrossEntropyLossConfig;

    use super::*;

    #[test]
    fn agrees_with_burns_own_loss_and_meets_a_teacher_half_way() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[1.5, -0.5], [0.2, 0.9], [-2.0, 1.0]], &device);
        let mut labels = Labels::new(vec![false, true, false], vec![0; 3]);
        for label_smoothing in [0.0, 0.1] {
            let (ours, _) = CrossEntropy { label_smoothing }.of(logits.clone(), &labels);
            let smoothing = (label_smoothing > 0.0).then_some(label_smoothing);
            let burns = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&device);
            let burns = burns.forward(logits.clone(), labels.classes(&device));
            let difference = (ours - burns).abs().into_scalar::<f32>();
            assert!(difference < 1e-6, "{difference}");
        }
        // The third face alone: −ln of each class's probability, weighted.
        labels = Labels { live: vec![false], domains: vec![0], targets: vec![0.25] };
        let (loss, _) = CrossEntropy { label_smoothing: 0.0 }.of(logits.slice(2..3), &labels);
        let live = 1.0_f64 / (1.0 + (-3.0_f64).exp());
        let expected = -0.25 * live.ln() - 0.75 * (1.0 - live).ln();
        assert!((f64::from(loss.into_scalar::<f32>()) - expected).abs() < 1e-5);
    }

    #[test]
    fn an_answer_without_the_cue_counts_as_much_as_that_with_it() {
        let device = Device::flex();
        let classification = CrossEntropy { label_smoothing: 0.05 };
        let labels = Labels::new(vec![true, false], vec![0; 2]);
        let [guided, unguided] = [[[0.3, 1.2], [0.4, -0.6]], [[1.0, -1.0], [0.2, 0.1]]]
            .map(|logits| Tensor::<2>::from_floats(logits, &device));
        let of = |unguided: Option<&Tensor<2>>| {
            let output = AgNetOutput {
                embedded: Tensor::zeros([2, 1, 1], &device),
                tokens: Tensor::zeros([2, 1, 1], &device),
                feature: guided.clone(),
                embedding: guided.clone(),
                logits: guided.clone(),
                unguided: unguided.cloned(),
                companion: None,
            };
            let (loss, right) = classification.of_answers(&output, &labels);
            (loss.into_scalar::<f32>(), right)
        };
        let alone =
            |logits: &Tensor<2>| classification.of(logits.clone(), &labels).0.into_scalar::<f32>();
        let (once, right) = of(None);
        assert!((once - alone(&guided)).abs() < 1e-6);
        let (both, same) = of(Some(&unguided));
        assert!((both - f32::midpoint(alone(&guided), alone(&unguided))).abs() < 1e-6);
        assert!((right - same).abs() < 1e-12, "what is logged is the answer with the cue");
    }
}

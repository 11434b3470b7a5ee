//! SA-FAS (Sun et al. 2023): faces of a domain and class lie together and apart from the others
//! (separability), while one hyperplane is the best one in every domain (alignment).
//!
//! The published code keeps a hyperplane for each domain and, behind every step, moves them towards
//! each other (projected-gradient IRM). Here AG-Net has its one classifier, and IRMv1's penalty over
//! its weights asks for the same: that every domain's best hyperplane is the common one.

use burn::tensor::Device;
use despoof_nn::agnet::{AgNet, AgNetConfig, AgNetOutput};

use super::contrastive::supervised_contrastive;
use super::cross_entropy::CrossEntropy;
use super::invariance::hyperplane_penalty;
use super::{Labels, Moment, Strategy, value};
use crate::training::run::StepLoss;

/// Temperature of the contrastive loss (published code).
const TEMPERATURE: f64 = 0.1;
/// Weight of the contrastive loss (published code).
const SEPARABILITY_WEIGHT: f64 = 0.1;
/// Weight of the penalty; ours, for the published code projects instead.
const ALIGNMENT_WEIGHT: f64 = 1.0;
/// Share of the training before the penalty joins (published code: 20 of 100 epochs).
const ALIGNED_FROM: f64 = 0.2;

/// SA-FAS's losses.
pub struct SaFas {
    /// Of live against attack.
    pub classification: CrossEntropy,
}

impl Strategy for SaFas {
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
        moment: Moment,
    ) -> StepLoss {
        let (classification, right) = self.classification.of_answers(&output, labels);
        let groups = groups(labels);
        let separability = supervised_contrastive(output.embedding.clone(), &groups, TEMPERATURE);
        let alignment = hyperplane_penalty(output.embedding, output.logits, labels);
        let parts = vec![
            ("probability_of_truth", right),
            ("separability", value(&separability)),
            ("alignment", value(&alignment)),
        ];
        let aligned = if moment.progress < ALIGNED_FROM { 0.0 } else { ALIGNMENT_WEIGHT };
        let loss = classification + separability * SEPARABILITY_WEIGHT + alignment * aligned;
        StepLoss { loss, parts }
    }
}

/// A group for each domain and class.
fn groups(labels: &Labels) -> Vec<usize> {
    let of = |(&live, &domain): (&bool, &usize)| 2 * domain + usize::from(live);
    labels.live.iter().zip(&labels.domains).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_classes_are_apart() {
        let labels = Labels::new(vec![true, true, false, false], vec![0, 1, 0, 1]);
        assert_eq!(groups(&labels), [1, 3, 0, 2]);
    }
}

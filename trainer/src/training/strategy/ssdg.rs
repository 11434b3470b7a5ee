//! Single-side domain generalisation (Jia et al. 2020), as the published code of AG-FAS trains with
//! it: live faces of all domains are drawn together, attacks of each domain kept apart.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof_nn::agnet::{AgNet, AgNetConfig, AgNetOutput};

use super::cross_entropy::CrossEntropy;
use super::discriminator::Discriminator;
use super::gradient_reversal::strength_at;
use super::triplet::triplet_loss;
use super::{Labels, Moment, Strategy, indices, value};
use crate::training::run::StepLoss;

/// Margin of the asymmetric triplet loss (published code).
const MARGIN: f64 = 0.1;
/// Weight of the triplet loss (published code: λ₁).
const TRIPLET_WEIGHT: f64 = 1.0;
/// Weight of the adversarial loss (published code: λ₂).
const ADVERSARIAL_WEIGHT: f64 = 0.5;

/// SSDG's three losses.
pub struct Ssdg {
    /// Of live against attack.
    pub classification: CrossEntropy,
}

/// AG-Net, and what tries to tell from its embeddings of live faces which domain they are of.
#[derive(Module, Debug)]
pub struct SsdgNetwork {
    /// What is shipped.
    pub agnet: AgNet,
    discriminator: Discriminator,
}

impl Strategy for Ssdg {
    type Network = SsdgNetwork;

    fn network(agnet: AgNet, config: &AgNetConfig, domains: usize, device: &Device) -> SsdgNetwork {
        let discriminator = Discriminator::new(config.bottleneck_width, domains, device);
        SsdgNetwork { agnet, discriminator }
    }

    fn agnet(network: &SsdgNetwork) -> &AgNet {
        &network.agnet
    }

    fn loss(
        &self,
        network: &SsdgNetwork,
        output: AgNetOutput,
        labels: &Labels,
        moment: Moment,
    ) -> StepLoss {
        let (classification, right) = self.classification.of_answers(&output, labels);
        let triplet = triplet_loss(output.embedding.clone(), &triplet_groups(labels), MARGIN);
        let adversarial = adversarial_loss(network, output.embedding, labels, moment.progress);
        let parts = vec![
            ("probability_of_truth", right),
            ("triplet", value(&triplet)),
            ("adversarial", value(&adversarial)),
        ];
        let loss = classification + triplet * TRIPLET_WEIGHT + adversarial * ADVERSARIAL_WEIGHT;
        StepLoss { loss, parts }
    }
}

/// The asymmetry: live faces are one group, attacks are a group for each domain.
fn triplet_groups(labels: &Labels) -> Vec<usize> {
    labels
        .live
        .iter()
        .zip(&labels.domains)
        .map(|(&live, &domain)| if live { 0 } else { 1 + domain })
        .collect()
}

/// What the live faces' embeddings tell of their domains.
fn adversarial_loss(
    network: &SsdgNetwork,
    embeddings: Tensor<2>,
    labels: &Labels,
    progress: f64,
) -> Tensor<1> {
    let (faces, domains) = labels.live_faces();
    if faces.is_empty() {
        return Tensor::zeros([1], &embeddings.device());
    }
    let live = embeddings.clone().select(0, indices(&faces, &embeddings.device()));
    network.discriminator.adversarial_loss(live, &domains, strength_at(progress))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_faces_are_one_group_and_attacks_one_a_domain() {
        let labels = Labels::new(vec![true, true, false, false, false], vec![0, 1, 0, 1, 1]);
        assert_eq!(triplet_groups(&labels), [0, 0, 1, 2, 2]);
        assert_eq!(labels.live_faces(), (vec![0, 1], vec![0, 1]));
    }
}

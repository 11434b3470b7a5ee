//! Single-side domain generalisation (Jia et al. 2020), as the published code of AG-FAS trains with
//! it: live faces of all domains are drawn together, attacks of each domain kept apart.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};
use despoof_nn::agnet::{AgNet, AgNetOutput};

use super::cross_entropy::CrossEntropy;
use super::gradient_reversal::{reversed, strength_at};
use super::triplet::triplet_loss;
use super::{Labels, Strategy, indices};
use crate::training::run::StepLoss;

/// Margin of the asymmetric triplet loss (published code).
const MARGIN: f64 = 0.1;
/// Weight of the triplet loss (published code: λ₁).
const TRIPLET_WEIGHT: f64 = 1.0;
/// Weight of the adversarial loss (published code: λ₂).
const ADVERSARIAL_WEIGHT: f64 = 0.5;
/// Share of units that the discriminator drops (published code).
const DROPOUT: f64 = 0.5;

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

/// Two layers from an embedding to logits of domains.
#[derive(Module, Debug)]
struct Discriminator {
    hidden: Linear,
    dropout: Dropout,
    output: Linear,
}

impl SsdgNetwork {
    /// Around an AG-Net with embeddings of `width`, whose training sees `domains` domains.
    pub fn new(agnet: AgNet, width: usize, domains: usize, device: &Device) -> Self {
        let discriminator = Discriminator {
            hidden: LinearConfig::new(width, width).init(device),
            dropout: DropoutConfig::new(DROPOUT).init(),
            output: LinearConfig::new(width, domains).init(device),
        };
        Self { agnet, discriminator }
    }
}

impl Discriminator {
    fn forward(&self, embeddings: Tensor<2>) -> Tensor<2> {
        let hidden = activation::relu(self.hidden.forward(embeddings));
        self.output.forward(self.dropout.forward(hidden))
    }
}

impl Strategy for Ssdg {
    type Network = SsdgNetwork;

    fn agnet(network: &SsdgNetwork) -> &AgNet {
        &network.agnet
    }

    fn loss(
        &self,
        network: &SsdgNetwork,
        output: AgNetOutput,
        labels: &Labels,
        progress: f64,
    ) -> StepLoss {
        let device = output.logits.device();
        let (classification, right) =
            self.classification.of(output.logits, labels.classes(&device));
        let triplet = triplet_loss(output.embedding.clone(), &triplet_groups(labels), MARGIN);
        let adversarial = adversarial_loss(network, output.embedding, labels, progress);
        let parts = vec![
            ("probability_of_truth", right),
            ("triplet", f64::from(triplet.clone().into_scalar::<f32>())),
            ("adversarial", f64::from(adversarial.clone().into_scalar::<f32>())),
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

/// Cross-entropy of the live faces' domains behind a gradient reversal; 0 without live faces.
fn adversarial_loss(
    network: &SsdgNetwork,
    embeddings: Tensor<2>,
    labels: &Labels,
    progress: f64,
) -> Tensor<1> {
    let device = embeddings.device();
    let (faces, domains) = labels.live_faces();
    if faces.is_empty() {
        return Tensor::zeros([1], &device);
    }
    let live = reversed(embeddings.select(0, indices(&faces, &device)), strength_at(progress));
    let logits = network.discriminator.forward(live);
    CrossEntropyLossConfig::new().init(&device).forward(logits, indices(&domains, &device))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_faces_are_one_group_and_attacks_one_a_domain() {
        let labels =
            Labels { live: vec![true, true, false, false, false], domains: vec![0, 1, 0, 1, 1] };
        assert_eq!(triplet_groups(&labels), [0, 0, 1, 2, 2]);
        assert_eq!(labels.live_faces(), (vec![0, 1], vec![0, 1]));
    }
}

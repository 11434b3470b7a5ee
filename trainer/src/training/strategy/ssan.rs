//! SSAN (Wang et al. 2022): content that does not tell the domain, in styles of which those that
//! belong to live faces and those that belong to attacks are driven apart.
//!
//! The published network classifies what it assembles of a face's content and its own style, from a
//! ResNet's maps. Here AG-Net is what is shipped: its last tokens are the content, its embedder's the
//! shallow features that the style is made of, and its own classifier learns beside the one of the
//! assembly.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;
use despoof_nn::agnet::{AgNet, AgNetConfig, AgNetOutput};
use rand::seq::SliceRandom;

use super::contrastive::pair_loss;
use super::cross_entropy::CrossEntropy;
use super::discriminator::Discriminator;
use super::gradient_reversal::strength_at;
use super::style_assembly::StyleAssembly;
use super::{Labels, Moment, Strategy, value};
use crate::training::run::StepLoss;

/// SSAN's three losses, which the published code adds with weight 1.
pub struct Ssan {
    /// Of live against attack.
    pub classification: CrossEntropy,
}

/// AG-Net, and what assembles its tokens.
#[derive(Module, Debug)]
pub struct SsanNetwork {
    /// What is shipped.
    pub agnet: AgNet,
    assembly: StyleAssembly,
    classifier: Linear,
    discriminator: Discriminator,
}

impl Strategy for Ssan {
    type Network = SsanNetwork;

    fn network(agnet: AgNet, config: &AgNetConfig, domains: usize, device: &Device) -> SsanNetwork {
        SsanNetwork {
            agnet,
            assembly: StyleAssembly::new(config.width, device),
            classifier: LinearConfig::new(config.width, 2).init(device),
            discriminator: Discriminator::new(config.width, domains, device),
        }
    }

    fn agnet(network: &SsanNetwork) -> &AgNet {
        &network.agnet
    }

    fn loss(
        &self,
        network: &SsanNetwork,
        output: AgNetOutput,
        labels: &Labels,
        moment: Moment,
    ) -> StepLoss {
        let (classification, right) = self.classification.of_answers(&output, labels);
        let style = network.assembly.style(output.embedded);
        let own = network.assembly.assemble(output.tokens.clone(), &style);
        let mut other: Vec<usize> = (0..labels.live.len()).collect();
        other.shuffle(moment.rng);
        let shuffled = network.assembly.assemble(output.tokens.clone(), &style.of_faces(&other));
        let alike: Vec<bool> =
            labels.live.iter().zip(&other).map(|(&live, &at)| live == labels.live[at]).collect();
        // The face's own assembly is the fixed point that the shuffled one is compared with.
        let contrast = pair_loss(own.clone().detach(), shuffled, &alike);
        let (assembled, _) = self.classification.of(network.classifier.forward(own), labels);
        let content = output.tokens.mean_dim(1).squeeze_dim(1);
        let strength = strength_at(moment.progress);
        let adversarial =
            network.discriminator.adversarial_loss(content, &labels.domains, strength);
        let parts = vec![
            ("probability_of_truth", right),
            ("assembled", value(&assembled)),
            ("contrast", value(&contrast)),
            ("adversarial", value(&adversarial)),
        ];
        StepLoss { loss: classification + assembled + contrast + adversarial, parts }
    }
}

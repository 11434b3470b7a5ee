//! How AG-Net learns from labelled faces: strategies for generalising to domains never seen
//! (paper section 4.4 and table 5), a file each.

pub mod contrastive;
pub mod cross_entropy;
mod discriminator;
#[cfg(test)]
pub mod finite_differences;
pub mod gradient_reversal;
pub mod invariance;
pub mod sa_fas;
pub mod ssan;
pub mod ssdg;
pub mod style_assembly;
pub mod triplet;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use clap::ValueEnum;
use despoof::score::LIVE;
use despoof_nn::agnet::{AgNet, AgNetConfig, AgNetOutput};
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use self::cross_entropy::CrossEntropy;
use self::sa_fas::SaFas;
use self::ssan::Ssan;
use self::ssdg::Ssdg;
use super::run::StepLoss;

/// Name of a strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyName {
    /// Live or attack, nothing else.
    #[default]
    CrossEntropy,
    /// Single-side domain generalisation (Jia et al. 2020), the paper's main setting.
    Ssdg,
    /// Shuffled style assembly (Wang et al. 2022).
    Ssan,
    /// Separability and alignment (Sun et al. 2023).
    SaFas,
}

/// What is known of a batch.
pub struct Labels {
    /// Whether each face is live.
    pub live: Vec<bool>,
    /// The domain of each face, counted from 0.
    pub domains: Vec<usize>,
    /// The probability of live that classification aims for: that of the class, or nearer to what a
    /// teacher says of the face.
    pub targets: Vec<f32>,
}

/// Where in a training a loss is computed.
pub struct Moment<'a> {
    /// Share of training done, 0 to 1.
    pub progress: f64,
    /// The source of the step's random choices.
    pub rng: &'a mut StdRng,
}

/// A way to train AG-Net.
pub trait Strategy: Sync {
    /// AG-Net with what is trained beside it.
    type Network: Module;

    /// Puts what is trained beside it to an AG-Net of those sizes, for a training that sees `domains`
    /// domains.
    fn network(
        agnet: AgNet,
        config: &AgNetConfig,
        domains: usize,
        device: &Device,
    ) -> Self::Network;

    /// AG-Net in it.
    fn agnet(network: &Self::Network) -> &AgNet;

    /// Loss of a batch.
    fn loss(
        &self,
        network: &Self::Network,
        output: AgNetOutput,
        labels: &Labels,
        moment: Moment,
    ) -> StepLoss;
}

/// Something to do with a strategy, whichever it is: strategies train networks of different types.
pub trait StrategyVisitor {
    /// What comes out.
    type Output;

    /// Does it.
    fn visit<S: Strategy>(self, strategy: S) -> Self::Output;
}

impl StrategyName {
    /// Calls `visitor` with the strategy of that name.
    pub fn visit<V: StrategyVisitor>(self, label_smoothing: f32, visitor: V) -> V::Output {
        let classification = CrossEntropy { label_smoothing };
        match self {
            Self::CrossEntropy => visitor.visit(classification),
            Self::Ssdg => visitor.visit(Ssdg { classification }),
            Self::Ssan => visitor.visit(Ssan { classification }),
            Self::SaFas => visitor.visit(SaFas { classification }),
        }
    }
}

impl Labels {
    /// Of faces that no teacher says anything of.
    #[cfg(test)]
    pub fn new(live: Vec<bool>, domains: Vec<usize>) -> Self {
        let targets = live.iter().map(|&live| f32::from(u8::from(live))).collect();
        Self { live, domains, targets }
    }

    /// What classification aims for, of attack and live as AG-Net counts them, `[batch, 2]`.
    fn target_probabilities(&self, device: &Device) -> Tensor<2> {
        let of_face = |&live: &f32| {
            let mut classes = [1.0 - live; 2];
            classes[LIVE] = live;
            classes
        };
        let values: Vec<f32> = self.targets.iter().flat_map(of_face).collect();
        Tensor::from_data(TensorData::new(values, [self.targets.len(), 2]), device)
    }

    /// Class of each face as AG-Net counts them, `[batch]`.
    pub fn classes(&self, device: &Device) -> Tensor<1, Int> {
        let classes: Vec<usize> =
            self.live.iter().map(|&live| if live { LIVE } else { 1 - LIVE }).collect();
        indices(&classes, device)
    }

    /// Positions of the live faces, and their domains.
    pub fn live_faces(&self) -> (Vec<usize>, Vec<usize>) {
        (0..self.live.len())
            .filter(|&face| self.live[face])
            .map(|face| (face, self.domains[face]))
            .unzip()
    }
}

/// Whole numbers as a tensor.
pub fn indices(values: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.iter().map(|&value| value as i64).collect();
    Tensor::from_data(TensorData::from(values.as_slice()), device)
}

/// Mean probability that the network gives to what is true, for the log.
fn probability_of_truth(logits: &Tensor<2>, classes: &Tensor<1, Int>) -> f64 {
    let right = activation::softmax(logits.clone().detach(), 1)
        .gather(1, classes.clone().unsqueeze_dim(1))
        .mean();
    f64::from(right.into_scalar::<f32>())
}

/// A loss's value, for the log.
fn value(loss: &Tensor<1>) -> f64 {
    f64::from(loss.clone().into_scalar::<f32>())
}

//! How AG-Net learns from labelled faces: strategies for generalising to domains never seen
//! (paper section 4.4), a file each.

pub mod cross_entropy;
pub mod gradient_reversal;
pub mod ssdg;
pub mod triplet;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use clap::ValueEnum;
use despoof::score::LIVE;
use despoof_nn::agnet::{AgNet, AgNetOutput};
use serde::{Deserialize, Serialize};

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
}

/// What is known of a batch.
pub struct Labels {
    /// Whether each face is live.
    pub live: Vec<bool>,
    /// The domain of each face, counted from 0.
    pub domains: Vec<usize>,
}

/// A way to train AG-Net.
pub trait Strategy {
    /// AG-Net with what is trained beside it.
    type Network: Module;

    /// AG-Net in it.
    fn agnet(network: &Self::Network) -> &AgNet;

    /// Loss of a batch. `progress` is the share of training done, 0 to 1.
    fn loss(
        &self,
        network: &Self::Network,
        output: AgNetOutput,
        labels: &Labels,
        progress: f64,
    ) -> StepLoss;
}

impl Labels {
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

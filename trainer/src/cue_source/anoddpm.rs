//! Faces that AnoDDPM has noised and denoised.

use std::path::Path;

use anyhow::{Result, ensure};
use burn::tensor::{Device, Tensor};
use despoof_nn::cue_networks::anoddpm::{AnoDdpm, AnoDdpmConfig};

use super::{CueChoice, CueSource};
use crate::training::checkpoint::load_weights;

/// A network and how it is sampled.
struct Sampled {
    network: AnoDdpm,
    config: AnoDdpmConfig,
    steps: usize,
    seeds: Vec<u64>,
}

/// Reads the network of a run.
///
/// # Errors
/// A run without a checkpoint, or more steps than the noise has.
pub fn open(run: &Path, choice: &CueChoice, device: &Device) -> Result<Box<dyn CueSource>> {
    let config = AnoDdpmConfig::web();
    let first = choice.noise_seed.unwrap_or(0);
    let (steps, most) = (choice.sampler_steps.unwrap_or(config.noised_steps), config.noised_steps);
    ensure!(steps <= most, "AnoDDPM has {most} steps, not {steps}");
    Ok(Box::new(Sampled {
        network: load_weights(run, config.init(device))?,
        steps,
        seeds: (first..first + choice.noise_samples).collect(),
        config,
    }))
}

impl CueSource for Sampled {
    fn reconstruct(&self, faces: Tensor<4>) -> Tensor<4> {
        let drawn = self
            .seeds
            .iter()
            .map(|&seed| self.network.reconstruct(&self.config, faces.clone(), self.steps, seed));
        let sum = drawn.reduce(|sum, face| sum + face).expect("there is at least one seed");
        sum / self.seeds.len() as f64
    }
}

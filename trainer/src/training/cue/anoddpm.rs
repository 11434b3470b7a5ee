//! Training of AnoDDPM (Wyatt et al. 2022): the simplex noise in a face is predicted, at the time steps
//! that are visited later.

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof_nn::cue_networks::anoddpm::{AnoDdpm, AnoDdpmConfig};
use despoof_nn::diffusion::add_noise;
use rand::Rng;
use rand::rngs::StdRng;

use super::RealFaces;
use crate::training::batch;
use crate::training::checkpoint::Better;
use crate::training::run::{Pass, StepLoss, Training};

/// Calls of the sample picture: all 200 would take longer than the steps between two pictures.
const PICTURED_STEPS: usize = 10;

/// Denoising of real faces.
pub struct AnoDdpmTraining {
    /// What is denoised.
    pub faces: RealFaces,
    /// Noise and schedule.
    pub config: AnoDdpmConfig,
    /// Where, with autodiff.
    pub device: Device,
}

impl Training for AnoDdpmTraining {
    type Network = AnoDdpm;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_error", Better::Smaller));

    fn faces(&self) -> usize {
        self.faces.count()
    }

    fn has_held_out(&self) -> bool {
        self.faces.has_held_out()
    }

    fn loss(&self, network: &AnoDdpm, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let faces = self.faces.draw(pass.faces, rng, &pass.device)?;
        let [count, _, height, width] = faces.dims();
        let timesteps: Vec<usize> =
            (0..count).map(|_| rng.random_range(0..self.config.noised_steps)).collect();
        let noise = (0..count)
            .map(|_| self.config.noise(rng.random(), [height, width], &pass.device))
            .collect();
        let noise = Tensor::cat(noise, 0);
        let noised = add_noise(&self.config.schedule(), faces, noise.clone(), &timesteps);
        let predicted = network.forward(noised, batch::timesteps(&timesteps, &pass.device));
        Ok(StepLoss { loss: (predicted - noise).square().mean(), parts: Vec::new() })
    }

    fn evaluate(&self, network: &AnoDdpm, picture: &Path) -> Result<Vec<(&'static str, f64)>> {
        let network = network.valid();
        let device = self.device.clone().inner();
        let reconstruct = |faces| network.reconstruct(&self.config, faces, PICTURED_STEPS, 0);
        self.faces.measure(reconstruct, &device, picture)
    }
}

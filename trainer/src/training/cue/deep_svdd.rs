//! Training of Deep SVDD with a decoder: squared error, and codes near one centre (Ruff et al. 2018,
//! eq. 4; its weight decay is the optimiser's).

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::Device;
use despoof_nn::cue_networks::deep_svdd::DeepSvdd;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::RealFaces;
use crate::training::checkpoint::Better;
use crate::training::run::{Pass, StepLoss, Training};

/// Weight of the distance from the centre beside the error of a pixel: ours, for the paper is silent.
const DISTANCE_WEIGHT: f64 = 1e-3;
/// Faces whose codes place the centre.
const PLACED_BY: usize = 64;

/// Reconstruction of real faces from a sphere.
pub struct DeepSvddTraining {
    /// What is reconstructed.
    pub faces: RealFaces,
    /// Where, with autodiff.
    pub device: Device,
}

impl DeepSvddTraining {
    /// The untrained network around the codes that it gives to some real faces, the same ones for a
    /// seed.
    ///
    /// # Errors
    /// A face that cannot be read.
    pub fn with_centre(&self, network: DeepSvdd, seed: u64) -> Result<DeepSvdd> {
        let mut rng = StdRng::seed_from_u64(seed);
        let faces = self.faces.draw(PLACED_BY, &mut rng, &self.device)?;
        let codes = network.encode(faces);
        Ok(network.with_centre_of(codes))
    }
}

impl Training for DeepSvddTraining {
    type Network = DeepSvdd;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_error", Better::Smaller));

    fn faces(&self) -> usize {
        self.faces.count()
    }

    fn has_held_out(&self) -> bool {
        self.faces.has_held_out()
    }

    fn loss(&self, network: &DeepSvdd, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let faces = self.faces.draw(pass.faces, rng, &pass.device)?;
        let output = network.forward(faces.clone());
        let error = (faces - output.reconstruction).square().mean();
        let distance = output.distance.mean();
        let parts = vec![
            ("error", f64::from(error.clone().into_scalar::<f32>())),
            ("distance", f64::from(distance.clone().into_scalar::<f32>())),
        ];
        Ok(StepLoss { loss: error + distance * DISTANCE_WEIGHT, parts })
    }

    fn evaluate(&self, network: &DeepSvdd, picture: &Path) -> Result<Vec<(&'static str, f64)>> {
        let network = network.valid();
        let device = self.device.clone().inner();
        self.faces.measure(|faces| network.forward(faces).reconstruction, &device, picture)
    }
}

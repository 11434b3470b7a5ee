//! Training of MemAE (Gong et al. 2019, eq. 10): squared error, and few items for every position.

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::Device;
use despoof_nn::cue_networks::memae::{MemAe, entropy};
use rand::rngs::StdRng;

use super::RealFaces;
use crate::training::checkpoint::Better;
use crate::training::run::{Pass, StepLoss, Training};

/// Weight of the entropy (paper: 0.0002).
const ENTROPY_WEIGHT: f64 = 2e-4;

/// Reconstruction of real faces from a memory.
pub struct MemAeTraining {
    /// What is reconstructed.
    pub faces: RealFaces,
    /// Where, with autodiff.
    pub device: Device,
}

impl Training for MemAeTraining {
    type Network = MemAe;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_error", Better::Smaller));

    fn faces(&self) -> usize {
        self.faces.count()
    }

    fn has_held_out(&self) -> bool {
        self.faces.has_held_out()
    }

    fn loss(&self, network: &MemAe, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let faces = self.faces.draw(pass.faces, rng, &pass.device)?;
        let output = network.forward(faces.clone());
        let error = (faces - output.reconstruction).square().mean();
        let entropy = entropy(output.weights);
        let parts = vec![
            ("error", f64::from(error.clone().into_scalar::<f32>())),
            ("entropy", f64::from(entropy.clone().into_scalar::<f32>())),
        ];
        Ok(StepLoss { loss: error + entropy * ENTROPY_WEIGHT, parts })
    }

    fn evaluate(&self, network: &MemAe, picture: &Path) -> Result<Vec<(&'static str, f64)>> {
        let network = network.valid();
        let device = self.device.clone().inner();
        self.faces.measure(|faces| network.forward(faces).reconstruction, &device, picture)
    }
}

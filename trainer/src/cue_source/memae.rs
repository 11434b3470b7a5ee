//! Faces drawn from MemAE's memory.

use std::path::Path;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use despoof_nn::cue_networks::memae::{MemAe, MemAeConfig};

use super::CueSource;
use crate::training::checkpoint::load_weights;

/// Reads the network of a run.
///
/// # Errors
/// A run without a checkpoint.
pub fn open(run: &Path, device: &Device) -> Result<Box<dyn CueSource>> {
    Ok(Box::new(load_weights(run, MemAeConfig::web().init(device))?))
}

impl CueSource for MemAe {
    fn reconstruct(&self, faces: Tensor<4>) -> Tensor<4> {
        self.forward(faces).reconstruction
    }
}

//! Faces drawn from their codes in Deep SVDD's sphere.

use std::path::Path;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use despoof_nn::cue_networks::deep_svdd::{DeepSvdd, DeepSvddConfig};

use super::CueSource;
use crate::training::checkpoint::load_weights;

/// Reads the network of a run.
///
/// # Errors
/// A run without a checkpoint.
pub fn open(run: &Path, device: &Device) -> Result<Box<dyn CueSource>> {
    Ok(Box::new(load_weights(run, DeepSvddConfig::web().init(device))?))
}

impl CueSource for DeepSvdd {
    fn reconstruct(&self, faces: Tensor<4>) -> Tensor<4> {
        self.forward(faces).reconstruction
    }
}

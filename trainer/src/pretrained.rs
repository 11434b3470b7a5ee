//! Weights that others trained and whose licences allow to be shipped (`models/pretrained`).

use std::path::PathBuf;

use anyhow::{Context, Result};
use burn::tensor::Device;
use despoof::detect::{Detector, DetectorConfig};
use despoof::weights::{NamedTensor, tensors_from_safetensors};

/// The repository's `models/pretrained`, or what `DESPOOF_PRETRAINED` names.
fn folder() -> PathBuf {
    std::env::var_os("DESPOOF_PRETRAINED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/pretrained")),
        PathBuf::from,
    )
}

/// Reads a file of `models/pretrained`.
///
/// # Errors
/// A file that is missing or damaged.
pub fn tensors(file: &str) -> Result<Vec<NamedTensor>> {
    let path = folder().join(file);
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    tensors_from_safetensors(&bytes).with_context(|| format!("{}", path.display()))
}

/// The face detector (MTCNN, MIT licence) on the CPU.
///
/// # Errors
/// Weights that are missing or damaged.
pub fn detector() -> Result<Detector> {
    let tensors = tensors("mtcnn.safetensors")?;
    Ok(Detector::from_tensors(&tensors, DetectorConfig::default(), &Device::flex())?)
}

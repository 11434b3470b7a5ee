//! Checkpoints that others made, into our networks.

pub mod checkpoint_file;
pub mod fit;
pub mod network;
mod rename;
pub mod tables;
#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Context, Result};
use burn::tensor::Device;
use despoof::weights::{NamedTensor, load_network, load_part, tensors_from_safetensors};
use despoof_nn::agnet::AgNet;
use despoof_nn::efficientnet_lite::{self, EfficientNetLite};
use despoof_nn::mobilefacenet::{INSIGHTFACE_KEYS, MobileFaceNet, MobileFaceNetConfig};
use rename::Rename;

use crate::pretrained;

/// The identity teacher, a MobileFaceNet trained with ArcFace; used for training, never shipped.
///
/// # Errors
/// A file that is missing, damaged, or of another network.
pub fn identity_teacher(path: &Path, device: &Device) -> Result<MobileFaceNet> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let tensors =
        tensors_from_safetensors(&bytes).with_context(|| format!("{}", path.display()))?;
    let tensors = renamed(tensors, &INSIGHTFACE_KEYS)?;
    Ok(load_network("identity teacher", MobileFaceNetConfig::arcface().init(device), tensors)?)
}

/// AG-Net with EfficientNet-Lite0's ImageNet weights wherever it has one.
///
/// # Errors
/// Weights that are missing or damaged.
pub fn agnet_with_pretrained_trunks(agnet: AgNet) -> Result<AgNet> {
    let trunk = efficientnet_tensors()?;
    let below = |prefix: &str| {
        trunk
            .iter()
            .map(|tensor| NamedTensor {
                name: format!("{prefix}.{}", tensor.name),
                ..tensor.clone()
            })
            .collect::<Vec<_>>()
    };
    let mut agnet = agnet;
    for prefix in agnet.trunks() {
        agnet = load_part(prefix, agnet, below(prefix))?;
    }
    Ok(agnet)
}

/// The first stages of EfficientNet-Lite0 with ImageNet weights.
///
/// # Errors
/// Weights that are missing or damaged.
pub fn pretrained_efficientnet(network: EfficientNetLite) -> Result<EfficientNetLite> {
    Ok(load_part("EfficientNet-Lite0", network, efficientnet_tensors()?)?)
}

fn efficientnet_tensors() -> Result<Vec<NamedTensor>> {
    let tensors = pretrained::tensors("efficientnet-lite0.safetensors")?;
    renamed(tensors, &efficientnet_lite::PYTORCH_KEYS)
}

/// Applies regular expressions and replacements, in order, to every name.
fn renamed(
    tensors: Vec<NamedTensor>,
    rules: &[(&'static str, &'static str)],
) -> Result<Vec<NamedTensor>> {
    let rename = Rename::new(rules)?;
    Ok(tensors
        .into_iter()
        .map(|tensor| NamedTensor { name: rename.apply(&tensor.name), ..tensor })
        .collect())
}

//! `despoof export`: a bundle from runs; its threshold comes from development scores.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use despoof::bundle::Preprocessing;
use despoof::bundle::write::{Precision, write_bundle};
use despoof::weights::{NamedTensor, tensors_from_network};
use despoof_nn::presets::Preset;

use crate::calibrate::{read_decision, undecided};
use crate::pretrained;
use crate::runs::{self, GeneratorRuns};

/// Options of `despoof export`.
#[derive(Debug, Args)]
pub struct ExportOptions {
    #[command(flatten)]
    generator: GeneratorRuns,
    /// Run of `train agnet`.
    #[arg(long)]
    agnet: PathBuf,
    /// Folder of the bundle; made if missing.
    #[arg(long)]
    out: PathBuf,
    /// `decision.json` as `despoof eval --fix-threshold` writes it. Without it the threshold is 0.5
    /// and the manifest says that no data fixed it.
    #[arg(long)]
    decision: Option<PathBuf>,
    /// Keep all weights in 32 bits, as the measure of what int8 loses (`despoof quantize`).
    #[arg(long)]
    float32: bool,
}

/// Runs `despoof export`.
pub fn run(options: &ExportOptions) -> Result<()> {
    let device = Device::flex();
    let preset = Preset {
        autoencoder: runs::autoencoder_config(&options.generator.autoencoder)?,
        sampler: runs::sampler(&options.generator.dfg)?,
        ..runs::preset_choice(&options.generator.dfg)?.preset()
    };
    let generator = options.generator.generator(&device)?;
    let identity = runs::identity_encoder(&options.generator.identity, &device)?;
    let agnet = runs::agnet(&options.agnet, &device)?;
    let mut tensors = detector_tensors()?;
    tensors.extend(tensors_from_network("identity", &identity)?);
    tensors.extend(tensors_from_network("unet", &generator.unet)?);
    tensors.extend(tensors_from_network("autoencoder", &generator.autoencoder)?);
    tensors.extend(tensors_from_network("agnet", &agnet)?);
    let decision = options.decision.as_deref().map_or_else(|| Ok(undecided()), read_decision)?;
    let precision = if options.float32 { Precision::Float32 } else { Precision::Int8 };
    let manifest = write_bundle(
        &options.out,
        preset,
        Preprocessing::default(),
        decision,
        &tensors,
        precision,
    )?;
    let bytes: u64 = manifest.shards.iter().map(|shard| shard.bytes).sum();
    println!(
        "{}: {} tensors, {} shards, {bytes} bytes, digest {}",
        options.out.display(),
        manifest.tensors.len(),
        manifest.shards.len(),
        manifest.digest
    );
    Ok(())
}

fn detector_tensors() -> Result<Vec<NamedTensor>> {
    let tensors = pretrained::tensors("mtcnn.safetensors")?;
    Ok(tensors
        .into_iter()
        .map(|tensor| NamedTensor { name: format!("mtcnn.{}", tensor.name), ..tensor })
        .collect())
}

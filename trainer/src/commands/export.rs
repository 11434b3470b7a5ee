//! `despoof export`: a bundle from runs; its threshold comes from development scores. And the networks
//! of a bundle as ONNX files.

use std::path::PathBuf;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use despoof::bundle::Preprocessing;
use despoof::bundle::write::{Precision, write_bundle};
use despoof::weights::{NamedTensor, tensors_from_network};
use despoof_nn::presets::Preset;

use crate::calibrate::{read_decision, undecided};
use crate::onnx::write_networks;
use crate::pretrained;
use crate::runs::{self, GeneratorRuns};

/// Options of `despoof export`.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// Run of `train identity`.
    #[arg(long, required_unless_present = "bundle")]
    identity: Option<PathBuf>,
    /// Run of `train autoencoder`.
    #[arg(long, required_unless_present = "bundle")]
    autoencoder: Option<PathBuf>,
    /// Run of `train dfg`.
    #[arg(long, required_unless_present = "bundle")]
    dfg: Option<PathBuf>,
    /// Run of `train agnet`.
    #[arg(long, required_unless_present = "bundle")]
    agnet: Option<PathBuf>,
    /// Folder of the bundle; made if missing.
    #[arg(long, required_unless_present = "bundle")]
    out: Option<PathBuf>,
    /// `decision.json` as `despoof eval --fix-decision` writes it. Without it the threshold is 0.5
    /// and the manifest says that no data fixed it.
    #[arg(long)]
    decision: Option<PathBuf>,
    /// Keep all weights in 32 bits, as the measure of what int8 loses (`despoof quantize`).
    #[arg(long)]
    float32: bool,
    /// Write every network of the bundle into this folder as an ONNX file, too, and beside it inputs
    /// and outputs of a pass of our own.
    #[arg(long)]
    onnx: Option<PathBuf>,
    /// Folder of a finished bundle that `--onnx` takes the networks of, instead of runs.
    #[arg(
        long,
        requires = "onnx",
        conflicts_with_all = ["identity", "autoencoder", "dfg", "agnet", "out", "decision", "float32"],
    )]
    bundle: Option<PathBuf>,
}

/// Runs `despoof export`.
pub fn run(options: &ExportOptions) -> Result<()> {
    let bundle = match &options.bundle {
        Some(bundle) => bundle,
        None => write_bundle_of_runs(options)?,
    };
    match &options.onnx {
        Some(folder) => write_networks(bundle, folder).context("exporting ONNX files"),
        None => Ok(()),
    }
}

/// Returns the bundle's folder.
fn write_bundle_of_runs(options: &ExportOptions) -> Result<&PathBuf> {
    let given = |path: &'_ Option<PathBuf>| path.clone().context("a run is missing");
    let generator_runs = GeneratorRuns {
        identity: given(&options.identity)?,
        autoencoder: given(&options.autoencoder)?,
        dfg: given(&options.dfg)?,
    };
    let out = options.out.as_ref().context("--out is missing")?;
    let agnet_run = given(&options.agnet)?;
    let device = Device::flex();
    let preset = Preset {
        autoencoder: runs::autoencoder_config(&generator_runs.autoencoder)?,
        sampler: runs::agnet_sampler(&agnet_run, &runs::sampler(&generator_runs.dfg)?)?,
        agnet: runs::agnet_config(&agnet_run)?,
        ..runs::preset_choice(&generator_runs.dfg)?.preset()
    };
    let generator = generator_runs.generator(&device)?;
    let identity = runs::identity_encoder(&generator_runs.identity, &device)?;
    let agnet = runs::agnet(&agnet_run, &device)?;
    let mut tensors = detector_tensors()?;
    tensors.extend(tensors_from_network("identity", &identity)?);
    tensors.extend(tensors_from_network("unet", generator.unet())?);
    tensors.extend(tensors_from_network("autoencoder", generator.autoencoder())?);
    tensors.extend(tensors_from_network("agnet", &agnet)?);
    let decision = options.decision.as_deref().map_or_else(|| Ok(undecided()), read_decision)?;
    let precision = if options.float32 { Precision::Float32 } else { Precision::Int8 };
    let look = runs::agnet_cue(&agnet_run)?.look;
    let preprocessing = Preprocessing { look, ..Preprocessing::of_agnet(&preset.agnet) };
    let manifest = write_bundle(out, preset, preprocessing, decision, &tensors, precision)?;
    let bytes: u64 = manifest.shards.iter().map(|shard| shard.bytes).sum();
    println!(
        "{}: {} tensors, {} shards, {bytes} bytes, digest {}",
        out.display(),
        manifest.tensors.len(),
        manifest.shards.len(),
        manifest.digest
    );
    Ok(out)
}

fn detector_tensors() -> Result<Vec<NamedTensor>> {
    let tensors = pretrained::tensors("mtcnn.safetensors")?;
    Ok(tensors
        .into_iter()
        .map(|tensor| NamedTensor { name: format!("mtcnn.{}", tensor.name), ..tensor })
        .collect())
}

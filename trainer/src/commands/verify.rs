//! `despoof verify`: whether a bundle is whole, and what is in it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use despoof::bundle::{BundleLoader, Manifest};

/// Options of `despoof verify`.
#[derive(Debug, Args)]
pub struct VerifyOptions {
    /// Folder of the bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
}

/// Runs `despoof verify`: every digest, name and shape is checked, every network is built.
pub fn run(options: &VerifyOptions) -> Result<()> {
    let device = Device::flex();
    let context = || format!("{} is no whole bundle", options.bundle.display());
    let loader = BundleLoader::from_folder(&options.bundle).with_context(context)?;
    let checker = loader.finish(&device, &device).with_context(context)?;
    println!("{}", described(checker.manifest()));
    Ok(())
}

fn described(manifest: &Manifest) -> String {
    let mut lines = vec![format!("digest {}", manifest.digest)];
    for (network, weights) in weights_by_network(manifest) {
        lines.push(format!("{network:<14} {weights:>12} weights"));
    }
    for shard in &manifest.shards {
        lines.push(format!("{:<24} {:>10} bytes  {}", shard.name, shard.bytes, shard.sha256));
    }
    let rule = &manifest.decision;
    lines.push(format!(
        "live from {:.4}, uncertain from {:.4} to {:.4}, temperature {:.3}; {}",
        rule.threshold,
        rule.uncertain_band[0],
        rule.uncertain_band[1],
        rule.temperature,
        rule.fixed_on
    ));
    lines.join("\n")
}

/// Counts by the first part of the tensors' names.
fn weights_by_network(manifest: &Manifest) -> BTreeMap<&str, usize> {
    let mut weights = BTreeMap::new();
    for tensor in &manifest.tensors {
        let network = tensor.name.split('.').next().unwrap_or(&tensor.name);
        *weights.entry(network).or_default() += tensor.shape.iter().product::<usize>();
    }
    weights
}

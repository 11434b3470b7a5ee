//! `despoof unpack`: a bundle's networks as runs, to go on from without what made the bundle.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::tensor::Device;
use clap::Args;
use despoof::bundle::BundleLoader;
use despoof::weights::{NamedTensor, load_network, tensors_below};
use despoof_nn::identity::IdentityConfig;
use despoof_nn::presets::Preset;
use serde::Serialize;

use crate::cue_source::CueOfRun;
use crate::preset_choice::PresetChoice;
use crate::runs::{self, AgNetSettings, DfgSettings, Sizes};
use crate::training::agnet_sizes::AgNetSizes;
use crate::training::checkpoint::save_imported;
use crate::training::options::write_config;
use crate::training::strategy::StrategyName;

/// Options of `despoof unpack`.
#[derive(Debug, Args)]
pub struct UnpackOptions {
    /// Folder of the bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Folder of the runs `identity`, `autoencoder`, `dfg` and `agnet`, each at step 0.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Serialize)]
struct FromBundle<T> {
    #[serde(flatten)]
    sizes: Sizes,
    /// Digest of the bundle.
    bundle: String,
    #[serde(flatten)]
    settings: T,
}

#[derive(Serialize)]
struct Nothing {}

/// A bundle on its way into runs.
struct Unpacking<'a> {
    preset: PresetChoice,
    tensors: Vec<NamedTensor>,
    digest: String,
    out: &'a Path,
}

/// Runs `despoof unpack`.
pub fn run(options: &UnpackOptions) -> Result<()> {
    let device = Device::flex();
    let loader = BundleLoader::from_folder(&options.bundle)
        .with_context(|| format!("{} is no whole bundle", options.bundle.display()))?;
    let (manifest, tensors) = loader.into_tensors()?;
    let Preset { name, identity, autoencoder, unet, sampler, agnet } = manifest.preset;
    let look = manifest.preprocessing.look;
    let digest = manifest.digest;
    let unpacking = Unpacking { preset: name.into(), tensors, digest, out: &options.out };
    let own_sampler = unpacking.preset.preset().sampler;
    // A run holds the network, without the enum around it.
    match identity {
        IdentityConfig::MobileFaceNet(config) => {
            unpacking.network("identity", "identity", config.init(&device), Nothing {})?;
        }
        IdentityConfig::IResNet(config) => {
            unpacking.network("identity", "identity", config.init(&device), Nothing {})?;
        }
    }
    let run =
        unpacking.network("autoencoder", "autoencoder", autoencoder.init(&device), Nothing {})?;
    runs::write_scaling_factor(&run, autoencoder.scaling_factor)?;
    let settings = DfgSettings { prediction: Some(sampler.prediction.into()) };
    unpacking.network("dfg", "unet", unet.init(&device), settings)?;
    let settings = AgNetSettings {
        strategy: StrategyName::CrossEntropy,
        // Cross-entropy has no discriminator of domains.
        domains: 0,
        sizes: AgNetSizes::from_config(&agnet),
        cue: CueOfRun::of_bundle(&sampler, &own_sampler, look),
    };
    unpacking.network("agnet", "agnet", agnet.init(&device), settings)?;
    println!("runs identity, autoencoder, dfg and agnet in {}", options.out.display());
    Ok(())
}

impl Unpacking<'_> {
    /// Makes the run `name` of the tensors below `prefix`.
    fn network<M: Module>(
        &self,
        name: &str,
        prefix: &str,
        network: M,
        settings: impl Serialize,
    ) -> Result<PathBuf> {
        let below: Vec<NamedTensor> = tensors_below(&self.tensors, prefix);
        ensure!(!below.is_empty(), "the bundle has no {prefix}");
        let network = load_network(prefix, network, below)?;
        let run = self.out.join(name);
        save_imported(&run, network)?;
        let (sizes, bundle) = (Sizes { preset: self.preset }, self.digest.clone());
        write_config(&run, &FromBundle { sizes, bundle, settings })?;
        Ok(run)
    }
}

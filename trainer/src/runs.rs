//! Networks out of run folders.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use despoof::bundle::BundleLoader;
use despoof::generate::Generator;
use despoof::weights::{NamedTensor, tensors_below, tensors_from_network};
use despoof_nn::agnet::{AgNet, AgNetConfig};
use despoof_nn::autoencoder::{Autoencoder, AutoencoderConfig};
use despoof_nn::identity::{IdentityConfig, IdentityEncoder};
use despoof_nn::presets::Preset;
use despoof_nn::sampler::SamplerConfig;
use serde::{Deserialize, Serialize};

use crate::cue_source::CueOfRun;
use crate::data::face_store::ALIGNED_SIDE;
use crate::preset_choice::PresetChoice;
use crate::training::agnet_recipe::AgNetOfRun;
use crate::training::agnet_sizes::AgNetSizes;
use crate::training::arcface::ArcFaceNetwork;
use crate::training::autoencoder::network::{AdversarialAutoencoder, NetworkOptions};
use crate::training::checkpoint::{self, Fingerprint, fingerprint, load_weights};
use crate::training::dfg::PredictionChoice;
use crate::training::options::{has_config, read_config};
use crate::training::strategy::StrategyName;

/// Name of the file beside an autoencoder's checkpoints.
const SCALING_FILE: &str = "scaling.json";

#[derive(Serialize, Deserialize)]
struct Scaling {
    scaling_factor: f64,
}

/// What has to be known of a run of `train agnet` to read its weights and to give it its cues.
#[derive(Serialize, Deserialize)]
pub struct AgNetSettings {
    /// What was trained beside AG-Net; imported weights do not say.
    #[serde(default)]
    pub strategy: StrategyName,
    /// Domains that training told apart.
    #[serde(default)]
    pub domains: usize,
    /// Its sizes.
    #[serde(flatten)]
    pub sizes: AgNetSizes,
    /// What it looked at.
    #[serde(flatten)]
    pub cue: CueOfRun,
}

/// What has to be known of a run of `train identity` to read its weights.
#[derive(Deserialize)]
struct IdentitySettings {
    #[serde(default)]
    persons: Option<usize>,
}

/// What has to be known of a run of `train dfg` or `distill` to sample from it.
#[derive(Serialize, Deserialize)]
pub struct DfgSettings {
    /// What the network predicts; the preset's where the run does not say.
    #[serde(default)]
    pub prediction: Option<PredictionChoice>,
}

/// What any run says of its sizes.
#[derive(Serialize, Deserialize)]
pub struct Sizes {
    /// Runs of before there was a choice do not say.
    #[serde(default)]
    pub preset: PresetChoice,
}

/// The run folders of a generator.
#[derive(Debug, Clone, Args)]
pub struct GeneratorRuns {
    /// Run of `train identity`.
    #[arg(long)]
    pub identity: PathBuf,
    /// Run of `train autoencoder`.
    #[arg(long)]
    pub autoencoder: PathBuf,
    /// Run of `train dfg`.
    #[arg(long)]
    pub dfg: PathBuf,
}

impl GeneratorRuns {
    /// The generator with the preset's sampler for what the run predicts.
    ///
    /// # Errors
    /// A run without a checkpoint.
    pub fn generator(&self, device: &Device) -> Result<Generator> {
        let preset = preset(&self.dfg)?;
        Ok(Generator::new(
            autoencoder(&self.autoencoder, device)?,
            load_weights(&self.dfg, preset.unet.init(device))?,
            sampler(&self.dfg)?,
            ALIGNED_SIDE,
            device,
        ))
    }
}

/// Which preset a run's network has the sizes of; a run without settings has the web preset's.
///
/// # Errors
/// Settings that cannot be read.
pub fn preset_choice(run: &Path) -> Result<PresetChoice> {
    if has_config(run) { Ok(read_config::<Sizes>(run)?.preset) } else { Ok(PresetChoice::Web) }
}

fn preset(run: &Path) -> Result<Preset> {
    Ok(preset_choice(run)?.preset())
}

/// The preset's sampler for what the network of a run of `train dfg` or `distill` predicts; that of
/// the preset where the run does not say (imported weights keep no settings).
///
/// # Errors
/// Settings that cannot be read.
pub fn sampler(run: &Path) -> Result<SamplerConfig> {
    let sampler = preset(run)?.sampler;
    let chosen = if has_config(run) { read_config::<DfgSettings>(run)?.prediction } else { None };
    Ok(SamplerConfig { prediction: chosen.map_or(sampler.prediction, Into::into), ..sampler })
}

/// F_id of a run.
///
/// # Errors
/// A run without a checkpoint.
pub fn identity_encoder(run: &Path, device: &Device) -> Result<IdentityEncoder> {
    // A run holds the network, without the enum around it.
    Ok(match preset(run)?.identity {
        IdentityConfig::MobileFaceNet(config) => match arcface_persons(run)? {
            Some(persons) => {
                let network = ArcFaceNetwork::new(config.init(device), persons, device);
                load_weights(run, network)?.encoder.into()
            }
            None => load_weights(run, config.init(device))?.into(),
        },
        IdentityConfig::IResNet(config) => load_weights(run, config.init(device))?.into(),
    })
}

/// Persons that the encoder of a run was trained to tell apart, if that is how it was trained.
fn arcface_persons(run: &Path) -> Result<Option<usize>> {
    if has_config(run) { Ok(read_config::<IdentitySettings>(run)?.persons) } else { Ok(None) }
}

/// Sizes of a run's AG-Net, its variant among them.
///
/// # Errors
/// A run without settings.
pub fn agnet_config(run: &Path) -> Result<AgNetConfig> {
    sized_agnet(run, &read_config(run)?)
}

/// How the cues were made that a run's AG-Net was trained on.
///
/// # Errors
/// A run without settings.
pub fn agnet_cue(run: &Path) -> Result<CueOfRun> {
    Ok(read_config::<AgNetSettings>(run)?.cue)
}

/// The sampler by which a bundle makes the cues that a run's AG-Net was trained on, where the bundle's
/// generator else samples as `own`; that one for a network that looks at none.
///
/// # Errors
/// A run without settings, or with cues that no bundle makes.
pub fn agnet_sampler(run: &Path, own: &SamplerConfig) -> Result<SamplerConfig> {
    if !agnet_config(run)?.variant.looks_at_cue() {
        return Ok(own.clone());
    }
    agnet_cue(run)?.sampler(own).with_context(|| run.display().to_string())
}

fn sized_agnet(run: &Path, settings: &AgNetSettings) -> Result<AgNetConfig> {
    settings.sizes.config(preset(run)?.agnet)
}

/// AG-Net of a run.
///
/// # Errors
/// A run without settings or without a checkpoint.
pub fn agnet(run: &Path, device: &Device) -> Result<AgNet> {
    let settings: AgNetSettings = read_config(run)?;
    let config = sized_agnet(run, &settings)?;
    // How labels were smoothed says nothing of the weights' shapes.
    settings.strategy.visit(0.0, AgNetOfRun { run, config, domains: settings.domains, device })
}

/// AG-Net's tensors out of `from`, a bundle or a run, for `run` to start from; none for a run that goes on
/// from checkpoints of its own, whose start may be gone by then.
///
/// # Errors
/// A folder that is neither bundle nor run, or a damaged one.
pub fn agnet_start(from: Option<&Path>, run: &Path) -> Result<Option<Vec<NamedTensor>>> {
    if has_weights(run)? {
        return Ok(None);
    }
    from.map(agnet_tensors).transpose()
}

/// Whether a run has checkpoints to go on from.
///
/// # Errors
/// A folder that cannot be read.
pub fn has_weights(run: &Path) -> Result<bool> {
    Ok(run.is_dir() && checkpoint::exists(run)?)
}

/// AG-Net's tensors out of a bundle or a run.
///
/// # Errors
/// A folder that is neither, or a damaged one.
pub fn agnet_tensors(folder: &Path) -> Result<Vec<NamedTensor>> {
    if folder.join("manifest.json").exists() {
        let (_, tensors) = BundleLoader::from_folder(folder)?.into_tensors()?;
        return Ok(tensors_below(&tensors, "agnet"));
    }
    Ok(tensors_from_network("", &agnet(folder, &Device::flex())?)?)
}

/// The autoencoder of a run, with the scale that `cache latents` measured.
///
/// # Errors
/// A run without a checkpoint or without a scale.
pub fn autoencoder(run: &Path, device: &Device) -> Result<Autoencoder> {
    load_autoencoder(run, &autoencoder_config(run)?, device)
}

/// The autoencoder of a run, before its latents' scale is known.
///
/// # Errors
/// A run without a checkpoint.
pub fn unscaled_autoencoder(run: &Path, device: &Device) -> Result<Autoencoder> {
    let config = autoencoder_network(run)?.config(preset(run)?.autoencoder);
    load_autoencoder(run, &config, device)
}

/// An autoencoder out of a run that may hold its adversary, too.
fn load_autoencoder(
    run: &Path,
    config: &AutoencoderConfig,
    device: &Device,
) -> Result<Autoencoder> {
    let autoencoder = config.init(device);
    if autoencoder_network(run)?.is_adversarial() {
        let network = AdversarialAutoencoder::new(autoencoder, device);
        return Ok(load_weights(run, network)?.autoencoder);
    }
    load_weights(run, autoencoder)
}

fn autoencoder_network(run: &Path) -> Result<NetworkOptions> {
    if has_config(run) { read_config(run) } else { Ok(NetworkOptions::default()) }
}

/// Sizes of a run's autoencoder, with its latents' scale.
///
/// # Errors
/// No scale measured yet.
pub fn autoencoder_config(run: &Path) -> Result<AutoencoderConfig> {
    let path = run.join(SCALING_FILE);
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("cannot read {}; `despoof cache latents` makes it", path.display())
    })?;
    let scaling: Scaling =
        serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
    let config = autoencoder_network(run)?.config(preset(run)?.autoencoder);
    Ok(AutoencoderConfig { scaling_factor: scaling.scaling_factor, ..config })
}

/// What distinguishes an autoencoder's latents from those of other weights, or of another scale.
#[derive(Serialize)]
pub struct ScaledFingerprint {
    #[serde(flatten)]
    weights: Fingerprint,
    scaling_factor: f64,
}

/// Of the autoencoder that [`autoencoder`] reads.
///
/// # Errors
/// A run without a checkpoint or without a scale.
pub fn scaled_fingerprint(run: &Path) -> Result<ScaledFingerprint> {
    let scaling_factor = autoencoder_config(run)?.scaling_factor;
    Ok(ScaledFingerprint { weights: fingerprint(run)?, scaling_factor })
}

/// Whether the latents' scale of an autoencoder's run is known.
pub fn has_scaling_factor(run: &Path) -> bool {
    run.join(SCALING_FILE).exists()
}

/// Keeps the latents' scale beside the autoencoder's checkpoints.
///
/// # Errors
/// A file that cannot be written.
pub fn write_scaling_factor(run: &Path, scaling_factor: f64) -> Result<()> {
    let path = run.join(SCALING_FILE);
    std::fs::write(&path, serde_json::to_string(&Scaling { scaling_factor })?)
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imported_network_is_alone_and_knows_no_domains() {
        let imported = "preset = 'paper'\nimported = 'vit.pth'";
        let settings: AgNetSettings = toml::from_str(imported).expect("all else has defaults");
        assert_eq!((settings.strategy, settings.domains), (StrategyName::CrossEntropy, 0));
        assert_eq!(settings.cue, CueOfRun::default());
    }
}

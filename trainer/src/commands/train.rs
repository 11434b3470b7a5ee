//! `despoof train`: identity, autoencoder, dfg, agnet; one loop for all.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use despoof_nn::presets::Preset;
use serde::Serialize;

use super::cache;
use super::prepared::FaceSource;
use crate::data::face_store::FaceStore;
use crate::import;
use crate::runs;
use crate::training::agnet::AgNetTraining;
use crate::training::autoencoder::AutoencoderTraining;
use crate::training::dfg::DfgTraining;
use crate::training::identity::IdentityTraining;
use crate::training::options::TrainingOptions;
use crate::training::run::train;

/// What to train.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {
    /// The identity encoder, distilled to a teacher's 512×7×7 map.
    Identity(IdentityOptions),
    /// The latent space of the generator.
    Autoencoder(AutoencoderOptions),
    /// The De-spoofing Face Generator, on cached latents and identity maps.
    Dfg(DfgOptions),
    /// AG-Net, on faces with cached generated faces.
    Agnet(AgNetOptions),
}

/// Options of `train identity`.
#[derive(Debug, Args, Serialize)]
pub struct IdentityOptions {
    #[command(flatten)]
    #[serde(flatten)]
    source: FaceSource,
    /// The teacher's weights (MobileFaceNet, safetensors).
    #[arg(long)]
    teacher: PathBuf,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingOptions,
}

/// Options of `train autoencoder`.
#[derive(Debug, Args, Serialize)]
pub struct AutoencoderOptions {
    #[command(flatten)]
    #[serde(flatten)]
    source: FaceSource,
    /// Side of the random crops in pixels, a multiple of 8.
    #[arg(long, default_value_t = 112)]
    crop: u32,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingOptions,
}

/// Options of `train dfg`.
#[derive(Debug, Args, Serialize)]
pub struct DfgOptions {
    #[command(flatten)]
    #[serde(flatten)]
    source: FaceSource,
    /// Run of `train autoencoder`, which draws the samples.
    #[arg(long)]
    autoencoder: PathBuf,
    /// Run of `train identity`; needed with `--data`.
    #[arg(long, required_unless_present = "faces")]
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingOptions,
}

/// Options of `train agnet`.
#[derive(Debug, Args, Serialize)]
pub struct AgNetOptions {
    /// Folder of prepared faces with cached generated faces.
    #[arg(long)]
    faces: PathBuf,
    /// Share of the target probability spread over both classes.
    #[arg(long, default_value_t = 0.05)]
    label_smoothing: f32,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingOptions,
}

/// Runs `despoof train`.
pub fn run(command: &TrainCommand) -> Result<()> {
    match command {
        TrainCommand::Identity(options) => identity(options),
        TrainCommand::Autoencoder(options) => autoencoder(options),
        TrainCommand::Dfg(options) => dfg(options),
        TrainCommand::Agnet(options) => agnet(options),
    }
}

fn identity(options: &IdentityOptions) -> Result<()> {
    let IdentityOptions { source, teacher, training: settings } = options;
    let device = settings.device.open()?;
    let store = source.open(&settings.run, true)?;
    let teacher = import::identity_teacher(teacher, &device)?;
    let device = device.autodiff();
    let training = IdentityTraining::new(&store, teacher, device.clone())?;
    train(&training, Preset::web().identity.init(&device), settings, options).map(drop)
}

fn autoencoder(options: &AutoencoderOptions) -> Result<()> {
    let AutoencoderOptions { source, crop, training: settings } = options;
    let store = source.open(&settings.run, false)?;
    let device = settings.device.open()?.autodiff();
    let training = AutoencoderTraining::new(&store, *crop, device.clone())?;
    train(&training, Preset::web().autoencoder.init(&device), settings, options).map(drop)
}

fn dfg(options: &DfgOptions) -> Result<()> {
    let DfgOptions { source, autoencoder, identity, training: settings } = options;
    let device = settings.device.open()?;
    let faces = source.folder(&settings.run, false)?;
    if let Some(identity) = identity.as_ref().filter(|_| source.is_shards()) {
        cache::latents(&faces, autoencoder, identity, usize::MAX, &device)?;
    }
    let store = FaceStore::open(&faces)?;
    let autoencoder = runs::autoencoder(autoencoder, &device)?;
    let preset = Preset::web();
    let device = device.autodiff();
    let training = DfgTraining::new(&store, autoencoder, preset.sampler, device.clone())?;
    train(&training, preset.unet.init(&device), settings, options).map(drop)
}

fn agnet(options: &AgNetOptions) -> Result<()> {
    let AgNetOptions { faces, label_smoothing, training: settings } = options;
    let device = settings.device.open()?.autodiff();
    let store = FaceStore::open(faces)?;
    let training = AgNetTraining::new(&store, false, *label_smoothing, device.clone())?;
    let network = import::agnet_with_pretrained_trunks(Preset::web().agnet.init(&device))?;
    train(&training, network, settings, options).map(drop)
}

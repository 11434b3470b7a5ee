//! `despoof train`: identity, autoencoder, dfg, cue, agnet; one loop for all.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use clap::{Args, Subcommand};
use despoof_nn::cue_networks::anoddpm::AnoDdpmConfig;
use despoof_nn::cue_networks::deep_svdd::DeepSvddConfig;
use despoof_nn::cue_networks::memae::MemAeConfig;
use despoof_nn::mobilefacenet::MobileFaceNetConfig;
use serde::Serialize;

use super::cache;
use super::prepared::FaceSource;
use crate::data::face_store::FaceStore;
use crate::import;
use crate::preset_choice::PresetChoice;
use crate::runs;
use crate::training::agnet::AgNetData;
use crate::training::agnet_recipe::{AgNetRecipe, AgNetRun};
use crate::training::arcface::{ArcFaceNetwork, ArcFaceTraining};
use crate::training::autoencoder::network::{AdversarialAutoencoder, NetworkOptions};
use crate::training::autoencoder::{AutoencoderTraining, LossOptions};
use crate::training::cached_faces::CachedFaces;
use crate::training::cue::anoddpm::AnoDdpmTraining;
use crate::training::cue::deep_svdd::DeepSvddTraining;
use crate::training::cue::memae::MemAeTraining;
use crate::training::cue::{RealFaces, TrainedSource};
use crate::training::dfg::{DenoisingOptions, DfgTraining};
use crate::training::identity::{IdentityTraining, ImitationOptions};
use crate::training::options::TrainingOptions;
use crate::training::run::train;

/// What to train.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {
    /// The identity encoder, distilled to a teacher's 512×7×7 map or trained on known persons.
    Identity(IdentityOptions),
    /// The latent space of the generator.
    Autoencoder(AutoencoderOptions),
    /// The De-spoofing Face Generator, on cached latents and identity maps.
    Dfg(DfgOptions),
    /// Another source of cues, on real faces.
    Cue(CueOptions),
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
    #[arg(long, required_unless_present = "arcface")]
    #[serde(skip_serializing_if = "Option::is_none")]
    teacher: Option<PathBuf>,
    /// Learn from faces whose subject is known, with ArcFace's margin, instead of from a teacher.
    #[arg(long, conflicts_with = "teacher")]
    arcface: bool,
    #[command(flatten)]
    #[serde(flatten)]
    imitation: ImitationOptions,
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
    /// Sizes of the network.
    #[arg(long, value_enum, default_value_t)]
    preset: PresetChoice,
    /// Side of the random crops in pixels, a multiple of 8.
    #[arg(long, default_value_t = 112)]
    crop: u32,
    #[command(flatten)]
    #[serde(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    #[serde(flatten)]
    losses: LossOptions,
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
    /// Sizes of the network.
    #[arg(long, value_enum, default_value_t)]
    preset: PresetChoice,
    /// Run of `train autoencoder`, which draws the samples.
    #[arg(long)]
    autoencoder: PathBuf,
    /// Run of `train identity`; needed with `--data`.
    #[arg(long, required_unless_present = "faces")]
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    denoising: DenoisingOptions,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingOptions,
}

/// Options of `train cue`.
#[derive(Debug, Args, Serialize)]
pub struct CueOptions {
    /// What to train.
    #[arg(long = "source", value_enum)]
    trained: TrainedSource,
    #[command(flatten)]
    #[serde(flatten)]
    source: FaceSource,
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
    /// Leave out photos whose keys begin so, with all that was simulated from them: what a recipe is worth on a
    /// camera that it does not know.
    #[arg(long, value_name = "KEY", num_args = 1..)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    leave_out: Vec<String>,
    /// Sizes of the network.
    #[arg(long, value_enum, default_value_t)]
    preset: PresetChoice,
    #[command(flatten)]
    #[serde(flatten)]
    recipe: AgNetRecipe,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingOptions,
}

/// What a run of `train identity --arcface` keeps: its options and what they came to.
#[derive(Serialize)]
struct ArcFaceSettings<'a> {
    /// Persons in training: the centres beside the encoder.
    persons: usize,
    #[serde(flatten)]
    options: &'a IdentityOptions,
}

/// What a run of `train agnet` keeps: its options and what they came to.
#[derive(Serialize)]
struct AgNetSettings<'a> {
    #[serde(flatten)]
    options: &'a AgNetOptions,
    /// Domains in training: the outputs of a discriminator.
    domains: usize,
}

/// Runs `despoof train`.
pub fn run(command: &TrainCommand) -> Result<()> {
    match command {
        TrainCommand::Identity(options) => identity(options),
        TrainCommand::Autoencoder(options) => autoencoder(options),
        TrainCommand::Dfg(options) => dfg(options),
        TrainCommand::Cue(options) => cue(options),
        TrainCommand::Agnet(options) => agnet(options),
    }
}

fn identity(options: &IdentityOptions) -> Result<()> {
    let IdentityOptions { source, teacher, imitation, training: settings, .. } = options;
    let device = settings.seeded_device()?;
    let store = source.open(&settings.run, teacher.is_some())?;
    let Some(teacher) = teacher else { return arcface(options, &store, &device.autodiff()) };
    let teacher = import::identity_teacher(teacher, &device)?;
    let device = device.autodiff();
    let training = IdentityTraining::new(&store, teacher, *imitation, device.clone())?;
    train(&training, MobileFaceNetConfig::web().init(&device), settings, options).map(drop)
}

fn arcface(options: &IdentityOptions, store: &FaceStore, device: &Device) -> Result<()> {
    let training = ArcFaceTraining::new(store, device.clone())?;
    let persons = training.persons();
    let encoder = MobileFaceNetConfig::web().init(device);
    let network = ArcFaceNetwork::new(encoder, persons, device);
    let settings = ArcFaceSettings { persons, options };
    train(&training, network, &options.training, &settings).map(drop)
}

fn autoencoder(options: &AutoencoderOptions) -> Result<()> {
    let AutoencoderOptions { source, preset, crop, network, losses, training: settings } = options;
    let store = source.open(&settings.run, false)?;
    let device = settings.seeded_device()?.autodiff();
    let autoencoder = network.config(preset.preset().autoencoder).init(&device);
    let (crop, losses, network) = (*crop, *losses, network.clone());
    if network.is_adversarial() {
        let adversarial = AdversarialAutoencoder::new(autoencoder, &device);
        let training = AutoencoderTraining::new(&store, crop, losses, network, device)?;
        return train(&training, adversarial, settings, options).map(drop);
    }
    let training = AutoencoderTraining::new(&store, crop, losses, network, device)?;
    train(&training, autoencoder, settings, options).map(drop)
}

fn dfg(options: &DfgOptions) -> Result<()> {
    let DfgOptions { source, preset, autoencoder, identity, denoising, training: settings } =
        options;
    let device = settings.seeded_device()?;
    let faces = source.folder(&settings.run, false)?;
    if let Some(identity) = identity.as_ref().filter(|_| source.is_shards()) {
        cache::latents(&faces, autoencoder, identity, usize::MAX, &device)?;
    }
    let faces = CachedFaces::open(&FaceStore::open(&faces)?)?;
    let autoencoder = runs::autoencoder(autoencoder, &device)?;
    let preset = preset.preset();
    let mut sampler = preset.sampler;
    sampler.prediction = denoising.prediction.map_or(sampler.prediction, Into::into);
    let device = device.autodiff();
    let training = DfgTraining::new(faces, *denoising, autoencoder, sampler, device.clone());
    train(&training, preset.unet.init(&device), settings, options).map(drop)
}

fn cue(options: &CueOptions) -> Result<()> {
    let CueOptions { trained, source, training: settings } = options;
    let faces = RealFaces::open(&source.open(&settings.run, false)?)?;
    let device = settings.seeded_device()?.autodiff();
    match trained {
        TrainedSource::Memae => {
            let network = MemAeConfig::web().init(&device);
            train(&MemAeTraining { faces, device }, network, settings, options).map(drop)
        }
        TrainedSource::DeepSvdd => {
            let network = DeepSvddConfig::web().init(&device);
            let training = DeepSvddTraining { faces, device };
            let network = training.with_centre(network, settings.seed)?;
            train(&training, network, settings, options).map(drop)
        }
        TrainedSource::Anoddpm => {
            let config = AnoDdpmConfig::web();
            let network = config.init(&device);
            train(&AnoDdpmTraining { faces, config, device }, network, settings, options).map(drop)
        }
    }
}

fn agnet(options: &AgNetOptions) -> Result<()> {
    let AgNetOptions { faces, leave_out, preset, recipe, training } = options;
    let store = FaceStore::open(faces)?.without(leave_out)?;
    let extra_real = recipe.extra_real.as_deref().map(FaceStore::open).transpose()?;
    let goes_on = runs::has_weights(&training.run)?;
    let config = recipe.config(preset.preset().agnet, goes_on)?;
    let teacher = recipe.teacher()?;
    let data = AgNetData {
        store: &store,
        teacher: teacher.as_ref(),
        extra_real: extra_real.as_ref(),
        context: config.context_tokens.is_some(),
        reading: recipe.reading(),
        augmentation: recipe.augmentation(),
        recorded_share: recipe.recorded_share,
        both_networks: recipe.both_networks,
    };
    let kept = AgNetSettings { options, domains: data.domains() };
    let start = runs::agnet_start(recipe.start_from.as_deref(), &training.run)?;
    let run = AgNetRun { config, start, data, options: training, kept: &kept };
    recipe.strategy.visit(recipe.label_smoothing, run)
}

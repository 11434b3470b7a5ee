//! `despoof distill`: a DFG of many steps to one of the sampler's few.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use serde::Serialize;

use crate::data::face_store::FaceStore;
use crate::preset_choice::PresetChoice;
use crate::runs;
use crate::training::cached_faces::CachedFaces;
use crate::training::checkpoint::load_weights;
use crate::training::dfg::PredictionChoice;
use crate::training::distill::Distillation;
use crate::training::options::TrainingOptions;
use crate::training::run::train;

/// Options of `despoof distill`. The student starts where the teacher ended: it wants a far lower
/// `--learning-rate` than the default, such as 1e-5 (8e-6 in latent consistency models), and `--ema`.
#[derive(Debug, Args, Serialize)]
pub struct DistillOptions {
    /// Folder of prepared faces with cached latents and identity maps.
    #[arg(long)]
    faces: PathBuf,
    /// The teacher, and where the student starts: a run of `train dfg`. The run made here can stand
    /// wherever a run of `train dfg` does.
    #[arg(long)]
    dfg: PathBuf,
    /// Run of `train autoencoder`, which draws the samples.
    #[arg(long)]
    autoencoder: PathBuf,
    /// Time steps that a step of the teacher spans (20 in latent consistency models).
    #[arg(long, default_value_t = 20)]
    gap: usize,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingOptions,
}

/// What a run keeps: its options, and the sizes and kind of prediction that it has from its teacher.
#[derive(Serialize)]
struct Settings<'a> {
    preset: PresetChoice,
    prediction: PredictionChoice,
    #[serde(flatten)]
    options: &'a DistillOptions,
}

/// Runs `despoof distill`.
pub fn run(options: &DistillOptions) -> Result<()> {
    let DistillOptions { faces, dfg, autoencoder, gap, training: settings } = options;
    ensure!(*gap > 0, "a step of the teacher spans at least one time step");
    let device = settings.seeded_device()?;
    let faces = CachedFaces::open(&FaceStore::open(faces)?)?;
    ensure!(!faces.held_out.is_empty(), "none of the cached faces is held out to measure on");
    let preset = runs::preset_choice(dfg)?;
    let sampler = runs::sampler(dfg)?;
    let prediction = sampler.prediction.into();
    let config = preset.preset().unet;
    let teacher = load_weights(dfg, config.init(&device))?;
    let autoencoder = runs::autoencoder(autoencoder, &device)?;
    let device = device.autodiff();
    let student = load_weights(dfg, config.init(&device))?;
    let training = Distillation::new(faces, teacher, *gap, autoencoder, sampler, device)?;
    train(&training, student, settings, &Settings { preset, prediction, options }).map(drop)
}

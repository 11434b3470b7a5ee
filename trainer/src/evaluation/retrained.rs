//! Leave one domain out with AG-Net trained anew for each target, on the other domains alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::Parser;
use despoof::cue::cue_from_residual;
use despoof::images::batch_from_images;
use despoof::metrics::{Bootstrap, Sample};
use despoof::score::score;
use despoof_nn::agnet::AgNet;
use image::RgbImage;
use serde::Serialize;

use super::leave_one_out::{Row, equal_error_threshold, row};
use super::pipeline::Pipeline;
use super::prepared::{Domain, prepare};
use super::scored::{Scored, ScoredSet, label_from_name};
use super::shards::Choice;
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceEntry, FaceStore, GENERATED, ImagePlane};
use crate::data::metadata::stable_hash;
use crate::import;
use crate::training::agnet::AgNetTraining;
use crate::training::checkpoint::load_weights;
use crate::training::options::TrainingOptions;
use crate::training::run::train;
use crate::training::strategy::cross_entropy::CrossEntropy;

/// Faces scored in one pass.
const BATCH: usize = 16;

/// How AG-Net is trained for each target.
pub struct Recipe<'a> {
    /// Folder of prepared faces and of a run for each target; an interrupted protocol goes on.
    pub folder: &'a Path,
    /// Share of the target probability spread over both classes.
    pub label_smoothing: f32,
    /// Further options, as `despoof train agnet` takes them: `--steps`, `--batch`, …
    pub options: Vec<String>,
}

/// Parses options as the command line of `train agnet` does, its defaults included.
#[derive(Parser)]
struct RunOptions {
    #[command(flatten)]
    options: TrainingOptions,
}

/// What distinguishes the run of a target, kept beside it.
#[derive(Serialize)]
struct TargetRun {
    target: String,
    domains: Vec<String>,
    label_smoothing: f32,
    #[serde(flatten)]
    training: TrainingOptions,
}

/// Trains and measures for every target. The honest threshold is that of the equal error rate of
/// the persons of the other domains that training held out.
///
/// # Errors
/// Data that cannot be read, a training that fails.
pub fn rows(
    pipeline: &Pipeline,
    domains: &[Domain],
    choice: Choice,
    recipe: &Recipe,
    bootstrap: &Bootstrap,
) -> Result<Vec<Row>> {
    let digest = &pipeline.checker.manifest().digest;
    let share = (choice.share * 1e4).round();
    let prepared = format!("faces-{}-{share}", &digest[..digest.len().min(12)]);
    let prepared = recipe.folder.join(prepared);
    let (store, mut missing) = prepare(pipeline, domains, choice, &prepared)?;
    ensure_only(&store, domains)?;
    domains
        .iter()
        .map(|target| {
            let agnet = trained_without(&store, domains, target, pipeline, recipe)
                .with_context(|| format!("target {}", target.name))?;
            let development = scores(pipeline, &agnet, &store, |entry| {
                entry.metadata.domain != target.name && !entry.metadata.is_for_training()
            })?;
            let development: Vec<Sample> =
                development.into_iter().map(|scored| scored.sample).collect();
            let set = ScoredSet {
                scored: scores(pipeline, &agnet, &store, |entry| {
                    entry.metadata.domain == target.name
                })?,
                non_response: missing.remove(&target.name).unwrap_or_default(),
                ..Default::default()
            };
            Ok(row(&target.name, &set, equal_error_threshold(&development), bootstrap))
        })
        .collect()
}

/// Training looks at every face of a store: one of further domains is of no use here.
fn ensure_only(store: &FaceStore, domains: &[Domain]) -> Result<()> {
    let is_known =
        |entry: &&FaceEntry| domains.iter().any(|domain| domain.name == entry.metadata.domain);
    if let Some(stranger) = store.entries.iter().find(|entry| !is_known(entry)) {
        bail!(
            "{} also holds faces of the domain {}; take another folder",
            store.folder().display(),
            stranger.metadata.domain
        );
    }
    Ok(())
}

fn trained_without(
    store: &FaceStore,
    domains: &[Domain],
    target: &Domain,
    pipeline: &Pipeline,
    recipe: &Recipe,
) -> Result<AgNet> {
    let device = Device::flex().autodiff();
    let mut sources = FaceStore::open(store.folder())?;
    for entry in &mut sources.entries {
        if entry.metadata.domain == target.name {
            entry.metadata.split = Some("test".to_owned());
        }
    }
    let manifest = pipeline.checker.manifest();
    let standardised = manifest.preprocessing.standardised_cue;
    let strategy = CrossEntropy { label_smoothing: recipe.label_smoothing };
    let training = AgNetTraining::new(&sources, strategy, standardised, device.clone())?;
    let network = manifest.preset.agnet.init(&device);
    let network = import::agnet_with_pretrained_trunks(network)?;
    let run = run_folder(domains, target, recipe);
    let arguments = ["agnet", "--resume", "--run", &run.to_string_lossy()].map(str::to_owned);
    let RunOptions { options } =
        RunOptions::try_parse_from(arguments.iter().chain(&recipe.options))?;
    let settings = TargetRun {
        target: target.name.clone(),
        domains: domains.iter().map(|domain| domain.name.clone()).collect(),
        label_smoothing: recipe.label_smoothing,
        training: options,
    };
    train(&training, network, &settings.training, &settings)?;
    // The last checkpoint, never the run's best: that one is told by held-out faces, the target's
    // among them. And not what is in memory: there, burn's batch norms have not yet taken in their
    // last step, so a second pass would measure something else.
    load_weights(&run, manifest.preset.agnet.init(&Device::flex()))
}

/// Another list of domains, or other options, is another run.
fn run_folder(domains: &[Domain], target: &Domain, recipe: &Recipe) -> PathBuf {
    let recipe_text = format!("{domains:?} {:?} {}", recipe.options, recipe.label_smoothing);
    let hash = stable_hash(&recipe_text) as u32;
    recipe.folder.join(format!("without-{}-{hash:08x}", target.name))
}

fn scores(
    pipeline: &Pipeline,
    agnet: &AgNet,
    store: &FaceStore,
    keep: impl Fn(&FaceEntry) -> bool,
) -> Result<Vec<Scored>> {
    let device = Device::flex();
    let aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
    let generated = store.image_plane(GENERATED, ALIGNED_SIDE)?;
    let standardised = pipeline.checker.manifest().preprocessing.standardised_cue;
    let mut scored = Vec::new();
    for indices in store.indices(keep).chunks(BATCH) {
        let read = |plane: &ImagePlane| -> Result<_> {
            let images: Vec<RgbImage> =
                indices.iter().map(|&index| plane.read(index)).collect::<Result<_>>()?;
            Ok(batch_from_images(&images.iter().collect::<Vec<_>>(), &device))
        };
        let faces = read(&aligned)?;
        let cue = cue_from_residual(faces.clone(), read(&generated)?, standardised);
        let values = score(agnet, faces, cue, 1.0).into_data();
        for (&index, value) in indices.iter().zip(values.iter::<f32>()) {
            scored.push(scored_entry(&store.entries[index], f64::from(value)));
        }
    }
    Ok(scored)
}

fn scored_entry(entry: &FaceEntry, score: f64) -> Scored {
    let metadata = &entry.metadata;
    let sample = Sample {
        score,
        label: label_from_name(&metadata.label),
        subject: metadata.known_subject().map(str::to_owned),
        video: metadata.known_video().map(str::to_owned),
    };
    Scored { name: entry.key.clone(), sample }
}

//! `despoof cache`: runs what is frozen over a face store once, so that training reads results.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use clap::Subcommand;
use despoof::identify::identify;

use super::cues;
use crate::cue_source::{CueChoice, CueRuns};
use crate::data::face_store::{
    ALIGNED, ALIGNED_SIDE, FaceStore, IDENTITY, ImagePlane, LATENTS, Plane,
};
use crate::data::plane_made_by::PlaneMadeBy;
use crate::runs;
use crate::training::cached_faces::{IDENTITY_SHAPE, LATENT_SHAPE};
use crate::training::checkpoint::fingerprint;
use crate::training::in_batches::{BATCH, for_each_batch, read};

/// Faces on which the latents' scale is measured.
const SCALED_ON: usize = 512;

/// What to cache.
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Latents and identity maps, for `train dfg`.
    Latents {
        /// Folder of prepared faces.
        #[arg(long)]
        faces: PathBuf,
        /// Run of `train autoencoder`.
        #[arg(long)]
        autoencoder: PathBuf,
        /// Run of `train identity`.
        #[arg(long)]
        identity: PathBuf,
        /// Stop after this many faces; training then uses those.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// Generated faces, for `train agnet`; `despoof cues` does the same in parts.
    Generated {
        /// Folder of prepared faces.
        #[arg(long)]
        faces: PathBuf,
        /// What draws them.
        #[command(flatten)]
        cue: CueChoice,
        /// Its runs.
        #[command(flatten)]
        runs: CueRuns,
    },
}

/// Runs `despoof cache`.
pub fn run(command: &CacheCommand) -> Result<()> {
    match command {
        CacheCommand::Latents { faces, autoencoder, identity, limit } => {
            let limit = limit.unwrap_or(usize::MAX);
            latents(faces, autoencoder, identity, limit, &Device::flex())
        }
        CacheCommand::Generated { faces, cue, runs } => {
            cues::generate(faces, cue, runs, cues::Part::default(), &Device::flex())
        }
    }
}

/// Caches latents and identity maps of the first `limit` prepared faces, and measures the latents'
/// scale where the autoencoder's run has none; goes on where an interrupted run stopped.
///
/// # Errors
/// Runs without checkpoints, files that cannot be read or written, planes that other weights have begun, no
/// real face to measure the scale on.
pub fn latents(
    faces: &Path,
    autoencoder_run: &Path,
    identity_run: &Path,
    limit: usize,
    device: &Device,
) -> Result<()> {
    let store = FaceStore::open(faces)?;
    let aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
    // Generators are trained on latents of one scale: another measurement would break them.
    if !runs::has_scaling_factor(autoencoder_run) {
        let factor = scaling_factor(&store, &aligned, autoencoder_run, device)?;
        runs::write_scaling_factor(autoencoder_run, factor)?;
        println!("latents are scaled by {factor:.4} to unit variance");
    } else {
        let factor = runs::autoencoder_config(autoencoder_run)?.scaling_factor;
        println!("latents are scaled by {factor:.4}, as the run's scaling.json says");
    }
    let autoencoder = runs::autoencoder(autoencoder_run, device)?;
    let identity_encoder = runs::identity_encoder(identity_run, device)?;
    let mut latents = store.plane(LATENTS, LATENT_SHAPE.iter().product::<usize>() * 4)?;
    let mut identity = store.plane(IDENTITY, IDENTITY_SHAPE.iter().product::<usize>() * 2)?;
    PlaneMadeBy::new(&store, LATENTS, &runs::scaled_fingerprint(autoencoder_run)?)?
        .start_or_check(latents.records()? > 0)?;
    PlaneMadeBy::new(&store, IDENTITY, &fingerprint(identity_run)?)?
        .start_or_check(identity.records()? > 0)?;
    let done = latents.records()?.min(identity.records()?);
    latents.trim(done)?;
    identity.trim(done)?;
    for_each_batch(done..store.entries.len().min(limit), |indices| {
        let faces = read(&aligned, indices, device)?;
        append_floats(&mut latents, autoencoder.latent_from_image(faces.clone()), indices.len())?;
        append_half_floats(&mut identity, identify(&identity_encoder, faces), indices.len())
    })
}

/// One over the standard deviation of the latents of some real faces for training.
fn scaling_factor(
    store: &FaceStore,
    aligned: &ImagePlane,
    run: &Path,
    device: &Device,
) -> Result<f64> {
    let autoencoder = runs::unscaled_autoencoder(run, device)?;
    let (training, _) = store.real_faces_to_train_on(0)?;
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for indices in training[..SCALED_ON.min(training.len())].chunks(BATCH) {
        let latents = autoencoder.code_from_image(read(aligned, indices, device)?);
        for value in latents.into_data().iter::<f32>().map(f64::from) {
            sum += value;
            squares += value * value;
            count += 1.0;
        }
    }
    let mean: f64 = sum / count;
    let variance: f64 = squares / count - mean * mean;
    Ok(1.0 / variance.sqrt())
}

fn append_floats(plane: &mut Plane, values: Tensor<4>, records: usize) -> Result<()> {
    let values: Vec<f32> = values.into_data().iter::<f32>().collect();
    for record in values.chunks_exact(values.len() / records) {
        plane.append(&record.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    Ok(())
}

fn append_half_floats(plane: &mut Plane, values: Tensor<3>, records: usize) -> Result<()> {
    let values: Vec<half::f16> =
        values.into_data().iter::<f32>().map(half::f16::from_f32).collect();
    for record in values.chunks_exact(values.len() / records) {
        plane.append(&record.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    Ok(())
}

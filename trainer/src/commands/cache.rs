//! `despoof cache`: runs what is frozen over a face store once, so that training reads results.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor};
use clap::Subcommand;
use despoof::generate::Generator;
use despoof::identify::identify;
use despoof::images::images_from_batch;
use indicatif::ProgressBar;

use crate::data::face_store::{
    ALIGNED, ALIGNED_SIDE, FaceStore, GENERATED, IDENTITY, ImagePlane, LATENTS, Plane,
};
use crate::runs;
use crate::training::batch;
use crate::training::dfg::{IDENTITY_SHAPE, LATENT_SHAPE};

/// Faces in one pass.
const BATCH: usize = 16;
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
    /// Generated faces, for `train agnet`.
    Generated {
        /// Folder of prepared faces.
        #[arg(long)]
        faces: PathBuf,
        /// The generator's runs.
        #[command(flatten)]
        generator: runs::GeneratorRuns,
    },
}

/// Runs `despoof cache`.
pub fn run(command: &CacheCommand) -> Result<()> {
    match command {
        CacheCommand::Latents { faces, autoencoder, identity, limit } => {
            let limit = limit.unwrap_or(usize::MAX);
            latents(faces, autoencoder, identity, limit, &Device::flex())
        }
        CacheCommand::Generated { faces, generator } => cache_generated(faces, generator),
    }
}

/// Caches latents and identity maps of the first `limit` prepared faces, and measures the latents'
/// scale; goes on where an interrupted run stopped.
///
/// # Errors
/// Runs without checkpoints, files that cannot be read or written.
pub fn latents(
    faces: &Path,
    autoencoder_run: &Path,
    identity_run: &Path,
    limit: usize,
    device: &Device,
) -> Result<()> {
    let store = FaceStore::open(faces)?;
    let aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
    let factor = scaling_factor(&store, &aligned, autoencoder_run, device)?;
    runs::write_scaling_factor(autoencoder_run, factor)?;
    println!("latents are scaled by {factor:.4} to unit variance");
    let autoencoder = runs::autoencoder(autoencoder_run, device)?;
    let identity_encoder = runs::identity_encoder(identity_run, device)?;
    let mut latents = store.plane(LATENTS, LATENT_SHAPE.iter().product::<usize>() * 4)?;
    let mut identity = store.plane(IDENTITY, IDENTITY_SHAPE.iter().product::<usize>() * 2)?;
    let done = latents.records()?.min(identity.records()?);
    latents.trim(done)?;
    identity.trim(done)?;
    for_each_batch(store.entries.len().min(limit), done, |indices| {
        let faces = read(&aligned, indices, device)?;
        append_floats(&mut latents, autoencoder.latent_from_image(faces.clone()), indices.len())?;
        append_half_floats(&mut identity, identify(&identity_encoder, faces), indices.len())
    })
}

fn cache_generated(faces: &Path, runs: &runs::GeneratorRuns) -> Result<()> {
    let device = Device::flex();
    let store = FaceStore::open(faces)?;
    let aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
    let mut generated = store.image_plane(GENERATED, ALIGNED_SIDE)?;
    let identity_encoder = runs::identity_encoder(&runs.identity, &device)?;
    let generator: Generator = runs.generator(&device)?;
    let done = generated.plane.records()?;
    generated.plane.trim(done)?;
    for_each_batch(store.entries.len(), done, |indices| {
        let faces = read(&aligned, indices, &device)?;
        let drawn = generator.generate(identify(&identity_encoder, faces.clone()), faces);
        for image in pollster::block_on(images_from_batch(drawn))? {
            generated.plane.append(image.as_raw())?;
        }
        Ok(())
    })
}

/// One over the standard deviation of the latents of some training faces.
fn scaling_factor(
    store: &FaceStore,
    aligned: &ImagePlane,
    run: &Path,
    device: &Device,
) -> Result<f64> {
    let autoencoder = runs::unscaled_autoencoder(run, device)?;
    let training = store.indices(|entry| entry.metadata.is_for_training());
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for indices in training[..SCALED_ON.min(training.len())].chunks(BATCH) {
        let latents = autoencoder.encode(read(aligned, indices, device)?).mean;
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

fn read(plane: &ImagePlane, indices: &[usize], device: &Device) -> Result<Tensor<4>> {
    Ok(batch::tensor(&batch::images(plane, indices, &vec![false; indices.len()])?, device))
}

fn for_each_batch(
    count: usize,
    done: usize,
    mut visit: impl FnMut(&[usize]) -> Result<()>,
) -> Result<()> {
    let progress = ProgressBar::new(count as u64).with_position(done as u64);
    let indices: Vec<usize> = (done..count).collect();
    for batch in indices.chunks(BATCH) {
        visit(batch)
            .with_context(|| format!("faces {} to {}", batch[0], batch[batch.len() - 1]))?;
        progress.inc(batch.len() as u64);
    }
    progress.finish();
    Ok(())
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

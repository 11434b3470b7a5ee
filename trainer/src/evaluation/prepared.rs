//! Domains prepared once: aligned and generated faces of all of them in one store.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::tensor::Device;
use despoof::images::{batch_from_images, images_from_batch};
use image::RgbImage;
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::pipeline::{Pipeline, Refusal};
use super::scored::NonResponse;
use super::shards::{Choice, for_each_chosen};
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceEntry, FaceStore, GENERATED, ImagePlane};
use crate::data::shard::ShardPhoto;

/// Faces generated in one pass.
const BATCH: usize = 16;

/// A domain and its shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its name in tables.
    pub name: String,
    /// Where its photos are.
    pub shards: Vec<PathBuf>,
}

/// Aligns the chosen photos of all domains and generates their faces, continuing what is there in
/// `folder`. Faces carry their domain's name. Also tells what got no face, by domain.
///
/// # Errors
/// A shard that cannot be read, a folder that cannot be written.
pub fn prepare(
    pipeline: &Pipeline,
    domains: &[Domain],
    choice: Choice,
    folder: &Path,
) -> Result<(FaceStore, BTreeMap<String, NonResponse>)> {
    let mut store = FaceStore::open_or_create(folder)?;
    let mut aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
    aligned.plane.trim(store.entries.len())?;
    let known: HashSet<String> = store.entries.iter().map(|entry| entry.key.clone()).collect();
    let mut missing = BTreeMap::new();
    for domain in domains {
        let missing: &mut NonResponse = missing.entry(domain.name.clone()).or_default();
        for_each_chosen(&domain.shards, choice, |photos| {
            let new: Vec<&ShardPhoto> = photos
                .iter()
                .filter(|photo| !known.contains(&key_in_store(domain, photo)))
                .collect();
            let faces: Vec<_> = new.par_iter().map(|photo| pipeline.aligned(photo)).collect();
            for (photo, face) in new.into_iter().zip(faces) {
                match face {
                    Ok((face, landmarks)) => {
                        aligned.plane.append(face.as_raw())?;
                        store.append(entry(domain, photo, landmarks))?;
                    }
                    Err(Refusal::NoAnswer(code)) => missing.add(code, &photo.metadata.label),
                    Err(Refusal::Fatal(error)) => return Err(error),
                }
            }
            Ok(())
        })
        .with_context(|| format!("domain {}", domain.name))?;
    }
    generate(pipeline, &store, &aligned)?;
    Ok((store, missing))
}

fn key_in_store(domain: &Domain, photo: &ShardPhoto) -> String {
    format!("{}/{}", domain.name, photo.key)
}

fn entry(domain: &Domain, photo: &ShardPhoto, landmarks: [[f32; 2]; 5]) -> FaceEntry {
    let mut metadata = photo.metadata.clone();
    metadata.domain.clone_from(&domain.name);
    FaceEntry { key: key_in_store(domain, photo), metadata, landmarks, simulated: None }
}

fn generate(pipeline: &Pipeline, store: &FaceStore, aligned: &ImagePlane) -> Result<()> {
    let mut generated = store.image_plane(GENERATED, ALIGNED_SIDE)?;
    let done = generated.plane.records()?;
    generated.plane.trim(done)?;
    let device = Device::flex();
    let progress = ProgressBar::new(store.entries.len() as u64).with_position(done as u64);
    let waiting: Vec<usize> = (done..store.entries.len()).collect();
    for batch in waiting.chunks(BATCH) {
        let faces: Vec<RgbImage> =
            batch.iter().map(|&index| aligned.read(index)).collect::<Result<_>>()?;
        let faces = batch_from_images(&faces.iter().collect::<Vec<_>>(), &device);
        let drawn = pipeline.checker.networks().generate(faces);
        for face in pollster::block_on(images_from_batch(drawn))? {
            generated.plane.append(face.as_raw())?;
        }
        progress.inc(batch.len() as u64);
    }
    progress.finish_and_clear();
    Ok(())
}

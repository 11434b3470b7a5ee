//! Domains prepared once: aligned faces of all of them in one store.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result};
use rayon::prelude::*;

use super::domain::Domain;
use super::pipeline::{Pipeline, Refusal};
use super::scored::NonResponse;
use super::shards::{Choice, for_each_chosen};
use crate::data::crop_planes::CropPlanes;
use crate::data::face_store::{FaceEntry, FaceStore};
use crate::data::shard::ShardPhoto;

/// Aligns the chosen photos of all domains, continuing what is there in `folder`. Faces carry their
/// domain's name. Also tells what got no face, by domain.
///
/// # Errors
/// A shard or folder that cannot be read, a folder that cannot be written.
pub fn prepare(
    pipeline: &Pipeline,
    domains: &[Domain],
    choice: Choice,
    folder: &Path,
) -> Result<(FaceStore, BTreeMap<String, NonResponse>)> {
    let mut store = FaceStore::open_or_create(folder)?;
    let mut planes = CropPlanes::open_to_append(&store)?;
    let known: HashSet<String> = store.entries.iter().map(|entry| entry.key.clone()).collect();
    let mut missing = BTreeMap::new();
    for domain in domains {
        let missing: &mut NonResponse = missing.entry(domain.name.clone()).or_default();
        for_each_chosen(&domain.shards, choice, |photos| {
            let new: Vec<&ShardPhoto> = photos
                .iter()
                .filter(|photo| !known.contains(&key_in_store(domain, photo)))
                .collect();
            let faces: Vec<_> = new.par_iter().map(|photo| pipeline.crops(photo)).collect();
            for (photo, face) in new.into_iter().zip(faces) {
                match face {
                    Ok((crops, landmarks)) => {
                        planes.append(&crops)?;
                        store.append(entry(domain, photo, landmarks))?;
                    }
                    Err(Refusal::NoAnswer(code)) => missing.add(code, &photo.metadata.label),
                    Err(Refusal::Fatal(error)) => return Err(error),
                }
            }
            Ok(())
        })
        .with_context(|| format!("domain {}", domain.name))?;
        for faces in &domain.faces {
            copy(faces, domain, choice, &known, &mut store, &mut planes)
                .with_context(|| format!("domain {}", domain.name))?;
        }
    }
    Ok((store, missing))
}

/// Takes the chosen faces out of a folder in which they are aligned already.
fn copy(
    faces: &Path,
    domain: &Domain,
    choice: Choice,
    known: &HashSet<String>,
    store: &mut FaceStore,
    planes: &mut CropPlanes,
) -> Result<()> {
    let from = FaceStore::open(faces)?;
    let crops = CropPlanes::open(&from)?;
    for (index, entry) in from.entries.iter().enumerate() {
        let mut entry = entry.clone();
        let is_chosen = choice.takes(&mut entry.metadata, &entry.key);
        entry.key = format!("{}/{}", domain.name, entry.key);
        entry.metadata.domain.clone_from(&domain.name);
        if is_chosen && !known.contains(&entry.key) {
            planes.append(&crops.read(index)?)?;
            store.append(entry)?;
        }
    }
    Ok(())
}

fn key_in_store(domain: &Domain, photo: &ShardPhoto) -> String {
    format!("{}/{}", domain.name, photo.key)
}

fn entry(domain: &Domain, photo: &ShardPhoto, landmarks: [[f32; 2]; 5]) -> FaceEntry {
    let mut metadata = photo.metadata.clone();
    metadata.domain.clone_from(&domain.name);
    FaceEntry { key: key_in_store(domain, photo), metadata, landmarks, simulated: None }
}

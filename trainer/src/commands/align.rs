//! `despoof align`: photos of shards through the browser's own detection and alignment, once.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use despoof::align::{Crops, Template};
use despoof::detect::Detector;
use image::RgbImage;
use indicatif::ProgressBar;
use rayon::prelude::*;

use crate::data::crop_planes::{CropPlanes, crops_from_photo};
use crate::data::face_store::{FaceEntry, FaceStore, ImagePlane, TEACHER, TEACHER_SIDE};
use crate::data::found_face::face_in_photo;
use crate::data::metadata::assign_split;
use crate::data::shard::{ShardPhoto, for_each_photo};
use crate::pretrained;

/// Photos prepared at a time: bounds memory, and is the unit in which an interrupted run resumes.
const CHUNK: usize = 64;

/// Options of `despoof align`.
#[derive(Debug, Args)]
pub struct AlignOptions {
    /// WebDataset shards of photos.
    #[arg(long, required = true, num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Folder of prepared faces to make or to continue.
    #[arg(long)]
    pub out: PathBuf,
    /// Also keep crops on the identity teacher's own template.
    #[arg(long)]
    pub teacher: bool,
}

/// A photo that was prepared, or why it was not.
type Prepared = Result<(FaceEntry, Crops, RgbImage), (String, String)>;

/// Runs `despoof align`; photos already in the store are passed over.
///
/// # Errors
/// Shards that cannot be read, a folder that cannot be written, or that holds faces without the teacher's
/// crops where those are asked for.
pub fn run(options: &AlignOptions) -> Result<()> {
    let detector = pretrained::detector()?;
    let mut store = FaceStore::open_or_create(&options.out)?;
    let mut crops = CropPlanes::open_to_append(&store)?;
    let mut teacher = if options.teacher {
        store.whole_image_plane(TEACHER, TEACHER_SIDE)?
    } else {
        store.image_plane(TEACHER, TEACHER_SIDE)?
    };
    teacher.plane.trim(store.entries.len())?;
    let known: HashSet<String> = store.entries.iter().map(|entry| entry.key.clone()).collect();
    let progress = ProgressBar::new_spinner();
    let mut rejected = Vec::new();
    for shard in &options.data {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut flush = |chunk: &mut Vec<ShardPhoto>| -> Result<()> {
            progress.inc(chunk.len() as u64);
            let prepared: Vec<Prepared> =
                chunk.par_iter().map(|photo| prepare(&detector, photo)).collect();
            chunk.clear();
            store_prepared(
                prepared,
                &mut store,
                &mut crops,
                options.teacher.then_some(&mut teacher),
                &mut rejected,
            )
        };
        for_each_photo(shard, |photo| {
            if !known.contains(&photo.key) {
                chunk.push(photo);
            }
            if chunk.len() == CHUNK { flush(&mut chunk) } else { Ok(()) }
        })?;
        flush(&mut chunk)?;
    }
    progress.finish_and_clear();
    report(&options.out, store.entries.len(), &rejected)
}

fn store_prepared(
    prepared: Vec<Prepared>,
    store: &mut FaceStore,
    planes: &mut CropPlanes,
    mut teacher: Option<&mut ImagePlane>,
    rejected: &mut Vec<(String, String)>,
) -> Result<()> {
    for item in prepared {
        match item {
            Ok((entry, crops, teacher_face)) => {
                planes.append(&crops)?;
                if let Some(teacher) = &mut teacher {
                    teacher.plane.append(teacher_face.as_raw())?;
                }
                store.append(entry)?;
            }
            Err(rejection) => rejected.push(rejection),
        }
    }
    Ok(())
}

fn prepare(detector: &Detector, photo: &ShardPhoto) -> Prepared {
    let found = face_in_photo(detector, &photo.bytes, photo.metadata.face)
        .map_err(|reason| (photo.key.clone(), reason.to_string()))?;
    let mut metadata = photo.metadata.clone();
    assign_split(&mut metadata, &photo.key);
    let landmarks = found.face.landmarks;
    let entry = FaceEntry { key: photo.key.clone(), metadata, landmarks, simulated: None };
    let crops = crops_from_photo(&found.image, &landmarks);
    let teacher = found.aligned(&Template::ARCFACE, TEACHER_SIDE);
    Ok((entry, crops, teacher))
}

fn report(out: &std::path::Path, kept: usize, rejected: &[(String, String)]) -> Result<()> {
    let path = out.join("rejected.jsonl");
    let lines: Vec<String> = rejected
        .iter()
        .map(|(key, reason)| serde_json::json!({ "key": key, "reason": reason }).to_string() + "\n")
        .collect();
    std::fs::write(&path, lines.concat())
        .with_context(|| format!("cannot write {}", path.display()))?;
    println!(
        "{kept} faces in {}, {} photos rejected (see rejected.jsonl)",
        out.display(),
        rejected.len()
    );
    Ok(())
}

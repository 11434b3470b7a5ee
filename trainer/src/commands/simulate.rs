//! `despoof simulate`: presentation attacks from live photos, one photo or a training set.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use despoof::align::Crops;
use despoof::photo;
use despoof_simulate::{Family, Simulated, Species, recapture_live, simulate};
use image::imageops::FilterType;
use image::{RgbImage, imageops};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;

use crate::data::crop_planes::{CropPlanes, crops_from_photo};
use crate::data::face_store::{FaceEntry, FaceStore};
use crate::data::made_by::MadeBy;
use crate::data::metadata::{is_in_share, stable_hash};
use crate::data::shard::{ShardPhoto, for_each_photo};

/// Photos made at a time: bounds memory.
const CHUNK: usize = 32;

/// Smallest deviation of an aligned face's brightness, of 255: below, nothing can be seen in the dark
/// or the glare, and all that could be learned from it is that attacks are dark.
const SMALLEST_CONTRAST: f64 = 14.0;

/// Longer side up to which photos are enlarged before anything is simulated from them.
const SMALLEST_SIDE: f32 = 360.0;

/// How much they are enlarged at most.
const MOST_ENLARGED: f32 = 2.0;

/// What to simulate.
#[derive(Debug, Subcommand)]
pub enum SimulateCommand {
    /// One attack from one photo.
    Photo {
        /// Photo of a live face.
        photo: PathBuf,
        /// Attack species, for example `print-flat` or `screen-phone`.
        #[arg(long)]
        species: String,
        /// Seed of everything that is drawn.
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// PNG to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// A training set: of each chosen live photo itself, a re-captured version, a print and a screen;
    /// recorded attacks as they are. A line that is run again adds what is missing; another line adds all
    /// of its own.
    Set {
        #[command(flatten)]
        line: SetLine,
        /// Folder of prepared faces to make or to add to.
        #[arg(long)]
        out: PathBuf,
    },
}

/// What a training set is simulated from, and how.
#[derive(Debug, Args, Serialize)]
pub struct SetLine {
    /// Shards of the photos.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// The same photos' prepared faces (for their landmarks and splits).
    #[arg(long)]
    faces: PathBuf,
    /// Share of the photos to take, chosen by their key.
    #[arg(long, default_value_t = 1.0)]
    share: f64,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Attack families to leave out, for example `screen`.
    #[arg(long, num_args = 1..)]
    without: Vec<String>,
    /// Leave recorded attacks out.
    #[arg(long)]
    simulated_only: bool,
    /// Domain that all faces are put into, so that small sets share the weight of one.
    #[arg(long, value_name = "NAME")]
    as_domain: Option<String>,
}

/// Runs `despoof simulate`.
pub fn run(command: &SimulateCommand) -> Result<()> {
    match command {
        SimulateCommand::Photo { photo, species, seed, out } => {
            simulate_photo(photo, species, *seed, out)
        }
        SimulateCommand::Set { line, out } => simulate_set(line, out),
    }
}

fn simulate_photo(path: &Path, species: &str, seed: u64, out: &Path) -> Result<()> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let live = photo::decode(&bytes).with_context(|| format!("{}", path.display()))?;
    let species: Species = species.parse().map_err(|error| anyhow!("{error}"))?;
    let attack = simulate(&live, species, seed);
    attack.image.save(out).with_context(|| format!("cannot write {}", out.display()))?;
    println!("{}", serde_json::to_string(&attack.parameters)?);
    Ok(())
}

fn families_without(names: &[String]) -> Result<Vec<Family>> {
    let left_out: Vec<Family> = names
        .iter()
        .map(|name| name.parse().map_err(|error| anyhow!("{error}")))
        .collect::<Result<_>>()?;
    Ok(Family::all().into_iter().filter(|family| !left_out.contains(family)).collect())
}

/// The prepared faces that a line takes, by their keys.
fn chosen_faces(line: &SetLine) -> Result<HashMap<String, FaceEntry>> {
    let mut chosen = FaceStore::open(&line.faces)?.entries;
    chosen.retain(|entry| {
        is_in_share("share", &entry.key, line.share)
            && (entry.metadata.is_live() || !line.simulated_only)
    });
    if let Some(domain) = &line.as_domain {
        chosen.iter_mut().for_each(|entry| entry.metadata.domain.clone_from(domain));
    }
    Ok(chosen.into_iter().map(|entry| (entry.key.clone(), entry)).collect())
}

fn simulate_set(line: &SetLine, out: &Path) -> Result<()> {
    let families = families_without(&line.without)?;
    let mut known = chosen_faces(line)?;
    let mut store = FaceStore::open_or_create(out)?;
    let mut planes = CropPlanes::open_to_append(&store)?;
    let made_before = MadeBy::started(&serde_json::to_value(line)?, &store)?;
    known.retain(|key, _| !made_before.has_photo(key));
    let progress = ProgressBar::new_spinner();
    for shard in &line.data {
        let mut chunk: Vec<(ShardPhoto, FaceEntry)> = Vec::new();
        let mut flush = |chunk: &mut Vec<(ShardPhoto, FaceEntry)>| -> Result<()> {
            progress.inc(chunk.len() as u64);
            let made: Result<Vec<Vec<(FaceEntry, Crops)>>> = chunk
                .par_iter()
                .map(|(photo, entry)| variants(photo, entry, line.seed, &families))
                .collect();
            chunk.clear();
            let new = made?.into_iter().flatten().filter(|(entry, _)| !made_before.has(entry));
            append(new, &mut store, &mut planes)
        };
        for_each_photo(shard, |photo| {
            if let Some(entry) = known.get(&photo.key) {
                chunk.push((photo, entry.clone()));
            }
            if chunk.len() == CHUNK { flush(&mut chunk) } else { Ok(()) }
        })?;
        flush(&mut chunk)?;
    }
    progress.finish_and_clear();
    println!("{} faces in {}", store.entries.len(), out.display());
    Ok(())
}

fn append(
    made: impl Iterator<Item = (FaceEntry, Crops)>,
    store: &mut FaceStore,
    planes: &mut CropPlanes,
) -> Result<()> {
    for (entry, crops) in made {
        planes.append(&crops)?;
        store.append(entry)?;
    }
    Ok(())
}

/// The photo itself and, of a live one, what is simulated from it; all cut out.
fn variants(
    photo: &ShardPhoto,
    entry: &FaceEntry,
    seed: u64,
    families: &[Family],
) -> Result<Vec<(FaceEntry, Crops)>> {
    let live = photo::decode(&photo.bytes).with_context(|| photo.key.clone())?;
    let mut made = vec![(entry.clone(), crops_from_photo(&live, &entry.landmarks))];
    if !entry.metadata.is_live() {
        return Ok(made);
    }
    let seed = seed ^ stable_hash(&photo.key);
    let (live, scale) = enlarged(live);
    let entry = FaceEntry {
        landmarks: entry
            .landmarks
            .map(|[x, y]| [enlarged_place(x, scale[0]), enlarged_place(y, scale[1])]),
        ..entry.clone()
    };
    made.extend(visible_variant(&entry, "recaptured", &recapture_live(&live, seed)));
    for family in families {
        let species: Vec<Species> = family.species().collect();
        let species = species[(seed % species.len() as u64) as usize];
        made.extend(visible_variant(&entry, species.name(), &simulate(&live, species, seed)));
    }
    Ok(made)
}

/// A small photo enlarged, and by how much each way: a sheet that fills half of the picture would else
/// leave a face of a few pixels, and attacks would be known by that.
fn enlarged(photo: RgbImage) -> (RgbImage, [f32; 2]) {
    let longer = photo.width().max(photo.height()) as f32;
    let scale = (SMALLEST_SIDE / longer).clamp(1.0, MOST_ENLARGED);
    if scale == 1.0 {
        return (photo, [scale; 2]);
    }
    let side = |side: u32| (side as f32 * scale).round() as u32;
    let (width, height) = (side(photo.width()), side(photo.height()));
    let scale = [width as f32 / photo.width() as f32, height as f32 / photo.height() as f32];
    (imageops::resize(&photo, width, height, FilterType::CatmullRom), scale)
}

/// Where the middle of a pixel comes to lie; landmarks count from the middles of pixels.
fn enlarged_place(place: f32, scale: f32) -> f32 {
    (place + 0.5) * scale - 0.5
}

/// The same for the simulator's transform, which counts from the corners of pixels.
fn simulated_place(picture: &Simulated, landmark: [f32; 2]) -> [f32; 2] {
    picture.transform.apply(landmark.map(|place| place + 0.5)).map(|place| place - 0.5)
}

/// The face in a simulated picture, cut out, if one can be seen in it.
fn visible_variant(
    entry: &FaceEntry,
    simulated: &str,
    picture: &Simulated,
) -> Option<(FaceEntry, Crops)> {
    let landmarks = entry.landmarks.map(|landmark| simulated_place(picture, landmark));
    let crops = crops_from_photo(&picture.image, &landmarks);
    let entry = FaceEntry {
        key: format!("{}#{simulated}", entry.key),
        metadata: entry.metadata.clone(),
        landmarks,
        simulated: Some(simulated.to_owned()),
    };
    (contrast(&crops.aligned) >= SMALLEST_CONTRAST).then_some((entry, crops))
}

/// Standard deviation of the brightness of a face's middle, of 255.
fn contrast(face: &RgbImage) -> f64 {
    let side = face.width();
    let middle = imageops::crop_imm(face, side / 4, side / 4, side / 2, side / 2).to_image();
    let grey = imageops::grayscale(&middle);
    let (mut sum, mut squares) = (0.0, 0.0);
    for &byte in grey.iter() {
        sum += f64::from(byte);
        squares += f64::from(byte).powi(2);
    }
    let count = f64::from(side / 2).powi(2).max(1.0);
    (squares / count - (sum / count).powi(2)).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_stays_the_middle_when_a_photo_is_enlarged() {
        let (photo, scale) = enlarged(RgbImage::new(201, 97));
        for (before, after, scale) in
            [(201, photo.width(), scale[0]), (97, photo.height(), scale[1])]
        {
            let middle = |side: u32| (side as f32 - 1.0) / 2.0;
            assert!(scale > 1.0 && after > before);
            assert!((enlarged_place(middle(before), scale) - middle(after)).abs() < 1e-3);
        }
    }
}

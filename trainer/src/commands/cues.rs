//! `despoof cues`: generated faces of a prepared dataset, whose residuals are the cues; shared by as
//! many processes as there are parts.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use clap::Args;

use crate::cue_source::plane::fill;
use crate::cue_source::{CueChoice, CueRuns};
use crate::data::face_store::{ALIGNED_SIDE, FaceStore};
use crate::data::plane_made_by::PlaneMadeBy;
use crate::device::DeviceName;
use crate::training::in_batches::BATCH;

/// Bytes of a generated face.
const RECORD_BYTES: usize = (ALIGNED_SIDE * ALIGNED_SIDE * 3) as usize;

/// Options of `despoof cues`.
#[derive(Debug, Args)]
pub struct CuesOptions {
    /// Folder of prepared faces.
    #[arg(long)]
    faces: PathBuf,
    #[command(flatten)]
    cue: CueChoice,
    #[command(flatten)]
    runs: CueRuns,
    /// Which part of the faces to do, as NUMBER/PARTS from 1/1 to PARTS/PARTS; start a process a
    /// part, here or on other machines that share the folder. The last one to finish joins them.
    #[arg(long, default_value_t)]
    part: Part,
    /// What to compute on: cpu, cuda, cuda:NUMBER.
    #[arg(long, default_value_t)]
    device: DeviceName,
}

/// Runs `despoof cues`.
pub fn run(options: &CuesOptions) -> Result<()> {
    generate(&options.faces, &options.cue, &options.runs, options.part, &options.device.open()?)
}

/// One of several equal shares of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// From 1.
    number: usize,
    parts: usize,
}

impl Default for Part {
    /// Everything.
    fn default() -> Self {
        Self { number: 1, parts: 1 }
    }
}

impl Part {
    /// Faces of this part. Parts begin at whole batches, so that a face is computed among the same
    /// neighbours, and comes out the same, however many parts there are.
    fn faces(self, count: usize) -> std::ops::Range<usize> {
        let batches = count.div_ceil(BATCH);
        let begin = |number: usize| (batches * number / self.parts * BATCH).min(count);
        begin(self.number - 1)..begin(self.number)
    }

    /// The parts beside each other, this one among them.
    fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.parts).map(move |number| Self { number, ..self })
    }

    /// Name of the plane that holds the part of `whole`; the whole needs no joining.
    fn plane(self, whole: &str) -> String {
        if self.parts == 1 {
            return whole.to_owned();
        }
        format!("{whole}.part-{}-of-{}", self.number, self.parts)
    }
}

impl FromStr for Part {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers = text.split_once('/').and_then(|(number, parts)| {
            Some(Self { number: number.parse().ok()?, parts: parts.parse().ok()? })
        });
        numbers
            .filter(|part| (1..=part.parts).contains(&part.number))
            .ok_or_else(|| anyhow!("a part is NUMBER/PARTS, such as 1/4 to 4/4"))
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.parts)
    }
}

/// Generates the faces of a part, from where an interrupted process stopped, and joins all parts
/// where this was the last one.
///
/// # Errors
/// Runs without checkpoints, files that cannot be read or written, another process at the same part, faces
/// that other weights drew.
pub fn generate(
    faces: &Path,
    cue: &CueChoice,
    runs: &CueRuns,
    part: Part,
    device: &Device,
) -> Result<()> {
    let store = FaceStore::open(faces)?;
    let whole = cue.plane();
    let count = store.entries.len();
    let made_by = runs.made_by(cue);
    if is_complete(&store, &whole, Part::default()) {
        match made_by {
            Ok(weights) => PlaneMadeBy::new(&store, &whole, &weights)?.check()?,
            Err(error) => {
                eprintln!("note: not compared with the weights that made them: {error:#}")
            }
        }
        println!("generated faces of all {count} faces are there");
        return Ok(());
    }
    let made_by = PlaneMadeBy::new(&store, &whole, &made_by?)?;
    let source = runs.open(cue, device)?;
    let name = part.plane(&whole);
    // Locked until the process ends, however it ends.
    let _lock = start(&store, &whole, &name, &made_by)?;
    fill(&store, &name, part.faces(count), source.as_ref(), device)?;
    join(&store, &whole, part)
}

/// Opens and locks the plane `name`, a part of `whole` or all of it.
fn start(store: &FaceStore, whole: &str, name: &str, made_by: &PlaneMadeBy) -> Result<File> {
    // Of parts that start at once, the first notes its weights; the others find its plane begun.
    let _index = locked_index(store)?;
    let begun = is_begun(store, whole)?;
    let plane = store.folder().join(name);
    let lock = File::options().create(true).append(true).open(&plane);
    let lock = lock.with_context(|| format!("cannot write {}", plane.display()))?;
    lock.try_lock().with_context(|| format!("another process works on {}", plane.display()))?;
    made_by.start_or_check(begun)?;
    Ok(lock)
}

/// The index, locked until it is dropped.
fn locked_index(store: &FaceStore) -> Result<File> {
    let path = store.index_path();
    let index = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    index.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(index)
}

/// Whether the plane has records, or a part of it is there, of however many parts; an empty part may be at
/// its first batch.
fn is_begun(store: &FaceStore, whole: &str) -> Result<bool> {
    let folder = store.folder();
    let parts = format!("{whole}.part-");
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let has_records = || Ok::<_, io::Error>(entry.metadata()?.len() > 0);
        if name.to_string_lossy().starts_with(&parts) || (name == *whole && has_records()?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Joins the parts if all are there; says which are not.
fn join(store: &FaceStore, whole: &str, part: Part) -> Result<()> {
    // Two parts may end at once: one joins, the other then finds it done.
    let _index = locked_index(store)?;
    let path = store.folder().join(whole);
    if is_complete(store, whole, Part::default()) {
        println!("generated faces of all {} faces: {}", store.entries.len(), path.display());
        return Ok(());
    }
    let missing: Vec<String> = part
        .all()
        .filter(|part| !is_complete(store, whole, *part))
        .map(|part| part.to_string())
        .collect();
    if !missing.is_empty() {
        println!("part {part} is there, not yet: {}", missing.join(", "));
        return Ok(());
    }
    let unfinished = store.folder().join(format!("{whole}.unfinished"));
    let mut joined = File::create(&unfinished)
        .with_context(|| format!("cannot write {}", unfinished.display()))?;
    for part in part.all() {
        let from = store.folder().join(part.plane(whole));
        let mut from =
            File::open(&from).with_context(|| format!("cannot read {}", from.display()))?;
        io::copy(&mut from, &mut joined)
            .with_context(|| format!("cannot write {}", unfinished.display()))?;
    }
    joined.sync_all()?;
    std::fs::rename(&unfinished, &path)?;
    for part in part.all() {
        std::fs::remove_file(store.folder().join(part.plane(whole)))?;
    }
    println!("generated faces of all {} faces: {}", store.entries.len(), path.display());
    Ok(())
}

fn is_complete(store: &FaceStore, whole: &str, part: Part) -> bool {
    // A part without faces (more parts than batches) is an empty file.
    let bytes = part.faces(store.entries.len()).len() * RECORD_BYTES;
    std::fs::metadata(store.folder().join(part.plane(whole)))
        .is_ok_and(|file| file.len() == bytes as u64)
}

//! A folder of prepared faces: `index.jsonl` with a line a face, and planes, files of equally
//! long records in the same order (aligned crops, latents, identity maps, …).
//!
//! A plane that has fewer records than the index was interrupted and is continued from its end.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::metadata::{PhotoMetadata, mixed_order};

/// Side of the pipeline's aligned crop in pixels.
pub const ALIGNED_SIDE: u32 = 224;
/// Side of the identity teacher's crop in pixels.
pub const TEACHER_SIDE: u32 = 112;
/// Plane of aligned crops, 8-bit RGB.
pub const ALIGNED: &str = "aligned.u8";
/// Side of the wider crop in pixels.
pub const CONTEXT_SIDE: u32 = 112;
/// Plane of wider crops, 8-bit RGB: the face and what is around it.
pub const CONTEXT: &str = "context.u8";
/// Plane of crops on the identity teacher's own template, 8-bit RGB.
pub const TEACHER: &str = "teacher.u8";
/// Plane of generated faces, 8-bit RGB, as large as the aligned crops.
pub const GENERATED: &str = "generated.u8";
/// Plane of latents, 32-bit floats `[4, 28, 28]`.
pub const LATENTS: &str = "latents.f32";
/// Plane of identity maps, 16-bit floats `[49, 512]`.
pub const IDENTITY: &str = "identity.f16";

/// One face of a store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FaceEntry {
    /// Key of the photo in its shard.
    pub key: String,
    /// What the shard says of the photo.
    pub metadata: PhotoMetadata,
    /// Detected landmarks in the photo's pixels.
    pub landmarks: [[f32; 2]; 5],
    /// Species of a simulated attack, `recaptured` for a live photo through the simulated camera,
    /// none for the photo as it was.
    #[serde(default)]
    pub simulated: Option<String>,
}

impl FaceEntry {
    /// The person, where known; the same name in another domain is another person.
    pub fn person(&self) -> Option<String> {
        Some(format!("{} {}", self.metadata.domain, self.metadata.known_subject()?))
    }

    /// Where the seed puts the face among others.
    pub fn order(&self, seed: u64) -> u64 {
        mixed_order(&format!("{seed} {}", self.key))
    }
}

/// A folder of prepared faces.
pub struct FaceStore {
    folder: PathBuf,
    /// Its faces, in the order of every plane's records.
    pub entries: Vec<FaceEntry>,
}

impl FaceStore {
    /// Opens a store, or starts an empty one.
    ///
    /// # Errors
    /// A folder that cannot be made, or an index that is not one.
    pub fn open_or_create(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let index = folder.join("index.jsonl");
        let entries = if index.exists() { read_index(&index)? } else { Vec::new() };
        Ok(Self { folder: folder.to_owned(), entries })
    }

    /// Opens a store that must exist.
    ///
    /// # Errors
    /// No index in the folder, or one that cannot be read.
    pub fn open(folder: &Path) -> Result<Self> {
        let index = folder.join("index.jsonl");
        ensure!(
            index.exists(),
            "{} is no folder of prepared faces; make one with `despoof align`",
            folder.display()
        );
        Ok(Self { folder: folder.to_owned(), entries: read_index(&index)? })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its index, a file that is always there.
    pub fn index_path(&self) -> PathBuf {
        self.folder.join("index.jsonl")
    }

    /// Adds a face to the index; its planes are appended first, so that an interrupted append
    /// leaves at most a surplus record, which [`Plane::trim`] removes.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn append(&mut self, entry: FaceEntry) -> Result<()> {
        let path = self.index_path();
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        writeln!(file, "{}", serde_json::to_string(&entry)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.entries.push(entry);
        Ok(())
    }

    /// Opens a plane of `record_bytes` a face.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn plane(&self, name: &str, record_bytes: usize) -> Result<Plane> {
        let path = self.folder.join(name);
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Plane { file, path, record_bytes })
    }

    /// Opens a plane of square RGB images.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn image_plane(&self, name: &str, side: u32) -> Result<ImagePlane> {
        Ok(ImagePlane { plane: self.plane(name, (side * side * 3) as usize)?, side })
    }

    /// Opens a plane of crops that has one of every face.
    ///
    /// # Errors
    /// As [`Self::image_plane`], and a store that was made without them.
    pub fn whole_image_plane(&self, name: &str, side: u32) -> Result<ImagePlane> {
        let plane = self.image_plane(name, side)?;
        ensure!(
            plane.plane.records()? >= self.entries.len(),
            "{} has no crop of every face in {name}; prepare them anew in an empty folder",
            self.folder.display()
        );
        Ok(plane)
    }

    /// Indices of the faces that `keep` accepts.
    pub fn indices(&self, keep: impl Fn(&FaceEntry) -> bool) -> Vec<usize> {
        (0..self.entries.len()).filter(|&index| keep(&self.entries[index])).collect()
    }

    /// At most `count` faces of any kind, those that the seed puts first, in its order.
    pub fn chosen_by(&self, seed: u64, count: usize) -> Vec<usize> {
        self.chosen_of(|_| true, seed, count)
    }

    /// The same of the faces that `keep` accepts.
    pub fn chosen_of(
        &self,
        keep: impl Fn(&FaceEntry) -> bool,
        seed: u64,
        count: usize,
    ) -> Vec<usize> {
        let mut faces = self.indices(keep);
        faces.sort_by_key(|&index| self.entries[index].order(seed));
        faces.truncate(count);
        faces
    }

    /// Faces that training may look at.
    pub fn training_faces(&self) -> Vec<usize> {
        self.indices(|entry| entry.metadata.is_for_training())
    }

    /// The first faces, at most `most`, that training may not look at.
    pub fn held_out_faces(&self, most: usize) -> Vec<usize> {
        let mut faces = self.indices(|entry| !entry.metadata.is_for_training());
        faces.truncate(most);
        faces
    }
}

fn read_index(path: &Path) -> Result<Vec<FaceEntry>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    BufReader::new(file)
        .lines()
        .map(|line| {
            serde_json::from_str(&line?)
                .with_context(|| format!("{} has a broken line", path.display()))
        })
        .collect()
}

/// A file of equally long records.
pub struct Plane {
    file: File,
    path: PathBuf,
    record_bytes: usize,
}

impl Plane {
    /// Number of whole records.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn records(&self) -> Result<usize> {
        Ok(self.file.metadata()?.len() as usize / self.record_bytes)
    }

    /// Cuts off what stands behind the first `records` records.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn trim(&self, records: usize) -> Result<()> {
        let length = (records * self.record_bytes) as u64;
        if self.file.metadata()?.len() > length {
            self.file
                .set_len(length)
                .with_context(|| format!("cannot cut {}", self.path.display()))?;
        }
        Ok(())
    }

    /// Reads a record.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn read(&self, index: usize) -> Result<Vec<u8>> {
        let mut record = vec![0; self.record_bytes];
        self.file
            .read_exact_at(&mut record, (index * self.record_bytes) as u64)
            .with_context(|| format!("{} has no record {index}", self.path.display()))?;
        Ok(record)
    }

    /// Appends a record.
    ///
    /// # Errors
    /// A record of another length, a file that cannot be written.
    pub fn append(&mut self, record: &[u8]) -> Result<()> {
        ensure!(
            record.len() == self.record_bytes,
            "{} takes records of {} bytes",
            self.path.display(),
            self.record_bytes
        );
        self.file.write_all(record).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// A plane of square RGB images.
pub struct ImagePlane {
    /// The records.
    pub plane: Plane,
    side: u32,
}

impl ImagePlane {
    /// Reads an image.
    ///
    /// # Errors
    /// An image that is not there.
    pub fn read(&self, index: usize) -> Result<RgbImage> {
        let bytes = self.plane.read(index)?;
        Ok(RgbImage::from_raw(self.side, self.side, bytes)
            .expect("a record is as long as an image"))
    }
}

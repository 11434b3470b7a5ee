//! A folder of prepared faces: `index.jsonl` with a line a face, and planes, files of equally
//! long records in the same order (aligned crops, latents, identity maps, …).
//!
//! A plane that has fewer records than the index was interrupted and is continued from its end.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::metadata::{PhotoMetadata, mixed_order};
pub use super::planes::{ImagePlane, Plane};

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

    /// Whether it is a live face as it was photographed: nothing simulated.
    pub fn is_real(&self) -> bool {
        self.metadata.is_live() && self.simulated.is_none()
    }

    /// Key of the photo that the face is in or was simulated from.
    pub fn photo(&self) -> &str {
        let key = &self.key;
        match &self.simulated {
            Some(_) => key.rsplit_once('#').map_or(key, |(photo, _)| photo),
            None => key,
        }
    }

    /// One of which nothing counts but what is given.
    #[cfg(test)]
    pub fn for_test(key: &str, metadata: serde_json::Value, simulated: Option<&str>) -> Self {
        Self {
            key: key.to_owned(),
            metadata: serde_json::from_value(metadata).expect("metadata of a photo"),
            landmarks: [[0.0; 2]; 5],
            simulated: simulated.map(str::to_owned),
        }
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
    /// Opens a store, or starts an empty one. A line of the index that an interrupted append left
    /// unfinished is cut off.
    ///
    /// # Errors
    /// A folder that cannot be made, or an index that is not one or cannot be cut.
    pub fn open_or_create(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let index = folder.join("index.jsonl");
        let entries = if index.exists() {
            cut_unfinished_line(&index)?;
            read_index(&index)?
        } else {
            Vec::new()
        };
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

    /// The same faces, of which those whose keys begin in one of these ways are neither trained on nor held out.
    ///
    /// # Errors
    /// A beginning that no key has.
    pub fn without(mut self, beginnings: &[String]) -> Result<Self> {
        for beginning in beginnings {
            let mut left_out = 0;
            for entry in self.entries.iter_mut().filter(|entry| entry.key.starts_with(beginning)) {
                entry.metadata.split = Some("test".to_owned());
                left_out += 1;
            }
            ensure!(left_out > 0, "no key in {} begins with {beginning}", self.folder.display());
        }
        Ok(self)
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
        let line = serde_json::to_string(&entry)? + "\n";
        file.write_all(line.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.entries.push(entry);
        Ok(())
    }

    /// Opens a plane of `record_bytes` a face.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn plane(&self, name: &str, record_bytes: usize) -> Result<Plane> {
        Plane::open(self.folder.join(name), record_bytes)
    }

    /// Opens a plane of square RGB images.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn image_plane(&self, name: &str, side: u32) -> Result<ImagePlane> {
        Ok(ImagePlane::new(self.plane(name, (side * side * 3) as usize)?, side))
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

    /// Real faces ([`FaceEntry::is_real`]) that training may look at, or that it may not.
    pub fn real_faces(&self, training: bool) -> Vec<usize> {
        self.indices(|entry| entry.is_real() && entry.metadata.is_for_training() == training)
    }

    /// Real faces that training may look at, and the first of the others, at most `held_out`.
    ///
    /// # Errors
    /// None to train on.
    pub fn real_faces_to_train_on(&self, held_out: usize) -> Result<(Vec<usize>, Vec<usize>)> {
        let (train, mut others) = (self.real_faces(true), self.real_faces(false));
        ensure!(!train.is_empty(), "{} has no real faces to train on", self.folder.display());
        others.truncate(held_out);
        Ok((train, others))
    }
}

fn cut_unfinished_line(index: &Path) -> Result<()> {
    let cut = || -> Result<()> {
        let bytes = std::fs::read(index)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            OpenOptions::new().write(true).open(index)?.set_len(whole as u64)?;
        }
        Ok(())
    };
    cut().with_context(|| format!("cannot cut an unfinished line off {}", index.display()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::scratch::Scratch;

    fn entry(key: &str, label: &str, split: &str, simulated: Option<&str>) -> FaceEntry {
        FaceEntry::for_test(key, serde_json::json!({ "label": label, "split": split }), simulated)
    }

    #[test]
    fn an_append_that_broke_off_is_made_again() {
        let scratch = Scratch::new("face-store");
        let mut store = FaceStore::open_or_create(scratch.path()).expect("it starts");
        store.append(entry("first", "live", "train", None)).expect("it is written");
        let whole = std::fs::read(store.index_path()).expect("an index");
        store.append(entry("second", "live", "train", None)).expect("it is written");
        let bytes = std::fs::read(store.index_path()).expect("an index");
        for length in [whole.len() + 1, bytes.len() - 1] {
            std::fs::write(store.index_path(), &bytes[..length]).expect("it is cut");
            let mut again = FaceStore::open_or_create(scratch.path()).expect("it opens");
            assert_eq!(again.entries.len(), 1);
            again.append(entry("second", "live", "train", None)).expect("it is written");
            assert_eq!(std::fs::read(store.index_path()).expect("an index"), bytes);
        }
    }

    #[test]
    fn what_is_left_out_is_neither_trained_on_nor_held_out() {
        let scratch = Scratch::new("left-out");
        let mut store = FaceStore::open_or_create(scratch.path()).expect("it starts");
        for (key, split) in [("phone-a-1", "train"), ("phone-a-2", "dev"), ("phone-b-1", "train")] {
            store.append(entry(key, "live", split, None)).expect("it is written");
        }
        let store = store.without(&["phone-a".to_owned()]).expect("there are some");
        assert_eq!(store.training_faces(), [2]);
        assert!(store.entries[..2].iter().all(|entry| entry.metadata.is_for_test()));
        let error = store.without(&["phone-c".to_owned()]).err().expect("there is none");
        assert!(error.to_string().contains("phone-c"), "{error}");
    }

    #[test]
    fn attacks_are_no_real_faces() {
        let scratch = Scratch::new("real-faces");
        let mut store = FaceStore::open_or_create(scratch.path()).expect("it starts");
        for (label, split, simulated) in [
            ("live", "dev", None),
            ("print", "train", None),
            ("live", "train", Some("print-flat")),
            ("live", "train", Some("recaptured")),
        ] {
            store.append(entry("key", label, split, simulated)).expect("it is written");
        }
        let error = store.real_faces_to_train_on(1).expect_err("attacks alone");
        assert!(error.to_string().contains("no real faces"), "{error}");
        for split in ["train", "dev"] {
            store.append(entry("key", "live", split, None)).expect("it is written");
        }
        assert_eq!(store.real_faces_to_train_on(1).expect("one"), (vec![4], vec![0]));
    }
}

//! Planes of a face store: files of equally long records.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use image::RgbImage;

/// A file of equally long records.
pub struct Plane {
    file: File,
    path: PathBuf,
    record_bytes: usize,
}

impl Plane {
    /// Opens a file of `record_bytes` a record, or starts an empty one.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub(super) fn open(path: PathBuf, record_bytes: usize) -> Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { file, path, record_bytes })
    }

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
    /// Records as images of `side` by `side` pixels.
    pub(super) fn new(plane: Plane, side: u32) -> Self {
        Self { plane, side }
    }

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

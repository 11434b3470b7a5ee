//! Writes a shard: under another name until it is whole, with its digest taken on the way.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::item::Outcome;
use super::manifest::{Class, ShardReport};

/// A shard in the making.
pub struct ShardWriter {
    out: PathBuf,
    partial: PathBuf,
    archive: tar::Builder<BufWriter<HashedFile>>,
    report: ShardReport,
    counts: BTreeMap<Class, usize>,
}

impl ShardWriter {
    /// Begins a shard, anew where one was left half made.
    ///
    /// # Errors
    /// A file that cannot be made.
    pub fn create(out: &Path, name: &str) -> Result<ShardWriter> {
        let partial = out.join(format!("{name}.tar.partial"));
        let file = File::create(&partial)
            .with_context(|| format!("cannot write {}", partial.display()))?;
        let file = HashedFile { file, hash: Sha256::new(), bytes: 0 };
        Ok(ShardWriter {
            out: out.to_owned(),
            partial,
            archive: tar::Builder::new(BufWriter::new(file)),
            report: ShardReport::begun(name),
            counts: BTreeMap::new(),
        })
    }

    /// Adds what became of an item.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn append(&mut self, outcome: Outcome) -> Result<()> {
        self.report.rejected.extend(outcome.rejected);
        for (key, picture) in outcome.pictures {
            let json = serde_json::to_vec(&picture.metadata)?;
            self.add(&format!("{key}.jpg"), &picture.jpeg)
                .and_then(|()| self.add(&format!("{key}.json"), &json))
                .with_context(|| format!("cannot write {}", self.partial.display()))?;
            *self.counts.entry(Class::of(&picture.metadata.photo)).or_default() += 1;
            self.report.photos += 1;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        self.archive.append_data(&mut header, name, bytes)
    }

    /// Gives the shard its name and writes its report. A shard without photos leaves only the report.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(mut self) -> Result<ShardReport> {
        let close = |archive: tar::Builder<BufWriter<HashedFile>>| -> std::io::Result<HashedFile> {
            let file = archive.into_inner()?.into_inner().map_err(|error| error.into_error())?;
            file.file.sync_all()?;
            Ok(file)
        };
        let file = close(self.archive)
            .with_context(|| format!("cannot write {}", self.partial.display()))?;
        self.report.bytes = file.bytes;
        self.report.sha256 = format!("{:x}", file.hash.finalize());
        self.report.counts = self.counts.into_iter().collect();
        if self.report.photos == 0 {
            std::fs::remove_file(&self.partial)
        } else {
            std::fs::rename(&self.partial, self.out.join(self.report.file_name()))
        }
        .with_context(|| format!("cannot finish {}", self.partial.display()))?;
        self.report.write(&self.out)?;
        Ok(self.report)
    }
}

/// A file, and the digest of what went into it.
struct HashedFile {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

//! Faces to train on: a prepared folder, or shards that are prepared into the run's folder first.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use super::align;
use crate::data::face_store::FaceStore;

/// Where the faces come from.
#[derive(Debug, Clone, Args, Serialize)]
#[group(required = true, multiple = false)]
pub struct FaceSource {
    /// Folder of prepared faces (`despoof align`).
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    faces: Option<PathBuf>,
    /// WebDataset shards; their faces are aligned once, into the run's folder `faces`.
    #[arg(long, num_args = 1..)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    data: Vec<PathBuf>,
}

impl FaceSource {
    /// The folder of prepared faces, made from the shards where they were given; with crops on the
    /// identity teacher's template where `teacher` asks for them.
    ///
    /// # Errors
    /// Shards that cannot be read, a folder that cannot be written.
    pub fn folder(&self, run: &Path, teacher: bool) -> Result<PathBuf> {
        if let Some(folder) = &self.faces {
            return Ok(folder.clone());
        }
        let out = run.join("faces");
        align::run(&align::AlignOptions { data: self.data.clone(), out: out.clone(), teacher })
            .with_context(|| format!("preparing faces in {}", out.display()))?;
        Ok(out)
    }

    /// The same, opened.
    ///
    /// # Errors
    /// As [`FaceSource::folder`].
    pub fn open(&self, run: &Path, teacher: bool) -> Result<FaceStore> {
        FaceStore::open(&self.folder(run, teacher)?)
    }

    /// Whether the faces come from shards.
    pub fn is_shards(&self) -> bool {
        self.faces.is_none()
    }
}

//! Domains of a protocol, and where their faces are.

use std::path::PathBuf;

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Domain {
    /// Its name in tables.
    pub name: String,
    /// WebDataset shards of its photos.
    pub shards: Vec<PathBuf>,
    /// Folders of its prepared faces.
    pub faces: Vec<PathBuf>,
}

//! Folders that tests write into.

use std::path::{Path, PathBuf};

/// A folder of its own that goes with the value.
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder; `name` tells tests apart.
    pub fn new(name: &str) -> Scratch {
        let folder = std::env::temp_dir().join(format!("despoof-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("the temporary folder can be written");
        Scratch(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

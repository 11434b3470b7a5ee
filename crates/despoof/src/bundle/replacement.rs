//! Files of a folder that are replaced together: a write that fails leaves what was there before.

use std::path::{Path, PathBuf};

use super::BundleError;

/// Files written under temporary names; dropped before [`Self::finish`], they are gone.
pub(super) struct Replacement<'a> {
    folder: &'a Path,
    names: Vec<String>,
}

impl<'a> Replacement<'a> {
    /// Of files in `folder`, which is made if missing.
    pub fn new(folder: &'a Path) -> Result<Self, BundleError> {
        std::fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
        Ok(Self { folder, names: Vec::new() })
    }

    /// Writes the file that is to be called `name`.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), BundleError> {
        let path = self.unfinished(name);
        self.names.push(name.to_owned());
        std::fs::write(&path, bytes).map_err(|error| file_error(&path, &error))
    }

    /// Gives the files their names, in the order in which they were written.
    pub fn finish(mut self) -> Result<(), BundleError> {
        for name in &self.names {
            let path = self.folder.join(name);
            std::fs::rename(self.unfinished(name), &path)
                .map_err(|error| file_error(&path, &error))?;
        }
        self.names.clear();
        Ok(())
    }

    fn unfinished(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.unfinished"))
    }
}

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            // The error that is returned says more than a second one would.
            let _ = std::fs::remove_file(self.unfinished(name));
        }
    }
}

/// What the system says of a file.
pub(super) fn file_error(path: &Path, error: &std::io::Error) -> BundleError {
    BundleError::File { path: path.display().to_string(), message: error.to_string() }
}

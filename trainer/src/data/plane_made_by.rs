//! Which weights made a plane of a store, kept in a file beside it: faces of other weights would go
//! unnoticed among those that are there.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::face_store::FaceStore;
use super::whole_file::write_whole;

/// What makes a plane, to be compared with what made it before.
pub struct PlaneMadeBy {
    plane: PathBuf,
    file: PathBuf,
    text: String,
}

impl PlaneMadeBy {
    /// A plane of a store, and everything that distinguishes its records from others of the same faces.
    ///
    /// # Errors
    /// Weights that cannot be written as JSON.
    pub fn new(store: &FaceStore, plane: &str, weights: &impl Serialize) -> Result<Self> {
        let plane = store.folder().join(plane);
        let file = plane.with_extension("made-by.json");
        Ok(Self { plane, file, text: serde_json::to_string_pretty(weights)? + "\n" })
    }

    /// Notes what makes a plane that is not begun, or of which nothing was noted; any other must have been
    /// made by the same.
    ///
    /// # Errors
    /// As [`Self::check`], and a file that cannot be written.
    pub fn start_or_check(&self, begun: bool) -> Result<()> {
        if begun {
            self.check()?;
        }
        write_whole(&self.file, self.text.as_bytes())
    }

    /// Checks what made a plane that is begun; of planes of before it was noted nobody knows.
    ///
    /// # Errors
    /// Other weights, or a file that cannot be read.
    pub fn check(&self) -> Result<()> {
        let (plane, file) = (self.plane.display(), self.file.display());
        match fs::read_to_string(&self.file) {
            Ok(noted) => ensure!(
                noted == self.text,
                "{plane} was made by other weights, see {file}: give the runs that made it, or delete \
                 {plane} (and its parts {plane}.part-*) to make it anew"
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("note: nothing says which weights made {plane}; taken to be those given");
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {file}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::data::face_store::{GENERATED, LATENTS};
    use crate::data::scratch::Scratch;

    #[test]
    fn a_plane_is_continued_by_what_began_it_alone() {
        let scratch = Scratch::new("plane-made-by");
        let store = FaceStore::open_or_create(scratch.path()).expect("it starts");
        let of = |plane: &str, step: usize| {
            PlaneMadeBy::new(&store, plane, &json!({ "dfg": step })).expect("plain data")
        };
        // Of before it was noted.
        of(GENERATED, 1).start_or_check(true).expect("nobody knows");
        of(GENERATED, 1).start_or_check(false).expect("it is noted");
        of(GENERATED, 1).start_or_check(true).expect("the same");
        let error = of(GENERATED, 2).start_or_check(true).expect_err("another");
        let error = error.to_string();
        assert!(error.contains("generated.u8") && error.contains("delete"), "{error}");
        of(LATENTS, 2).start_or_check(false).expect("a file of its own");
        of(GENERATED, 1).check().expect("the same as before");
        // The plane was deleted.
        of(GENERATED, 2).start_or_check(false).expect("it is noted");
        of(GENERATED, 1).check().expect_err("another");
        let mut files: Vec<_> = fs::read_dir(scratch.path())
            .expect("a folder")
            .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
            .collect();
        files.sort();
        assert_eq!(files, ["generated.made-by.json", "latents.made-by.json"]);
    }
}

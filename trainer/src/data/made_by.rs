//! Which line of a command added which faces to a store, kept beside them: a line that is run again adds
//! what is missing, and another line may add faces of the same keys.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::face_store::{FaceEntry, FaceStore};
use super::whole_file::write_whole;

/// The file; stores of before it was written have none.
const FILE: &str = "made-by.jsonl";

/// A line that was started.
#[derive(Serialize, Deserialize)]
struct Start {
    /// Everything that distinguishes the line.
    line: Value,
    /// Faces that were there before.
    first: usize,
}

/// What a line has added to a store.
#[derive(Default)]
pub struct MadeBy {
    keys: HashSet<String>,
    /// Photos of which everything is there.
    photos: HashSet<String>,
}

impl MadeBy {
    /// What `line` has added before; notes that what is added from now on is the line's, too. All that a
    /// line adds of a photo has to come at once.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn started(line: &Value, store: &FaceStore) -> Result<Self> {
        let path = store.folder().join(FILE);
        let mut starts = read(&path)?;
        if starts.is_empty() && !store.entries.is_empty() {
            eprintln!(
                "note: nothing says which line added the {} faces that are there; if it was this one, it adds \
                 them again",
                store.entries.len()
            );
        }
        let mut made = Self::default();
        let ends = starts.iter().skip(1).map(|next| next.first).chain([store.entries.len()]);
        for (start, end) in starts.iter().zip(ends).filter(|(start, _)| start.line == *line) {
            made.add(store.entries.get(start.first..end).unwrap_or_default());
        }
        if starts.last().is_none_or(|last| last.line != *line) {
            starts.push(Start { line: line.clone(), first: store.entries.len() });
            write(&path, &starts)?;
        }
        Ok(made)
    }

    /// Whether all that the line makes of a photo is there.
    pub fn has_photo(&self, key: &str) -> bool {
        self.photos.contains(key)
    }

    /// Whether the line has added this face.
    pub fn has(&self, face: &FaceEntry) -> bool {
        self.keys.contains(&face.key)
    }

    fn add(&mut self, faces: &[FaceEntry]) {
        self.keys.extend(faces.iter().map(|face| face.key.clone()));
        // The line may have been interrupted within the last photo.
        let Some(last) = faces.last().map(FaceEntry::photo) else { return };
        let whole = faces.iter().map(FaceEntry::photo).filter(|photo| *photo != last);
        self.photos.extend(whole.map(str::to_owned));
    }
}

fn read(path: &Path) -> Result<Vec<Start>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let start = |line| serde_json::from_str(line);
    let starts: Result<_, _> = text.lines().map(start).collect();
    starts.with_context(|| format!("{} has a broken line", path.display()))
}

fn write(path: &Path, starts: &[Start]) -> Result<()> {
    let lines = starts.iter().map(|start| Ok(serde_json::to_string(start)? + "\n"));
    let text: Vec<String> = lines.collect::<Result<_>>()?;
    write_whole(path, text.concat().as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::data::scratch::Scratch;

    fn face(photo: &str, simulated: Option<&str>) -> FaceEntry {
        let suffix = simulated.map(|species| format!("#{species}")).unwrap_or_default();
        FaceEntry::for_test(&format!("{photo}{suffix}"), json!({ "label": "live" }), simulated)
    }

    #[test]
    fn a_line_knows_what_it_has_made_and_nothing_of_what_others_have() {
        let scratch = Scratch::new("made-by");
        let mut store = FaceStore::open_or_create(scratch.path()).expect("it starts");
        // Of before lines were noted.
        store.append(face("a", None)).expect("it is written");
        let [one, other] = [0, 1].map(|seed| json!({ "seed": seed }));
        let made = MadeBy::started(&one, &store).expect("it is noted");
        assert!(!made.has(&face("a", None)));
        for (photo, simulated) in [("a", None), ("a", Some("print-flat")), ("b", None)] {
            store.append(face(photo, simulated)).expect("it is written");
        }
        let made = MadeBy::started(&other, &store).expect("it is noted");
        assert!(!made.has(&face("a", None)) && !made.has_photo("a"));
        store.append(face("c", None)).expect("it is written");
        for _ in 0..2 {
            let made = MadeBy::started(&one, &store).expect("it is noted");
            assert!(made.has_photo("a") && made.has(&face("a", Some("print-flat"))));
            // Interrupted within this one.
            assert!(!made.has_photo("b") && made.has(&face("b", None)));
            assert!(!made.has(&face("b", Some("print-flat"))) && !made.has(&face("c", None)));
            store.append(face("d", None)).expect("it is written");
        }
        assert!(MadeBy::started(&one, &store).expect("it is noted").has(&face("d", None)));
    }
}

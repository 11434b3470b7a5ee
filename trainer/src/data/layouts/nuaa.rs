//! NUAA Photograph Imposter Database (Tan et al. 2010): the raw photos, listed in four files.

use std::path::PathBuf;

use anyhow::Result;

use super::{Description, Layout, Listing, Request};

/// Lists, what they list, and where.
const LISTS: [(&str, &str, &str); 4] = [
    ("client_train_raw.txt", "ClientRaw", "train"),
    ("imposter_train_raw.txt", "ImposterRaw", "train"),
    ("client_test_raw.txt", "ClientRaw", "test"),
    ("imposter_test_raw.txt", "ImposterRaw", "test"),
];

/// 15 persons, prints in front of a webcam. The official lists have persons on both sides.
pub struct Nuaa;

impl Layout for Nuaa {
    fn name(&self) -> &'static str {
        "nuaa"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/raw/ClientRaw/0001/0001_00_00_01_0.jpg   (or ROOT/ClientRaw/…)
  ROOT/raw/ImposterRaw/0001/…
  ROOT/raw/client_train_raw.txt, imposter_train_raw.txt, client_test_raw.txt, imposter_test_raw.txt   (0001\\0001_00_00_01_0.jpg a line)"
    }

    fn persons_overlap(&self) -> bool {
        true
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let inner = request.root.join("raw");
        let root: PathBuf = if inner.is_dir() { inner } else { request.root.to_owned() };
        let mut listing = Listing::default();
        for (list, folder, split) in LISTS {
            let text = std::fs::read_to_string(root.join(list))
                .map_err(|error| request.wrong_root(self, &format!("{list}: {error}")))?;
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                let file = format!("{folder}/{}", line.replace('\\', "/"));
                let person = file.split('/').nth(1).unwrap_or("unknown");
                let description = if folder == "ClientRaw" {
                    Description::live()
                } else {
                    Description::attack("print", "printed-photo")
                };
                let description = description.of(person).within(split);
                listing.add_file(request, self, &root.join(&file), &file, description);
            }
        }
        if listing.items.is_empty() {
            let problem = format!("none of the {} listed photos is there", listing.skipped.len());
            return Err(request.wrong_root(self, &problem));
        }
        Ok(listing)
    }
}

//! How data sets lie on disk: a file for each layout, all behind [`Layout`].
//!
//! A layout only lists what is there and what the set says of it; nothing is decoded.

mod casia_fasd;
mod celeba_spoof;
mod files;
mod folder;
mod hkbu_mars;
mod msu_mfsd;
mod nuaa;
mod oulu_npu;
mod replay_attack;
mod rose_youtu;
mod shards;
mod siw;
mod wffd;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use despoof::photo::PhotoError;
use serde::{Deserialize, Serialize};

use super::metadata::PhotoMetadata;
pub use celeba_spoof::scaled_box;

/// Every layout, in the order of the documentation.
static LAYOUTS: [&dyn Layout; 12] = [
    &folder::Folder,
    &shards::Shards,
    &oulu_npu::OuluNpu,
    &casia_fasd::CasiaFasd,
    &replay_attack::ReplayAttack,
    &msu_mfsd::MsuMfsd,
    &celeba_spoof::CelebaSpoof,
    &hkbu_mars::HkbuMars,
    &wffd::Wffd,
    &rose_youtu::RoseYoutu,
    &siw::Siw,
    &nuaa::Nuaa,
];

/// A way in which photos and videos, their labels, persons and splits lie on disk.
pub trait Layout: Sync {
    /// Name on the command line; also the domain of a set that is one domain.
    fn name(&self) -> &'static str;

    /// The tree it expects, for people.
    fn expected(&self) -> &'static str;

    /// Whether persons are on both sides of the set's official splits.
    fn persons_overlap(&self) -> bool {
        false
    }

    /// Everything the set holds, in no particular order.
    ///
    /// # Errors
    /// A root without this layout; the message shows what is expected. A single file that does not
    /// fit is no error, but [`Listing::skipped`].
    fn read(&self, request: &Request) -> Result<Listing>;
}

/// What to list.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Folder of the set (or a shard).
    pub root: &'a Path,
    /// Name of the domain, instead of the layout's own.
    pub domain: Option<&'a str>,
    /// One of the set's own protocols, where it has several.
    pub protocol: Option<&'a str>,
}

impl Request<'_> {
    /// The error of a layout that has no protocols to choose from.
    fn no_protocol(&self, layout: &dyn Layout) -> Result<()> {
        match self.protocol {
            None => Ok(()),
            Some(name) => bail!("{} has no protocols to choose from ({name})", layout.name()),
        }
    }

    /// What a root is told that holds something else.
    fn wrong_root(&self, layout: &dyn Layout, problem: &str) -> anyhow::Error {
        anyhow!(
            "{} does not hold {}: {problem}. Expected:\n{}",
            self.root.display(),
            layout.name(),
            layout.expected()
        )
    }
}

/// A photo or video of a set.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name in the shards, without extension.
    pub key: String,
    /// Path below the root, for reports.
    pub file: String,
    /// Where its pixels are.
    pub media: Media,
    /// What the set says of it.
    pub metadata: PhotoMetadata,
    /// File with its face box, where the set has boxes in files of their own.
    pub box_file: Option<PathBuf>,
}

/// Where pixels are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// An encoded photo.
    Photo(PathBuf),
    /// A video, of which frames are taken.
    Video(PathBuf),
    /// An encoded photo inside a tar file.
    InShard {
        /// The tar file.
        shard: PathBuf,
        /// Where the photo begins, in bytes.
        offset: u64,
        /// Its bytes.
        length: u64,
    },
}

/// A file that was not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Path below the root.
    pub file: String,
    /// The reason.
    pub reason: String,
}

/// What a set holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// Photos and videos.
    pub items: Vec<Item>,
    /// Files that could not be placed.
    pub skipped: Vec<Skipped>,
}

/// What a layout says of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Description {
    /// `live`, `print`, `replay`, `mask` or `wax`.
    label: String,
    /// The attack more closely.
    attack: Option<String>,
    /// The person within the set.
    subject: Option<String>,
    /// `train`, `dev` or `test`.
    split: Option<String>,
}

impl Description {
    fn live() -> Description {
        Description { label: "live".to_owned(), ..Description::default() }
    }

    fn attack(label: &str, attack: impl Into<String>) -> Description {
        Description {
            label: label.to_owned(),
            attack: Some(attack.into()),
            ..Description::default()
        }
    }

    fn of(mut self, subject: &str) -> Description {
        self.subject = Some(subject.to_owned());
        self
    }

    fn within(mut self, split: &str) -> Description {
        self.split = split_from_name(split).map(str::to_owned);
        self
    }
}

/// The layout of that name.
///
/// # Errors
/// Another name; the message lists all.
pub fn by_name(name: &str) -> Result<&'static dyn Layout> {
    LAYOUTS.into_iter().find(|layout| layout.name() == name).ok_or_else(|| {
        let names: Vec<&str> = LAYOUTS.iter().map(|layout| layout.name()).collect();
        anyhow!("there is no layout `{name}`; there are {}", names.join(", "))
    })
}

/// The project's name of a split, whatever a set calls it.
fn split_from_name(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "train" | "training" => Some("train"),
        "dev" | "devel" | "development" | "val" | "valid" | "validation" => Some("dev"),
        "test" | "testing" | "eval" => Some("test"),
        _ => None,
    }
}

/// Whether the name of a folder means live faces, whatever a set calls them.
fn means_live(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "live" | "real" | "genuine" | "bonafide" | "bona-fide" | "bona_fide"
    )
}

/// The first `limit` items of each domain and label.
pub fn limited(items: Vec<Item>, limit: Option<usize>) -> Vec<Item> {
    let Some(limit) = limit else { return items };
    let mut taken: HashMap<(String, String), usize> = HashMap::new();
    let mut take = |PhotoMetadata { domain, label, .. }: &PhotoMetadata| {
        let count = taken.entry((domain.clone(), label.clone())).or_default();
        *count += 1;
        *count <= limit
    };
    items.into_iter().filter(|item| take(&item.metadata)).collect()
}

/// Reads an item's photo.
///
/// # Errors
/// A file that cannot be read, as far as it is one.
pub fn photo_bytes(media: &Media) -> std::io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    match media {
        Media::Photo(path) | Media::Video(path) => std::fs::read(path),
        Media::InShard { shard, offset, length } => {
            let mut bytes = vec![0; *length as usize];
            std::fs::File::open(shard)?.read_exact_at(&mut bytes, *offset)?;
            Ok(bytes)
        }
    }
}

/// Reason for a file that is empty, as the decoder words it.
fn empty_file() -> String {
    PhotoError::Empty.to_string()
}

#[cfg(test)]
mod tests;

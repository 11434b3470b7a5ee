//! Walking a tree of files and describing each by its path.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Description, Item, Layout, Listing, Media, Request, Skipped, empty_file};
use crate::data::metadata::PhotoMetadata;

const PHOTO_EXTENSIONS: [&str; 6] = ["jpg", "jpeg", "png", "webp", "gif", "bmp"];
const VIDEO_EXTENSIONS: [&str; 9] =
    ["avi", "mov", "mp4", "m4v", "mkv", "webm", "wmv", "mpg", "mpeg"];

/// What a layout makes of a file.
pub enum Place {
    /// It belongs to the set.
    Item(Description),
    /// It belongs to the set, but not to what was asked for.
    LeftOut,
    /// No file of this layout is called so.
    Unknown,
}

impl From<Option<Description>> for Place {
    fn from(description: Option<Description>) -> Place {
        description.map_or(Place::Unknown, Place::Item)
    }
}

/// A file below a root.
struct Found {
    path: PathBuf,
    /// Path below the root with `/` between the parts.
    relative: String,
}

/// Lists the photos and videos below a root, as `describe` places their relative paths.
///
/// # Errors
/// A root that is no folder, or in which nothing has this layout.
pub fn described_files(
    request: &Request,
    layout: &dyn Layout,
    mut describe: impl FnMut(&str) -> Place,
) -> Result<Listing> {
    let mut listing = Listing::default();
    let mut left_out = 0;
    for file in files_below(request, layout, &mut listing.skipped)? {
        if media_from_path(&file.path).is_none() {
            continue;
        }
        match describe(&file.relative) {
            Place::Item(description) => {
                listing.add_file(request, layout, &file.path, &file.relative, description);
            }
            Place::LeftOut => left_out += 1,
            Place::Unknown => listing.skip(&file.relative, "no file of this layout is called so"),
        }
    }
    if listing.items.is_empty() {
        let problem = match listing.skipped.len() + left_out {
            0 => "there is no photo and no video in it".to_owned(),
            _ if left_out > 0 => "none of its photos and videos is in the protocol".to_owned(),
            files => {
                format!("none of its {files} photos and videos is named as this layout names them")
            }
        };
        return Err(request.wrong_root(layout, &problem));
    }
    Ok(listing)
}

impl Listing {
    /// Adds a file that the layout described.
    pub(super) fn add_file(
        &mut self,
        request: &Request,
        layout: &dyn Layout,
        path: &Path,
        relative: &str,
        description: Description,
    ) {
        let media = match (media_from_path(path), path.metadata()) {
            (_, Err(error)) => return self.skip(relative, &error.to_string()),
            (_, Ok(file)) if file.len() == 0 => return self.skip(relative, &empty_file()),
            (Some(media), Ok(_)) => media,
            (None, Ok(_)) => return self.skip(relative, "neither a photo nor a video"),
        };
        let domain = request.domain.unwrap_or(layout.name());
        let stem = relative.rsplit_once('.').map_or(relative, |(stem, _)| stem);
        let key = format!("{domain}-{}", key_from_text(stem));
        let subject = description.subject.map(|subject| format!("{domain}-{subject}"));
        self.items.push(Item {
            metadata: PhotoMetadata {
                label: description.label,
                domain: domain.to_owned(),
                subject,
                video: matches!(media, Media::Video(_)).then(|| key.clone()),
                recording: None,
                face: None,
                split: description.split,
                attack: description.attack,
                group: BTreeMap::new(),
            },
            key,
            file: relative.to_owned(),
            media,
            box_file: None,
        });
    }

    pub(super) fn skip(&mut self, file: &str, reason: &str) {
        self.skipped.push(Skipped { file: file.to_owned(), reason: reason.to_owned() });
    }
}

/// A photo or a video, by the extension.
fn media_from_path(path: &Path) -> Option<Media> {
    let extension = path.extension()?.to_string_lossy().to_ascii_lowercase();
    if PHOTO_EXTENSIONS.contains(&extension.as_str()) {
        Some(Media::Photo(path.to_owned()))
    } else {
        VIDEO_EXTENSIONS.contains(&extension.as_str()).then(|| Media::Video(path.to_owned()))
    }
}

/// WebDataset takes everything behind a key's first dot for the extension, and no folders here.
fn key_from_text(text: &str) -> String {
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '-';
    text.chars().map(|character| if allowed(character) { character } else { '_' }).collect()
}

/// All files below the root, links followed once; folders that cannot be read are skipped.
fn files_below(
    request: &Request,
    layout: &dyn Layout,
    skipped: &mut Vec<Skipped>,
) -> Result<Vec<Found>> {
    let root = request.root;
    if !root.is_dir() {
        return Err(request.wrong_root(layout, "it is no folder"));
    }
    let (mut files, mut seen, mut folders) = (Vec::new(), HashSet::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = match folder.canonicalize().and_then(|real| {
            if seen.insert(real) { std::fs::read_dir(&folder).map(Some) } else { Ok(None) }
        }) {
            Ok(Some(entries)) => entries,
            Ok(None) => continue,
            Err(error) => {
                let file = relative_name(root, &folder);
                skipped.push(Skipped { file, reason: error.to_string() });
                continue;
            }
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(Found { relative: relative_name(root, &path), path });
            }
        }
    }
    Ok(files)
}

fn relative_name(root: &Path, path: &Path) -> String {
    let parts = path.strip_prefix(root).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

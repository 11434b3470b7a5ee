//! WebDataset tars: `KEY.jpg` beside `KEY.json` (see `docs/data.md` for the fields).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{Item, Layout, Listing, Media, Request};
use crate::data::metadata::PhotoMetadata;

/// A tar file, or a folder of them.
pub struct Shards;

impl Layout for Shards {
    fn name(&self) -> &'static str {
        "shards"
    }

    fn expected(&self) -> &'static str {
        "  ROOT.tar, or ROOT/*.tar, with KEY.jpg beside KEY.json = \
         {\"domain\": …, \"label\": \"live\" or the attack, \"subject\": …, \"face\": [x0, y0, x1, y1]}"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let mut listing = Listing::default();
        for shard in tars(request.root) {
            if let Err(error) = read_shard(&shard, request, &mut listing) {
                listing.skip(&shard.display().to_string(), &format!("cut off or no tar: {error}"));
            }
        }
        if listing.items.is_empty() {
            let problem = listing.skipped.first().map_or_else(
                || "there is no tar file".to_owned(),
                |first| format!("no photo in it can be used ({}: {})", first.file, first.reason),
            );
            return Err(request.wrong_root(self, &problem));
        }
        Ok(listing)
    }
}

fn tars(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else { return vec![root.to_owned()] };
    let is_tar = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tar");
    entries.flatten().map(|entry| entry.path()).filter(is_tar).collect()
}

/// One file of a pair that waits for the other.
enum Half {
    Photo { offset: u64, length: u64 },
    Metadata(Box<Result<PhotoMetadata, serde_json::Error>>),
}

/// Lists the photos before the end, or before the place where the file is damaged.
fn read_shard(shard: &Path, request: &Request, listing: &mut Listing) -> std::io::Result<()> {
    let length = shard.metadata()?.len();
    let mut archive = tar::Archive::new(BufReader::new(File::open(shard)?));
    let mut waiting: HashMap<String, Half> = HashMap::new();
    // Seeking over the photos instead of reading them keeps a listing of many gigabytes quick.
    for entry in archive.entries_with_seek()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) else { continue };
        let key = stem.to_string_lossy().into_owned();
        let half = if extension == "json" {
            let mut text = Vec::new();
            entry.read_to_end(&mut text)?;
            Half::Metadata(Box::new(serde_json::from_slice(&text)))
        } else {
            let (offset, size) = (entry.raw_file_position(), entry.size());
            if offset + size > length {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            Half::Photo { offset, length: size }
        };
        match (waiting.remove(&key), half) {
            (Some(Half::Photo { offset, length }), Half::Metadata(metadata))
            | (Some(Half::Metadata(metadata)), Half::Photo { offset, length }) => {
                let media = Media::InShard { shard: shard.to_owned(), offset, length };
                add(listing, request, key, media, *metadata);
            }
            (_, half) => {
                waiting.insert(key, half);
            }
        }
    }
    for (key, half) in waiting {
        let missing = if matches!(half, Half::Photo { .. }) { "json" } else { "jpg" };
        listing
            .skip(&format!("{}:{key}", shard.display()), &format!("there is no {key}.{missing}"));
    }
    Ok(())
}

fn add(
    listing: &mut Listing,
    request: &Request,
    key: String,
    media: Media,
    metadata: Result<PhotoMetadata, serde_json::Error>,
) {
    let Media::InShard { shard, .. } = &media else { return };
    let file = format!("{}:{key}", shard.display());
    match metadata {
        Ok(mut metadata) => {
            if let Some(domain) = request.domain {
                metadata.domain = domain.to_owned();
            }
            listing.items.push(Item { key, file, media, metadata, box_file: None });
        }
        Err(error) => {
            listing.skip(&file, &format!("{key}.json is not the metadata of a photo: {error}"));
        }
    }
}

//! Reads WebDataset shards: tar files with `KEY.jpg` beside `KEY.json`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result};

use super::metadata::PhotoMetadata;

/// A photo as it lies in a shard.
pub struct ShardPhoto {
    /// Name without extension.
    pub key: String,
    /// The encoded image.
    pub bytes: Vec<u8>,
    /// The JSON beside it.
    pub metadata: PhotoMetadata,
}

/// Calls `visit` with every photo of a shard, in order; one photo is held at a time.
///
/// # Errors
/// A shard that cannot be read, JSON that is not [`PhotoMetadata`], or an error of `visit`.
pub fn for_each_photo(shard: &Path, mut visit: impl FnMut(ShardPhoto) -> Result<()>) -> Result<()> {
    let file =
        File::open(shard).with_context(|| format!("cannot open shard {}", shard.display()))?;
    let mut archive = tar::Archive::new(BufReader::new(file));
    let mut waiting: HashMap<String, Vec<u8>> = HashMap::new();
    for entry in archive.entries()? {
        let mut entry =
            entry.with_context(|| format!("{} is cut off or no tar file", shard.display()))?;
        let path = entry.path()?.into_owned();
        let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) else { continue };
        let key = stem.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .with_context(|| format!("{}: {key} is cut off", shard.display()))?;
        let Some(other) = waiting.remove(&key) else {
            waiting.insert(key, bytes);
            continue;
        };
        let (json, image) = if extension == "json" { (bytes, other) } else { (other, bytes) };
        let metadata = serde_json::from_slice(&json).with_context(|| {
            format!("{}: {key}.json is not the metadata of a photo", shard.display())
        })?;
        visit(ShardPhoto { key, bytes: image, metadata })?;
    }
    Ok(())
}

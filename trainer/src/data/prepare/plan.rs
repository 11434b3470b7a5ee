//! Which photo goes into which shard; decided before anything is decoded, the same every time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};

use super::checks;
use super::settings::{Settings, Splits};
use crate::data::layouts::{Item, Listing, Media, Skipped, limited};
use crate::data::metadata::{assign_split, mixed_order};

/// Shards to make.
#[derive(Debug)]
pub struct Plan {
    /// The shards, each of one domain and split.
    pub shards: Vec<PlannedShard>,
    /// What looks wrong with the set.
    pub warnings: Vec<String>,
    /// Files that the layout could not place.
    pub skipped: Vec<Skipped>,
    /// SHA-256 over settings and items.
    pub digest: String,
}

/// A shard to make.
#[derive(Debug)]
pub struct PlannedShard {
    /// Its name without extension.
    pub name: String,
    /// What goes into it.
    pub items: Vec<Item>,
}

impl Plan {
    /// Plans the shards of what was listed.
    ///
    /// # Errors
    /// Persons on both sides of given splits, unless they are allowed.
    pub fn new(listing: Listing, settings: &Settings) -> Result<Plan> {
        let mut items = with_unique_keys(listing.items);
        assign_splits(&mut items, settings.splits);
        let overlap = checks::overlapping_persons(&items);
        ensure!(
            overlap.is_empty() || settings.allow_overlap,
            "{}. Split anew with --splits by-subject, or take them with --allow-overlap",
            overlap.join("; ")
        );
        // By hash: live and attacks, persons and cameras are mixed within every shard.
        items.sort_by_cached_key(|item| (mixed_order(&item.key), item.key.clone()));
        let items = limited(items, settings.limit);
        let warnings = overlap.into_iter().chain(checks::warnings(&items)).collect();
        let digest = digest(&items, settings)?;
        let shards = shards(items, settings);
        Ok(Plan { shards, warnings, skipped: listing.skipped, digest })
    }

    /// Photos and videos to prepare.
    pub fn items(&self) -> usize {
        self.shards.iter().map(|shard| shard.items.len()).sum()
    }

    /// Videos among them.
    pub fn videos(&self) -> usize {
        let is_video = |item: &&Item| matches!(item.media, Media::Video(_));
        self.shards.iter().flat_map(|shard| &shard.items).filter(is_video).count()
    }
}

fn with_unique_keys(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_by(|a, b| (&a.key, &a.file).cmp(&(&b.key, &b.file)));
    let mut times: HashMap<String, usize> = HashMap::new();
    for item in &mut items {
        let count = times.entry(item.key.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let key = format!("{}-{count}", item.key);
            // A video's name is its key.
            if item.metadata.video.as_ref() == Some(&item.key) {
                item.metadata.video = Some(key.clone());
            }
            item.key = key;
        }
    }
    items
}

fn assign_splits(items: &mut [Item], splits: Splits) {
    let with_dev: BTreeSet<String> = items
        .iter()
        .filter(|item| item.metadata.split.as_deref() == Some("dev"))
        .map(|item| item.metadata.domain.clone())
        .collect();
    for item in items {
        let given = item.metadata.split.as_deref();
        let anew = match splits {
            Splits::Given => false,
            Splits::DevFromTrain => {
                given == Some("train") && !with_dev.contains(&item.metadata.domain)
            }
            Splits::BySubject => true,
        };
        if anew {
            item.metadata.split = None;
        }
        // Frames of one recording stay together where the person is not known.
        let recording = item.metadata.video.clone().unwrap_or_else(|| item.key.clone());
        assign_split(&mut item.metadata, &recording);
    }
}

fn shards(items: Vec<Item>, settings: &Settings) -> Vec<PlannedShard> {
    let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in items {
        let split = item.metadata.split.as_deref().unwrap_or("train");
        let group = format!("{}-{split}", file_name_from_text(&item.metadata.domain));
        groups.entry(group).or_default().push(item);
    }
    let mut shards = Vec::new();
    for (group, items) in groups {
        let mut room = 0;
        let mut number = 0;
        for item in items {
            if room == 0 {
                shards.push(PlannedShard { name: format!("{group}-{number:04}"), items: vec![] });
                room = settings.shard_photos.max(1);
                number += 1;
            }
            let photos = if matches!(item.media, Media::Video(_)) { settings.frames } else { 1 };
            room = room.saturating_sub(photos as usize);
            if let Some(shard) = shards.last_mut() {
                shard.items.push(item);
            }
        }
    }
    shards
}

fn file_name_from_text(text: &str) -> String {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    text.chars().map(|character| if allowed(character) { character } else { '_' }).collect()
}

fn digest(items: &[Item], settings: &Settings) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(settings)?);
    for item in items {
        hash.update(item.key.as_bytes());
        hash.update(item.file.as_bytes());
        hash.update(serde_json::to_vec(&item.metadata)?);
        let bytes = match &item.media {
            Media::Photo(path) | Media::Video(path) => path.metadata().map_or(0, |file| file.len()),
            Media::InShard { length, .. } => *length,
        };
        hash.update(bytes.to_le_bytes());
    }
    Ok(format!("{:x}", hash.finalize()))
}

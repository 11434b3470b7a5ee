//! What photos of shards look like, class by class: the differences that a network would learn
//! instead of the attack.

mod histogram;
mod jpeg_quality;
mod measures;
mod report;
mod shortcuts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use despoof::photo;
use image::RgbImage;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;

use super::layouts::{self, Item, Request, Skipped, limited, photo_bytes};
use super::metadata::mixed_order;
use measures::{MEASURES, Values, measured, thumbnail};
use shortcuts::Shortcut;

/// Photos in work at a time.
const CHUNK: usize = 64;
/// Faces of a class on the contact sheet.
const FACES_SHOWN: usize = 12;

/// Domain and label.
pub type ClassName = (String, String);

/// What is known of the photos of a class.
#[derive(Debug, Default)]
pub struct Class {
    /// Values of each measure, in the order of [`MEASURES`].
    values: [Vec<f32>; MEASURES.len()],
    photos: usize,
    /// Photos by person, where persons are known.
    subjects: BTreeMap<String, usize>,
    /// Some faces, by the mixed order of their keys: the same ones every time, from all over the set.
    faces: BTreeMap<u64, RgbImage>,
}

/// What is known of shards.
#[derive(Debug, Default)]
pub struct Statistics {
    classes: BTreeMap<ClassName, Class>,
    unreadable: Vec<Skipped>,
}

/// A photo's part in the statistics.
struct Seen {
    order: u64,
    values: Values,
    thumbnail: RgbImage,
}

/// `stats.json`.
#[derive(Serialize)]
struct Summary<'a> {
    classes: Vec<ClassSummary<'a>>,
    shortcuts: Vec<Shortcut>,
    remarks: Vec<String>,
    unreadable: &'a [Skipped],
}

#[derive(Serialize)]
struct ClassSummary<'a> {
    domain: &'a str,
    label: &'a str,
    photos: usize,
    known_subjects: usize,
    medians: BTreeMap<&'static str, f32>,
}

impl Statistics {
    /// Looks at the photos of shards, or at `limit` of each domain and label.
    ///
    /// # Errors
    /// A path that holds no shard. Single photos that cannot be read are counted.
    pub fn of_shards(shards: &[PathBuf], limit: Option<usize>) -> Result<Statistics> {
        let mut statistics = Statistics::default();
        let mut items = Vec::new();
        for root in shards {
            let request = Request { root, domain: None, protocol: None };
            let listing = layouts::by_name("shards")?.read(&request)?;
            items.extend(listing.items);
            statistics.unreadable.extend(listing.skipped);
        }
        items.sort_by_cached_key(|item| mixed_order(&item.key));
        let items = limited(items, limit);
        let progress = ProgressBar::new(items.len() as u64);
        for chunk in items.chunks(CHUNK) {
            let seen: Vec<_> = chunk.par_iter().map(|item| (item, look_at(item))).collect();
            progress.inc(chunk.len() as u64);
            for (item, seen) in seen {
                match seen {
                    Ok(seen) => statistics.add(item, seen),
                    Err(reason) => {
                        statistics.unreadable.push(Skipped { file: item.file.clone(), reason });
                    }
                }
            }
        }
        progress.finish_and_clear();
        ensure!(!statistics.classes.is_empty(), "no photo could be read");
        Ok(statistics)
    }

    fn add(&mut self, item: &Item, seen: Seen) {
        let name = (item.metadata.domain.clone(), item.metadata.label.clone());
        let class = self.classes.entry(name).or_default();
        class.photos += 1;
        if let Some(subject) = item.metadata.known_subject() {
            *class.subjects.entry(subject.to_owned()).or_default() += 1;
        }
        for (values, value) in class.values.iter_mut().zip(seen.values) {
            values.extend(value);
        }
        class.faces.insert(seen.order, seen.thumbnail);
        if class.faces.len() > FACES_SHOWN {
            class.faces.pop_last();
        }
    }

    /// Writes `report.html`, a strip of faces per class and `stats.json`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        std::fs::create_dir_all(out)
            .with_context(|| format!("cannot make the folder {}", out.display()))?;
        for (number, class) in self.classes.values().enumerate() {
            let path = out.join(report::strip_name(number));
            report::face_strip(class)
                .save(&path)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let write = |name: &str, text: String| {
            let path = out.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        write("report.html", report::page(self))?;
        write("stats.json", serde_json::to_string_pretty(&self.summary())?)
    }

    /// What a person should read first, a line each.
    pub fn statements(&self) -> Vec<String> {
        let shortcuts = shortcuts::shortcuts(self).into_iter().map(|shortcut| shortcut.to_string());
        shortcuts.chain(shortcuts::remarks(self)).collect()
    }

    /// Photos by class, and how many cannot be read.
    pub fn counts(&self) -> (impl Iterator<Item = (&ClassName, usize)>, usize) {
        (self.classes.iter().map(|(name, class)| (name, class.photos)), self.unreadable.len())
    }

    fn summary(&self) -> Summary<'_> {
        let classes = self.classes.iter().map(|((domain, label), class)| ClassSummary {
            domain,
            label,
            photos: class.photos,
            known_subjects: class.subjects.len(),
            medians: MEASURES
                .iter()
                .zip(&class.values)
                .filter_map(|(measure, values)| Some((measure.name, median(values)?)))
                .collect(),
        });
        Summary {
            classes: classes.collect(),
            shortcuts: shortcuts::shortcuts(self),
            remarks: shortcuts::remarks(self),
            unreadable: &self.unreadable,
        }
    }
}

fn look_at(item: &Item) -> Result<Seen, String> {
    let bytes = photo_bytes(&item.media).map_err(|error| error.to_string())?;
    let image = photo::decode(&bytes).map_err(|error| error.to_string())?;
    Ok(Seen {
        order: mixed_order(&item.key),
        values: measured(&image, &bytes, item.metadata.face),
        thumbnail: thumbnail(&image, item.metadata.face),
    })
}

/// The middle value; none of none.
fn median(values: &[f32]) -> Option<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests;

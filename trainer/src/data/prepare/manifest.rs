//! `manifest.json`: what was prepared from what, and what was not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::REPORTS;
use super::plan::Plan;
use super::settings::Settings;
use crate::data::layouts::Skipped;
use crate::data::metadata::PhotoMetadata;
use crate::data::whole_file::write_whole;

/// What photos are counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Class {
    domain: String,
    split: String,
    label: String,
    attack: Option<String>,
    subject: String,
}

impl Class {
    /// The class of a photo.
    pub fn of(photo: &PhotoMetadata) -> Class {
        Class {
            domain: photo.domain.clone(),
            split: photo.split.clone().unwrap_or_default(),
            label: photo.label.clone(),
            attack: photo.attack.clone(),
            subject: photo.known_subject().unwrap_or("unknown").to_owned(),
        }
    }
}

/// What a shard holds; written when the shard is finished.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShardReport {
    name: String,
    /// Photos in it.
    pub photos: usize,
    /// Length of the file.
    pub bytes: u64,
    /// Digest of the file.
    pub sha256: String,
    /// Photos by class.
    pub counts: Vec<(Class, usize)>,
    /// What gave no photo.
    pub rejected: Vec<Skipped>,
}

impl ShardReport {
    /// The report of a shard that is empty yet.
    pub fn begun(name: &str) -> ShardReport {
        ShardReport {
            name: name.to_owned(),
            photos: 0,
            bytes: 0,
            sha256: String::new(),
            counts: Vec::new(),
            rejected: Vec::new(),
        }
    }

    /// Name of the shard's file.
    pub fn file_name(&self) -> String {
        format!("{}.tar", self.name)
    }

    /// The report of a shard that is there whole; none where it is still to be made.
    ///
    /// # Errors
    /// A report that is damaged.
    pub fn of_finished(out: &Path, name: &str) -> Result<Option<ShardReport>> {
        let path = report_path(out, name);
        let Ok(text) = std::fs::read(&path) else { return Ok(None) };
        let report: ShardReport = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged; delete it", path.display()))?;
        let length = std::fs::metadata(out.join(report.file_name())).map(|file| file.len()).ok();
        let whole = report.photos == 0 || length == Some(report.bytes);
        Ok(whole.then_some(report))
    }

    /// Writes the report.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        write_whole(&report_path(out, &self.name), &serde_json::to_vec(self)?)
    }
}

fn report_path(out: &Path, name: &str) -> PathBuf {
    out.join(REPORTS).join(format!("{name}.json"))
}

/// A number of photos by name.
type Counts = BTreeMap<String, usize>;

/// The manifest.
#[derive(Debug, Serialize)]
pub struct Manifest {
    made_by: String,
    settings: Settings,
    /// Digest of settings and listed files.
    plan_digest: String,
    /// Photos altogether.
    pub photos: usize,
    /// Domain → label → photos.
    pub domains: BTreeMap<String, Counts>,
    /// Domain → split → label → photos.
    pub splits: BTreeMap<String, BTreeMap<String, Counts>>,
    /// Domain → label/attack → photos.
    pub attacks: BTreeMap<String, Counts>,
    /// Domain → person → label → photos.
    pub subjects: BTreeMap<String, BTreeMap<String, Counts>>,
    /// What looks wrong with the set.
    pub warnings: Vec<String>,
    /// Reason → files.
    pub rejected_by_reason: Counts,
    /// Every file that gave no photo.
    pub rejected: Vec<Skipped>,
    /// The shards.
    pub shards: Vec<ShardEntry>,
}

/// A shard in the manifest.
#[derive(Debug, Serialize)]
pub struct ShardEntry {
    file: String,
    photos: usize,
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// Adds up the reports of all shards.
    pub fn new(plan: &Plan, settings: &Settings, reports: Vec<ShardReport>) -> Manifest {
        let mut manifest = Manifest {
            made_by: format!("despoof {}", env!("CARGO_PKG_VERSION")),
            settings: settings.clone(),
            plan_digest: plan.digest.clone(),
            photos: 0,
            domains: BTreeMap::new(),
            splits: BTreeMap::new(),
            attacks: BTreeMap::new(),
            subjects: BTreeMap::new(),
            warnings: plan.warnings.clone(),
            rejected_by_reason: Counts::new(),
            rejected: plan.skipped.clone(),
            shards: Vec::new(),
        };
        for report in reports {
            manifest.add(report);
        }
        manifest.warn_of_lost_classes(plan);
        for rejected in &manifest.rejected {
            // Details differ from file to file; the first words are the reason.
            let reason = rejected.reason.split(": ").next().unwrap_or_default().to_owned();
            *manifest.rejected_by_reason.entry(reason).or_default() += 1;
        }
        manifest
    }

    /// A class of which every photo was rejected is a set that cannot be trained on.
    fn warn_of_lost_classes(&mut self, plan: &Plan) {
        let planned: BTreeSet<(&str, &str)> = plan
            .shards
            .iter()
            .flat_map(|shard| &shard.items)
            .map(|item| (item.metadata.domain.as_str(), item.metadata.label.as_str()))
            .collect();
        for (domain, label) in planned {
            if !self.domains.get(domain).is_some_and(|labels| labels.contains_key(label)) {
                self.warnings.push(format!("{domain}: nothing of {label} could be used"));
            }
        }
    }

    fn add(&mut self, report: ShardReport) {
        for (class, photos) in &report.counts {
            let Class { domain, split, label, attack, subject } = class.clone();
            let add =
                |counts: &mut Counts, name: String| *counts.entry(name).or_default() += photos;
            add(self.domains.entry(domain.clone()).or_default(), label.clone());
            let splits = self.splits.entry(domain.clone()).or_default();
            add(splits.entry(split).or_default(), label.clone());
            if let Some(attack) = attack {
                let name = format!("{label}/{attack}");
                add(self.attacks.entry(domain.clone()).or_default(), name);
            }
            let subjects = self.subjects.entry(domain).or_default();
            add(subjects.entry(subject).or_default(), label);
        }
        self.photos += report.photos;
        if report.photos > 0 {
            self.shards.push(ShardEntry {
                file: report.file_name(),
                photos: report.photos,
                bytes: report.bytes,
                sha256: report.sha256,
            });
        }
        self.rejected.extend(report.rejected);
    }

    /// Writes `manifest.json`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        write_whole(&out.join("manifest.json"), &serde_json::to_vec_pretty(self)?)
    }
}

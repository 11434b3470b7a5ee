//! Makes shards: lists what a set holds, plans which photo goes into which shard, finds and cuts out
//! the faces, and writes shards and a manifest.
//!
//! A shard is the unit in which an interrupted run goes on: it appears under its name when it is
//! whole, with a report beside it, and is then never made again.

mod checks;
mod face_picture;
mod item;
mod manifest;
mod plan;
mod settings;
mod shard_writer;
mod video;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use despoof::detect::Detector;
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use face_picture::face_side;
pub use manifest::Manifest;
pub use plan::{Plan, PlannedShard};
pub use settings::Settings;
pub use video::Ffmpeg;

use manifest::ShardReport;

use shard_writer::ShardWriter;

use crate::data::whole_file::write_whole;

/// Items in work at a time: bounds memory, for what is ready waits to be written in order.
const CHUNK: usize = 32;
/// Folder of the reports of finished shards, inside the output folder.
const REPORTS: &str = "reports";

/// Everything that a run needs besides its plan.
pub struct Tools {
    /// The browser's detector.
    pub detector: Detector,
    /// Reads videos; none where the plan has none.
    pub ffmpeg: Option<Ffmpeg>,
}

/// What a folder was made from; kept so that a later run cannot mix two preparations.
#[derive(Debug, Serialize, Deserialize)]
struct PlanRecord {
    settings: Settings,
    digest: String,
}

/// Makes every shard that `out` does not have yet, then the manifest.
///
/// # Errors
/// A folder that cannot be written or holds another preparation. What is wrong with a single photo
/// or video is reported in the manifest.
pub fn prepare(out: &Path, plan: &Plan, settings: &Settings, tools: &Tools) -> Result<Manifest> {
    let reports = out.join(REPORTS);
    std::fs::create_dir_all(&reports)
        .with_context(|| format!("cannot make the folder {}", reports.display()))?;
    claim(out, plan, settings)?;
    let progress = ProgressBar::new(plan.items() as u64);
    let mut finished = Vec::new();
    for shard in &plan.shards {
        let report = match ShardReport::of_finished(out, &shard.name)? {
            Some(report) => {
                progress.inc(shard.items.len() as u64);
                report
            }
            None => make_shard(out, shard, settings, tools, &progress)?,
        };
        finished.push(report);
    }
    progress.finish_and_clear();
    let manifest = Manifest::new(plan, settings, finished);
    manifest.write(out)?;
    Ok(manifest)
}

/// How many of the planned shards `out` has already.
///
/// # Errors
/// A report that cannot be read.
pub fn finished_shards(out: &Path, plan: &Plan) -> Result<usize> {
    plan.shards.iter().try_fold(0, |count, shard| {
        Ok(count + usize::from(ShardReport::of_finished(out, &shard.name)?.is_some()))
    })
}

/// Refuses a folder in which other data or other settings were prepared.
fn claim(out: &Path, plan: &Plan, settings: &Settings) -> Result<()> {
    let path = out.join(REPORTS).join("plan.json");
    let record = PlanRecord { settings: settings.clone(), digest: plan.digest.clone() };
    if !path.exists() {
        return write_whole(&path, &serde_json::to_vec_pretty(&record)?);
    }
    let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let before: PlanRecord = serde_json::from_slice(&text)
        .with_context(|| format!("{} is damaged; choose another --out", path.display()))?;
    ensure!(
        before.settings == *settings,
        "{} was begun with other settings ({}); choose another --out",
        out.display(),
        serde_json::to_string(&before.settings)?
    );
    if before.digest != plan.digest {
        bail!("the files have changed since {} was begun; choose another --out", out.display());
    }
    Ok(())
}

fn make_shard(
    out: &Path,
    shard: &PlannedShard,
    settings: &Settings,
    tools: &Tools,
    progress: &ProgressBar,
) -> Result<ShardReport> {
    let mut writer = ShardWriter::create(out, &shard.name)?;
    for chunk in shard.items.chunks(CHUNK) {
        let outcomes: Vec<item::Outcome> = chunk
            .par_iter()
            .map(|item| {
                let outcome = item::prepared(item, settings, tools);
                progress.inc(1);
                outcome
            })
            .collect();
        for outcome in outcomes {
            writer.append(outcome)?;
        }
    }
    writer.finish()
}

#[cfg(test)]
mod tests;

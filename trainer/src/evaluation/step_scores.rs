//! Scores of every checkpoint of a run, kept beside it: development data and every target.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::scored::Scored;
use super::scores_file;

/// File of the development data's scores.
const DEVELOPMENT: &str = "development";

/// Scores of a checkpoint.
pub struct StepScores {
    /// Optimiser steps made.
    pub step: usize,
    /// Of the data that fixes thresholds.
    pub development: Vec<Scored>,
    /// Of each target, in the order in which they were asked for.
    pub targets: Vec<Vec<Scored>>,
}

/// Where the scores of a run are.
pub fn folder(run: &Path) -> PathBuf {
    run.join("scores")
}

/// Whether a step has been scored.
pub fn is_there(run: &Path, step: usize) -> bool {
    folder(run).join(name_from_step(step)).exists()
}

/// Writes the scores of a step, whole or not at all.
///
/// # Errors
/// Files that cannot be written.
pub fn write(run: &Path, scores: &StepScores, targets: &[String]) -> Result<()> {
    let unfinished = folder(run).join("unfinished");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    std::fs::create_dir_all(&unfinished)
        .with_context(|| format!("cannot make {}", unfinished.display()))?;
    let named = targets.iter().map(|name| target_file(name)).zip(&scores.targets);
    let all = std::iter::once((format!("{DEVELOPMENT}.csv"), &scores.development)).chain(named);
    for (file, scored) in all {
        scores_file::write(&unfinished.join(file), scored)?;
    }
    let finished = folder(run).join(name_from_step(scores.step));
    std::fs::rename(&unfinished, &finished)
        .with_context(|| format!("cannot write {}", finished.display()))
}

/// The scores of all steps, in their order.
///
/// # Errors
/// Files that cannot be read.
pub fn read(run: &Path, targets: &[String]) -> Result<Vec<StepScores>> {
    let folder = folder(run);
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut steps: Vec<usize> = entries
        .filter_map(|entry| step_from_name(&entry.ok()?.file_name().to_string_lossy()))
        .collect();
    steps.sort_unstable();
    let of_step = |step: usize| -> Result<StepScores> {
        let folder = folder.join(name_from_step(step));
        let targets = targets.iter().map(|name| read_file(&folder.join(target_file(name))));
        Ok(StepScores {
            step,
            development: read_file(&folder.join(format!("{DEVELOPMENT}.csv")))?,
            targets: targets.collect::<Result<_>>()?,
        })
    };
    steps.into_iter().map(of_step).collect()
}

/// A domain may be called as the development data is.
fn target_file(name: &str) -> String {
    format!("target-{name}.csv")
}

fn name_from_step(step: usize) -> String {
    format!("step-{step:06}")
}

fn step_from_name(name: &str) -> Option<usize> {
    name.strip_prefix("step-")?.parse().ok()
}

/// A file without scores, of a target without faces, is no broken one here.
fn read_file(path: &Path) -> Result<Vec<Scored>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if text.lines().count() < 2 { Ok(Vec::new()) } else { scores_file::read(path) }
}

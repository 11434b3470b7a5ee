//! Checkpoints of a run: written under a temporary name, synced, then renamed; the last two stay.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many checkpoints are kept.
const KEPT: usize = 2;

/// Everything a run needs to go on.
pub struct Checkpoint<M: Module> {
    /// Optimiser steps made.
    pub step: usize,
    /// The network, on a device with autodiff.
    pub network: M,
    /// Moving average of the network, on a device without, where the run keeps one.
    pub average: Option<M>,
    /// The optimiser with its state.
    pub optimizer: ModuleOptimizer,
}

/// Name of the folder with the best weights.
const BEST: &str = "best";

#[derive(Serialize, Deserialize)]
struct StepFile {
    step: usize,
}

/// What distinguishes a run's weights from what it had before or has later.
#[derive(Serialize)]
pub struct Fingerprint {
    step: Option<usize>,
    /// Of the file with the weights, as hexadecimal.
    sha256: String,
}

/// Which of two measurements is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// A loss or an error.
    Smaller,
    /// A share of right answers.
    Larger,
}

/// What the best weights measured.
#[derive(Serialize, Deserialize)]
struct BestFile {
    step: usize,
    value: f64,
}

/// Whether a run has a finished checkpoint.
///
/// # Errors
/// No such folder.
pub fn exists(run: &Path) -> Result<bool> {
    Ok(!checkpoints(run)?.is_empty())
}

/// Step of the run's last finished checkpoint.
///
/// # Errors
/// No such folder, or a checkpoint that cannot be read.
pub fn last_step(run: &Path) -> Result<Option<usize>> {
    let Some(last) = checkpoints(run)?.pop() else { return Ok(None) };
    let path = last.join("step.json");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let file: StepFile =
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))?;
    Ok(Some(file.step))
}

/// Keeps the weights in the run's folder `best` if `value` is better than what is there.
///
/// # Errors
/// A folder that cannot be written, or a file in it that is damaged.
pub fn keep_if_best<M: Module>(
    run: &Path,
    weights: &M,
    step: usize,
    value: f64,
    better: Better,
) -> Result<()> {
    let folder = run.join(BEST);
    if let Ok(text) = std::fs::read_to_string(folder.join("best.json")) {
        let best: BestFile = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged", folder.join("best.json").display()))?;
        // A resumed run measures again what it had measured behind its last checkpoint.
        let is_better = match better {
            Better::Smaller => value < best.value,
            Better::Larger => value > best.value,
        };
        if !is_better {
            return Ok(());
        }
    }
    let temporary = run.join("best-unfinished");
    remove_if_there(&temporary)?;
    std::fs::create_dir_all(&temporary)?;
    weights.clone().save_file(temporary.join("network.bpk"))?;
    let best = serde_json::to_string(&BestFile { step, value })?;
    std::fs::write(temporary.join("best.json"), best)?;
    sync_files(&temporary)?;
    remove_if_there(&folder)?;
    std::fs::rename(&temporary, &folder)?;
    Ok(())
}

/// Writes a checkpoint and removes all but the last two.
///
/// # Errors
/// A full disk: what was there before stays.
pub fn save<M: Module>(run: &Path, checkpoint: &Checkpoint<M>) -> Result<()> {
    let temporary = run.join("checkpoint-unfinished");
    remove_if_there(&temporary)?;
    std::fs::create_dir_all(&temporary)?;
    let write = || -> Result<()> {
        checkpoint.network.clone().save_file(temporary.join("network.bpk"))?;
        checkpoint.optimizer.save(temporary.join("optimizer.bpk"))?;
        if let Some(average) = &checkpoint.average {
            average.clone().save_file(temporary.join("average.bpk"))?;
        }
        let step = StepFile { step: checkpoint.step };
        std::fs::write(temporary.join("step.json"), serde_json::to_string(&step)?)?;
        sync_files(&temporary)
    };
    write().with_context(|| format!("cannot write a checkpoint into {}", run.display()))?;
    let name = run.join(format!("checkpoint-{:08}", checkpoint.step));
    remove_if_there(&name)?;
    std::fs::rename(&temporary, &name)?;
    for old in checkpoints(run)?.iter().rev().skip(KEPT) {
        std::fs::remove_dir_all(old)?;
    }
    Ok(())
}

/// Makes a run of weights that others trained: a checkpoint before the first step, without optimiser.
///
/// # Errors
/// A run that has checkpoints already, or a folder that cannot be written.
pub fn save_imported<M: Module>(run: &Path, network: M) -> Result<()> {
    std::fs::create_dir_all(run).with_context(|| format!("cannot make {}", run.display()))?;
    if !checkpoints(run)?.is_empty() {
        bail!("{} has checkpoints already", run.display());
    }
    let temporary = run.join("checkpoint-unfinished");
    let write = || -> Result<()> {
        remove_if_there(&temporary)?;
        std::fs::create_dir_all(&temporary)?;
        network.save_file(temporary.join("network.bpk"))?;
        std::fs::write(temporary.join("step.json"), serde_json::to_string(&StepFile { step: 0 })?)?;
        sync_files(&temporary)?;
        Ok(std::fs::rename(&temporary, run.join(format!("checkpoint-{:08}", 0)))?)
    };
    write().with_context(|| format!("cannot write a checkpoint into {}", run.display()))
}

/// Reads the last checkpoint of a run into a fresh state, or returns that state.
///
/// # Errors
/// A checkpoint of another network, or one that is damaged: named, together with the one before if
/// that one can be read, so that somebody decides whether the steps in between may be lost.
pub fn resume_or<M: Module>(
    run: &Path,
    fresh: impl Fn() -> Checkpoint<M>,
) -> Result<Checkpoint<M>> {
    let mut found = checkpoints(run)?;
    let Some(last) = found.pop() else { return Ok(fresh()) };
    read(&last, fresh()).with_context(|| {
        let last = last.display();
        match found.iter().rev().find(|folder| read(folder, fresh()).is_ok()) {
            Some(earlier) => format!(
                "{last} is damaged, {} is intact: remove {last} to go on from there",
                earlier.display()
            ),
            None => format!("{last} is damaged or of another network"),
        }
    })
}

fn read<M: Module>(folder: &Path, fresh: Checkpoint<M>) -> Result<Checkpoint<M>> {
    let step: StepFile = serde_json::from_str(&std::fs::read_to_string(folder.join("step.json"))?)?;
    let network = |network: M| network.try_load_file(folder.join("network.bpk"));
    if step.step == 0 {
        // Imported weights: no step was made, so there is neither an optimiser's state nor an average.
        return Ok(Checkpoint {
            step: 0,
            network: network(fresh.network)?,
            average: fresh.average.map(network).transpose()?,
            optimizer: fresh.optimizer,
        });
    }
    let average = fresh
        .average
        .map(|average| average.try_load_file(folder.join("average.bpk")))
        .transpose()?;
    Ok(Checkpoint {
        step: step.step,
        network: network(fresh.network)?,
        average,
        optimizer: fresh.optimizer.load(folder.join("optimizer.bpk"))?,
    })
}

/// Weights of a run's last checkpoint, averaged where the run keeps an average.
///
/// # Errors
/// No checkpoint, or one that is damaged or of another network.
pub fn load_weights<M: Module>(run: &Path, network: M) -> Result<M> {
    let file = weights_file(run)?;
    network
        .try_load_file(&file)
        .with_context(|| format!("{} is damaged or of another network", file.display()))
}

/// Of the weights that [`load_weights`] reads.
///
/// # Errors
/// No checkpoint, or one that cannot be read.
pub fn fingerprint(run: &Path) -> Result<Fingerprint> {
    let file = weights_file(run)?;
    let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Fingerprint { step: last_step(run)?, sha256: format!("{:x}", Sha256::digest(bytes)) })
}

fn weights_file(run: &Path) -> Result<PathBuf> {
    let folder =
        checkpoints(run)?.pop().with_context(|| format!("{} has no checkpoint", run.display()))?;
    let average = folder.join("average.bpk");
    Ok(if average.exists() { average } else { folder.join("network.bpk") })
}

/// The run's finished checkpoints, oldest first.
fn checkpoints(run: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(run)
        .with_context(|| format!("no run folder {}", run.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("step.json").exists())
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy() != "checkpoint-unfinished")
        })
        .collect();
    found.sort();
    Ok(found)
}

fn remove_if_there(folder: &Path) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn sync_files(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        File::open(entry?.path())?.sync_all()?;
    }
    Ok(())
}

//! Whether a run goes on with the settings that it was started with.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use toml::Table;

use super::checkpoint;
use super::options::{has_config, read_config};

/// Settings with which a run can go on: how long and where it trains, how fast it learns, and where its
/// data and other runs are. Whether the weights still fit what the data come to, reading them tells.
const MAY_CHANGE: [&str; 18] = [
    "accumulate",
    "autoencoder",
    "checkpoint_every",
    "data",
    "device",
    "dfg",
    "domains",
    "extra_real",
    "faces",
    "identity",
    "learning_rate",
    "persons",
    "revision",
    "run",
    "start_from",
    "steps",
    "teacher",
    "warm_up",
];

/// Settings that are written down only where they are given: one that is not there has its default.
const WRITTEN_WHEN_GIVEN: [&str; 11] = [
    "contrast",
    "layers",
    "min_snr_gamma",
    "noise_seed",
    "noised_to",
    "prediction",
    "recorded_share",
    "sampler_steps",
    "shrink",
    "streamed_share",
    "width",
];

/// Refuses to go on from a run's checkpoints with settings that are not those in its `config.toml`. Weights
/// that were imported or unpacked, at step 0, were not trained with any.
///
/// # Errors
/// Settings that differ, all of them named; a file that cannot be read.
pub fn ensure_same_settings<S: Serialize>(run: &Path, settings: &S) -> Result<()> {
    let is_trained = checkpoint::last_step(run)?.is_some_and(|step| step > 0);
    if !is_trained || !has_config(run) {
        return Ok(());
    }
    let now = Table::try_from(settings).context("settings that TOML cannot say")?;
    let differences = differences(&read_config(run)?, &now);
    ensure!(
        differences.is_empty(),
        "{} was trained with other settings: {}; go on with the same ones, or train into another folder",
        run.display(),
        differences.join(", ")
    );
    Ok(())
}

/// Settings that are others now. Of those that are always written down, one that a run does not say is
/// younger than the run.
fn differences(before: &Table, now: &Table) -> Vec<String> {
    let differs = |name: &str| !MAY_CHANGE.contains(&name);
    let said = |(name, before): (&String, &toml::Value)| match now.get(name) {
        Some(now) if now == before => None,
        Some(now) => Some(format!("{name} was {before}, is {now}")),
        None => Some(format!("{name} was {before}, is not given")),
    };
    let given = |name: &&str| now.get(*name).filter(|_| !before.contains_key(*name));
    let given = WRITTEN_WHEN_GIVEN
        .iter()
        .filter_map(|name| given(name).map(|now| format!("{name} was not given, is {now}")));
    let changed = before.iter().filter(|(name, _)| differs(name)).filter_map(said);
    changed.chain(given).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: &str, now: &str) -> Vec<String> {
        let table = |text: &str| text.parse::<Table>().expect("it is TOML");
        differences(&table(before), &table(now))
    }

    #[test]
    fn settings_that_make_another_training_are_named() {
        let before = "batch = 16\nema = 0.998\nprediction = \"epsilon\"\nseed = 0";
        assert_eq!(of(before, before), [""; 0]);
        let now = "batch = 8\nema = 0.998\nseed = 1";
        let expected =
            ["batch was 16, is 8", "prediction was \"epsilon\", is not given", "seed was 0, is 1"];
        assert_eq!(of(before, now), expected);
        let now = format!("{before}\nsampler_steps = 1");
        assert_eq!(of(before, &now), ["sampler_steps was not given, is 1"]);
    }

    #[test]
    fn a_run_can_go_on_for_longer_elsewhere_and_by_a_newer_program() {
        let before = "steps = 10\nfaces = \"a\"\ndevice = \"cpu\"\nrevision = \"1a4651d12d09\"";
        let now = "steps = 20\nfaces = \"b\"\ndevice = \"cuda:0\"\nmixed_share = 0.5";
        assert_eq!(of(before, now), [""; 0]);
    }
}

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
const WRITTEN_WHEN_GIVEN: [&str; 15] = [
    "both_networks",
    "companion",
    "contrast",
    "hidden_share",
    "layers",
    "min_snr_gamma",
    "noise_seed",
    "noised_to",
    "prediction",
    "recorded_share",
    "sampler_steps",
    "shrink",
    "streamed_share",
    "unguided_answer",
    "width",
];

/// Settings of a bundle's network that its weights are used to.
const USED_TO: [&str; 4] = ["companion", "contrast", "standardised_cue", "unguided_answer"];

/// Refuses to go on from a run's checkpoints with settings that are not those in its `config.toml`. Of weights
/// that were imported or unpacked, at step 0, it says how they see faces at most.
///
/// # Errors
/// Settings that differ, all of them named; a file that cannot be read.
pub fn ensure_same_settings<S: Serialize>(run: &Path, settings: &S) -> Result<()> {
    let Some(step) = checkpoint::last_step(run)?.filter(|_| has_config(run)) else {
        return Ok(());
    };
    let before: Table = read_config(run)?;
    let now = Table::try_from(settings).context("settings that TOML cannot say")?;
    let differences = match step {
        0 => differences_in_sight(&before, &now),
        _ => differences(&before, &now),
    };
    ensure!(
        differences.is_empty(),
        "{} was trained with other settings: {}; go on with the same ones, or train into another folder",
        run.display(),
        differences.join(", ")
    );
    Ok(())
}

/// Settings of how a network sees faces, and answers, that were said before and are others now.
fn differences_in_sight(before: &Table, now: &Table) -> Vec<String> {
    let in_sight = |table: &Table| {
        let named = USED_TO.into_iter().filter(|name| before.contains_key(*name));
        named.filter_map(|name| Some((name.to_owned(), table.get(name)?.clone()))).collect()
    };
    differences(&in_sight(before), &in_sight(now))
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
    fn a_bundles_weights_go_on_seeing_faces_as_they_did() {
        let unpacked = "layers = 2\ncontrast = 1.8\nunguided_answer = true";
        let now = |text: &str| {
            let table = |text: &str| text.parse::<Table>().expect("it is TOML");
            differences_in_sight(&table(unpacked), &table(text))
        };
        let all = "seed = 1\nsteps = 10\ncontrast = 1.8\nunguided_answer = true";
        assert_eq!(now(all), [""; 0]);
        let expected = ["contrast was 1.8, is not given", "unguided_answer was true, is not given"];
        assert_eq!(now("seed = 1"), expected);
        let more = format!("{all}\nstandardised_cue = true");
        assert_eq!(now(&more), [""; 0], "weights of an import say nothing of it");
    }

    #[test]
    fn a_run_can_go_on_for_longer_elsewhere_and_by_a_newer_program() {
        let before = "steps = 10\nfaces = \"a\"\ndevice = \"cpu\"\nrevision = \"1a4651d12d09\"";
        let now = "steps = 20\nfaces = \"b\"\ndevice = \"cuda:0\"\nmixed_share = 0.5";
        assert_eq!(of(before, now), [""; 0]);
    }
}

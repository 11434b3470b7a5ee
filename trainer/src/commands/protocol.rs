//! `despoof protocol`: leave one domain out, over any list of domains.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand, value_parser};
use despoof::metrics::Bootstrap;
use serde::Serialize;

use crate::evaluation::leave_one_out::{self, Mean, Row};
use crate::evaluation::pipeline::Pipeline;
use crate::evaluation::prepared::Domain;
use crate::evaluation::retrained::{self, Recipe};
use crate::evaluation::scored::ScoredSet;
use crate::evaluation::shards::{Choice, score_shards};
use crate::revision::revision;

/// Protocols.
#[derive(Debug, Subcommand)]
pub enum ProtocolCommand {
    /// Every domain once the target: AUC and HTER of each, and their means.
    LeaveOneOut(LeaveOneOutOptions),
}

/// Options of `despoof protocol leave-one-out`.
#[derive(Debug, Args, Serialize)]
pub struct LeaveOneOutOptions {
    /// Domains, as `name=shard.tar,name=shard.tar`; a name given twice has two shards.
    #[arg(long, required = true, value_delimiter = ',', num_args = 1..)]
    domains: Vec<String>,
    /// Bundle whose weights score every domain, or whose generator draws the cues to train on.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Train AG-Net anew for each target on the other domains, for this many steps.
    #[arg(long, requires = "out")]
    steps: Option<usize>,
    /// With `--steps`: folder of the prepared faces and the runs. Otherwise of the scores.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// With `--steps`: faces a step.
    #[arg(long, default_value_t = 16)]
    batch: usize,
    /// With `--steps`: highest learning rate.
    #[arg(long, default_value_t = 4e-4)]
    learning_rate: f64,
    /// With `--steps`: share of the target probability spread over both classes.
    #[arg(long, default_value_t = 0.05)]
    label_smoothing: f32,
    /// Share of the photos to take, chosen by their key.
    #[arg(long, default_value_t = 1.0)]
    share: f64,
    /// Seed of the training and of the bootstrap.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Resamples of the bootstrap intervals; 0 for none.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(..=100_000))]
    resamples: u32,
    /// Print one JSON object.
    #[arg(long)]
    #[serde(skip)]
    json: bool,
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Protocol<'a> {
    rows: &'a [Row],
    mean: Mean,
    mean_per_video: Option<Mean>,
    config: &'a LeaveOneOutOptions,
    bundle_digest: &'a str,
    seed: u64,
    revision: String,
}

/// Runs `despoof protocol`.
pub fn run(command: &ProtocolCommand) -> Result<()> {
    let ProtocolCommand::LeaveOneOut(options) = command;
    let domains = domains_from_arguments(&options.domains)?;
    let pipeline = Pipeline::open(&options.bundle, None)?;
    let bootstrap = Bootstrap { resamples: options.resamples, seed: options.seed };
    let rows = match (options.steps, &options.out) {
        (Some(steps), Some(folder)) => {
            let recipe = recipe(options, steps, folder);
            retrained::rows(&pipeline, &domains, choice(options), &recipe, &bootstrap)?
        }
        _ => {
            let sets = scored_domains(&pipeline, &domains, options)?;
            leave_one_out::rows_at_others_threshold(&sets, &bootstrap)
        }
    };
    if options.json {
        println!("{}", serde_json::to_string(&protocol(options, &pipeline, &rows))?);
    } else {
        print!("{}", leave_one_out::table(&rows));
    }
    Ok(())
}

fn protocol<'a>(
    options: &'a LeaveOneOutOptions,
    pipeline: &'a Pipeline,
    rows: &'a [Row],
) -> Protocol<'a> {
    let videos = || rows.iter().filter_map(|row| row.per_video.as_ref());
    Protocol {
        rows,
        mean: leave_one_out::mean(rows.iter().map(|row| &row.summary)),
        mean_per_video: (videos().count() > 0).then(|| leave_one_out::mean(videos())),
        config: options,
        bundle_digest: &pipeline.checker.manifest().digest,
        seed: options.seed,
        revision: revision(),
    }
}

fn choice(options: &LeaveOneOutOptions) -> Choice {
    Choice { share: options.share, held_out: false }
}

fn recipe<'a>(options: &LeaveOneOutOptions, steps: usize, folder: &'a Path) -> Recipe<'a> {
    let arguments = [
        ("--steps", steps.to_string()),
        ("--batch", options.batch.to_string()),
        ("--learning-rate", options.learning_rate.to_string()),
        ("--seed", options.seed.to_string()),
    ];
    Recipe {
        folder,
        label_smoothing: options.label_smoothing,
        options: arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect(),
    }
}

fn scored_domains(
    pipeline: &Pipeline,
    domains: &[Domain],
    options: &LeaveOneOutOptions,
) -> Result<Vec<(String, ScoredSet)>> {
    domains
        .iter()
        .map(|domain| {
            let set = score_shards(pipeline, &domain.shards, choice(options))
                .with_context(|| format!("domain {}", domain.name))?;
            if let Some(folder) = &options.out {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot make {}", folder.display()))?;
                let file = folder.join(format!("{}.csv", domain.name));
                crate::evaluation::scores_file::write(&file, &set.scored)?;
            }
            Ok((domain.name.clone(), set))
        })
        .collect()
}

fn domains_from_arguments(arguments: &[String]) -> Result<Vec<Domain>> {
    let mut domains: Vec<Domain> = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.trim().is_empty()) {
        let Some((name, shard)) = argument.trim().split_once('=') else {
            bail!("{argument:?} is no domain; write name=shard.tar");
        };
        ensure!(
            !name.is_empty() && !name.contains(['/', '\\', '.']),
            "{name:?} is no name of a domain: it becomes a file name"
        );
        let shard = PathBuf::from(shard);
        ensure!(shard.is_file(), "domain {name}: there is no shard {}", shard.display());
        match domains.iter_mut().find(|domain| domain.name == name) {
            Some(domain) => domain.shards.push(shard),
            None => domains.push(Domain { name: name.to_owned(), shards: vec![shard] }),
        }
    }
    ensure!(domains.len() >= 2, "leaving one domain out takes at least two");
    Ok(domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        domains_from_arguments(&arguments).expect_err("a bad list").to_string()
    }

    #[test]
    fn domains_are_named_lists_of_shards() {
        let shard = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let arguments = ["a", "b", "a"].map(|name| format!("{name}={shard}"));
        let domains = domains_from_arguments(&arguments).expect("a good list");
        assert_eq!(domains.len(), 2);
        assert_eq!((domains[0].name.as_str(), domains[0].shards.len()), ("a", 2));
        assert!(error(&["shard.tar"]).contains("write name=shard.tar"));
        assert!(error(&["a=/none.tar"]).contains("there is no shard /none.tar"));
        assert!(error(&[&arguments[0]]).contains("at least two"));
        assert!(error(&["a/b=x"]).contains("no name of a domain"));
    }
}

//! `despoof protocol leave-one-out`: with AG-Net trained for each target, or with one bundle's weights.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Serialize;

use super::domains::domains_from_arguments;
use super::trained::{CommonOptions, Seeds, TrainedProtocol, TrainingChoice};
use crate::evaluation::domain::Domain;
use crate::evaluation::fold::Fold;
use crate::evaluation::leave_one_out::{self, Mean, Row};
use crate::evaluation::pipeline::Pipeline;
use crate::evaluation::scored::ScoredSet;
use crate::evaluation::shards::score_shards;
use crate::report::protocol as report;
use crate::revision::revision;

/// Options of `despoof protocol leave-one-out`.
#[derive(Debug, Args, Serialize)]
pub struct LeaveOneOutOptions {
    #[command(flatten)]
    #[serde(flatten)]
    common: CommonOptions,
    /// Train AG-Net anew for each target on the other domains, for this many steps. Without it the
    /// bundle's weights score every domain, and what follows below has no effect.
    #[arg(long, requires = "out")]
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    /// With `--steps`: folder of the prepared faces and the runs. Otherwise of the scores.
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingChoice,
}

/// What is printed with `--json` of one bundle's weights.
#[derive(Serialize)]
struct Protocol<'a> {
    rows: &'a [Row],
    mean: Mean,
    mean_per_video: Option<Mean>,
    config: &'a LeaveOneOutOptions,
    bundle_digest: &'a str,
    seed: Seeds<'a>,
    revision: String,
}

/// Runs `leave-one-out`.
pub fn run(options: &LeaveOneOutOptions) -> Result<()> {
    let domains = domains_from_arguments(&options.common.domains, options.out.as_deref())?;
    ensure!(domains.len() >= 2, "leaving one domain out takes at least two");
    match (options.steps, &options.out) {
        (Some(steps), Some(out)) => TrainedProtocol {
            name: "Leave one domain out",
            common: &options.common,
            training: &options.training,
            steps,
            out,
            config: options,
            folds: &folds(&domains, options.training.held_out_family.as_ref()),
            domains: &domains,
        }
        .run(),
        _ => with_one_bundle(options, &domains),
    }
}

fn folds(domains: &[Domain], family: Option<&String>) -> Vec<Fold> {
    let others = |target: &Domain| {
        let others = domains.iter().filter(|domain| domain.name != target.name);
        others.map(|domain| domain.name.clone()).collect()
    };
    let fold = |target: &Domain| Fold {
        name: format!("without-{}", target.name),
        sources: others(target),
        targets: vec![target.name.clone()],
        family: family.cloned(),
    };
    domains.iter().map(fold).collect()
}

fn with_one_bundle(options: &LeaveOneOutOptions, domains: &[Domain]) -> Result<()> {
    let pipeline = Pipeline::open(&options.common.bundle, None)?;
    let sets = scored_domains(&pipeline, domains, options)?;
    let rows = leave_one_out::rows_at_others_threshold(&sets, &options.common.bootstrap());
    let videos = || rows.iter().filter_map(|row| row.per_video.as_ref());
    let printed = Protocol {
        rows: &rows,
        mean: leave_one_out::mean(rows.iter().map(|row| &row.summary)),
        mean_per_video: (videos().count() > 0).then(|| leave_one_out::mean(videos())),
        config: options,
        bundle_digest: &pipeline.checker.manifest().digest,
        seed: options.common.printed_seeds(),
        revision: revision(),
    };
    if let Some(folder) = &options.common.report {
        report::write_text(
            folder,
            "Leave one domain out, one bundle",
            &leave_one_out::table(&rows),
            &serde_json::to_value(&printed)?,
        )?;
    }
    if options.common.json {
        println!("{}", serde_json::to_string(&printed)?);
    } else {
        print!("{}", leave_one_out::table(&rows));
    }
    Ok(())
}

fn scored_domains(
    pipeline: &Pipeline,
    domains: &[Domain],
    options: &LeaveOneOutOptions,
) -> Result<Vec<(String, ScoredSet)>> {
    domains
        .iter()
        .map(|domain| {
            ensure!(
                domain.faces.is_empty(),
                "domain {}: prepared faces are for --steps; a bundle scores photos",
                domain.name
            );
            let set = score_shards(pipeline, &domain.shards, options.common.choice())
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

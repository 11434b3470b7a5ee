//! Protocols whose targets are some domains, or attack families.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use serde::Serialize;

use super::domains::domains_from_arguments;
use super::trained::{CommonOptions, TrainedProtocol, TrainingChoice};
use crate::evaluation::domain::Domain;
use crate::evaluation::fold::Fold;

/// Steps of each training, and where it is.
#[derive(Debug, Args, Serialize)]
pub struct RunChoice {
    /// Steps of each training.
    #[arg(long)]
    steps: usize,
    /// Folder of the prepared faces and the runs; an interrupted protocol goes on in it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Options of `despoof protocol limited-source`.
#[derive(Debug, Args, Serialize)]
pub struct LimitedSourceOptions {
    #[command(flatten)]
    #[serde(flatten)]
    common: CommonOptions,
    /// Names of the domains to train on; all others are targets.
    #[arg(long, required = true, value_delimiter = ',', num_args = 1..)]
    sources: Vec<String>,
    #[command(flatten)]
    #[serde(flatten)]
    run: RunChoice,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingChoice,
}

/// Options of `despoof protocol leave-one-family-out`.
#[derive(Debug, Args, Serialize)]
pub struct FamilyOptions {
    #[command(flatten)]
    #[serde(flatten)]
    common: CommonOptions,
    /// Families, or single attacks such as print-cut, to leave out, one at a time; `--held-out-family` has no part in this.
    #[arg(long, value_delimiter = ',', num_args = 1.., default_value = "print,screen")]
    families: Vec<String>,
    #[command(flatten)]
    #[serde(flatten)]
    run: RunChoice,
    #[command(flatten)]
    #[serde(flatten)]
    training: TrainingChoice,
}

/// Runs `limited-source`.
pub fn limited_source(options: &LimitedSourceOptions) -> Result<()> {
    let out = &options.run.out;
    let domains = domains_from_arguments(&options.common.domains, Some(out))?;
    let fold = limited_fold(&domains, options)?;
    TrainedProtocol {
        name: "Trained on some domains",
        common: &options.common,
        training: &options.training,
        steps: options.run.steps,
        out,
        config: options,
        domains: &domains,
        folds: &[fold],
    }
    .run()
}

fn limited_fold(domains: &[Domain], options: &LimitedSourceOptions) -> Result<Fold> {
    let names = || domains.iter().map(|domain| domain.name.clone());
    let unknown: Vec<&String> =
        options.sources.iter().filter(|source| !names().any(|name| name == **source)).collect();
    ensure!(unknown.is_empty(), "{unknown:?} among --sources, but not among --domains");
    let targets: Vec<String> = names().filter(|name| !options.sources.contains(name)).collect();
    ensure!(!targets.is_empty(), "every domain is a source: there is nothing to test");
    let sources: BTreeSet<&str> = options.sources.iter().map(String::as_str).collect();
    Ok(Fold {
        name: format!("from-{}", sources.into_iter().collect::<Vec<_>>().join("+")),
        sources: options.sources.clone(),
        targets,
        family: options.training.held_out_family.clone(),
    })
}

/// Runs `leave-one-family-out`.
pub fn families(options: &FamilyOptions) -> Result<()> {
    let out = &options.run.out;
    ensure!(
        options.training.held_out_family.is_none(),
        "leave-one-family-out takes --families, not --held-out-family"
    );
    let domains = domains_from_arguments(&options.common.domains, Some(out))?;
    let fold = |family: &String| Fold {
        name: format!("unseen-{family}"),
        sources: domains.iter().map(|domain| domain.name.clone()).collect(),
        targets: Vec::new(),
        family: Some(family.clone()),
    };
    let folds: Vec<Fold> = options.families.iter().map(fold).collect();
    TrainedProtocol {
        name: "One attack family left out",
        common: &options.common,
        training: &options.training,
        steps: options.run.steps,
        out,
        config: options,
        domains: &domains,
        folds: &folds,
    }
    .run()
}

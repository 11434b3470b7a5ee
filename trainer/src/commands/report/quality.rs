//! `despoof report quality`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::evaluation::pipeline::Pipeline;
use crate::evaluation::shards::Choice;
use crate::report::quality::{self, QualityRow};
use crate::revision::revision;

/// Options of `despoof report quality`.
#[derive(Debug, Args)]
pub struct QualityOptions {
    /// WebDataset shards of photos.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// The bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Run of `train agnet` whose AG-Net takes the place of the bundle's.
    #[arg(long)]
    run: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    /// Ranges of each measure, with as many live photos in each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    ranges: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What `report quality --json` prints.
#[derive(Serialize)]
struct Quality {
    rows: Vec<QualityRow>,
    data: Vec<PathBuf>,
    model: String,
    threshold: f64,
    revision: String,
}

/// Runs `despoof report quality`.
pub fn run(options: &QualityOptions) -> Result<()> {
    let pipeline = Pipeline::open(&options.bundle, options.run.as_deref())?;
    let rule = pipeline.decision();
    let rule = rule.context("a run without `decision.json` has no threshold to refuse at")?;
    let threshold = f64::from(rule.threshold);
    let photos = quality::measured(&pipeline, &options.data, options.choice)?;
    let rows = quality::rows(&photos, threshold, options.ranges as usize);
    if options.json {
        let (data, model) = (options.data.clone(), pipeline.origin);
        let printed = Quality { rows, data, model, threshold, revision: revision() };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    println!(
        "{:<11}{:>10}{:>10}{:>7}{:>10}{:>10}{:>10}",
        "measure", "from", "to", "live", "BPCER, %", "attacks", "APCER, %"
    );
    let percent = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |r| format!("{r:.1}"));
    for QualityRow { measure, from, to, live, bpcer, attacks, apcer } in rows {
        let (bpcer, apcer) = (percent(bpcer), percent(apcer));
        println!("{measure:<11}{from:>10.3}{to:>10.3}{live:>7}{bpcer:>10}{attacks:>10}{apcer:>10}");
    }
    Ok(())
}

//! `despoof report cost`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;

use crate::data::face_store::FaceStore;
use crate::evaluation::pipeline::Pipeline;
use crate::report::cost::{self, CostRow, LabelledCrops};
use crate::revision::revision;

/// Options of `despoof report cost`.
#[derive(Debug, Args)]
pub struct CostOptions {
    /// Folder of prepared faces, live ones and attacks; those held out are scored.
    #[arg(long)]
    faces: PathBuf,
    /// The bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Steps of the sampler, separated by commas; 0 has no cue.
    #[arg(long, value_delimiter = ',', default_value = "0,1,2,4,10,50")]
    steps: Vec<usize>,
    /// Faces to score.
    #[arg(long, default_value_t = 400)]
    count: usize,
    /// Decides which faces.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Also draw the curve into this file (SVG).
    #[arg(long)]
    chart: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What `report cost --json` prints.
#[derive(Serialize)]
struct Costs {
    rows: Vec<CostRow>,
    faces: usize,
    bundle_digest: String,
    seed: u64,
    revision: String,
}

/// Runs `despoof report cost`.
pub fn run(options: &CostOptions) -> Result<()> {
    let checker = Pipeline::open(&options.bundle, None)?.checker;
    let store = FaceStore::open(&options.faces)?;
    let faces = LabelledCrops::held_out(&store, options.count, options.seed)?;
    ensure!(faces.count() > 0, "no face of {} is held out", options.faces.display());
    let rows = cost::rows(&checker, &faces, &options.steps, &Device::flex())?;
    if let Some(path) = &options.chart {
        std::fs::write(path, cost::plot(&rows).standalone_svg())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if options.json {
        let printed = Costs {
            rows,
            faces: faces.count(),
            bundle_digest: checker.manifest().digest.clone(),
            seed: options.seed,
            revision: revision(),
        };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    println!("{} faces", faces.count());
    println!("{:<8}{:>14}{:>9}{:>12}", "steps", "MMAC a check", "AUC, %", "change");
    for CostRow { steps, multiply_accumulates, auc, change } in rows {
        let millions = multiply_accumulates as f64 / 1e6;
        let auc = auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.2}"));
        println!("{steps:<8}{millions:>14.1}{auc:>9}{change:>12.4}");
    }
    Ok(())
}

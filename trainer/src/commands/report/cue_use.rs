//! `despoof report cue-use`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;

use crate::cue_source::CueChoice;
use crate::data::face_store::FaceStore;
use crate::evaluation::pipeline::Pipeline;
use crate::report::cue_use::{self, CueUseRow};
use crate::revision::revision;

/// Options of `despoof report cue-use`.
#[derive(Debug, Args)]
pub struct CueUseOptions {
    /// Folder of prepared faces with cached generated faces.
    #[arg(long)]
    faces: PathBuf,
    /// The bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Run of `train agnet` whose AG-Net takes the place of the bundle's.
    #[arg(long)]
    run: Option<PathBuf>,
    /// What drew the generated faces.
    #[arg(long, default_value = "dfg")]
    cue: CueChoice,
    /// Faces to score.
    #[arg(long, default_value_t = 400)]
    count: usize,
    /// Decides which faces.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What `report cue-use --json` prints.
#[derive(Serialize)]
struct CueUse {
    rows: Vec<CueUseRow>,
    faces: usize,
    bundle_digest: String,
    run: Option<PathBuf>,
    seed: u64,
    revision: String,
}

/// Runs `despoof report cue-use`.
pub fn run(options: &CueUseOptions) -> Result<()> {
    let device = Device::flex();
    let run = options.run.as_deref();
    let checker = Pipeline::open_for_cached_cues(&options.bundle, run)?.checker;
    let store = FaceStore::open(&options.faces)?;
    let indices = store.chosen_by(options.seed, options.count);
    ensure!(!indices.is_empty(), "there is no face to score");
    let rows = cue_use::rows(&checker, &store, options.cue.plane(), &indices, &device)?;
    if options.json {
        let printed = CueUse {
            rows,
            faces: indices.len(),
            bundle_digest: checker.manifest().digest.clone(),
            run: options.run.clone(),
            seed: options.seed,
            revision: revision(),
        };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    println!("{} faces", indices.len());
    println!("{:<18}{:>9}{:>12}", "cue", "AUC, %", "change");
    for CueUseRow { cue, auc, change } in rows {
        let auc = auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.2}"));
        println!("{cue:<18}{auc:>9}{change:>12.4}");
    }
    Ok(())
}

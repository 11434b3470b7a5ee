//! `despoof report residual`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::cue_source::CueChoice;
use crate::data::face_store::FaceStore;
use crate::evaluation::table::name_width;
use crate::report::residual::{self, ResidualRow};
use crate::revision::revision;

/// Options of `despoof report residual`.
#[derive(Debug, Args)]
pub struct ResidualOptions {
    /// Folder of prepared faces with cached generated faces.
    #[arg(long)]
    faces: PathBuf,
    /// What drew the generated faces.
    #[arg(long, default_value = "dfg")]
    cue: CueChoice,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What `report residual --json` prints.
#[derive(Serialize)]
struct Residuals {
    rows: Vec<ResidualRow>,
    faces: PathBuf,
    cue: String,
    revision: String,
}

/// Runs `despoof report residual`.
pub fn run(options: &ResidualOptions) -> Result<()> {
    let rows = residual::rows(&FaceStore::open(&options.faces)?, &options.cue.plane())?;
    if options.json {
        let (faces, cue) = (options.faces.clone(), options.cue.to_string());
        let printed = Residuals { rows, faces, cue, revision: revision() };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    let width = name_width(rows.iter().map(|row| row.domain.as_str()), 14);
    let kinds = name_width(rows.iter().map(|row| row.instrument.as_str()), 16);
    println!(
        "{:<width$}{:<kinds$}{:>7}{:>9}{:>9}{:>13}",
        "domain", "instrument", "faces", "energy", "AUC, %", "above 95, %"
    );
    let percent = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |s| format!("{s:.1}"));
    for ResidualRow { domain, instrument, faces, energy, auc, above } in rows {
        let (auc, above) = (percent(auc), percent(above));
        println!("{domain:<width$}{instrument:<kinds$}{faces:>7}{energy:>9.4}{auc:>9}{above:>13}");
    }
    Ok(())
}

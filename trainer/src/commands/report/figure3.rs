//! `despoof report figure3`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;

use crate::cue_source::{CueChoice, CueRuns};
use crate::data::face_store::FaceStore;
use crate::report::figure3::{Column, Figure, chosen_faces};

/// Options of `despoof report figure3`.
#[derive(Debug, Args)]
pub struct Figure3Options {
    /// Folders of prepared faces.
    #[arg(long, required = true, num_args = 1..)]
    faces: Vec<PathBuf>,
    /// Sources of cues, separated by commas, each `SOURCE` or `SOURCE@STEPS`: dfg, dfg-noise,
    /// dfg-noised-input, memae, deep-svdd, anoddpm.
    #[arg(long, value_delimiter = ',', default_value = "dfg")]
    cues: Vec<CueChoice>,
    #[command(flatten)]
    runs: CueRuns,
    /// Faces of each kind: live, and every attack instrument.
    #[arg(long, default_value_t = 1)]
    per_kind: usize,
    /// Decides which faces.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder for `figure3.png`, `figure3.json` and `report.html`.
    #[arg(long)]
    out: PathBuf,
}

/// Runs `despoof report figure3`.
pub fn run(options: &Figure3Options) -> Result<()> {
    let stores =
        options.faces.iter().map(|folder| FaceStore::open(folder)).collect::<Result<Vec<_>>>()?;
    let faces = chosen_faces(&stores, options.per_kind, options.seed)?;
    ensure!(!faces.is_empty(), "there is no face to draw");
    let device = Device::flex();
    let column = |cue: &CueChoice| -> Result<Column> {
        let source = options.runs.open(cue, &device)?;
        Column::draw(cue.to_string(), source.as_ref(), &faces, &device)
            .with_context(|| format!("--cues {cue}"))
    };
    let columns = options.cues.iter().map(column).collect::<Result<Vec<_>>>()?;
    Figure { faces: &faces, columns: &columns, seed: options.seed }.write(&options.out)?;
    println!("{}", options.out.join(crate::report::page::FILE).display());
    Ok(())
}

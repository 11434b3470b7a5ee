//! `despoof report`: figures of the paper, and what it leaves open.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cue_source::{CueChoice, CueName, CueRuns};
use crate::data::face_store::FaceStore;
use crate::evaluation::pipeline::Pipeline;
use crate::report::cue_use::{self, CueUseRow};
use crate::report::figure3::{Column, Figure, chosen_faces};
use crate::report::noise::{self, NoiseRow};
use crate::report::residual::{self, ResidualRow};
use crate::revision::revision;

/// Figures.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Faces of every kind beside their reconstructions and residuals by several sources (figure 3).
    /// The picture shows people.
    Figure3(Figure3Options),
    /// How much a bundle's score hangs on its generator's noise, of one sample and of averages.
    Noise(NoiseOptions),
    /// What an AG-Net's scores become without its cue, and with another face's.
    CueUse(CueUseOptions),
    /// Strength of the residuals by domain and instrument, and how much it tells alone.
    Residual(ResidualOptions),
}

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

/// Options of `despoof report noise`.
#[derive(Debug, Args)]
pub struct NoiseOptions {
    /// Folder of prepared faces.
    #[arg(long)]
    faces: PathBuf,
    /// The bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Starts of the generator, separated by commas: dfg (the bundle's own), dfg-noise,
    /// dfg-noised-input, each also as SOURCE@STEPS.
    #[arg(long, value_delimiter = ',', default_value = "dfg,dfg-noise")]
    cues: Vec<CueChoice>,
    /// Generated faces that are averaged, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "1,4")]
    noise_samples: Vec<u64>,
    /// How often every face is scored, each time from other noise.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(2..))]
    repeats: u64,
    /// Faces to score.
    #[arg(long, default_value_t = 100)]
    count: usize,
    /// Decides which faces.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

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

/// What `report residual --json` prints.
#[derive(Serialize)]
struct Residuals {
    rows: Vec<ResidualRow>,
    faces: PathBuf,
    cue: String,
    revision: String,
}

/// What `report noise --json` prints.
#[derive(Serialize)]
struct Noise {
    rows: Vec<NoiseRow>,
    faces: usize,
    repeats: u64,
    bundle_digest: String,
    seed: u64,
    revision: String,
}

/// Runs `despoof report`.
pub fn run(command: &ReportCommand) -> Result<()> {
    match command {
        ReportCommand::Figure3(options) => figure3(options),
        ReportCommand::Noise(options) => noise(options),
        ReportCommand::CueUse(options) => cue_use(options),
        ReportCommand::Residual(options) => residual(options),
    }
}

fn noise(options: &NoiseOptions) -> Result<()> {
    let device = Device::flex();
    let checker = Pipeline::open(&options.bundle, None)?.checker;
    let faces = noise::chosen(&FaceStore::open(&options.faces)?, options.count, options.seed)?;
    ensure!(!faces.is_empty(), "there is no face to score");
    let mut rows = Vec::new();
    for cue in &options.cues {
        ensure!(
            matches!(cue.name, CueName::Dfg | CueName::DfgNoise | CueName::DfgNoisedInput),
            "{cue} is no start of the bundle's generator"
        );
        for &noise_samples in &options.noise_samples {
            ensure!(noise_samples > 0, "an average has at least one sample");
            let cue = CueChoice { noise_samples, ..cue.clone() };
            rows.push(noise::measure(&checker, &cue, &faces, options.repeats, &device));
        }
    }
    if options.json {
        let printed = Noise {
            rows,
            faces: faces.len(),
            repeats: options.repeats,
            bundle_digest: checker.manifest().digest.clone(),
            seed: options.seed,
            revision: revision(),
        };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    println!("{} faces, each scored {} times", faces.len(), options.repeats);
    println!("{:<32}{:>12}{:>12}{:>16}", "noise", "deviation", "largest", "flipped, %");
    for NoiseRow { cue, deviation, largest_deviation, flipped, .. } in rows {
        println!("{cue:<32}{deviation:>12.4}{largest_deviation:>12.4}{flipped:>16.2}");
    }
    Ok(())
}

fn cue_use(options: &CueUseOptions) -> Result<()> {
    let device = Device::flex();
    let checker = Pipeline::open(&options.bundle, options.run.as_deref())?.checker;
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

fn residual(options: &ResidualOptions) -> Result<()> {
    let rows = residual::rows(&FaceStore::open(&options.faces)?, &options.cue.plane())?;
    if options.json {
        let (faces, cue) = (options.faces.clone(), options.cue.to_string());
        let printed = Residuals { rows, faces, cue, revision: revision() };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    println!(
        "{:<14}{:<16}{:>7}{:>9}{:>9}{:>13}",
        "domain", "instrument", "faces", "energy", "AUC, %", "above 95, %"
    );
    let percent = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |s| format!("{s:.1}"));
    for ResidualRow { domain, instrument, faces, energy, auc, above } in rows {
        let (auc, above) = (percent(auc), percent(above));
        println!("{domain:<14}{instrument:<16}{faces:>7}{energy:>9.4}{auc:>9}{above:>13}");
    }
    Ok(())
}

fn figure3(options: &Figure3Options) -> Result<()> {
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

//! `despoof report noise`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;

use crate::cue_source::{CueChoice, CueName};
use crate::data::face_store::FaceStore;
use crate::evaluation::pipeline::Pipeline;
use crate::report::noise::{self, NoiseRow};
use crate::revision::revision;

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

/// Runs `despoof report noise`.
pub fn run(options: &NoiseOptions) -> Result<()> {
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
            rows.push(noise::measure(&checker, &cue, &faces, options.repeats, &device)?);
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

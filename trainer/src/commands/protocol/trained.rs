//! What every protocol with training has: options, the loop over folds and seeds, what is printed.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::builder::RangedU64ValueParser;
use clap::{Args, value_parser};
use despoof::metrics::Bootstrap;
use despoof_nn::presets::Preset;
use serde::Serialize;

use crate::cue_source::{OtherRuns, sampler};
use crate::evaluation::check_cost::{multiply_accumulates, network_costs};
use crate::evaluation::domain::Domain;
use crate::evaluation::figures::{Figures, TrainedRow};
use crate::evaluation::fold::Fold;
use crate::evaluation::pipeline::Pipeline;
use crate::evaluation::retrained::Protocol;
use crate::evaluation::shards::Choice;
use crate::evaluation::trained_mean::{TrainedMean, mean_of};
use crate::evaluation::trained_row::{SeedScores, row};
use crate::evaluation::trained_table::table;
use crate::report::protocol as report;
use crate::revision::revision;
use crate::training::agnet_recipe::AgNetRecipe;

/// Options of every protocol.
#[derive(Debug, Args, Serialize)]
pub struct CommonOptions {
    /// Domains, as `name=shard.tar`, `name=FACES` (a folder of prepared faces) or `name=layout:ROOT` (a
    /// data set as it was published), separated by commas; a name given twice has two sources.
    #[arg(long, required = true, value_delimiter = ',', num_args = 1..)]
    pub domains: Vec<String>,
    /// Bundle whose weights score every domain, or whose generator draws the cues to train on.
    #[arg(long, default_value = "models/web")]
    pub bundle: PathBuf,
    /// Share of the photos to take, chosen by their key.
    #[arg(long, default_value_t = 1.0)]
    pub share: f64,
    /// Seeds of the training, separated by commas; several give intervals. The first is also the
    /// bootstrap's.
    #[arg(long = "seed", value_delimiter = ',', default_value = "0")]
    #[serde(rename = "seed")]
    pub seeds: Vec<u64>,
    /// Resamples of the bootstrap intervals; 0 for none.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(..=100_000))]
    pub resamples: u32,
    /// Print one JSON object.
    #[arg(long)]
    #[serde(skip)]
    pub json: bool,
    /// Write `report.html` into this folder.
    #[arg(long, value_name = "DIR")]
    #[serde(skip)]
    pub report: Option<PathBuf>,
}

/// How AG-Net is trained.
#[derive(Debug, Args, Serialize)]
pub struct TrainingChoice {
    #[command(flatten)]
    #[serde(flatten)]
    pub recipe: AgNetRecipe,
    #[command(flatten)]
    #[serde(flatten)]
    pub cue_runs: OtherRuns,
    /// Faces a step.
    #[arg(long, default_value_t = 16, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub batch: usize,
    /// Highest learning rate.
    #[arg(long, default_value_t = 4e-4)]
    pub learning_rate: f64,
    /// Steps over which the learning rate rises.
    #[arg(long, default_value_t = 50)]
    pub warm_up: usize,
    /// Steps between checkpoints, each of which is scored for the oracle [default: a fifth of all].
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_every: Option<usize>,
    /// Attack family that is neither trained on nor used for thresholds, and alone tested: print, screen,
    /// or an attack's own name, for example print-cut.
    #[arg(long, value_name = "FAMILY")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out_family: Option<String>,
}

/// A seed, or several.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Seeds<'a> {
    /// The seed.
    One(u64),
    /// The seeds.
    Several(&'a [u64]),
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Printed<'a, O> {
    rows: &'a [TrainedRow],
    mean: TrainedMean,
    mean_per_video: Option<TrainedMean>,
    /// Of a check with the trained network; none where the cue is not the generator's.
    multiply_accumulates: Option<u64>,
    config: &'a O,
    bundle_digest: &'a str,
    seed: Seeds<'a>,
    revision: String,
}

impl CommonOptions {
    /// The seeds as they are printed.
    pub fn printed_seeds(&self) -> Seeds<'_> {
        match &self.seeds[..] {
            [one] => Seeds::One(*one),
            several => Seeds::Several(several),
        }
    }

    /// Where intervals within a set come from.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { resamples: self.resamples, seed: self.seeds[0] }
    }

    /// Which photos.
    pub fn choice(&self) -> Choice {
        Choice { share: self.share, held_out: false }
    }
}

impl TrainingChoice {
    fn options(&self, steps: usize) -> Vec<String> {
        let every = self.checkpoint_every.unwrap_or(steps.div_ceil(5).max(1));
        [
            ("--steps", steps.to_string()),
            ("--batch", self.batch.to_string()),
            ("--learning-rate", self.learning_rate.to_string()),
            ("--warm-up", self.warm_up.to_string()),
            ("--checkpoint-every", every.to_string()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
    }
}

/// A protocol with training, ready to run.
pub struct TrainedProtocol<'a, O> {
    /// Its name in the report.
    pub name: &'a str,
    /// Options that all protocols have.
    pub common: &'a CommonOptions,
    /// How AG-Net is trained.
    pub training: &'a TrainingChoice,
    /// Steps of each training.
    pub steps: usize,
    /// Folder of prepared faces and runs.
    pub out: &'a Path,
    /// All options, for the record.
    pub config: &'a O,
    /// The domains.
    pub domains: &'a [Domain],
    /// What is trained and tested.
    pub folds: &'a [Fold],
}

impl<O: Serialize> TrainedProtocol<'_, O> {
    /// Trains and measures every fold with every seed, and prints.
    ///
    /// # Errors
    /// Data that cannot be read, a training that fails, a report that cannot be written.
    pub fn run(&self) -> Result<()> {
        let pipeline = Pipeline::open(&self.common.bundle, None)?;
        let rows = self.rows(&pipeline)?;
        let figures: Vec<&Figures> = rows.iter().map(|row| &row.figures).collect();
        let videos: Vec<&Figures> = rows.iter().filter_map(|row| row.per_video.as_ref()).collect();
        let printed = Printed {
            rows: &rows,
            mean: mean_of(&figures),
            mean_per_video: (!videos.is_empty()).then(|| mean_of(&videos)),
            multiply_accumulates: self.cost(&pipeline.checker.manifest().preset)?,
            config: self.config,
            bundle_digest: &pipeline.checker.manifest().digest,
            seed: self.common.printed_seeds(),
            revision: revision(),
        };
        if let Some(folder) = &self.common.report {
            report::write_trained(folder, self.name, &rows, &serde_json::to_value(&printed)?)?;
        }
        if self.common.json {
            println!("{}", serde_json::to_string(&printed)?);
        } else {
            print!("{}", table(&rows));
        }
        Ok(())
    }

    fn cost(&self, preset: &Preset) -> Result<Option<u64>> {
        let AgNetRecipe { sizes, cue, .. } = &self.training.recipe;
        let agnet = sizes.config(preset.agnet.clone())?;
        let is_counted = cue.noise_samples == 1 && cue.name.is_dfg();
        let is_counted = is_counted || !agnet.variant.looks_at_cue();
        let preset = Preset { agnet, sampler: sampler(&preset.sampler, cue)?, ..preset.clone() };
        Ok(is_counted.then(|| multiply_accumulates(&network_costs(&preset))))
    }

    fn rows(&self, pipeline: &Pipeline) -> Result<Vec<TrainedRow>> {
        let protocol = Protocol {
            pipeline,
            domains: self.domains,
            choice: self.common.choice(),
            folder: self.out,
            recipe: &self.training.recipe,
            cue_runs: &self.training.cue_runs,
            options: self.training.options(self.steps),
        };
        let faces = protocol.prepare()?;
        let mut rows = Vec::new();
        for fold in self.folds {
            let mut seeds = Vec::new();
            for &seed in &self.common.seeds {
                seeds.push((seed, protocol.run(&faces, fold, seed)?));
            }
            let seeds: Vec<SeedScores> =
                seeds.iter().map(|(seed, steps)| SeedScores { seed: *seed, steps }).collect();
            let seen = Protocol::seen(&faces, fold);
            for (target, name) in fold.rows().iter().enumerate() {
                let missing = faces.missing_of(fold.tested_domains(target));
                let bootstrap = self.common.bootstrap();
                rows.extend(row(name, target, &seeds, &seen, missing, &bootstrap));
            }
        }
        Ok(rows)
    }
}

//! `despoof eval`: error rates of a bundle on shards, through the browser's own check.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use despoof::bundle::BundleLoader;
use despoof::metrics::{Bootstrap, Estimate, Label, Report, Sample, report};
use despoof::{CheckError, Checker, photo};
use indicatif::ProgressBar;
use serde::Serialize;

use crate::calibrate::decision_from_development_scores;
use crate::data::metadata::stable_hash;
use crate::data::shard::{ShardPhoto, for_each_photo};

/// Resolution of `--share`.
const SHARE_STEPS: u64 = 10_000;

/// Options of `despoof eval`.
#[derive(Debug, Args)]
pub struct EvalOptions {
    /// Folder of the bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// WebDataset shards; every label other than `live` is an attack species.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Share of the photos to take, chosen by their key.
    #[arg(long, default_value_t = 1.0)]
    share: f64,
    /// Only photos of persons that training held out.
    #[arg(long)]
    held_out: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Write a score a line into this CSV file.
    #[arg(long)]
    scores_out: Option<PathBuf>,
    /// Fix threshold, band and temperature on this (development) data and write them to this file.
    #[arg(long)]
    fix_decision: Option<PathBuf>,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Evaluation {
    data: Vec<String>,
    bundle_digest: String,
    non_response: usize,
    #[serde(flatten)]
    report: Report,
}

/// Runs `despoof eval`.
pub fn run(options: &EvalOptions) -> Result<()> {
    let device = Device::flex();
    let checker = BundleLoader::from_folder(&options.bundle)?.finish(&device, &device)?;
    let (samples, non_response) = score_shards(&checker, options)?;
    ensure!(!samples.is_empty(), "no photo got a score");
    if let Some(path) = &options.scores_out {
        write_scores(path, &samples)?;
    }
    if let Some(path) = &options.fix_decision {
        let rule = decision_from_development_scores(&samples, &data_names(options))?;
        std::fs::write(path, serde_json::to_string_pretty(&rule)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}: {rule:?}", path.display());
    }
    let samples: Vec<Sample> = samples.into_iter().map(|(_, sample)| sample).collect();
    let threshold = f64::from(checker.manifest().decision.threshold);
    let evaluation = Evaluation {
        data: data_names(options),
        bundle_digest: checker.manifest().digest.clone(),
        non_response,
        report: report(&samples, Some(threshold), &Bootstrap::default()),
    };
    if options.json {
        println!("{}", serde_json::to_string(&evaluation)?)
    } else {
        print_table(&evaluation)
    }
    Ok(())
}

/// Scores by key, and the number of photos without an answer.
type Scored = (Vec<(String, Sample)>, usize);

fn score_shards(checker: &Checker, options: &EvalOptions) -> Result<Scored> {
    let (mut samples, mut non_response) = (Vec::new(), 0);
    let progress = ProgressBar::new_spinner();
    for shard in &options.data {
        for_each_photo(shard, |mut photo| {
            crate::data::metadata::assign_split(&mut photo.metadata, &photo.key);
            let for_training = photo.metadata.is_for_training();
            if !is_chosen(&photo.key, options.share) || (options.held_out && for_training) {
                return Ok(());
            }
            progress.inc(1);
            match score_photo(checker, &photo) {
                Ok(score) => samples.push((photo.key.clone(), sample_from(&photo, score))),
                Err(ScoreError::NoAnswer) => non_response += 1,
                Err(ScoreError::Fatal(error)) => return Err(error),
            }
            Ok(())
        })?;
    }
    progress.finish_and_clear();
    Ok((samples, non_response))
}

/// Why a photo has no score.
enum ScoreError {
    /// Counted as non-response: broken, no face, face cut.
    NoAnswer,
    /// The device failed: no further photo can be scored.
    Fatal(anyhow::Error),
}

fn score_photo(checker: &Checker, photo: &ShardPhoto) -> Result<f32, ScoreError> {
    let image = photo::decode(&photo.bytes).map_err(|_| ScoreError::NoAnswer)?;
    match pollster::block_on(checker.check(&image, false, |_| {})) {
        Ok(check) => Ok(check.verdict.score),
        Err(CheckError::NoFace | CheckError::FaceCut { .. }) => Err(ScoreError::NoAnswer),
        Err(error) => Err(ScoreError::Fatal(error.into())),
    }
}

fn sample_from(photo: &ShardPhoto, score: f32) -> Sample {
    let label = if photo.metadata.is_live() {
        Label::Live
    } else {
        Label::Attack(photo.metadata.label.clone())
    };
    Sample {
        score: f64::from(score),
        label,
        subject: photo.metadata.known_subject().map(str::to_owned),
    }
}

fn is_chosen(key: &str, share: f64) -> bool {
    ((stable_hash(&format!("evaluation of {key}")) % SHARE_STEPS) as f64)
        < share * SHARE_STEPS as f64
}

fn data_names(options: &EvalOptions) -> Vec<String> {
    options
        .data
        .iter()
        .map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect()
}

fn write_scores(path: &Path, samples: &[(String, Sample)]) -> Result<()> {
    let mut text = String::from("sample,label,score,subject\n");
    for (key, sample) in samples {
        let label = match &sample.label {
            Label::Live => "live",
            Label::Attack(species) => species,
        };
        text.push_str(&format!(
            "{key},{label},{},{}\n",
            sample.score,
            sample.subject.as_deref().unwrap_or_default()
        ));
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn print_table(evaluation: &Evaluation) {
    let report = &evaluation.report;
    println!(
        "{}: {} live, attacks {:?}, {} without an answer",
        evaluation.data.join(" + "),
        report.live,
        report.attacks,
        evaluation.non_response
    );
    print_estimate("AUC", report.metrics.auc.as_ref());
    print_estimate("EER", report.metrics.eer.as_ref());
    for (name, rates) in [
        ("bundle's threshold", &report.metrics.honest),
        ("best threshold on this data", &report.metrics.oracle),
    ] {
        if let Some(rates) = rates {
            println!("at the {name}, {:.4}:", rates.threshold);
            print_estimate("HTER", rates.hter.as_ref());
            print_estimate("BPCER", rates.bpcer.as_ref());
            for (species, apcer) in &rates.apcer {
                print_estimate(&format!("APCER {species}"), Some(apcer));
            }
        }
    }
}

fn print_estimate(name: &str, estimate: Option<&Estimate>) {
    let Some(estimate) = estimate else { return };
    let interval = estimate.interval.as_ref().map_or_else(String::new, |interval| {
        format!(" (95 % interval {:.2} to {:.2})", interval.low * 100.0, interval.high * 100.0)
    });
    println!("  {name:<16}{:>7.2} %{interval}", estimate.value * 100.0);
}

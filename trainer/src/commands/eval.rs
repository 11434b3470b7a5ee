//! `despoof eval`: error rates of a bundle or a run on shards, through the browser's own check, or
//! of anybody's scores.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, value_parser};
use despoof::decide::DecisionRule;
use despoof::metrics::{Bootstrap, Sample};
use serde::Serialize;

use crate::calibrate::{decision_from_development_scores, read_decision, tempered};
use crate::evaluation::groups::{self, GroupRow};
use crate::evaluation::outcomes::{self, OutcomeRow};
use crate::evaluation::pipeline::Pipeline;
use crate::evaluation::scored::{NonResponse, Scored, ScoredSet};
use crate::evaluation::shards::{self, Choice, score_shards};
use crate::evaluation::summary::Summary;
use crate::evaluation::{scores_file, table};
use crate::report::{evaluation as report, mistakes};
use crate::revision::revision;
use crate::training::options::number_in;

/// Options of `despoof eval`.
#[derive(Debug, Args)]
pub struct EvalOptions {
    /// Folder of the bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Run of `train agnet` whose AG-Net takes the place of the bundle's. Its honest threshold is
    /// that of `decision.json` in it, where there is one.
    #[arg(long, conflicts_with = "scores")]
    run: Option<PathBuf>,
    /// WebDataset shards; every label other than `live` is an attack type.
    #[arg(long, required_unless_present = "scores", num_args = 1..)]
    data: Vec<PathBuf>,
    /// Measure the scores of CSV files instead: `sample,label,score` and optionally
    /// `subject,video,photo,attack`; a score is the probability of live.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["data", "held_out", "share"])]
    scores: Vec<PathBuf>,
    /// Honest threshold of `--scores`, fixed on other data.
    #[arg(long, requires = "scores")]
    threshold: Option<f64>,
    /// Rule that `--fix-decision` wrote, for `--scores` at temperature 1, as a run without a rule gives
    /// them: its temperature is put on them, its threshold is the honest one.
    #[arg(
        long,
        value_name = "FILE",
        requires = "scores",
        conflicts_with_all = ["threshold", "fix_decision"]
    )]
    decision: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    /// Cut photos to this many times the face's box first: what becomes of the answers when nothing is
    /// to be seen around the face.
    #[arg(long, value_name = "TIMES", conflicts_with = "scores", value_parser = at_least_the_face)]
    close_up: Option<f32>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Write a score a line into this CSV file, as `--scores` reads it.
    #[arg(long, value_name = "FILE")]
    scores_out: Option<PathBuf>,
    /// Fix threshold, band and temperature on this (development) data and write them to this file. Photos
    /// whose split is `test` are left out of that.
    #[arg(long, value_name = "FILE")]
    fix_decision: Option<PathBuf>,
    /// Fix the threshold where this share of the live faces is refused, in percent, and not at the equal
    /// error rate; of several files of scores, where in none more are.
    #[arg(long, value_name = "PERCENT", requires = "fix_decision", value_parser = percent)]
    bpcer: Option<f64>,
    /// Write `report.html` and the worst mistakes as pictures into this folder. They show people.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Resamples of the bootstrap intervals; 0 for none.
    #[arg(long, default_value_t = 1000, value_parser = value_parser!(u32).range(..=100_000))]
    resamples: u32,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn percent(text: &str) -> Result<f64, String> {
    number_in(text, 0.0..100.0, "a share in percent, from 0 to below 100")
}

fn at_least_the_face(text: &str) -> Result<f32, String> {
    number_in(text, 1.0..=100.0, "a factor from 1, the face's box itself, to 100")
}

/// What is printed with `--json`.
#[derive(Debug, Serialize)]
struct Evaluation {
    /// Shards or score file.
    data: Vec<String>,
    /// Folder of the bundle or run; none for a score file.
    model: Option<String>,
    /// Digest of the bundle.
    bundle_digest: Option<String>,
    /// How many times the face's box the photos were cut to.
    #[serde(skip_serializing_if = "Option::is_none")]
    close_up: Option<f32>,
    /// Per image.
    #[serde(flatten)]
    summary: Summary,
    /// Per video, where samples name theirs.
    per_video: Option<Summary>,
    /// What the decision rule says of each label's photos.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outcomes: Vec<OutcomeRow>,
    /// BPCER by the groups that the set's labels tell apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<GroupRow>,
    /// What got no score.
    non_response: NonResponse,
    /// Source revision.
    revision: String,
}

/// Runs `despoof eval`.
pub fn run(options: &EvalOptions) -> Result<()> {
    let pipeline = if options.scores.is_empty() {
        let pipeline = Pipeline::open(&options.bundle, options.run.as_deref())?;
        Some(Pipeline { close_up: options.close_up, ..pipeline })
    } else {
        None
    };
    let decision = options.decision.as_deref().map(read_decision).transpose()?;
    let files: Vec<Vec<Scored>> = options
        .scores
        .iter()
        .map(|file| read_scores(file, decision.as_ref()))
        .collect::<Result<_>>()?;
    let set = match &pipeline {
        Some(pipeline) => score_shards(pipeline, &options.data, options.choice)?,
        None => ScoredSet { scored: files.concat(), ..Default::default() },
    };
    let samples = set.samples();
    if let Some(path) = &options.scores_out {
        scores_file::write(path, &set.scored)?;
    }
    if let Some(path) = &options.fix_decision {
        let of_file = |file: &Vec<Scored>| file.iter().map(|s| s.sample.clone()).collect();
        let sets = match &pipeline {
            Some(_) => vec![development_samples(&set)],
            None => files.iter().map(of_file).collect(),
        };
        fix_decision(path, &sets, pipeline.as_ref(), options)?;
    }
    let rule = pipeline.as_ref().and_then(Pipeline::decision).or(decision.as_ref());
    let evaluation = evaluation(options, pipeline.as_ref(), rule, &samples, &set);
    if let Some(folder) = &options.report {
        write_report(folder, options, pipeline.as_ref(), &set, &evaluation)?;
    }
    if options.json {
        println!("{}", serde_json::to_string(&evaluation)?);
    } else {
        print_text(&evaluation, set.presentations());
    }
    Ok(())
}

/// The scores of a file, at the temperature of a rule where there is one.
fn read_scores(file: &Path, rule: Option<&DecisionRule>) -> Result<Vec<Scored>> {
    let mut scored = scores_file::read(file)?;
    if let Some(rule) = rule {
        for one in &mut scored {
            one.sample.score = tempered(one.sample.score, f64::from(rule.temperature));
        }
    }
    Ok(scored)
}

fn development_samples(set: &ScoredSet) -> Vec<Sample> {
    let samples = set.development_samples();
    let left_out = set.scored.len() - samples.len();
    if left_out > 0 {
        eprintln!("{left_out} photos of the split `test` take no part in fixing the threshold");
    }
    samples
}

fn data_names(options: &EvalOptions) -> Vec<String> {
    if options.scores.is_empty() {
        shards::names(&options.data)
    } else {
        options.scores.iter().map(|file| file.display().to_string()).collect()
    }
}

fn evaluation(
    options: &EvalOptions,
    pipeline: Option<&Pipeline>,
    rule: Option<&DecisionRule>,
    samples: &[Sample],
    set: &ScoredSet,
) -> Evaluation {
    let threshold = rule.map(|rule| f64::from(rule.threshold)).or(options.threshold);
    let bootstrap = Bootstrap { resamples: options.resamples, seed: options.seed };
    Evaluation {
        data: data_names(options),
        model: pipeline.map(|pipeline| pipeline.origin.clone()),
        bundle_digest: pipeline.map(|pipeline| pipeline.checker.manifest().digest.clone()),
        close_up: options.close_up,
        summary: Summary::of_images(samples, threshold, &bootstrap),
        per_video: Summary::of_videos(samples, threshold, &bootstrap),
        outcomes: rule.map(|rule| outcomes::rows(samples, rule)).unwrap_or_default(),
        groups: groups::rows(set, threshold, &bootstrap),
        non_response: set.non_response.clone(),
        revision: revision(),
    }
}

/// The rule's temperature comes on top of the one that the scores already carry; those of a score file
/// are taken to carry none.
fn fix_decision(
    path: &Path,
    sets: &[Vec<Sample>],
    pipeline: Option<&Pipeline>,
    options: &EvalOptions,
) -> Result<()> {
    let bpcer = options.bpcer.map(|percent| percent / 100.0);
    let mut rule = decision_from_development_scores(sets, bpcer, &data_names(options))?;
    if let Some(pipeline) = pipeline {
        rule.temperature *= pipeline.checker.manifest().decision.temperature;
    }
    std::fs::write(path, serde_json::to_string_pretty(&rule)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    eprintln!("{}: {rule:?}", path.display());
    Ok(())
}

fn write_report(
    folder: &Path,
    options: &EvalOptions,
    pipeline: Option<&Pipeline>,
    set: &ScoredSet,
    evaluation: &Evaluation,
) -> Result<()> {
    let samples = set.samples();
    let mut wrong = match evaluation.summary.decisive_threshold() {
        Some(threshold) => mistakes::worst(&set.scored, threshold),
        None => Vec::new(),
    };
    if let Some(pipeline) = pipeline {
        mistakes::draw(&mut wrong, pipeline, &options.data, options.choice, folder)?;
    }
    let mut facts = vec![format!("Revision {}", evaluation.revision)];
    if let (Some(model), Some(digest)) = (&evaluation.model, &evaluation.bundle_digest) {
        facts.insert(0, format!("{model}, bundle digest {digest}"));
    }
    if let Some(times) = evaluation.close_up {
        facts.push(format!("Photos cut to {times} times the face's box"));
    }
    let contents = report::Contents {
        title: format!("Evaluation on {}", evaluation.data.join(", ")),
        facts,
        samples: &samples,
        summaries: std::iter::once(&evaluation.summary).chain(&evaluation.per_video).collect(),
        non_response: &set.non_response,
        mistakes: &wrong,
    };
    report::write(folder, &contents)?;
    eprintln!("{}", folder.join(crate::report::page::FILE).display());
    Ok(())
}

fn print_text(evaluation: &Evaluation, presentations: usize) {
    println!("{}", evaluation.data.join(" + "));
    print!("{}", table::text_from_summary(&evaluation.summary));
    if let Some(videos) = &evaluation.per_video {
        print!("{}", table::text_from_summary(videos));
    }
    print!("{}", outcomes::text(&evaluation.outcomes));
    print!("{}", groups::text(&evaluation.groups));
    print!("{}", table::text_from_non_response(&evaluation.non_response, presentations));
}

#[cfg(test)]
mod tests {
    use despoof::metrics::Label;

    use super::*;

    /// What `--decision` says of the very scores that `--fix-decision` saw is what was asked of it.
    #[test]
    fn a_rule_holds_for_the_scores_it_was_fixed_on() {
        let lines =
            (0..100).map(|index| format!("a{index},live,{}\n", 0.4 + f64::from(index) / 200.0));
        let attacks =
            (0..100).map(|index| format!("b{index},print,{}\n", f64::from(index) / 200.0));
        let text: String = std::iter::once("sample,label,score\n".to_owned())
            .chain(lines)
            .chain(attacks)
            .collect();
        let path = std::env::temp_dir().join(format!("despoof-decided-{}", std::process::id()));
        std::fs::write(&path, text).expect("written");
        let samples_at = |rule: Option<&DecisionRule>| -> Vec<Sample> {
            read_scores(&path, rule).expect("read").into_iter().map(|one| one.sample).collect()
        };
        let raw = samples_at(None);
        let rule = decision_from_development_scores(&[raw], Some(0.1), &["a".into()]);
        let rule = rule.expect("both classes are there");
        assert!((rule.temperature - 1.0).abs() > 0.1, "it has to matter, {rule:?}");
        let samples = samples_at(Some(&rule));
        std::fs::remove_file(&path).expect("removed");
        let refused = samples
            .iter()
            .filter(|sample| sample.label == Label::Live)
            .filter(|sample| sample.score < f64::from(rule.threshold) - 1e-6)
            .count();
        assert!((8..=10).contains(&refused), "{refused} of 100");
    }
}

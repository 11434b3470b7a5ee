//! A target's numbers over seeds: oracle as the authors' code reports it, honest as a user would get it.

use std::collections::{BTreeMap, BTreeSet};

use despoof::metrics::{Bootstrap, Sample};
use serde::Serialize;

use super::fold::family_of;
use super::leave_one_out::equal_error_threshold;
use super::scored::{NonResponse, Scored};
use super::spread::{interval, mean};
use super::step_scores::StepScores;
use super::summary::{Counts, Summary};

/// One target's numbers.
#[derive(Debug, Clone, Serialize)]
pub struct TrainedRow {
    /// What was tested.
    pub target: String,
    /// Per image.
    #[serde(flatten)]
    pub figures: Figures,
    /// Per video, where the target has some.
    pub per_video: Option<Figures>,
    /// How much was tested.
    pub counts: Counts,
    /// Share of each attack type that is accepted.
    pub attacks: BTreeMap<String, AttackFigures>,
    /// What got no score.
    pub non_response: NonResponse,
}

/// Numbers in percent, means over the seeds.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Area under the ROC curve, of the last checkpoint.
    pub auc: Option<f64>,
    /// Equal error rate of the last checkpoint.
    pub eer: Option<f64>,
    /// Best of all checkpoints on the target, at the target's own EER threshold.
    pub oracle: OracleFigures,
    /// Last checkpoint, at the EER threshold of the sources' development data.
    pub honest: HonestFigures,
    /// 95 % intervals.
    pub intervals: Intervals,
    /// The same of every seed, in their order.
    pub seeds: Vec<SeedFigures>,
}

/// The authors' way to measure.
#[derive(Debug, Clone, Serialize)]
pub struct OracleFigures {
    /// HTER of the best checkpoint.
    pub hter: Option<f64>,
    /// AUC of that checkpoint.
    pub auc: Option<f64>,
}

/// What a user would get.
#[derive(Debug, Clone, Serialize)]
pub struct HonestFigures {
    /// HTER.
    pub hter: Option<f64>,
    /// The threshold; a score, not percent.
    pub threshold: Option<f64>,
    /// APCER of the worst attack type.
    pub apcer: Option<f64>,
    /// BPCER.
    pub bpcer: Option<f64>,
}

/// 95 % intervals: over seeds, where there are several, else of a bootstrap over subjects.
#[derive(Debug, Clone, Serialize)]
pub struct Intervals {
    /// `seeds`, or what the bootstrap draws.
    pub over: String,
    /// Of the AUC.
    pub auc: Option<[f64; 2]>,
    /// Of the oracle's HTER; a bootstrap has none.
    pub oracle_hter: Option<[f64; 2]>,
    /// Of the honest HTER.
    pub honest_hter: Option<[f64; 2]>,
}

/// Numbers of one seed.
#[derive(Debug, Clone, Serialize)]
pub struct SeedFigures {
    /// The seed.
    pub seed: u64,
    /// AUC of the last checkpoint.
    pub auc: Option<f64>,
    /// EER of the last checkpoint.
    pub eer: Option<f64>,
    /// HTER of the best checkpoint.
    pub oracle_hter: Option<f64>,
    /// AUC of the best checkpoint.
    pub oracle_auc: Option<f64>,
    /// Step of the best checkpoint.
    pub oracle_step: usize,
    /// HTER of the last checkpoint at the development threshold.
    pub honest_hter: Option<f64>,
}

/// An attack type of a target.
#[derive(Debug, Clone, Serialize)]
pub struct AttackFigures {
    /// How many were tested.
    pub count: usize,
    /// Whether training saw none of its family.
    pub unseen: bool,
    /// APCER at the honest threshold.
    pub honest_apcer: Option<f64>,
    /// APCER at the last checkpoint's own EER threshold.
    pub eer_apcer: Option<f64>,
}

/// A seed's checkpoints, of which one target is looked at.
pub struct SeedScores<'a> {
    /// The seed.
    pub seed: u64,
    /// Its checkpoints, in order.
    pub steps: &'a [StepScores],
}

/// What is measured of a target in one unit.
struct Measured {
    figures: SeedFigures,
    last: Summary,
}

type Unit = fn(&[Sample], Option<f64>, &Bootstrap) -> Option<Summary>;

/// The row of target number `target`; `None` where no seed has a checkpoint.
pub fn row(
    name: &str,
    target: usize,
    seeds: &[SeedScores],
    seen: &BTreeSet<String>,
    non_response: NonResponse,
    bootstrap: &Bootstrap,
) -> Option<TrainedRow> {
    let images: Unit = |samples, at, bootstrap| Some(Summary::of_images(samples, at, bootstrap));
    let measured = of_unit(images, target, seeds, bootstrap)?;
    let per_video = of_unit(Summary::of_videos, target, seeds, bootstrap);
    Some(TrainedRow {
        target: name.to_owned(),
        counts: measured[0].last.counts.clone(),
        attacks: attacks(&measured, seen),
        figures: figures(&measured),
        per_video: per_video.map(|measured| figures(&measured)),
        non_response,
    })
}

fn of_unit(
    unit: Unit,
    target: usize,
    seeds: &[SeedScores],
    bootstrap: &Bootstrap,
) -> Option<Vec<Measured>> {
    seeds.iter().map(|seed| of_seed(unit, target, seed, bootstrap)).collect()
}

fn of_seed(
    unit: Unit,
    target: usize,
    scores: &SeedScores,
    bootstrap: &Bootstrap,
) -> Option<Measured> {
    let samples = |scored: &[Scored]| -> Vec<Sample> {
        scored.iter().map(|scored| scored.sample.clone()).collect()
    };
    let last = scores.steps.last()?;
    let threshold = threshold(unit, &samples(&last.development));
    let once = Bootstrap { resamples: 0, ..bootstrap.clone() };
    let mut best: Option<(usize, Summary)> = None;
    for step in scores.steps {
        let summary = unit(&samples(&step.targets[target]), None, &once)?;
        let error = |summary: &Summary| summary.rates.oracle.hter.unwrap_or(f64::INFINITY);
        if best.as_ref().is_none_or(|(_, best)| error(&summary) < error(best)) {
            best = Some((step.step, summary));
        }
    }
    let (oracle_step, best) = best?;
    let last = unit(&samples(&last.targets[target]), threshold, bootstrap)?;
    let figures = SeedFigures {
        seed: scores.seed,
        auc: last.rates.auc,
        eer: last.rates.eer,
        oracle_hter: best.rates.oracle.hter,
        oracle_auc: best.rates.auc,
        oracle_step,
        honest_hter: last.rates.honest.hter,
    };
    Some(Measured { figures, last })
}

/// The threshold of the development data's equal error rate in the same unit; images', where the
/// development data has no videos.
fn threshold(unit: Unit, development: &[Sample]) -> Option<f64> {
    let once = Bootstrap { resamples: 0, seed: 0 };
    match unit(development, None, &once) {
        Some(summary) => summary.rates.oracle.threshold.value(),
        None => equal_error_threshold(development),
    }
}

fn figures(measured: &[Measured]) -> Figures {
    let seeds: Vec<SeedFigures> = measured.iter().map(|it| it.figures.clone()).collect();
    let of = |select: fn(&SeedFigures) -> Option<f64>| -> Vec<Option<f64>> {
        seeds.iter().map(select).collect()
    };
    let of_last =
        |select: fn(&Summary) -> Option<f64>| mean(measured.iter().map(|it| select(&it.last)));
    let (auc, oracle, honest) = (of(|it| it.auc), of(|it| it.oracle_hter), of(|it| it.honest_hter));
    let intervals = match measured {
        [one] => Intervals {
            over: one.last.bootstrap.over.clone(),
            auc: one.last.intervals.auc,
            oracle_hter: None,
            honest_hter: one.last.intervals.honest.hter,
        },
        _ => Intervals {
            over: format!("{} seeds", measured.len()),
            auc: interval(auc.clone()),
            oracle_hter: interval(oracle.clone()),
            honest_hter: interval(honest.clone()),
        },
    };
    Figures {
        auc: mean(auc),
        eer: mean(of(|it| it.eer)),
        oracle: OracleFigures { hter: mean(oracle), auc: mean(of(|it| it.oracle_auc)) },
        honest: HonestFigures {
            hter: mean(honest),
            threshold: of_last(|last| last.rates.honest.threshold.value()),
            apcer: of_last(|last| last.rates.honest.apcer),
            bpcer: of_last(|last| last.rates.honest.bpcer),
        },
        intervals,
        seeds,
    }
}

fn attacks(measured: &[Measured], seen: &BTreeSet<String>) -> BTreeMap<String, AttackFigures> {
    let of = |name: &str, count: usize| {
        let rate = |select: fn(&Summary) -> &BTreeMap<String, f64>| {
            mean(measured.iter().map(|it| select(&it.last).get(name).copied()))
        };
        AttackFigures {
            count,
            unseen: !seen.contains(family_of(name)),
            honest_apcer: rate(|last| &last.rates.honest.apcer_by_attack),
            eer_apcer: rate(|last| &last.rates.oracle.apcer_by_attack),
        }
    };
    let counts = measured[0].last.counts.attacks.iter();
    counts.map(|(name, &count)| (name.clone(), of(name, count))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scored::label_from_name;
    use super::super::trained_mean::mean_of;
    use super::*;

    fn scored(scores: &[(&str, f64)]) -> Vec<Scored> {
        let one = |(index, (label, score)): (usize, &(&str, f64))| Scored {
            name: index.to_string(),
            sample: Sample {
                score: *score,
                label: label_from_name(label),
                subject: None,
                video: None,
            },
        };
        scores.iter().enumerate().map(one).collect()
    }

    fn step(step: usize, live: f64, print: f64) -> StepScores {
        StepScores {
            step,
            development: scored(&[("live", 0.8), ("print", 0.2)]),
            targets: vec![scored(&[
                ("live", live),
                ("live", 0.9),
                ("print", print),
                ("mask", 0.1),
            ])],
        }
    }

    #[test]
    fn oracle_is_the_best_checkpoint_and_honest_the_last_one() {
        // The first separates, though not at the sources' threshold; the last takes the print for live.
        let steps = [step(10, 0.6, 0.5), step(20, 0.7, 0.85)];
        let seeds = [SeedScores { seed: 3, steps: &steps }];
        let seen = BTreeSet::from(["print".to_owned()]);
        let bootstrap = Bootstrap { resamples: 10, seed: 0 };
        let row = row("t", 0, &seeds, &seen, NonResponse::default(), &bootstrap).expect("a row");
        assert_eq!(row.figures.oracle.hter, Some(0.0));
        assert_eq!(row.figures.seeds[0].oracle_step, 10);
        assert_eq!(row.figures.auc, Some(75.0));
        // At 0.8 one of two live faces is refused and one of two attacks accepted.
        assert_eq!(row.figures.honest.threshold, Some(0.8));
        assert_eq!(row.figures.honest.hter, Some(50.0));
        assert_eq!(row.attacks["print"].honest_apcer, Some(100.0));
        assert!(row.attacks["mask"].unseen && !row.attacks["print"].unseen);
        assert!(row.per_video.is_none());
    }

    #[test]
    fn several_seeds_give_means_and_intervals() {
        let good = [step(10, 0.6, 0.5)];
        let bad = [step(10, 0.7, 0.85)];
        let seeds = [SeedScores { seed: 0, steps: &good }, SeedScores { seed: 1, steps: &bad }];
        let bootstrap = Bootstrap { resamples: 10, seed: 0 };
        let seen = BTreeSet::new();
        let row = row("t", 0, &seeds, &seen, NonResponse::default(), &bootstrap).expect("a row");
        assert_eq!(row.figures.auc, Some(87.5));
        let [low, high] = row.figures.intervals.auc.expect("two seeds");
        assert!(low < 87.5 && 87.5 < high);
        assert_eq!(row.figures.intervals.over, "2 seeds");
        let mean = mean_of(&[&row.figures]);
        assert_eq!((mean.auc, mean.intervals.auc), (Some(87.5), Some([low, high])));
    }
}

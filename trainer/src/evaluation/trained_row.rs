//! A target's numbers over seeds: oracle as the authors' code reports it, honest as a user would get it.

use std::collections::BTreeMap;

use super::figures::{
    AttackFigures, Figures, HonestFigures, Intervals, OracleFigures, SeedFigures, TrainedRow,
};
use super::fold::SeenAttacks;
use super::leave_one_out::equal_error_threshold;
use super::scored::{NonResponse, Scored};
use super::spread::{interval, mean};
use super::step_scores::StepScores;
use super::summary::Summary;
use despoof::metrics::{Bootstrap, Sample};

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
    seen: &SeenAttacks,
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

fn attacks(measured: &[Measured], seen: &SeenAttacks) -> BTreeMap<String, AttackFigures> {
    let of = |name: &str, count: usize| {
        let rate = |select: fn(&Summary) -> &BTreeMap<String, f64>| {
            mean(measured.iter().map(|it| select(&it.last).get(name).copied()))
        };
        AttackFigures {
            count,
            unseen: !seen.knows(name),
            honest_apcer: rate(|last| &last.rates.honest.apcer_by_attack),
            eer_apcer: rate(|last| &last.rates.oracle.apcer_by_attack),
        }
    };
    let counts = measured[0].last.counts.attacks.iter();
    counts.map(|(name, &count)| (name.clone(), of(name, count))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::scored::label_from_name;
    use super::super::trained_mean::mean_of;
    use super::*;

    fn scored(scores: &[(&str, f64)]) -> Vec<Scored> {
        let one = |(index, (label, score)): (usize, &(&str, f64))| Scored {
            name: index.to_string(),
            sample: Sample::single(*score, label_from_name(label)),
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
        let families = BTreeSet::from(["print".to_owned()]);
        let seen = SeenAttacks { families, left_out: None };
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
        let seen = SeenAttacks::default();
        let row = row("t", 0, &seeds, &seen, NonResponse::default(), &bootstrap).expect("a row");
        assert_eq!(row.figures.auc, Some(87.5));
        let [low, high] = row.figures.intervals.auc.expect("two seeds");
        assert!(low < 87.5 && 87.5 < high);
        assert_eq!(row.figures.intervals.over, "2 seeds");
        let mean = mean_of(&[&row.figures]);
        assert_eq!((mean.auc, mean.intervals.auc), (Some(87.5), Some([low, high])));
    }
}

//! Means of trained rows over their targets.

use serde::Serialize;

use super::figures::{Figures, OracleFigures, SeedFigures};
use super::spread::{interval, mean};

/// Means over the targets; a target that does not define a number is not in its mean.
#[derive(Debug, Clone, Serialize)]
pub struct TrainedMean {
    /// Number of targets.
    pub targets: usize,
    /// Area under the ROC curve.
    pub auc: Option<f64>,
    /// Equal error rate.
    pub eer: Option<f64>,
    /// The authors' way to measure.
    pub oracle: OracleFigures,
    /// What a user would get.
    pub honest: MeanHonest,
    /// 95 % intervals over the seeds' means; none of one seed.
    pub intervals: MeanIntervals,
}

/// Means of what a user would get.
#[derive(Debug, Clone, Serialize)]
pub struct MeanHonest {
    /// HTER.
    pub hter: Option<f64>,
    /// APCER of each target's worst attack type.
    pub apcer: Option<f64>,
    /// BPCER.
    pub bpcer: Option<f64>,
}

/// Intervals of means.
#[derive(Debug, Clone, Serialize)]
pub struct MeanIntervals {
    /// Of the AUC.
    pub auc: Option<[f64; 2]>,
    /// Of the oracle's HTER.
    pub oracle_hter: Option<[f64; 2]>,
    /// Of the honest HTER.
    pub honest_hter: Option<[f64; 2]>,
}

/// Means over targets.
pub fn mean_of(rows: &[&Figures]) -> TrainedMean {
    let of = |select: fn(&Figures) -> Option<f64>| mean(rows.iter().map(|row| select(row)));
    let seeds = rows.iter().map(|row| row.seeds.len()).min().unwrap_or(0);
    let over_seeds = |select: fn(&SeedFigures) -> Option<f64>| {
        let of_seed = |seed: usize| mean(rows.iter().map(|row| select(&row.seeds[seed])));
        interval((0..seeds).map(of_seed))
    };
    TrainedMean {
        targets: rows.len(),
        auc: of(|row| row.auc),
        eer: of(|row| row.eer),
        oracle: OracleFigures { hter: of(|row| row.oracle.hter), auc: of(|row| row.oracle.auc) },
        honest: MeanHonest {
            hter: of(|row| row.honest.hter),
            apcer: of(|row| row.honest.apcer),
            bpcer: of(|row| row.honest.bpcer),
        },
        intervals: MeanIntervals {
            auc: over_seeds(|seed| seed.auc),
            oracle_hter: over_seeds(|seed| seed.oracle_hter),
            honest_hter: over_seeds(|seed| seed.honest_hter),
        },
    }
}

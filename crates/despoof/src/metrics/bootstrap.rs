//! Bootstrap over subjects: frames of one person are no independent evidence.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::{Sample, Scores};

/// How often and from which seed to resample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Number of resamples; 0 for no intervals.
    pub resamples: u32,
    /// The same seed gives the same intervals.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Bootstrap {
        Bootstrap { resamples: 1000, seed: 0 }
    }
}

/// Where 95 % of the resamples lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

impl Interval {
    /// Percentiles of resampled values; `None` where there are none.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Interval> {
        values.sort_by(f64::total_cmp);
        Some(Interval { low: quantile(&values, 0.025)?, high: quantile(&values, 0.975)? })
    }
}

/// Linear between the two nearest of sorted values.
fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let position = share * values.len().checked_sub(1)? as f64;
    let below = values[position as usize];
    let above = values[position.ceil() as usize];
    Some(below + (above - below) * position.fract())
}

/// Samples of each subject together, in the order of their first appearance.
pub(super) fn by_subject(samples: &[Sample]) -> Vec<Vec<&Sample>> {
    let mut groups: Vec<Vec<&Sample>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for sample in samples {
        let next = groups.len();
        let place = match &sample.subject {
            Some(subject) => *places.entry(subject).or_insert(next),
            None => next,
        };
        if place == next {
            groups.push(Vec::new());
        }
        groups[place].push(sample);
    }
    groups
}

impl Bootstrap {
    /// `measure` on as many subjects as there are, drawn with replacement, again and again.
    pub(super) fn resampled<T>(
        &self,
        subjects: &[Vec<&Sample>],
        measure: impl Fn(&Scores) -> T,
    ) -> Vec<T> {
        if subjects.is_empty() {
            return Vec::new();
        }
        let mut random = StdRng::seed_from_u64(self.seed);
        // 32 bits: the same draw in the browser as on a 64-bit machine.
        let count = subjects.len() as u32;
        let resamples = (0..self.resamples).map(|_| {
            let drawn =
                subjects.iter().flat_map(|_| &subjects[random.random_range(0..count) as usize]);
            measure(&Scores::from_samples(drawn.copied()))
        });
        resamples.collect()
    }
}

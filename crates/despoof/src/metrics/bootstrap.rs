//! Bootstrap over subjects: frames of one person are no independent evidence. Where the subject is
//! unknown, its recording stands for it; where that is unknown too, the photo, or the sample itself.

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

/// What was drawn in the resampling, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resampled {
    /// Known subjects.
    pub subjects: usize,
    /// Recordings of unknown subjects.
    pub recordings: usize,
    /// Photos of which neither is known, whatever was made from them.
    pub photos: usize,
    /// Single samples of which nothing is known.
    pub samples: usize,
}

impl Resampled {
    /// Counts groups by what holds them together.
    pub(super) fn of(groups: &[Vec<&Sample>]) -> Resampled {
        let mut counted = Resampled::default();
        for sample in groups.iter().filter_map(|group| group.first()) {
            match independent_unit(sample) {
                Some(Unit::Subject(_)) => counted.subjects += 1,
                Some(Unit::Recording(_)) => counted.recordings += 1,
                Some(Unit::Photo(_)) => counted.photos += 1,
                None => counted.samples += 1,
            }
        }
        counted
    }
}

/// What samples have in common that are no independent evidence together, by its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit<'a> {
    Subject(&'a str),
    Recording(&'a str),
    Photo(&'a str),
}

/// What a sample belongs to: the largest unit of which anything is known.
fn independent_unit(sample: &Sample) -> Option<Unit<'_>> {
    let subject = sample.subject.as_deref().map(Unit::Subject);
    let recording = || sample.video.as_deref().map(Unit::Recording);
    let photo = || sample.photo.as_deref().map(Unit::Photo);
    subject.or_else(recording).or_else(photo)
}

/// Samples that are no independent evidence together, in the order of their first appearance.
pub(super) fn independent_groups(samples: &[Sample]) -> Vec<Vec<&Sample>> {
    let mut groups: Vec<Vec<&Sample>> = Vec::new();
    let mut places: BTreeMap<Unit, usize> = BTreeMap::new();
    for sample in samples {
        let next = groups.len();
        let place = match independent_unit(sample) {
            Some(unit) => *places.entry(unit).or_insert(next),
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
    /// `measure` on as many groups as there are, drawn with replacement, again and again.
    pub(super) fn resampled<T>(
        &self,
        groups: &[Vec<&Sample>],
        measure: impl Fn(&Scores) -> T,
    ) -> Vec<T> {
        if groups.is_empty() {
            return Vec::new();
        }
        let mut random = StdRng::seed_from_u64(self.seed);
        // 32 bits: the same draw in the browser as on a 64-bit machine.
        let count = groups.len() as u32;
        let resamples = (0..self.resamples).map(|_| {
            let drawn = groups.iter().flat_map(|_| &groups[random.random_range(0..count) as usize]);
            measure(&Scores::from_samples(drawn.copied()))
        });
        resamples.collect()
    }
}

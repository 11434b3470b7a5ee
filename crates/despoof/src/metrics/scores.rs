//! Rates and thresholds of sorted scores.

use std::collections::BTreeMap;

use super::{ErrorRates, Label, Metrics, Sample};

/// Keeps a share like 0.29 · 100 from losing a sample to rounding.
const ROUNDING: f64 = 1e-9;

/// Sorted scores of live presentations and of each attack species.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores<'a> {
    live: Vec<f64>,
    attacks: BTreeMap<&'a str, Vec<f64>>,
}

/// One point of the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Scores from here on are accepted.
    pub threshold: f64,
    /// Share of the attacks, species pooled, that are accepted.
    pub attacks_accepted: f64,
    /// Share of the live presentations that are accepted: 1 − BPCER.
    pub live_accepted: f64,
}

/// Where as many live presentations are refused as attacks accepted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EqualError {
    /// The EER, on the straight line between the two nearest points of the ROC curve.
    pub rate: f64,
    /// Threshold of the point of the curve where both rates are closest.
    pub threshold: f64,
}

impl<'a> Scores<'a> {
    /// Scores by kind; a score that is no number becomes one that no threshold accepts.
    pub fn new(
        live: Vec<f64>,
        attacks: impl IntoIterator<Item = (&'a str, Vec<f64>)>,
    ) -> Scores<'a> {
        let attacks = attacks.into_iter().map(|(name, scores)| (name, sorted(scores)));
        Scores {
            live: sorted(live),
            attacks: attacks.filter(|(_, scores)| !scores.is_empty()).collect(),
        }
    }

    /// Scores of samples, by their labels.
    pub fn from_samples(samples: impl IntoIterator<Item = &'a Sample>) -> Scores<'a> {
        let mut live = Vec::new();
        let mut attacks: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for sample in samples {
            match &sample.label {
                Label::Live => live.push(sample.score),
                Label::Attack(species) => attacks.entry(species).or_default().push(sample.score),
            }
        }
        Scores::new(live, attacks)
    }

    /// Scores of live presentations, ascending.
    pub fn live(&self) -> &[f64] {
        &self.live
    }

    /// Attack species with their scores, ascending.
    pub fn attacks(&self) -> impl Iterator<Item = (&'a str, &[f64])> {
        self.attacks.iter().map(|(name, scores)| (*name, scores.as_slice()))
    }

    /// The ROC curve from "nothing accepted" to "everything accepted", one point for each distinct
    /// score; `None` unless there are live presentations and attacks.
    pub fn curve(&self) -> Option<Vec<CurvePoint>> {
        let attacks = self.pooled_attacks();
        if self.live.is_empty() || attacks.is_empty() {
            return None;
        }
        let point = |threshold: f64| CurvePoint {
            threshold,
            attacks_accepted: share_accepted(&attacks, threshold),
            live_accepted: share_accepted(&self.live, threshold),
        };
        let mut distinct = sorted([self.live.as_slice(), &attacks].concat());
        distinct.dedup();
        let nothing = distinct.last().map(|highest| point(above(*highest)));
        Some(nothing.into_iter().chain(distinct.iter().rev().map(|score| point(*score))).collect())
    }

    /// Probability that a live sample scores higher than an attack; ties count half (trapezoids
    /// under the ROC curve).
    pub fn area_under_curve(&self) -> Option<f64> {
        let curve = self.curve()?;
        let trapezoid = |pair: &[CurvePoint]| {
            let width = pair[1].attacks_accepted - pair[0].attacks_accepted;
            width * (pair[0].live_accepted + pair[1].live_accepted) / 2.0
        };
        Some(curve.windows(2).map(trapezoid).sum())
    }

    /// EER with its threshold.
    pub fn equal_error(&self) -> Option<EqualError> {
        let curve = self.curve()?;
        // Refused live less accepted attacks: falls from 1 to −1 along the curve.
        let excess = |point: &CurvePoint| 1.0 - point.live_accepted - point.attacks_accepted;
        let crossing = curve.windows(2).find(|pair| excess(&pair[1]) <= 0.0)?;
        let (before, after) = (&crossing[0], &crossing[1]);
        let share = excess(before) / (excess(before) - excess(after));
        let step = after.attacks_accepted - before.attacks_accepted;
        let nearer = if excess(before) < -excess(after) { before } else { after };
        Some(EqualError {
            rate: before.attacks_accepted + share * step,
            threshold: nearer.threshold,
        })
    }

    /// The highest threshold that refuses at most the share `bpcer` of the live presentations.
    pub fn threshold_at_bpcer(&self, bpcer: f64) -> Option<f64> {
        let refused = allowed(bpcer, self.live.len());
        self.live.get(refused.min(self.live.len().checked_sub(1)?)).copied()
    }

    /// The lowest threshold at which no species' APCER exceeds `apcer`.
    pub fn threshold_at_apcer(&self, apcer: f64) -> Option<f64> {
        let highest_refused = self.attacks.values().filter_map(|scores| {
            scores.len().checked_sub(1 + allowed(apcer, scores.len())).map(|index| scores[index])
        });
        match highest_refused.reduce(f64::max) {
            Some(score) => Some(self.threshold_above(score)),
            None if self.attacks.is_empty() => None,
            None => Some(f64::MIN),
        }
    }

    /// BPCER at [`Scores::threshold_at_apcer`].
    pub fn bpcer_at_apcer(&self, apcer: f64) -> Option<f64> {
        self.bpcer(self.threshold_at_apcer(apcer)?)
    }

    /// All rates at a threshold.
    pub fn rates(&self, threshold: f64) -> ErrorRates<f64> {
        let apcer: BTreeMap<String, f64> = self
            .attacks()
            .map(|(name, scores)| (name.to_owned(), share_accepted(scores, threshold)))
            .collect();
        let worst_apcer = apcer.values().copied().reduce(f64::max);
        let bpcer = self.bpcer(threshold);
        let pooled = self.pooled_apcer(threshold);
        let mean = |a: Option<f64>, b: Option<f64>| Some((a? + b?) / 2.0);
        let (acer, hter) = (mean(worst_apcer, bpcer), mean(pooled, bpcer));
        ErrorRates { threshold, apcer, worst_apcer, bpcer, acer, hter }
    }

    /// Everything; `threshold` comes from other data.
    pub fn metrics(&self, threshold: Option<f64>) -> Metrics<f64> {
        let equal_error = self.equal_error();
        Metrics {
            auc: self.area_under_curve(),
            eer: equal_error.map(|equal| equal.rate),
            bpcer_at_apcer_10: self.bpcer_at_apcer(0.10),
            bpcer_at_apcer_5: self.bpcer_at_apcer(0.05),
            bpcer_at_apcer_1: self.bpcer_at_apcer(0.01),
            honest: threshold.map(|threshold| self.rates(threshold)),
            oracle: equal_error.map(|equal| self.rates(equal.threshold)),
        }
    }

    /// Share of all attacks, whatever their species, that the threshold accepts.
    pub fn pooled_apcer(&self, threshold: f64) -> Option<f64> {
        let attacks = self.pooled_attacks();
        (!attacks.is_empty()).then(|| share_accepted(&attacks, threshold))
    }

    /// Share of the live presentations that the threshold refuses.
    pub fn bpcer(&self, threshold: f64) -> Option<f64> {
        (!self.live.is_empty()).then(|| 1.0 - share_accepted(&self.live, threshold))
    }

    fn pooled_attacks(&self) -> Vec<f64> {
        sorted(self.attacks.values().flatten().copied().collect())
    }

    /// Refuses `score`, accepts the next higher one: half-way, so that rounding harms neither.
    fn threshold_above(&self, score: f64) -> f64 {
        let all = self.attacks.values().chain([&self.live]);
        let next = all.filter_map(|scores| scores.get(scores.partition_point(|one| *one <= score)));
        match next.copied().reduce(f64::min) {
            Some(next) if score.is_finite() => score + (next - score) / 2.0,
            Some(next) => next,
            None => above(score),
        }
    }
}

fn sorted(mut scores: Vec<f64>) -> Vec<f64> {
    for score in &mut scores {
        if score.is_nan() {
            *score = f64::NEG_INFINITY;
        }
    }
    scores.sort_by(f64::total_cmp);
    scores
}

/// Share of sorted scores from `threshold` on.
fn share_accepted(scores: &[f64], threshold: f64) -> f64 {
    let refused = scores.partition_point(|score| *score < threshold);
    (scores.len() - refused) as f64 / scores.len() as f64
}

/// How many of `count` are at most the given share.
fn allowed(share: f64, count: usize) -> usize {
    (share * count as f64 + ROUNDING) as usize
}

/// A threshold just above a score that also holds after rounding to 32 bits.
fn above(score: f64) -> f64 {
    f64::from((score as f32).next_up())
}

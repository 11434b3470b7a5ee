//! Error rates of a liveness check, named after ISO/IEC 30107-3 and measured by ourselves.
//!
//! A score is the probability of a live face; score ≥ threshold is accepted as live.
//!
//! - APCER: share of the presentations of one attack species that are accepted. The system's is the
//!   worst species'.
//! - BPCER: share of the live presentations that are refused.
//! - ACER: mean of the worst APCER and BPCER.
//! - HTER: mean of BPCER and the share of all attacks, species pooled, that are accepted.
//! - EER: BPCER where it equals the pooled share of accepted attacks.
//!
//! A rate without a presentation to count is `None`.
//!
//! Intervals of what depends on the worst species (worst APCER, ACER, BPCER at an APCER) are over the
//! resamples that hold every measured species: without one of them the worst is that of fewer.

mod bootstrap;
mod scores;
mod videos;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use bootstrap::{Bootstrap, Interval, Resampled};
pub use scores::{CurvePoint, EqualError, Scores};
pub use videos::averaged_by_video;

/// What was in front of the camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// A live person.
    Live,
    /// An attack, with the name of its species, for example `print`.
    Attack(String),
}

/// One scored presentation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Probability of a live face. One that is no number is never accepted.
    pub score: f64,
    /// What it was.
    pub label: Label,
    /// Who was shown, where that is known; samples of one subject are resampled together.
    pub subject: Option<String>,
    /// The recording it is a frame of, where there is one. Where the subject is unknown, frames of
    /// one recording are resampled together.
    pub video: Option<String>,
    /// The photo that it is or was made from, where samples may share one; where neither subject nor recording
    /// is known, samples of one photo are resampled together.
    pub photo: Option<String>,
}

impl Sample {
    /// One of which nothing is known but its score and what it was.
    pub fn single(score: f64, label: Label) -> Self {
        Self { score, label, subject: None, video: None, photo: None }
    }
}

/// A measured rate and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// On all samples.
    pub value: f64,
    /// 95 % bootstrap interval, over what [`Report::resampled`] says; of a metric that depends on the
    /// worst species over the resamples that hold all of them, `None` where there are none.
    pub interval: Option<Interval>,
}

/// Rates at one threshold; `T` is `f64` or [`Estimate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorRates<T> {
    /// Scores from here on are accepted.
    pub threshold: f64,
    /// APCER of each attack species.
    pub apcer: BTreeMap<String, T>,
    /// APCER of the worst species.
    pub worst_apcer: Option<T>,
    /// BPCER.
    pub bpcer: Option<T>,
    /// ACER.
    pub acer: Option<T>,
    /// HTER.
    pub hter: Option<T>,
}

/// Everything that is said of a set of scores; `T` is `f64` or [`Estimate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics<T> {
    /// Probability that a live sample scores higher than an attack; ties count half.
    pub auc: Option<T>,
    /// EER.
    pub eer: Option<T>,
    /// BPCER at the lowest threshold where no species' APCER exceeds 10 %.
    pub bpcer_at_apcer_10: Option<T>,
    /// The same for 5 %.
    pub bpcer_at_apcer_5: Option<T>,
    /// The same for 1 %.
    pub bpcer_at_apcer_1: Option<T>,
    /// Rates at a threshold that was fixed on other data (*honest*).
    pub honest: Option<ErrorRates<T>>,
    /// Rates at the threshold where this very set has its EER (*oracle*): not what a user gets.
    pub oracle: Option<ErrorRates<T>>,
}

/// Metrics with what they were measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Number of live samples.
    pub live: usize,
    /// Number of samples of each attack species.
    pub attacks: BTreeMap<String, usize>,
    /// What the intervals are over.
    pub resampled: Resampled,
    /// The rates.
    pub metrics: Metrics<Estimate>,
}

/// Measures a set of samples; `threshold` comes from other data ([`Scores::threshold_at_bpcer`],
/// [`Scores::equal_error`] on a development set).
pub fn report(samples: &[Sample], threshold: Option<f64>, bootstrap: &Bootstrap) -> Report {
    let scores = Scores::from_samples(samples);
    let measured = scores.metrics(threshold);
    let groups = bootstrap::independent_groups(samples);
    let species = scores.attacks().count();
    let resampled = bootstrap.resampled(&groups, |scores| Resample {
        has_every_species: scores.attacks().count() == species,
        metrics: scores.metrics(threshold),
    });
    Report {
        live: scores.live().len(),
        attacks: scores.attacks().map(|(name, scores)| (name.to_owned(), scores.len())).collect(),
        resampled: Resampled::of(&groups),
        metrics: Measured { metrics: &measured, resampled: &resampled }.with_intervals(),
    }
}

/// AUC of scores beside whether each is of a live face; `None` unless both kinds are there.
pub fn area_under_curve(scores: &[f32], live: &[bool]) -> Option<f64> {
    let of = |wanted: bool| {
        let chosen = scores.iter().zip(live).filter(move |(_, live)| **live == wanted);
        chosen.map(|(score, _)| f64::from(*score)).collect()
    };
    Scores::new(of(true), [("attack", of(false))]).area_under_curve()
}

/// Metrics of a resample.
struct Resample {
    /// Whether all species of the whole set were drawn.
    has_every_species: bool,
    metrics: Metrics<f64>,
}

/// Metrics of all samples beside those of the resamples.
struct Measured<'a> {
    metrics: &'a Metrics<f64>,
    resampled: &'a [Resample],
}

impl Measured<'_> {
    fn with_intervals(&self) -> Metrics<Estimate> {
        Metrics {
            auc: self.estimate(|all| all.auc),
            eer: self.estimate(|all| all.eer),
            bpcer_at_apcer_10: self.estimate_by_worst(|all| all.bpcer_at_apcer_10),
            bpcer_at_apcer_5: self.estimate_by_worst(|all| all.bpcer_at_apcer_5),
            bpcer_at_apcer_1: self.estimate_by_worst(|all| all.bpcer_at_apcer_1),
            honest: self.rates(|all| all.honest.as_ref()),
            oracle: self.rates(|all| all.oracle.as_ref()),
        }
    }

    fn rates(
        &self,
        select: fn(&Metrics<f64>) -> Option<&ErrorRates<f64>>,
    ) -> Option<ErrorRates<Estimate>> {
        let measured = select(self.metrics)?;
        let apcer = |name: &String| {
            let rate = self.estimate(|all| select(all)?.apcer.get(name).copied())?;
            Some((name.clone(), rate))
        };
        Some(ErrorRates {
            threshold: measured.threshold,
            apcer: measured.apcer.keys().filter_map(apcer).collect(),
            worst_apcer: self.estimate_by_worst(|all| select(all)?.worst_apcer),
            bpcer: self.estimate(|all| select(all)?.bpcer),
            acer: self.estimate_by_worst(|all| select(all)?.acer),
            hter: self.estimate(|all| select(all)?.hter),
        })
    }

    /// Of a metric that every resample has as the whole set does.
    fn estimate(&self, select: impl Fn(&Metrics<f64>) -> Option<f64>) -> Option<Estimate> {
        self.estimate_over(|_| true, select)
    }

    /// Of a metric that depends on the worst species.
    fn estimate_by_worst(&self, select: impl Fn(&Metrics<f64>) -> Option<f64>) -> Option<Estimate> {
        self.estimate_over(|resample| resample.has_every_species, select)
    }

    fn estimate_over(
        &self,
        counts: impl Fn(&Resample) -> bool,
        select: impl Fn(&Metrics<f64>) -> Option<f64>,
    ) -> Option<Estimate> {
        let counted = self.resampled.iter().filter(|resample| counts(resample));
        let values = counted.filter_map(|resample| select(&resample.metrics)).collect();
        Some(Estimate { value: select(self.metrics)?, interval: Interval::of(values) })
    }
}

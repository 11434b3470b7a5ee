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
}

/// A measured rate and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// On all samples.
    pub value: f64,
    /// 95 % bootstrap interval, over what [`Report::resampled`] says.
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
    let resampled = bootstrap.resampled(&groups, |scores| scores.metrics(threshold));
    Report {
        live: scores.live().len(),
        attacks: scores.attacks().map(|(name, scores)| (name.to_owned(), scores.len())).collect(),
        resampled: Resampled::of(&groups),
        metrics: with_intervals(&measured, &resampled),
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

fn with_intervals(measured: &Metrics<f64>, resampled: &[Metrics<f64>]) -> Metrics<Estimate> {
    let estimate = |select: &dyn Fn(&Metrics<f64>) -> Option<f64>| {
        let values = resampled.iter().filter_map(select).collect();
        Some(Estimate { value: select(measured)?, interval: Interval::of(values) })
    };
    let rates = |select: fn(&Metrics<f64>) -> Option<&ErrorRates<f64>>| {
        let rate =
            |part: &dyn Fn(&ErrorRates<f64>) -> Option<f64>| estimate(&|all| part(select(all)?));
        let measured = select(measured)?;
        let species = measured.apcer.keys();
        Some(ErrorRates {
            threshold: measured.threshold,
            apcer: species
                .filter_map(|name| {
                    Some((name.clone(), rate(&|rates| rates.apcer.get(name).copied())?))
                })
                .collect(),
            worst_apcer: rate(&|rates| rates.worst_apcer),
            bpcer: rate(&|rates| rates.bpcer),
            acer: rate(&|rates| rates.acer),
            hter: rate(&|rates| rates.hter),
        })
    };
    Metrics {
        auc: estimate(&|all| all.auc),
        eer: estimate(&|all| all.eer),
        bpcer_at_apcer_10: estimate(&|all| all.bpcer_at_apcer_10),
        bpcer_at_apcer_5: estimate(&|all| all.bpcer_at_apcer_5),
        bpcer_at_apcer_1: estimate(&|all| all.bpcer_at_apcer_1),
        honest: rates(|all| all.honest.as_ref()),
        oracle: rates(|all| all.oracle.as_ref()),
    }
}

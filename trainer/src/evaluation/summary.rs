//! What is said of a scored set: rates in percent, as JSON carries them. What a set cannot say
//! (a live-only set has no APCER) is null.

use std::collections::BTreeMap;

use despoof::metrics::{
    Bootstrap, ErrorRates, Estimate, Interval, Report, Resampled, Sample, averaged_by_video, report,
};
use serde::Serialize;

/// Rates in percent at one threshold; `T` is a number or the two ends of an interval.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RatesAtThreshold<T> {
    /// Scores from here on are accepted as live; a score, not percent.
    #[serde(skip_serializing_if = "Threshold::is_absent")]
    pub threshold: Threshold,
    /// Mean of BPCER and the share of all attacks that are accepted.
    pub hter: Option<T>,
    /// APCER of the worst attack type.
    pub apcer: Option<T>,
    /// APCER of each attack type.
    pub apcer_by_attack: BTreeMap<String, T>,
    /// Share of the live presentations that are refused.
    pub bpcer: Option<T>,
    /// Mean of worst APCER and BPCER.
    pub acer: Option<T>,
}

/// A threshold, among rates; intervals have none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Threshold {
    /// Not part of this object.
    #[default]
    Absent,
    /// The threshold, null where the data determine none.
    At(Option<f64>),
}

impl Threshold {
    /// The threshold, where there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::At(threshold) => threshold,
            Self::Absent => None,
        }
    }

    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

/// All rates in percent; `T` is a number or the two ends of an interval.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Rates<T> {
    /// Area under the ROC curve.
    pub auc: Option<T>,
    /// Equal error rate.
    pub eer: Option<T>,
    /// BPCER where no attack type's APCER exceeds 10, 5 and 1 %.
    pub bpcer_at_apcer: BTreeMap<u8, Option<T>>,
    /// At the threshold of this very set's equal error rate: not what a user gets.
    pub oracle: RatesAtThreshold<T>,
    /// At the threshold that other data fixed.
    pub honest: RatesAtThreshold<T>,
}

/// Number of samples.
#[derive(Debug, Clone, Serialize)]
pub struct Counts {
    /// Live ones.
    pub live: usize,
    /// Those of each attack type.
    pub attacks: BTreeMap<String, usize>,
}

/// Where the intervals come from.
#[derive(Debug, Clone, Serialize)]
pub struct IntervalSource {
    /// What was drawn, in words.
    pub over: String,
    /// The same, counted.
    pub drawn: Resampled,
    /// How often.
    pub resamples: u32,
    /// From which seed.
    pub seed: u64,
}

/// Everything that is said of a scored set.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// What a sample is: `image` or `video`.
    pub unit: &'static str,
    /// How many there are.
    pub counts: Counts,
    /// The rates.
    #[serde(flatten)]
    pub rates: Rates<f64>,
    /// 95 % bootstrap intervals of the rates, `[low, high]`.
    pub intervals: Rates<[f64; 2]>,
    /// Where the intervals come from.
    pub bootstrap: IntervalSource,
}

impl Summary {
    /// Measures single images.
    pub fn of_images(samples: &[Sample], threshold: Option<f64>, bootstrap: &Bootstrap) -> Summary {
        summary("image", samples, threshold, bootstrap)
    }

    /// Measures videos by their frames' mean scores; `None` where no sample names its video.
    pub fn of_videos(
        samples: &[Sample],
        threshold: Option<f64>,
        bootstrap: &Bootstrap,
    ) -> Option<Summary> {
        Some(summary("video", &averaged_by_video(samples)?, threshold, bootstrap))
    }

    /// The threshold to show mistakes at: the honest one, where there is none the oracle's.
    pub fn decisive_threshold(&self) -> Option<f64> {
        self.rates.honest.threshold.value().or(self.rates.oracle.threshold.value())
    }
}

fn summary(
    unit: &'static str,
    samples: &[Sample],
    threshold: Option<f64>,
    bootstrap: &Bootstrap,
) -> Summary {
    let report = report(samples, threshold, bootstrap);
    let mut rates = rates_from_report(&report, |estimate| Some(percent(estimate.value)));
    let metrics = &report.metrics;
    rates.honest.threshold = Threshold::At(threshold);
    rates.oracle.threshold = Threshold::At(metrics.oracle.as_ref().map(|rates| rates.threshold));
    Summary {
        unit,
        rates,
        intervals: rates_from_report(&report, |estimate| estimate.interval.map(ends)),
        bootstrap: IntervalSource {
            over: words_from_resampled(&report.resampled, unit),
            drawn: report.resampled,
            resamples: bootstrap.resamples,
            seed: bootstrap.seed,
        },
        counts: Counts { live: report.live, attacks: report.attacks },
    }
}

/// Six digits behind the point: fewer than rounding errors need, more than any count gives.
fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

fn ends(interval: Interval) -> [f64; 2] {
    [percent(interval.low), percent(interval.high)]
}

fn words_from_resampled(resampled: &Resampled, unit: &str) -> String {
    let parts = [
        (resampled.subjects, "subjects".to_owned()),
        (resampled.recordings, "recordings of unknown subjects".to_owned()),
        (resampled.photos, "photos of unknown subjects".to_owned()),
        (resampled.samples, format!("single {unit}s of unknown subjects")),
    ];
    let there = parts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = there.map(|(count, name)| format!("{count} {name}")).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

fn rates_from_report<T: Default>(
    report: &Report,
    part: impl Fn(&Estimate) -> Option<T>,
) -> Rates<T> {
    let metrics = &report.metrics;
    let of = |estimate: &Option<Estimate>| estimate.as_ref().and_then(&part);
    let at = |rates: &Option<ErrorRates<Estimate>>| {
        let Some(rates) = rates else {
            return RatesAtThreshold::default();
        };
        let by_attack = rates.apcer.iter();
        RatesAtThreshold {
            threshold: Threshold::Absent,
            hter: of(&rates.hter),
            apcer: of(&rates.worst_apcer),
            apcer_by_attack: by_attack
                .filter_map(|(name, estimate)| Some((name.clone(), part(estimate)?)))
                .collect(),
            bpcer: of(&rates.bpcer),
            acer: of(&rates.acer),
        }
    };
    Rates {
        auc: of(&metrics.auc),
        eer: of(&metrics.eer),
        bpcer_at_apcer: BTreeMap::from([
            (10, of(&metrics.bpcer_at_apcer_10)),
            (5, of(&metrics.bpcer_at_apcer_5)),
            (1, of(&metrics.bpcer_at_apcer_1)),
        ]),
        oracle: at(&metrics.oracle),
        honest: at(&metrics.honest),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scored::label_from_name;
    use super::*;

    fn samples(scores: &[(&str, f64)]) -> Vec<Sample> {
        let sample = |(index, (label, score)): (usize, &(&str, f64))| Sample {
            video: Some((index / 2).to_string()),
            ..Sample::single(*score, label_from_name(label))
        };
        scores.iter().enumerate().map(sample).collect()
    }

    fn json(scores: &[(&str, f64)], threshold: Option<f64>) -> serde_json::Value {
        let bootstrap = Bootstrap { resamples: 50, seed: 0 };
        let summary = Summary::of_images(&samples(scores), threshold, &bootstrap);
        serde_json::to_value(summary).expect("serialisable")
    }

    #[test]
    fn rates_are_in_percent_beside_their_intervals() {
        let scores = [
            ("live", 0.9),
            ("live", 0.8),
            ("live", 0.3),
            ("live", 0.7),
            ("print", 0.1),
            ("print", 0.6),
            ("replay", 0.2),
            ("replay", 0.2),
        ];
        let json = json(&scores, Some(0.5));
        // By hand: 15 of 16 pairs are in order; one of 4 attacks accepted, one of 4 live refused.
        assert_eq!(json["auc"], 93.75);
        assert_eq!(json["honest"]["threshold"], 0.5);
        assert_eq!(json["honest"]["hter"], 25.0);
        assert_eq!(json["honest"]["bpcer"], 25.0);
        assert_eq!(json["honest"]["apcer"], 50.0);
        assert_eq!(json["honest"]["apcer_by_attack"]["replay"], 0.0);
        assert_eq!(json["honest"]["acer"], 37.5);
        assert_eq!(json["eer"], 25.0);
        assert_eq!(json["bpcer_at_apcer"]["10"], 25.0);
        assert_eq!(json["counts"]["attacks"]["print"], 2);
        assert_eq!(json["bootstrap"]["drawn"]["recordings"], 4);
        let interval = json["intervals"]["honest"]["hter"].as_array().expect("an interval");
        assert!(interval[0].as_f64() <= Some(25.0) && Some(25.0) <= interval[1].as_f64());
        assert!(json["intervals"]["honest"].get("threshold").is_none());
    }

    #[test]
    fn a_live_only_and_an_attack_only_set_say_what_they_can() {
        let live = json(&[("live", 0.9), ("live", 0.4)], Some(0.5));
        assert_eq!(live["honest"]["bpcer"], 50.0);
        for nothing in [&live["auc"], &live["honest"]["apcer"], &live["oracle"]["threshold"]] {
            assert!(nothing.is_null(), "{live}");
        }
        let attacks = json(&[("print", 0.9), ("print", 0.4)], Some(0.5));
        assert_eq!(attacks["honest"]["apcer"], 50.0);
        assert!(attacks["honest"]["bpcer"].is_null() && attacks["honest"]["hter"].is_null());
        let empty = json(&[], None);
        assert!(empty["honest"]["threshold"].is_null() && empty["eer"].is_null());
        assert_eq!(empty["bootstrap"]["over"], "nothing");
    }
}

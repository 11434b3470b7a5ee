//! Leave one domain out: every domain once the target, the others what is known before.

use despoof::metrics::{Bootstrap, Sample, Scores};
use serde::Serialize;

use super::scored::{NonResponse, ScoredSet};
use super::summary::Summary;
use super::table::{TARGET_WIDTH, name_width, percent};

/// One target's numbers.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The domain that was left out.
    pub target: String,
    /// Per image; its honest threshold was fixed without the target.
    #[serde(flatten)]
    pub summary: Summary,
    /// Per video, where the domain has some.
    pub per_video: Option<Summary>,
    /// What got no score.
    pub non_response: NonResponse,
}

/// Means over the targets; a target that does not define a number is not in its mean.
#[derive(Debug, Clone, Serialize)]
pub struct Mean {
    /// Number of targets.
    pub targets: usize,
    /// Area under the ROC curve, in percent.
    pub auc: Option<f64>,
    /// Equal error rate, in percent.
    pub eer: Option<f64>,
    /// At each target's own EER threshold.
    pub oracle: MeanRates,
    /// At the thresholds fixed on the other domains.
    pub honest: MeanRates,
}

/// Means at thresholds, in percent.
#[derive(Debug, Clone, Serialize)]
pub struct MeanRates {
    /// HTER.
    pub hter: Option<f64>,
    /// APCER of each target's worst attack type.
    pub apcer: Option<f64>,
    /// BPCER.
    pub bpcer: Option<f64>,
}

/// Measures a target at a threshold that was fixed without it.
pub fn row(target: &str, set: &ScoredSet, threshold: Option<f64>, bootstrap: &Bootstrap) -> Row {
    let samples = set.samples();
    Row {
        target: target.to_owned(),
        summary: Summary::of_images(&samples, threshold, bootstrap),
        per_video: Summary::of_videos(&samples, threshold, bootstrap),
        non_response: set.non_response.clone(),
    }
}

/// Rows for domains that one model scored: the threshold of each is that of the equal error rate
/// of all others together.
pub fn rows_at_others_threshold(
    domains: &[(String, ScoredSet)],
    bootstrap: &Bootstrap,
) -> Vec<Row> {
    let others_of = |target: &str| -> Vec<Sample> {
        let others = domains.iter().filter(|(name, _)| name != target);
        others.flat_map(|(_, set)| set.samples()).collect()
    };
    domains
        .iter()
        .map(|(name, set)| row(name, set, equal_error_threshold(&others_of(name)), bootstrap))
        .collect()
}

/// Threshold of the equal error rate; `None` unless there are live presentations and attacks.
pub fn equal_error_threshold(samples: &[Sample]) -> Option<f64> {
    Scores::from_samples(samples).equal_error().map(|equal| equal.threshold)
}

/// Means over rows; `select` takes what is averaged from each.
pub fn mean<'a>(rows: impl Iterator<Item = &'a Summary> + Clone) -> Mean {
    let of = |select: &dyn Fn(&Summary) -> Option<f64>| {
        let defined: Vec<f64> = rows.clone().filter_map(select).collect();
        (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
    };
    Mean {
        targets: rows.clone().count(),
        auc: of(&|row| row.rates.auc),
        eer: of(&|row| row.rates.eer),
        oracle: MeanRates {
            hter: of(&|row| row.rates.oracle.hter),
            apcer: of(&|row| row.rates.oracle.apcer),
            bpcer: of(&|row| row.rates.oracle.bpcer),
        },
        honest: MeanRates {
            hter: of(&|row| row.rates.honest.hter),
            apcer: of(&|row| row.rates.honest.apcer),
            bpcer: of(&|row| row.rates.honest.bpcer),
        },
    }
}

/// The paper's table: a line a target, HTER and AUC in percent, the mean below.
pub fn table(rows: &[Row]) -> String {
    let mut text = lines("per image", rows.iter().map(|row| (row, &row.summary)));
    if rows.iter().any(|row| row.per_video.is_some()) {
        let videos = rows.iter().filter_map(|row| Some((row, row.per_video.as_ref()?)));
        text += &lines("\nper video", videos);
    }
    text
}

fn lines<'a>(heading: &str, rows: impl Iterator<Item = (&'a Row, &'a Summary)> + Clone) -> String {
    let width = name_width(rows.clone().map(|(row, _)| row.target.as_str()), TARGET_WIDTH);
    let mut text = format!(
        "{heading}, in percent\n{:<width$}{:>12}{:>12}{:>14}{:>14}{:>11}{:>8}{:>9}{:>11}\n",
        "target",
        "AUC",
        "EER",
        "HTER oracle",
        "HTER honest",
        "threshold",
        "live",
        "attacks",
        "no answer"
    );
    for (row, summary) in rows.clone() {
        let rates = &summary.rates;
        let threshold = rates.honest.threshold.value();
        let threshold = threshold.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
        text += &format!(
            "{:<width$}{:>12}{:>12}{:>14}{:>14}{threshold:>11}{:>8}{:>9}{:>11}\n",
            row.target,
            percent(rates.auc),
            percent(rates.eer),
            percent(rates.oracle.hter),
            percent(rates.honest.hter),
            summary.counts.live,
            summary.counts.attacks.values().sum::<usize>(),
            row.non_response.count,
        );
    }
    let mean = mean(rows.map(|(_, summary)| summary));
    text + &format!(
        "{:<width$}{:>12}{:>12}{:>14}{:>14}\n",
        "mean",
        percent(mean.auc),
        percent(mean.eer),
        percent(mean.oracle.hter),
        percent(mean.honest.hter)
    )
}

#[cfg(test)]
mod tests {
    use super::super::scored::{Scored, label_from_name};
    use super::super::summary::Threshold;
    use super::*;

    fn set(scores: &[(&str, f64)]) -> ScoredSet {
        let scored = scores.iter().enumerate().map(|(index, (label, score))| Scored {
            name: index.to_string(),
            sample: Sample::single(*score, label_from_name(label)),
        });
        ScoredSet { scored: scored.collect(), ..Default::default() }
    }

    fn bootstrap() -> Bootstrap {
        Bootstrap { resamples: 20, seed: 0 }
    }

    #[test]
    fn a_targets_threshold_comes_from_the_others_alone() {
        let low = set(&[("live", 0.3), ("live", 0.4), ("print", 0.1), ("print", 0.2)]);
        let high = set(&[("live", 0.8), ("live", 0.9), ("print", 0.5), ("print", 0.6)]);
        let domains = [("low".to_owned(), low), ("high".to_owned(), high)];
        let rows = rows_at_others_threshold(&domains, &bootstrap());
        // Thresholds are swapped: 0.8 of "high" refuses all of "low", 0.3 of "low" accepts all.
        assert_eq!(rows[0].summary.rates.honest.threshold, Threshold::At(Some(0.8)));
        assert_eq!(rows[1].summary.rates.honest.threshold, Threshold::At(Some(0.3)));
        assert_eq!(rows[0].summary.rates.honest.bpcer, Some(100.0));
        assert_eq!(rows[1].summary.rates.honest.apcer, Some(100.0));
        let mean = mean(rows.iter().map(|row| &row.summary));
        assert_eq!((mean.targets, mean.auc, mean.oracle.hter), (2, Some(100.0), Some(0.0)));
        assert_eq!((mean.honest.hter, mean.honest.bpcer), (Some(50.0), Some(50.0)));
    }

    #[test]
    fn a_domain_of_one_kind_is_a_row_and_in_no_mean_it_cannot_be_in() {
        let both = set(&[("live", 0.9), ("print", 0.1)]);
        let live = set(&[("live", 0.95), ("live", 0.2)]);
        let domains = [("both".to_owned(), both), ("live".to_owned(), live)];
        let rows = rows_at_others_threshold(&domains, &bootstrap());
        assert_eq!(rows[0].summary.rates.honest.threshold, Threshold::At(None));
        assert_eq!(rows[1].summary.rates.honest.bpcer, Some(50.0));
        assert!(rows[1].summary.rates.auc.is_none());
        let mean = mean(rows.iter().map(|row| &row.summary));
        assert_eq!((mean.auc, mean.honest.hter), (Some(100.0), None));
        assert!(table(&rows).contains("not defined"));
    }
}

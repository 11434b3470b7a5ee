//! From development scores to a decision rule: temperature, threshold, uncertain band.

use std::path::Path;

use anyhow::{Context, Result};
use despoof::decide::DecisionRule;
use despoof::metrics::{EqualError, Label, Sample, Scores};

/// Share of development samples on each side of the equal error rate's threshold that counts as uncertain.
const UNCERTAIN_SHARE: f64 = 0.05;
/// Temperatures that are tried, as powers of two.
const TEMPERATURE_EXPONENTS: std::ops::RangeInclusive<i32> = -20..=30;

/// Reads a rule that `despoof eval --fix-decision` has written.
///
/// # Errors
/// A file that cannot be read or holds no rule, or one whose numbers make none.
pub fn read_decision(path: &Path) -> Result<DecisionRule> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let no_rule = || format!("{} is no decision rule", path.display());
    let rule: DecisionRule = serde_json::from_str(&text).with_context(no_rule)?;
    rule.check().with_context(no_rule)?;
    Ok(rule)
}

/// What leaves scores as AG-Net gives them, where no data have fixed a rule.
pub fn undecided() -> DecisionRule {
    DecisionRule {
        threshold: 0.5,
        uncertain_band: [0.5, 0.5],
        temperature: 1.0,
        fixed_on: "no data: the middle of the scale".to_owned(),
    }
}

/// Temperature by least negative log-likelihood; threshold at the equal error rate, with a band of the
/// scores nearest to it, or where in no set more than `bpcer` of the live faces (a share) are refused, with
/// a band from where half as many are to where twice as many are: a set that nobody has seen is more like
/// the worst of these than like their mean.
///
/// The samples of all `sets` must be scored at temperature 1.
///
/// # Errors
/// Data without live faces, or, for the equal error rate, without attacks.
pub fn decision_from_development_scores(
    sets: &[Vec<Sample>],
    bpcer: Option<f64>,
    data: &[String],
) -> Result<DecisionRule> {
    let samples = sets.concat();
    let temperature = best_temperature(&samples);
    let calibrated = |samples: &[Sample]| -> Vec<Sample> {
        samples
            .iter()
            .map(|sample| Sample { score: tempered(sample.score, temperature), ..sample.clone() })
            .collect()
    };
    let (threshold, [lower, upper], found_at) = if let Some(share) = bpcer {
        let sets: Vec<Vec<Sample>> = sets.iter().map(|set| calibrated(set)).collect();
        let scores: Vec<Scores> =
            sets.iter().map(Vec::as_slice).map(Scores::from_samples).collect();
        let at = |share: f64| {
            let thresholds = scores.iter().filter_map(|set| set.threshold_at_bpcer(share));
            let least = thresholds.min_by(f64::total_cmp);
            least.context("a threshold at a BPCER needs live faces")
        };
        let band = [at(share / 2.0)?, at((2.0 * share).min(1.0))?];
        let of = if sets.len() > 1 { "at most " } else { "" };
        (at(share)?, band, format!("a BPCER of {of}{:.1} %", share * 100.0))
    } else {
        let calibrated = calibrated(&samples);
        let equal_error = Scores::from_samples(&calibrated).equal_error();
        let EqualError { threshold, rate } =
            equal_error.context("a threshold needs live faces and attacks")?;
        let found_at = format!("the equal error rate ({:.1} %)", rate * 100.0);
        (threshold, nearest_scores(&calibrated, threshold), found_at)
    };
    Ok(DecisionRule {
        threshold: threshold as f32,
        uncertain_band: [lower as f32, upper as f32],
        temperature: temperature as f32,
        fixed_on: format!(
            "threshold at {found_at} of {} development photos: {}",
            samples.len(),
            data.join(", ")
        ),
    })
}

/// From the lowest to the highest of the scores nearest to the threshold.
fn nearest_scores(samples: &[Sample], threshold: f64) -> [f64; 2] {
    let mut sorted: Vec<f64> = samples.iter().map(|sample| sample.score).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.partition_point(|&score| score < threshold);
    let reach = (sorted.len() as f64 * UNCERTAIN_SHARE) as usize;
    let lower = sorted[middle.saturating_sub(reach).min(sorted.len() - 1)];
    let upper = sorted[(middle + reach).min(sorted.len() - 1)];
    [lower.min(threshold), upper.max(threshold)]
}

fn best_temperature(samples: &[Sample]) -> f64 {
    let loss = |temperature: f64| -> f64 {
        samples
            .iter()
            .map(|sample| {
                let live = tempered(sample.score, temperature).clamp(1e-9, 1.0 - 1e-9);
                -(if sample.label == Label::Live { live } else { 1.0 - live }).ln()
            })
            .sum()
    };
    TEMPERATURE_EXPONENTS
        .map(|exponent| 2.0_f64.powf(f64::from(exponent) / 10.0))
        .min_by(|left, right| loss(*left).total_cmp(&loss(*right)))
        .unwrap_or(1.0)
}

/// The score that the logits of a score at temperature 1 give at another.
pub fn tempered(score: f64, temperature: f64) -> f64 {
    logistic(logit(score.clamp(1e-7, 1.0 - 1e-7)) / temperature)
}

/// The logit of a probability between 0 and 1.
pub fn logit(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

/// The probability of a logit.
pub fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Sample> {
        (0..200)
            .map(|index| {
                let live = index % 2 == 0;
                let score = if live { 0.55 } else { 0.45 } + f64::from(index % 17) * 0.01 - 0.08;
                let label = if live { Label::Live } else { Label::Attack("print".into()) };
                Sample::single(score, label)
            })
            .collect()
    }

    #[test]
    fn tempering_keeps_order_and_the_middle() {
        assert!((tempered(0.5, 3.0) - 0.5).abs() < 1e-12);
        assert!(tempered(0.7, 0.5) > 0.7 && tempered(0.7, 2.0) < 0.7);
    }

    #[test]
    fn band_holds_the_threshold() {
        let rule = decision_from_development_scores(&[samples()], None, &["a".into()])
            .expect("both classes are there");
        assert!(
            rule.uncertain_band[0] <= rule.threshold && rule.threshold <= rule.uncertain_band[1]
        );
        assert!(rule.temperature < 1.0, "these scores are too timid, {}", rule.temperature);
    }

    #[test]
    fn a_bpcer_is_kept_on_the_live_faces_alone() {
        let rule = decision_from_development_scores(&[samples()], Some(0.1), &["a".into()])
            .expect("there are live faces");
        let refused = samples()
            .iter()
            .filter(|sample| sample.label == Label::Live)
            .filter(|sample| {
                tempered(sample.score, f64::from(rule.temperature)) as f32 <= rule.threshold - 1e-6
            })
            .count();
        assert!((1..=10).contains(&refused), "{refused} of 100 live faces");
        let [lower, upper] = rule.uncertain_band;
        assert!(lower < rule.threshold && rule.threshold < upper, "{rule:?}");
        assert!(rule.fixed_on.contains("a BPCER of 10.0 %"), "{}", rule.fixed_on);
    }

    #[test]
    fn the_set_whose_live_faces_score_lowest_fixes_the_threshold() {
        let darker: Vec<Sample> =
            samples().into_iter().map(|s| Sample { score: s.score - 0.2, ..s }).collect();
        let threshold = |sets: &[Vec<Sample>]| {
            let rule = decision_from_development_scores(sets, Some(0.1), &["a".into()]);
            let rule = rule.expect("there are live faces");
            let logit = (rule.threshold / (1.0 - rule.threshold)).ln() * rule.temperature;
            (1.0 / (1.0 + (-logit).exp()), rule.fixed_on)
        };
        let (alone, _) = threshold(std::slice::from_ref(&darker));
        let (beside, said) = threshold(&[samples(), darker]);
        assert!((alone - beside).abs() < 1e-3, "{alone} {beside}");
        assert!(said.contains("a BPCER of at most 10.0 %"), "{said}");
    }

    #[test]
    fn numbers_that_make_no_rule_are_refused() {
        let path = std::env::temp_dir().join(format!("despoof-decision-{}", std::process::id()));
        let error = |rule: &DecisionRule| {
            let text = serde_json::to_string(rule).expect("serialisable");
            std::fs::write(&path, text).expect("written");
            read_decision(&path).err().map(|error| format!("{error:#}"))
        };
        assert_eq!(error(&undecided()), None);
        let cold = error(&DecisionRule { temperature: 0.0, ..undecided() });
        assert!(cold.is_some_and(|error| error.contains("temperature is 0")));
        std::fs::remove_file(&path).expect("removed");
    }

    #[test]
    fn one_class_fixes_nothing() {
        let live: Vec<_> =
            samples().into_iter().filter(|sample| sample.label == Label::Live).collect();
        assert!(decision_from_development_scores(&[live], None, &["a".into()]).is_err());
    }
}

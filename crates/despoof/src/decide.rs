//! Stage *decide*: from a score to an outcome, by a threshold fixed on development data.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a check says. Advisory: a client-side check cannot stop an injected stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A live person.
    Live,
    /// A presentation attack: print, screen replay or mask.
    Spoof,
    /// Too close to the threshold to say.
    Uncertain,
}

/// The rule by which a bundle decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRule {
    /// Score at or above which a face is accepted as live.
    pub threshold: f32,
    /// Scores from the first to below the second are uncertain; holds the threshold.
    pub uncertain_band: [f32; 2],
    /// Divides AG-Net's logits.
    pub temperature: f32,
    /// Which data fixed these numbers, and how.
    pub fixed_on: String,
}

/// Why a rule cannot decide.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum DecisionRuleError {
    /// Logits cannot be divided by it.
    #[error("temperature is {0}, which is no positive number")]
    Temperature(f32),
    /// The threshold lies outside of the uncertain scores.
    #[error("threshold {threshold} is not within uncertain_band {band:?}")]
    Band {
        /// The threshold.
        threshold: f32,
        /// The uncertain scores.
        band: [f32; 2],
    },
}

impl DecisionRule {
    /// Whether the numbers make a rule.
    ///
    /// # Errors
    /// [`DecisionRuleError`].
    pub fn check(&self) -> Result<(), DecisionRuleError> {
        let Self { threshold, uncertain_band: band, temperature, .. } = *self;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(DecisionRuleError::Temperature(temperature));
        }
        let is_around = band[0] <= threshold && threshold <= band[1];
        if is_around && band.iter().all(|score| score.is_finite()) {
            Ok(())
        } else {
            Err(DecisionRuleError::Band { threshold, band })
        }
    }
}

/// A decided score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verdict {
    /// Live, spoof or uncertain.
    pub outcome: Outcome,
    /// Probability of live.
    pub score: f32,
    /// The bundle's threshold.
    pub threshold: f32,
}

/// Decides a score.
pub fn decide(rule: &DecisionRule, score: f32) -> Verdict {
    let [lower, upper] = rule.uncertain_band;
    let outcome = if (lower..upper).contains(&score) {
        Outcome::Uncertain
    } else if score >= rule.threshold {
        Outcome::Live
    } else {
        Outcome::Spoof
    };
    Verdict { outcome, score, threshold: rule.threshold }
}

/// Several frames of one person, decided together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FramesVerdict {
    /// On the mean of the scores.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Distance from the lowest to the highest score.
    pub spread: f32,
}

/// Decides the scores of several frames by their mean, as the published evaluation does per video; none
/// where there are no scores.
pub fn decide_frames(rule: &DecisionRule, scores: &[f32]) -> Option<FramesVerdict> {
    let lowest = scores.iter().copied().reduce(f32::min)?;
    let highest = scores.iter().copied().reduce(f32::max)?;
    let mean = scores.iter().sum::<f32>() / scores.len() as f32;
    Some(FramesVerdict { verdict: decide(rule, mean), spread: highest - lowest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_decided_by_their_mean_and_say_how_far_apart_they_are() {
        let rule = DecisionRule {
            threshold: 0.5,
            uncertain_band: [0.4, 0.6],
            temperature: 1.0,
            fixed_on: "a test".into(),
        };
        let decided = decide_frames(&rule, &[0.25, 0.75, 1.0]).unwrap();
        assert_eq!(decided.verdict.outcome, Outcome::Live);
        assert_eq!(decided.spread, 0.75);
        assert!((decided.verdict.score - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(
            decide_frames(&rule, &[0.25, 0.75]).unwrap().verdict.outcome,
            Outcome::Uncertain
        );
        assert_eq!(decide_frames(&rule, &[]), None);
    }

    #[test]
    fn outcomes_follow_threshold_and_band() {
        let rule = DecisionRule {
            threshold: 0.5,
            uncertain_band: [0.4, 0.6],
            temperature: 1.0,
            fixed_on: "a test".into(),
        };
        let outcomes = [0.39, 0.4, 0.59, 0.6, 1.0].map(|score| decide(&rule, score).outcome);
        assert_eq!(
            outcomes,
            [Outcome::Spoof, Outcome::Uncertain, Outcome::Uncertain, Outcome::Live, Outcome::Live]
        );
        let without_band = DecisionRule { uncertain_band: [0.5, 0.5], ..rule };
        assert_eq!(decide(&without_band, 0.5).outcome, Outcome::Live);
        assert_eq!(decide(&without_band, 0.499).outcome, Outcome::Spoof);
    }
}

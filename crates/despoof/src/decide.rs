//! Stage *decide*: from a score to an outcome, by a threshold fixed on development data.

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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

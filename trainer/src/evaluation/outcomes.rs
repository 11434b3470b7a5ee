//! What the decision rule says of a set, score by score: the share that is uncertain stands in no error rate.

use std::collections::BTreeMap;
use std::fmt::Write;

use despoof::decide::{DecisionRule, Outcome, decide};
use despoof::metrics::Sample;
use serde::Serialize;

use super::scored::name_from_label;

/// Outcomes of the presentations of one label, in percent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeRow {
    /// `live`, or the attack species.
    pub label: String,
    /// Presentations with a score.
    pub presentations: usize,
    /// Share that is called live.
    pub live: f64,
    /// Share that is called uncertain.
    pub uncertain: f64,
    /// Share that is called spoof.
    pub spoof: f64,
}

/// A row for each label.
pub fn rows(samples: &[Sample], rule: &DecisionRule) -> Vec<OutcomeRow> {
    let mut outcomes: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for sample in samples {
        let outcome = decide(rule, sample.score as f32).outcome;
        outcomes.entry(name_from_label(&sample.label)).or_default().push(outcome);
    }
    outcomes.into_iter().map(|(label, outcomes)| row(label, &outcomes)).collect()
}

fn row(label: &str, outcomes: &[Outcome]) -> OutcomeRow {
    let share = |of| {
        let count = outcomes.iter().filter(|outcome| **outcome == of).count();
        100.0 * count as f64 / outcomes.len() as f64
    };
    OutcomeRow {
        label: label.to_owned(),
        presentations: outcomes.len(),
        live: share(Outcome::Live),
        uncertain: share(Outcome::Uncertain),
        spoof: share(Outcome::Spoof),
    }
}

/// Lines for the terminal.
pub fn text(rows: &[OutcomeRow]) -> String {
    let mut text = String::new();
    for OutcomeRow { label, presentations, live, uncertain, spoof } in rows {
        let _ = writeln!(
            text,
            "  of {presentations} {label}: {live:.1} % live, {uncertain:.1} % uncertain, {spoof:.1} % spoof"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use despoof::metrics::Label;

    use super::*;
    use crate::calibrate::undecided;

    #[test]
    fn every_label_has_its_shares() {
        let rule = DecisionRule { uncertain_band: [0.4, 0.6], ..undecided() };
        let print = || Label::Attack("print".into());
        let samples = [
            Sample::single(0.9, Label::Live),
            Sample::single(0.5, Label::Live),
            Sample::single(0.1, print()),
            Sample::single(0.2, print()),
            Sample::single(0.45, print()),
            Sample::single(0.7, print()),
        ];
        let text = text(&rows(&samples, &rule));
        assert_eq!(
            text,
            "  of 2 live: 50.0 % live, 50.0 % uncertain, 0.0 % spoof\n  \
             of 4 print: 25.0 % live, 25.0 % uncertain, 50.0 % spoof\n"
        );
    }
}

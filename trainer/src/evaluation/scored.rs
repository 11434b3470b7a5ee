//! Scored presentations, and those that got no score.

use std::collections::{BTreeMap, BTreeSet};

use despoof::metrics::{Label, Sample};
use serde::Serialize;

use crate::data::metadata::PhotoMetadata;

/// Name of live presentations in files and tables.
pub const LIVE: &str = "live";

/// A sample under its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Key of the photo, or what the score file calls it.
    pub name: String,
    /// Its score, and what it was.
    pub sample: Sample,
}

/// Presentations without a score: they are in no error rate, and are reported beside them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NonResponse {
    /// How many.
    pub count: usize,
    /// How many for each reason (`no_face`, `face_cut`, `photo_truncated`, …).
    pub reasons: BTreeMap<String, usize>,
    /// How many of each label.
    pub labels: BTreeMap<String, usize>,
}

impl NonResponse {
    /// Counts one more.
    pub fn add(&mut self, reason: &str, label: &str) {
        self.count += 1;
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
        *self.labels.entry(label.to_owned()).or_default() += 1;
    }

    /// Counts those of another set, too.
    pub fn join(&mut self, other: &NonResponse) {
        self.count += other.count;
        for (own, others) in
            [(&mut self.reasons, &other.reasons), (&mut self.labels, &other.labels)]
        {
            for (name, count) in others {
                *own.entry(name.clone()).or_default() += count;
            }
        }
    }
}

/// A whole set.
#[derive(Debug, Clone, Default)]
pub struct ScoredSet {
    /// What got a score.
    pub scored: Vec<Scored>,
    /// What got none.
    pub non_response: NonResponse,
    /// Which groups a photo's person belongs to (`age`, `gender`, …), by the photo's name.
    pub groups: BTreeMap<String, BTreeMap<String, String>>,
    /// Names of the photos that are kept for the test.
    pub for_test: BTreeSet<String>,
}

impl ScoredSet {
    /// The samples without their names.
    pub fn samples(&self) -> Vec<Sample> {
        self.scored.iter().map(|scored| scored.sample.clone()).collect()
    }

    /// The samples of the photos that may fix a threshold.
    pub fn development_samples(&self) -> Vec<Sample> {
        let may_fix = self.scored.iter().filter(|scored| !self.for_test.contains(&scored.name));
        may_fix.map(|scored| scored.sample.clone()).collect()
    }

    /// Presentations, with or without a score.
    pub fn presentations(&self) -> usize {
        self.scored.len() + self.non_response.count
    }
}

/// A photo's score, and of whom and of which recording its shard says it is; `label` is what it was.
pub fn sample_from_metadata(metadata: &PhotoMetadata, label: &str, score: f64) -> Sample {
    Sample {
        subject: metadata.known_subject().map(str::to_owned),
        // Domains number their videos anew.
        video: metadata.known_video().map(|video| format!("{}/{video}", metadata.domain)),
        ..Sample::single(score, label_from_name(label))
    }
}

/// `live`, or the attack species.
pub fn name_from_label(label: &Label) -> &str {
    match label {
        Label::Live => LIVE,
        Label::Attack(species) => species,
    }
}

/// What a data set's label means: everything other than `live` is an attack species.
pub fn label_from_name(name: &str) -> Label {
    if name == LIVE { Label::Live } else { Label::Attack(name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_got_no_face_is_counted_over_domains() {
        let mut joined = NonResponse::default();
        for reasons in [["no_face", "no_face"], ["no_face", "face_cut"]] {
            let mut missing = NonResponse::default();
            reasons.iter().for_each(|reason| missing.add(reason, "print"));
            joined.join(&missing);
        }
        assert_eq!((joined.count, joined.labels["print"]), (4, 4));
        assert_eq!((joined.reasons["no_face"], joined.reasons["face_cut"]), (3, 1));
    }
}

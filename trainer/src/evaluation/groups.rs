//! How often live persons are refused, by the groups that a set's labels tell apart (age, gender,
//! ethnicity, …): who bears the errors.

use std::collections::BTreeMap;
use std::fmt::Write;

use despoof::metrics::{Bootstrap, Label, Sample};
use serde::Serialize;

use super::scored::ScoredSet;
use super::summary::Summary;

/// First ages of the bands after the first.
const AGE_BANDS: [u32; 4] = [20, 30, 45, 60];

/// BPCER of one group, in percent.
#[derive(Debug, Clone, Serialize)]
pub struct GroupRow {
    /// What is told apart: `age`, `gender`, …
    pub attribute: String,
    /// The group: `20–29`, `female`, …
    pub group: String,
    /// Live presentations with a score.
    pub live: usize,
    /// Share of them that is refused at the honest threshold.
    pub bpcer: f64,
    /// Its 95 % bootstrap interval.
    pub interval: Option<[f64; 2]>,
}

/// A row for each group that live samples of the set belong to; none without a threshold.
pub fn rows(set: &ScoredSet, threshold: Option<f64>, bootstrap: &Bootstrap) -> Vec<GroupRow> {
    let mut members: BTreeMap<(&str, String), Vec<Sample>> = BTreeMap::new();
    for scored in set.scored.iter().filter(|scored| scored.sample.label == Label::Live) {
        for (attribute, value) in set.groups.get(&scored.name).into_iter().flatten() {
            let group = (attribute.as_str(), band(attribute, value));
            members.entry(group).or_default().push(scored.sample.clone());
        }
    }
    let row = |((attribute, group), samples): ((&str, String), Vec<Sample>)| {
        let summary = Summary::of_images(&samples, threshold, bootstrap);
        Some(GroupRow {
            attribute: attribute.to_owned(),
            group,
            live: samples.len(),
            bpcer: summary.rates.honest.bpcer?,
            interval: summary.intervals.honest.bpcer,
        })
    };
    members.into_iter().filter_map(row).collect()
}

/// Lines for the terminal.
pub fn text(rows: &[GroupRow]) -> String {
    let mut text = String::new();
    for GroupRow { attribute, group, live, bpcer, interval } in rows {
        let _ = write!(text, "  BPCER {attribute} {group}: {bpcer:.1} % of {live}");
        if let Some([low, high]) = interval {
            let _ = write!(text, " [{low:.1}, {high:.1}]");
        }
        text.push('\n');
    }
    text
}

/// The value itself; of an age its band.
fn band(attribute: &str, value: &str) -> String {
    let Some(age) = value.parse::<u32>().ok().filter(|_| attribute == "age") else {
        return value.to_owned();
    };
    let above = AGE_BANDS.iter().position(|first| age < *first);
    match above {
        Some(0) => format!("below {}", AGE_BANDS[0]),
        Some(place) => format!("{}–{}", AGE_BANDS[place - 1], AGE_BANDS[place] - 1),
        None => format!("{} and above", AGE_BANDS[AGE_BANDS.len() - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scored::{Scored, label_from_name};
    use super::*;

    #[test]
    fn ages_fall_into_bands_and_other_values_stay() {
        let bands = [("19", "below 20"), ("20", "20–29"), ("59", "45–59"), ("60", "60 and above")];
        for (age, expected) in bands {
            assert_eq!(band("age", age), expected);
        }
        assert_eq!(band("gender", "female"), "female");
        assert_eq!(band("age", "unknown"), "unknown");
    }

    #[test]
    fn every_group_counts_its_own_refused_live_faces() {
        let mut set = ScoredSet::default();
        for (name, label, score, gender) in [
            ("a", "live", 0.9, "female"),
            ("b", "live", 0.1, "female"),
            ("c", "live", 0.8, "male"),
            ("d", "print", 0.9, "male"),
        ] {
            let sample = Sample::single(score, label_from_name(label));
            set.scored.push(Scored { name: name.to_owned(), sample });
            let groups = BTreeMap::from([("gender".to_owned(), gender.to_owned())]);
            set.groups.insert(name.to_owned(), groups);
        }
        let bootstrap = Bootstrap { resamples: 0, seed: 0 };
        let rows = rows(&set, Some(0.5), &bootstrap);
        let found: Vec<_> = rows.iter().map(|row| (&*row.group, row.live, row.bpcer)).collect();
        assert_eq!(found, [("female", 2, 50.0), ("male", 1, 0.0)]);
        assert!(super::rows(&set, None, &bootstrap).is_empty());
    }
}

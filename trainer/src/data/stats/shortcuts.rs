//! Says in words by what live photos and attacks can be told apart without looking at the face.

use std::fmt;

use despoof::metrics::Scores;
use serde::Serialize;

use super::measures::MEASURES;
use super::{Class, Statistics, median};

/// A measure that puts this share of pairs of a live photo and an attack in the same order is a
/// short-cut.
const SEPARATES_FROM: f64 = 0.75;
/// With fewer photos of a class, nothing is said.
const FEWEST_PHOTOS: usize = 10;
/// Share of a class from which one person is most of it.
const ONE_PERSON_FROM: f64 = 0.8;

/// A measure by which an attack can be told from live photos of its domain.
#[derive(Debug, Clone, Serialize)]
pub struct Shortcut {
    domain: String,
    label: String,
    measure: &'static str,
    #[serde(skip)]
    adjective: &'static str,
    /// Share of pairs of a live photo and an attack that the measure alone puts in the right order.
    separates: f64,
    live_median: f32,
    attack_median: f32,
}

impl fmt::Display for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} is {:.2} × as {} as live ({} {:.1} against {:.1}); that alone tells them apart in {:.0} % of pairs",
            self.domain,
            self.label,
            self.attack_median / self.live_median,
            self.adjective,
            self.measure,
            self.attack_median,
            self.live_median,
            self.separates * 100.0
        )
    }
}

/// The short-cuts, strongest first.
pub fn shortcuts(statistics: &Statistics) -> Vec<Shortcut> {
    let mut found = Vec::new();
    for ((domain, label), attack) in &statistics.classes {
        let live = statistics.classes.get(&(domain.clone(), "live".to_owned()));
        if let (Some(live), true) = (live, label != "live") {
            found.extend(
                (0..MEASURES.len()).filter_map(|at| shortcut(domain, label, at, live, attack)),
            );
        }
    }
    found.sort_by(|a, b| b.separates.total_cmp(&a.separates));
    found
}

fn shortcut(
    domain: &str,
    label: &str,
    at: usize,
    live: &Class,
    attack: &Class,
) -> Option<Shortcut> {
    let (live, attack) = (&live.values[at], &attack.values[at]);
    if live.len().min(attack.len()) < FEWEST_PHOTOS {
        return None;
    }
    let wide = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect();
    let area = Scores::new(wide(live), [(label, wide(attack))]).area_under_curve()?;
    let separates = area.max(1.0 - area);
    (separates >= SEPARATES_FROM).then_some(Shortcut {
        domain: domain.to_owned(),
        label: label.to_owned(),
        measure: MEASURES[at].name,
        adjective: MEASURES[at].adjective,
        separates,
        live_median: median(live)?,
        attack_median: median(attack)?,
    })
}

/// What else a person should know: one person who is most of a class, persons unknown, a class missing.
pub fn remarks(statistics: &Statistics) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut domains: Vec<&str> = Vec::new();
    for ((domain, label), class) in &statistics.classes {
        if class.subjects.is_empty() {
            remarks.push(format!("{domain}: {label} has no known persons; splits may share them"));
        }
        let most = class.subjects.iter().max_by_key(|(_, photos)| **photos);
        if let Some((subject, photos)) = most {
            let share = *photos as f64 / class.photos as f64;
            if class.photos >= FEWEST_PHOTOS && share >= ONE_PERSON_FROM {
                let percent = share * 100.0;
                remarks.push(format!(
                    "{domain}: {percent:.0} % of {label} show one person, {subject}"
                ));
            }
        }
        if domains.last() != Some(&domain.as_str()) {
            domains.push(domain);
        }
    }
    for domain in domains {
        let labels: Vec<&str> = statistics
            .classes
            .keys()
            .filter(|(of, _)| of == domain)
            .map(|(_, label)| label.as_str())
            .collect();
        if !labels.contains(&"live") {
            remarks.push(format!("{domain}: there are no live photos"));
        } else if labels.len() == 1 {
            remarks.push(format!("{domain}: there are no attacks"));
        }
    }
    remarks
}

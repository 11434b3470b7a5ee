//! Error rates by how bright, sharp and frontal the photos are: a gate belongs where wrong answers begin
//! to be more than elsewhere.

use std::path::PathBuf;

use anyhow::Result;
use despoof::metrics::{Label, Sample, Scores};
use despoof::quality::FrameQuality;
use serde::Serialize;

use crate::evaluation::pipeline::Pipeline;
use crate::evaluation::shards::{Choice, for_each_answer, scored};

/// What photos are ordered by, under its name.
type Measure = (&'static str, fn(&FrameQuality) -> f32);

/// Measures that a cut-out photo has as the frame had them; size and place it has not.
const MEASURES: [Measure; 6] = [
    ("luminance", |quality| quality.luminance),
    ("sharpness", |quality| quality.sharpness),
    ("inside", |quality| quality.inside),
    ("roll", |quality| quality.roll.abs()),
    ("yaw", |quality| quality.yaw.abs()),
    ("pitch", |quality| quality.pitch),
];

/// Photos of one range of one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityRow {
    /// Field of [`FrameQuality`]; roll and yaw without their sign.
    pub measure: &'static str,
    /// Least value of the range's live photos.
    pub from: f32,
    /// Greatest value of the range's live photos.
    pub to: f32,
    /// Live photos.
    pub live: usize,
    /// Share of them below the threshold, in percent.
    pub bpcer: Option<f64>,
    /// Attacks between least and greatest value.
    pub attacks: usize,
    /// Share of them at the threshold and above, in percent.
    pub apcer: Option<f64>,
}

/// What a photo is like as a frame, and its score.
pub type Measured = (FrameQuality, Sample);

/// Scores the chosen photos of all shards; those without an answer are left out.
///
/// # Errors
/// As [`for_each_answer`].
pub fn measured(pipeline: &Pipeline, shards: &[PathBuf], choice: Choice) -> Result<Vec<Measured>> {
    let mut photos = Vec::new();
    for_each_answer(pipeline, shards, choice, |photo, answer| {
        if let Ok(answer) = answer {
            photos.push((pipeline.quality(&answer), scored(photo, answer.score).sample));
        }
    })?;
    Ok(photos)
}

/// For every measure `ranges` rows with as many live photos each; fewer where there are fewer photos.
pub fn rows(photos: &[Measured], threshold: f64, ranges: usize) -> Vec<QualityRow> {
    MEASURES.iter().flat_map(|measure| of_measure(photos, *measure, threshold, ranges)).collect()
}

fn of_measure(
    photos: &[Measured],
    (measure, value): Measure,
    threshold: f64,
    ranges: usize,
) -> Vec<QualityRow> {
    let valued = photos.iter().map(|(quality, sample)| (value(quality), sample));
    let (mut live, attacks): (Vec<_>, Vec<_>) =
        valued.partition(|(_, sample)| sample.label == Label::Live);
    live.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bounds = (0..=ranges).map(|index| index * live.len() / ranges.max(1));
    let bounds: Vec<usize> = bounds.collect();
    let row = |bound: &[usize]| {
        let of_range = &live[bound[0]..bound[1]];
        let (from, to) = (of_range.first()?.0, of_range.last()?.0);
        let inside = attacks.iter().filter(|(value, _)| (from..=to).contains(value));
        let attacks: Vec<&Sample> = inside.map(|(_, sample)| *sample).collect();
        let live = of_range.iter().map(|(_, sample)| *sample);
        let scores = Scores::from_samples(live.chain(attacks.iter().copied()));
        Some(QualityRow {
            measure,
            from,
            to,
            live: of_range.len(),
            bpcer: scores.bpcer(threshold).map(|share| 100.0 * share),
            attacks: attacks.len(),
            apcer: scores.pooled_apcer(threshold).map(|share| 100.0 * share),
        })
    };
    bounds.windows(2).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::scored::label_from_name;

    fn set(photos: &[(&str, f64, f32)]) -> Vec<Measured> {
        let photo = |&(label, score, luminance): &(&str, f64, f32)| {
            let label = label_from_name(label);
            let sample = Sample::single(score, label);
            let quality = FrameQuality {
                size: 0.5,
                centre: [0.5; 2],
                inside: 1.0,
                roll: 0.0,
                yaw: 0.0,
                pitch: 0.0,
                luminance,
                sharpness: 100.0,
            };
            (quality, sample)
        };
        photos.iter().map(photo).collect()
    }

    #[test]
    fn dark_live_photos_that_are_refused_stand_in_the_darkest_range() {
        let set = set(&[
            ("live", 0.9, 0.5),
            ("live", 0.1, 0.1),
            ("live", 0.8, 0.6),
            ("live", 0.7, 0.2),
            ("print", 0.9, 0.15),
            ("print", 0.2, 0.55),
        ]);
        let rows = rows(&set, 0.5, 2);
        let luminance: Vec<_> = rows
            .iter()
            .filter(|row| row.measure == "luminance")
            .map(|row| (row.from, row.to, row.live, row.bpcer, row.attacks, row.apcer))
            .collect();
        let dark = (0.1, 0.2, 2, Some(50.0), 1, Some(100.0));
        assert_eq!(luminance, [dark, (0.5, 0.6, 2, Some(0.0), 1, Some(0.0))]);
    }

    #[test]
    fn without_live_photos_there_is_no_range() {
        assert!(rows(&set(&[("print", 0.9, 0.5)]), 0.5, 3).is_empty());
        assert_eq!(rows(&set(&[("live", 0.9, 0.5)]), 0.5, 3).len(), MEASURES.len());
    }
}

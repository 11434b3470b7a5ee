//! Scores of videos: the mean of their frames', as the authors' published evaluation takes it.

use std::collections::BTreeMap;

use super::{Label, Sample};

/// One sample for each video, scored by the mean over its frames; `None` where no sample names one.
///
/// A sample without a video stands for a video of one frame. Frames are of one video where name,
/// subject and label agree: data sets number their videos anew for each person.
pub fn averaged_by_video(samples: &[Sample]) -> Option<Vec<Sample>> {
    if samples.iter().all(|sample| sample.video.is_none()) {
        return None;
    }
    let mut videos: Vec<(Sample, usize)> = Vec::new();
    let mut places: BTreeMap<VideoKey, usize> = BTreeMap::new();
    for sample in samples {
        let next = videos.len();
        let place = match video_key(sample) {
            Some(key) => *places.entry(key).or_insert(next),
            None => next,
        };
        if place == next {
            videos.push((Sample { score: 0.0, ..sample.clone() }, 0));
        }
        let (video, frames) = &mut videos[place];
        video.score += sample.score;
        *frames += 1;
    }
    let mean =
        |(video, frames): (Sample, usize)| Sample { score: video.score / frames as f64, ..video };
    Some(videos.into_iter().map(mean).collect())
}

/// Video, subject, and attack species (none for a live one).
type VideoKey<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

fn video_key(sample: &Sample) -> Option<VideoKey<'_>> {
    let species = match &sample.label {
        Label::Live => None,
        Label::Attack(species) => Some(species.as_str()),
    };
    Some((sample.video.as_deref()?, sample.subject.as_deref(), species))
}

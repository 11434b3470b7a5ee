//! How much a score hangs on the generator's noise: the same faces scored with cues from several seeds, of
//! one sample each and of averages.

use anyhow::Result;
use burn::tensor::Device;
use despoof::Checker;
use despoof::align::Crops;
use serde::Serialize;

use super::crop_scores::scores;
use crate::cue_source::{CueChoice, CueSource, Dfg};
use crate::data::crop_planes::CropPlanes;
use crate::data::face_store::FaceStore;
use crate::evaluation::spread::deviation;

/// What one way to draw noise does to scores.
#[derive(Debug, Clone, Serialize)]
pub struct NoiseRow {
    /// Source and samples.
    pub cue: String,
    /// Generated faces that a cue is averaged over.
    pub samples: u64,
    /// Standard deviation of a face's score over the seeds, mean over the faces.
    pub deviation: f64,
    /// The largest one of a face.
    pub largest_deviation: f64,
    /// Share of the faces, in percent, that are accepted with one seed and refused with another.
    pub flipped: f64,
}

/// Crops of `count` faces of a store that the seed puts first, in its order.
///
/// # Errors
/// A face that cannot be read.
pub fn chosen(store: &FaceStore, count: usize, seed: u64) -> Result<Vec<Crops>> {
    let planes = CropPlanes::open(store)?;
    store.chosen_by(seed, count).into_iter().map(|index| planes.read(index)).collect()
}

/// Scores the faces with `repeats` disjoint sets of seeds.
///
/// # Errors
/// A cue that cannot be sampled.
pub fn measure(
    checker: &Checker,
    cue: &CueChoice,
    faces: &[Crops],
    repeats: u64,
    device: &Device,
) -> Result<NoiseRow> {
    let scores: Vec<Vec<f64>> = (0..repeats)
        .map(|repeat| {
            let seed = cue.noise_seed.unwrap_or(0) + repeat * cue.noise_samples;
            let cue = CueChoice { noise_seed: Some(seed), ..cue.clone() };
            let source = Dfg::of_bundle(checker, &cue)?;
            Ok(scores(checker, faces, device, |aligned| source.reconstruct(aligned.clone())))
        })
        .collect::<Result<_>>()?;
    let threshold = f64::from(checker.manifest().decision.threshold);
    let of_face = |face: usize| -> Vec<f64> { scores.iter().map(|scores| scores[face]).collect() };
    let faces: Vec<Vec<f64>> = (0..faces.len()).map(of_face).collect();
    let deviations: Vec<f64> = faces.iter().map(|scores| deviation(scores)).collect();
    let flips = |scores: &&Vec<f64>| {
        let accepted = scores.iter().filter(|&&score| score >= threshold).count();
        accepted > 0 && accepted < scores.len()
    };
    Ok(NoiseRow {
        cue: cue.to_string(),
        samples: cue.noise_samples,
        deviation: deviations.iter().sum::<f64>() / faces.len() as f64,
        largest_deviation: deviations.iter().copied().fold(0.0, f64::max),
        flipped: 100.0 * faces.iter().filter(flips).count() as f64 / faces.len() as f64,
    })
}

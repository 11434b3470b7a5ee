//! What a trained AG-Net makes of its cue: the same faces scored with their own cue, with none (a residual of
//! zero), and with that of another face. It says what these weights lean on, not what training without a
//! cue would have reached (`train agnet --variant only-image`).

use anyhow::Result;
use burn::tensor::Device;
use despoof::Checker;
use despoof::metrics::area_under_curve;
use serde::Serialize;

use crate::data::face_store::FaceStore;
use crate::training::in_batches::BATCH;
use crate::training::labelled_faces::{LabelledFaces, Reading, is_live};

/// What scores are with one kind of cue.
#[derive(Debug, Clone, Serialize)]
pub struct CueUseRow {
    /// Whose cue.
    pub cue: &'static str,
    /// Area under the curve, in percent; none of one class.
    pub auc: Option<f64>,
    /// Mean distance of a score from that with the face's own cue.
    pub change: f64,
}

/// Scores with each kind of cue, in the order of [`NAMES`].
type Kinds = [Vec<f32>; 3];

const NAMES: [&str; 3] = ["its own", "none", "another face's"];

/// A row for each kind of cue, over the faces `indices` of a store.
///
/// # Errors
/// A store without generated faces in `plane`.
pub fn rows(
    checker: &Checker,
    store: &FaceStore,
    plane: String,
    indices: &[usize],
    device: &Device,
) -> Result<Vec<CueUseRow>> {
    let context = checker.networks().agnet.looks_at_context();
    let look = checker.manifest().preprocessing.look;
    let faces = LabelledFaces::open(store, context, &Reading { plane: Some(plane), look }, 0)?;
    let mut scores = Kinds::default();
    // Of the face behind, the first for the last one.
    let mut others = indices.to_vec();
    others.rotate_left(1.min(indices.len()));
    for (batch, others) in indices.chunks(BATCH).zip(others.chunks(BATCH)) {
        let scored = scored(checker, &faces, [batch, others], device)?;
        for (all, of_batch) in scores.iter_mut().zip(scored) {
            all.extend(of_batch);
        }
    }
    let live: Vec<bool> = indices.iter().map(|&index| is_live(&store.entries[index])).collect();
    let row = |(cue, kind): (&'static str, &Vec<f32>)| CueUseRow {
        cue,
        auc: area_under_curve(kind, &live).map(|auc| 100.0 * auc),
        change: mean_distance(kind, &scores[0]),
    };
    Ok(NAMES.into_iter().zip(&scores).map(row).collect())
}

fn scored(
    checker: &Checker,
    faces: &LabelledFaces,
    [batch, others]: [&[usize]; 2],
    device: &Device,
) -> Result<Kinds> {
    let opened = "the faces were opened with their cues";
    let (views, own) = faces.pictures(batch, device)?;
    let own = own.expect(opened);
    let (other, anothers) = faces.pictures(others, device)?;
    let none = views.face.clone();
    // The face less another's cue.
    let anothers = views.face.clone() - (other.face - anothers.expect(opened));
    Ok([own, none, anothers].map(|generated| {
        checker.scores(views.clone(), generated).into_data().iter::<f32>().collect()
    }))
}

/// Mean distance of scores from others of the same faces; 0 of none.
pub(super) fn mean_distance(scores: &[f32], from: &[f32]) -> f64 {
    let sum: f64 = scores.iter().zip(from).map(|(a, b)| f64::from((a - b).abs())).sum();
    sum / scores.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_by_hand() {
        assert!((mean_distance(&[0.5, 0.25], &[0.25, 0.75]) - 0.375).abs() < 1e-9);
        assert_eq!(mean_distance(&[], &[]), 0.0);
    }
}

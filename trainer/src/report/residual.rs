//! What residuals tell before any network looks at them: their energy by domain and instrument, and how
//! well that alone tells live faces from attacks (paper section 3.2 says the generator draws attacks badly).

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use despoof::metrics::area_under_curve;
use image::{Rgb, RgbImage};
use rayon::prelude::*;
use serde::Serialize;

use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore};
use crate::training::labelled_faces::{generated_faces, instrument, is_live};

/// Live faces whose residual is stronger than the level that [`ResidualRow::above`] counts from.
const LIVE_ABOVE: f64 = 0.05;

/// Residuals of one instrument in one domain.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResidualRow {
    /// Camera and setting.
    pub domain: String,
    /// `live`, `recaptured` or an attack instrument.
    pub instrument: String,
    /// Faces.
    pub faces: usize,
    /// Mean |x − DFG(x)| of pixels in [−1, 1].
    pub energy: f64,
    /// Area under the curve, in percent, of the energy alone against the domain's live faces; none for
    /// those themselves.
    pub auc: Option<f64>,
    /// Share, in percent, of faces whose energy is above that of 95 % of the domain's live faces.
    pub above: Option<f64>,
}

/// Mean |x − DFG(x)| of every face of a store, pixels in [−1, 1].
///
/// # Errors
/// A store without generated faces in `plane`.
pub fn energies(store: &FaceStore, plane: &str) -> Result<Vec<f32>> {
    let aligned = store.whole_image_plane(ALIGNED, ALIGNED_SIDE)?;
    let generated = generated_faces(store, plane)?;
    let of_face = |index: usize| -> Result<f32> {
        let residual = residual(&aligned.read(index)?, &generated.read(index)?);
        Ok((mean(&residual) / 127.5) as f32)
    };
    (0..store.entries.len()).into_par_iter().map(of_face).collect()
}

/// |x − DFG(x)| of every pixel, mean of its colours, of 255.
pub fn residual(face: &RgbImage, drawn: &RgbImage) -> Vec<f32> {
    let of_pixel = |(face, drawn): (&Rgb<u8>, &Rgb<u8>)| {
        (0..3).map(|colour| f32::from(face[colour].abs_diff(drawn[colour]))).sum::<f32>() / 3.0
    };
    face.pixels().zip(drawn.pixels()).map(of_pixel).collect()
}

/// Mean of residuals or energies; 0 of none.
pub fn mean(values: &[f32]) -> f64 {
    values.iter().copied().map(f64::from).sum::<f64>() / values.len().max(1) as f64
}

/// A row for every instrument of every domain.
///
/// # Errors
/// As [`energies`]; a store without faces.
pub fn rows(store: &FaceStore, plane: &str) -> Result<Vec<ResidualRow>> {
    ensure!(!store.entries.is_empty(), "{} holds no face", store.folder().display());
    let mut groups: BTreeMap<&str, BTreeMap<(bool, &str), Vec<f32>>> = BTreeMap::new();
    for (entry, energy) in store.entries.iter().zip(energies(store, plane)?) {
        let kind = (!is_live(entry), instrument(entry));
        let domain = groups.entry(&entry.metadata.domain).or_default();
        domain.entry(kind).or_default().push(energy);
    }
    let of_domain = |(domain, kinds): (&&str, &BTreeMap<(bool, &str), Vec<f32>>)| {
        let live = kinds.iter().filter(|((attack, _), _)| !attack);
        let live: Vec<f32> = live.flat_map(|(_, energies)| energies.clone()).collect();
        let row = |((attack, instrument), energies): (&(bool, &str), &Vec<f32>)| ResidualRow {
            domain: (*domain).to_owned(),
            instrument: (*instrument).to_owned(),
            faces: energies.len(),
            energy: mean(energies),
            auc: attack.then(|| auc(&live, energies)).flatten(),
            above: attack.then(|| above(&live, energies)).flatten(),
        };
        kinds.iter().map(row).collect::<Vec<_>>()
    };
    Ok(groups.iter().flat_map(of_domain).collect())
}

/// Live faces should have the weaker residuals.
fn auc(live: &[f32], attacks: &[f32]) -> Option<f64> {
    let scores: Vec<f32> = live.iter().chain(attacks).map(|energy| -energy).collect();
    let is_live: Vec<bool> = (0..scores.len()).map(|index| index < live.len()).collect();
    Some(100.0 * area_under_curve(&scores, &is_live)?)
}

fn above(live: &[f32], attacks: &[f32]) -> Option<f64> {
    let mut sorted = live.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let level = *sorted.get(((1.0 - LIVE_ABOVE) * sorted.len() as f64) as usize)?;
    let count = attacks.iter().filter(|&&energy| energy > level).count();
    Some(100.0 * count as f64 / attacks.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_with_stronger_residuals_are_told_apart() {
        let live: Vec<f32> = (0..100).map(|index| index as f32 / 100.0).collect();
        assert_eq!(auc(&live, &[2.0, 3.0]), Some(100.0));
        assert_eq!(auc(&live, &[-1.0]), Some(0.0));
        assert_eq!(above(&live, &[0.97, 0.5, 0.2, 1.5]), Some(50.0));
        assert_eq!(above(&[], &[1.0]), None);
    }
}

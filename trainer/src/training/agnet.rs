//! `train agnet`: AG-Net on faces and their cues (paper section 3.3), from cached generated faces.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use despoof::cue::cue_from_residual;
use despoof::metrics::area_under_curve;
use despoof::score::{LIVE, score};
use despoof_nn::agnet::AgNet;
use image::RgbImage;
use rand::Rng;
use rand::rngs::StdRng;

use super::batch;
use super::checkpoint::Better;
use super::run::{StepLoss, Training};
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceEntry, FaceStore, GENERATED, ImagePlane};

/// Faces looked at in one piece when measuring.
const MEASURED_BATCH: usize = 16;

/// Classification of live faces against attacks, balanced over domains and classes.
pub struct AgNetTraining {
    aligned: ImagePlane,
    generated: ImagePlane,
    labels: Vec<bool>,
    groups: [Vec<Vec<usize>>; 2],
    held_out: Vec<usize>,
    standardised_cue: bool,
    label_smoothing: f32,
    device: Device,
}

impl AgNetTraining {
    /// Takes a store with generated faces. Faces that are not for training are held out.
    ///
    /// # Errors
    /// A store whose generated faces are not complete, or without either class.
    pub fn new(
        store: &FaceStore,
        standardised_cue: bool,
        label_smoothing: f32,
        device: Device,
    ) -> Result<Self> {
        let generated = store.image_plane(GENERATED, ALIGNED_SIDE)?;
        ensure!(
            generated.plane.records()? == store.entries.len(),
            "generated faces are not cached for every face; run `despoof cache generated` first"
        );
        let groups = groups_by_class(store);
        let labels: Vec<bool> = store.entries.iter().map(is_live).collect();
        ensure!(
            groups.iter().all(|class| !class.is_empty()),
            "training needs live faces and attacks"
        );
        Ok(Self {
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            generated,
            labels,
            groups,
            held_out: store.indices(|entry| !entry.metadata.is_for_training()),
            standardised_cue,
            label_smoothing,
            device,
        })
    }

    /// Half live faces, half attacks; within a class every domain and instrument counts the same.
    fn draw(&self, count: usize, rng: &mut StdRng) -> Vec<usize> {
        (0..count)
            .map(|position| {
                let class = &self.groups[position % 2];
                let group = &class[rng.random_range(0..class.len())];
                group[rng.random_range(0..group.len())]
            })
            .collect()
    }

    /// Faces and cues of a batch; both mirrored together.
    fn inputs(
        &self,
        indices: &[usize],
        mirrored: &[bool],
        device: &Device,
    ) -> Result<(Tensor<4>, Tensor<4>)> {
        let aligned = batch::tensor(&batch::images(&self.aligned, indices, mirrored)?, device);
        let drawn: Vec<RgbImage> = batch::images(&self.generated, indices, mirrored)?;
        let cue = cue_from_residual(
            aligned.clone(),
            batch::tensor(&drawn, device),
            self.standardised_cue,
        );
        Ok((aligned, cue))
    }
}

impl Training for AgNetTraining {
    type Network = AgNet;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_auc", Better::Larger));

    fn faces(&self) -> usize {
        self.groups.iter().flatten().map(Vec::len).sum()
    }

    fn loss(&self, network: &AgNet, count: usize, rng: &mut StdRng) -> Result<StepLoss> {
        let indices = self.draw(count, rng);
        let (aligned, cue) = self.inputs(&indices, &batch::coins(count, rng), &self.device)?;
        let logits = network.forward(aligned, Some(cue)).logits;
        let classes: Vec<i64> =
            indices.iter().map(|&index| class_from_label(self.labels[index])).collect();
        let targets =
            Tensor::<1, Int>::from_data(TensorData::from(classes.as_slice()), &self.device);
        let right = activation::softmax(logits.clone().detach(), 1)
            .gather(1, targets.clone().unsqueeze_dim(1))
            .mean();
        let loss = CrossEntropyLossConfig::new()
            .with_smoothing(Some(self.label_smoothing))
            .init(&self.device)
            .forward(logits, targets);
        Ok(StepLoss {
            loss,
            parts: vec![("probability_of_truth", f64::from(right.into_scalar::<f32>()))],
        })
    }

    fn evaluate(&self, network: &AgNet, _pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        let network = network.valid();
        let device = self.device.clone().inner();
        let mut scores = Vec::with_capacity(self.held_out.len());
        for indices in self.held_out.chunks(MEASURED_BATCH) {
            let (aligned, cue) = self.inputs(indices, &vec![false; indices.len()], &device)?;
            scores.extend(score(&network, aligned, cue, 1.0).into_data().iter::<f32>());
        }
        let live: Vec<bool> = self.held_out.iter().map(|&index| self.labels[index]).collect();
        Ok(area_under_curve(&scores, &live)
            .map(|area| ("held_out_auc", area))
            .into_iter()
            .collect())
    }
}

/// Whether AG-Net should call a face live: a simulated attack keeps its photo's metadata.
pub fn is_live(entry: &FaceEntry) -> bool {
    entry.metadata.is_live()
        && entry.simulated.as_deref().is_none_or(|simulated| simulated == "recaptured")
}

fn class_from_label(live: bool) -> i64 {
    (if live { LIVE } else { 1 - LIVE }) as i64
}

/// Training faces of a class (attacks, live), by domain and attack instrument.
fn groups_by_class(store: &FaceStore) -> [Vec<Vec<usize>>; 2] {
    let mut groups = [BTreeMap::<String, Vec<usize>>::new(), BTreeMap::new()];
    for index in store.indices(|entry| entry.metadata.is_for_training()) {
        let entry = &store.entries[index];
        let instrument = entry.simulated.as_deref().unwrap_or(&entry.metadata.label);
        let name = format!("{} {instrument}", entry.metadata.domain);
        groups[usize::from(is_live(entry))].entry(name).or_default().push(index);
    }
    groups.map(|of_class| of_class.into_values().collect())
}

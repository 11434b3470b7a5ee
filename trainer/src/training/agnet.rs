//! `train agnet`: AG-Net on faces and their cues (paper section 3.3), from cached generated faces.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof::cue::cue_from_residual;
use despoof::metrics::area_under_curve;
use despoof::score::score;
use image::RgbImage;
use rand::Rng;
use rand::rngs::StdRng;

use super::augment::Disturbance;
use super::batch;
use super::checkpoint::Better;
use super::run::{Pass, StepLoss, Training};
use super::strategy::{Labels, Strategy};
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceEntry, FaceStore, GENERATED, ImagePlane};

/// Faces looked at in one piece when measuring.
const MEASURED_BATCH: usize = 16;

/// Live faces against attacks by a strategy, balanced over domains and classes.
pub struct AgNetTraining<S> {
    strategy: S,
    aligned: ImagePlane,
    generated: ImagePlane,
    live: Vec<bool>,
    domains: Vec<usize>,
    groups: [Vec<Vec<usize>>; 2],
    held_out: Vec<usize>,
    standardised_cue: bool,
    augmented: bool,
    device: Device,
}

impl<S> AgNetTraining<S> {
    /// Takes a store with generated faces. Faces that are not for training are held out.
    ///
    /// # Errors
    /// A store whose generated faces are not complete, or without either class.
    pub fn new(
        store: &FaceStore,
        strategy: S,
        standardised_cue: bool,
        device: Device,
    ) -> Result<Self> {
        let generated = store.image_plane(GENERATED, ALIGNED_SIDE)?;
        ensure!(
            generated.plane.records()? == store.entries.len(),
            "generated faces are not cached for every face; run `despoof cache generated` first"
        );
        let groups = groups_by_class(store);
        let live: Vec<bool> = store.entries.iter().map(is_live).collect();
        for (class, name) in groups.iter().zip(["attacks", "live faces"]) {
            ensure!(
                !class.is_empty(),
                "training needs live faces and attacks, there are no {name}"
            );
        }
        let names = domains(store);
        let domains = store
            .entries
            .iter()
            // Domains that are held out as a whole have no number and are never drawn.
            .map(|entry| names.iter().position(|name| *name == entry.metadata.domain).unwrap_or(0))
            .collect();
        Ok(Self {
            strategy,
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            generated,
            live,
            domains,
            groups,
            held_out: store.indices(|entry| !entry.metadata.is_for_training()),
            standardised_cue,
            augmented: false,
            device,
        })
    }

    /// Whether training faces are disturbed (`augment.rs`) or mirrored only.
    pub fn with_augmentation(mut self, augmented: bool) -> Self {
        self.augmented = augmented;
        self
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

    /// Faces and cues of a training batch: mirrored and disturbed together.
    fn training_inputs(
        &self,
        indices: &[usize],
        rng: &mut StdRng,
    ) -> Result<(Tensor<4>, Tensor<4>)> {
        let mirrored = batch::coins(indices.len(), rng);
        let mut aligned = batch::images(&self.aligned, indices, &mirrored)?;
        let mut generated = batch::images(&self.generated, indices, &mirrored)?;
        if self.augmented {
            for (face, generated) in aligned.iter_mut().zip(&mut generated) {
                let disturbance = Disturbance::draw(rng);
                *face = disturbance.of_face(std::mem::take(face), rng);
                *generated = disturbance.of_generated(std::mem::take(generated));
            }
        }
        Ok(self.face_and_cue(&aligned, &generated, &self.device))
    }

    /// Faces and cues as they are.
    fn inputs(&self, indices: &[usize], device: &Device) -> Result<(Tensor<4>, Tensor<4>)> {
        let as_it_is = vec![false; indices.len()];
        let aligned = batch::images(&self.aligned, indices, &as_it_is)?;
        let generated = batch::images(&self.generated, indices, &as_it_is)?;
        Ok(self.face_and_cue(&aligned, &generated, device))
    }

    fn face_and_cue(
        &self,
        aligned: &[RgbImage],
        generated: &[RgbImage],
        device: &Device,
    ) -> (Tensor<4>, Tensor<4>) {
        let aligned = batch::tensor(aligned, device);
        let generated = batch::tensor(generated, device);
        let cue = cue_from_residual(aligned.clone(), generated, self.standardised_cue);
        (aligned, cue)
    }
}

impl<S: Strategy> Training for AgNetTraining<S> {
    type Network = S::Network;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_auc", Better::Larger));

    fn faces(&self) -> usize {
        self.groups.iter().flatten().map(Vec::len).sum()
    }

    fn loss(&self, network: &S::Network, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let indices = self.draw(pass.faces, rng);
        let (aligned, cue) = self.training_inputs(&indices, rng)?;
        let output = S::agnet(network).forward(aligned, Some(cue));
        let labels = Labels {
            live: indices.iter().map(|&index| self.live[index]).collect(),
            domains: indices.iter().map(|&index| self.domains[index]).collect(),
        };
        Ok(self.strategy.loss(network, output, &labels, pass.progress))
    }

    fn evaluate(&self, network: &S::Network, _: &Path) -> Result<Vec<(&'static str, f64)>> {
        let network = S::agnet(network).valid();
        let device = self.device.clone().inner();
        let mut scores = Vec::with_capacity(self.held_out.len());
        for indices in self.held_out.chunks(MEASURED_BATCH) {
            let (aligned, cue) = self.inputs(indices, &device)?;
            scores.extend(score(&network, aligned, cue, 1.0).into_data().iter::<f32>());
        }
        let live: Vec<bool> = self.held_out.iter().map(|&index| self.live[index]).collect();
        Ok(area_under_curve(&scores, &live)
            .map(|area| ("held_out_auc", area))
            .into_iter()
            .collect())
    }
}

/// Names of the domains that training sees, in order.
pub fn domains(store: &FaceStore) -> Vec<String> {
    let seen = store.entries.iter().filter(|entry| entry.metadata.is_for_training());
    let names: BTreeSet<String> = seen.map(|entry| entry.metadata.domain.clone()).collect();
    names.into_iter().collect()
}

/// Whether AG-Net should call a face live: a simulated attack keeps its photo's metadata.
pub fn is_live(entry: &FaceEntry) -> bool {
    entry.metadata.is_live()
        && entry.simulated.as_deref().is_none_or(|simulated| simulated == "recaptured")
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

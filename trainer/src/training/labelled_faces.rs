//! Faces of a store with their classes, domains and generated versions: what AG-Net is trained on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor};
use despoof::look::{Look, LookConfig, look};
use despoof_nn::agnet::Views;
use image::RgbImage;
use rand::Rng;
use rand::rngs::StdRng;
use rayon::prelude::*;

use super::augment::{Augmentation, Disturbance};
use super::batch;
use super::teacher::Teacher;
use crate::data::face_store::{
    ALIGNED, ALIGNED_SIDE, CONTEXT, CONTEXT_SIDE, FaceEntry, FaceStore, ImagePlane,
};

/// How faces are looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Plane of generated faces, where cues are looked at.
    pub plane: Option<String>,
    /// What is shown of them.
    pub look: LookConfig,
}

/// Faces and, where the network looks at cues, their generated versions, `[faces, 3, 224, 224]`.
pub type Pictures = (Views, Option<Tensor<4>>);

/// What becomes of each face of a batch before training sees it.
pub struct Changes {
    /// Whether it is mirrored.
    mirrored: Vec<bool>,
    /// How it is disturbed; empty where none is.
    disturbances: Vec<Disturbance>,
}

impl Changes {
    /// Mirrors half of the faces, of which `live` says which are; disturbs all of them, if told so.
    pub fn draw(live: &[bool], augmentation: Option<Augmentation>, rng: &mut StdRng) -> Self {
        let mirrored = batch::coins(live.len(), rng);
        let disturbances = augmentation.map_or_else(Vec::new, |augmentation| {
            live.iter().map(|&live| augmentation.draw(live, rng)).collect()
        });
        Self { mirrored, disturbances }
    }

    fn none(count: usize) -> Self {
        Self { mirrored: vec![false; count], disturbances: Vec::new() }
    }
}

/// Faces of a store.
pub struct LabelledFaces {
    aligned: ImagePlane,
    context: Option<ImagePlane>,
    generated: Option<ImagePlane>,
    look: LookConfig,
    live: Vec<bool>,
    targets: Vec<f32>,
    domains: Vec<usize>,
    groups: Groups,
}

/// Training faces by domain and attack instrument.
struct Groups {
    live: Vec<Vec<usize>>,
    recorded_attacks: Vec<Vec<usize>>,
    simulated_attacks: Vec<Vec<usize>>,
    /// How often an attack is drawn from the recorded ones; `None` treats all groups alike.
    recorded_share: Option<f64>,
}

impl LabelledFaces {
    /// Opens a store; `context` says whether wider crops are looked at. Domains count from `first_domain`.
    ///
    /// # Errors
    /// A store whose wider crops or generated faces are not complete.
    pub fn open(
        store: &FaceStore,
        context: bool,
        reading: &Reading,
        first_domain: usize,
    ) -> Result<Self> {
        let names = domains(store);
        let domains = store
            .entries
            .iter()
            // Domains that are held out as a whole have no number and are never drawn.
            .map(|entry| names.iter().position(|name| *name == entry.metadata.domain).unwrap_or(0))
            .map(|domain| first_domain + domain);
        let live: Vec<bool> = store.entries.iter().map(is_live).collect();
        Ok(Self {
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            context: context.then(|| wider_crops(store)).transpose()?,
            generated: match &reading.plane {
                Some(plane) => Some(generated_faces(store, plane)?),
                None => None,
            },
            look: reading.look,
            targets: live.iter().map(|&live| f32::from(u8::from(live))).collect(),
            live,
            domains: domains.collect(),
            groups: Groups::of(store),
        })
    }

    /// The same faces; of the attacks drawn this share is recorded ones, where there are both kinds.
    pub fn with_recorded_share(mut self, share: Option<f64>) -> Self {
        self.groups.recorded_share = share;
        self
    }

    /// The same faces with targets nearer to what a teacher, calibrated on them, says of each.
    ///
    /// # Errors
    /// A training face that the teacher says nothing of.
    pub fn with_teacher(mut self, store: &FaceStore, teacher: &Teacher) -> Result<Self> {
        let training = store.training_faces();
        let labelled = training.iter().map(|&index| (&*store.entries[index].key, self.live[index]));
        let teacher = teacher.calibrated(labelled)?;
        for index in training {
            let target = &mut self.targets[index];
            *target = teacher.target(&store.entries[index].key, *target)?;
        }
        Ok(self)
    }

    /// Training faces.
    pub fn count(&self) -> usize {
        [true, false].iter().flat_map(|&live| self.groups.of_class(live)).map(Vec::len).sum()
    }

    /// Whether there are training faces of the class.
    pub fn has(&self, live: bool) -> bool {
        !self.groups.of_class(live).is_empty()
    }

    /// A training face of the class; every domain and instrument counts the same, but for the share of
    /// recorded attacks.
    pub fn draw(&self, live: bool, rng: &mut StdRng) -> usize {
        self.groups.draw(live, rng)
    }

    /// Whether a face is live.
    pub fn is_live(&self, index: usize) -> bool {
        self.live[index]
    }

    /// The probability of live that training aims for.
    pub fn target(&self, index: usize) -> f32 {
        self.targets[index]
    }

    /// Number of a face's domain.
    pub fn domain(&self, index: usize) -> usize {
        self.domains[index]
    }

    /// Faces and their generated versions as they are.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn pictures(&self, indices: &[usize], device: &Device) -> Result<Pictures> {
        self.changed_pictures(indices, &Changes::none(indices.len()), device)
    }

    /// A look at faces as they are.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn look(&self, indices: &[usize], device: &Device) -> Result<Look> {
        self.changed_look(indices, &Changes::none(indices.len()), device)
    }

    /// A look at faces and their generated versions, both changed together.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn changed_look(
        &self,
        indices: &[usize],
        changes: &Changes,
        device: &Device,
    ) -> Result<Look> {
        let (views, generated) = self.changed_pictures(indices, changes, device)?;
        Ok(look(views, generated, self.look))
    }

    fn changed_pictures(
        &self,
        indices: &[usize],
        changes: &Changes,
        device: &Device,
    ) -> Result<Pictures> {
        let read = |plane, change: fn(&Disturbance, RgbImage) -> RgbImage| {
            changed_images(plane, indices, changes, change, device)
        };
        let views = Views {
            face: read(&self.aligned, Disturbance::of_face)?,
            context: self
                .context
                .as_ref()
                .map(|plane| read(plane, Disturbance::of_context))
                .transpose()?,
        };
        let generated = self.generated.as_ref();
        let generated =
            generated.map(|plane| read(plane, Disturbance::of_generated)).transpose()?;
        Ok((views, generated))
    }
}

/// Images of a plane, mirrored and disturbed by `change` as `changes` say.
fn changed_images(
    plane: &ImagePlane,
    indices: &[usize],
    changes: &Changes,
    change: fn(&Disturbance, RgbImage) -> RgbImage,
    device: &Device,
) -> Result<Tensor<4>> {
    let mut images = batch::images(plane, indices, &changes.mirrored)?;
    images.par_iter_mut().zip(&changes.disturbances).for_each(|(image, disturbance)| {
        *image = change(disturbance, std::mem::take(image));
    });
    Ok(batch::tensor(&images, device))
}

fn wider_crops(store: &FaceStore) -> Result<ImagePlane> {
    store.whole_image_plane(CONTEXT, CONTEXT_SIDE).context("--face-only trains without wider crops")
}

/// The plane `name` of generated faces.
///
/// # Errors
/// A store that has not one of every face.
pub fn generated_faces(store: &FaceStore, name: &str) -> Result<ImagePlane> {
    let plane = store.image_plane(name, ALIGNED_SIDE)?;
    ensure!(
        plane.plane.records()? == store.entries.len(),
        "{} has no generated face of every face in {name}; run `despoof cache generated` first",
        store.folder().display()
    );
    Ok(plane)
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

/// What a face is presented with: the species of a simulated attack, else the photo's own label.
pub fn instrument(entry: &FaceEntry) -> &str {
    entry.simulated.as_deref().unwrap_or(&entry.metadata.label)
}

impl Groups {
    fn of(store: &FaceStore) -> Self {
        let [mut live, mut recorded, mut simulated] = [const { BTreeMap::new() }; 3];
        for index in store.training_faces() {
            let entry = &store.entries[index];
            let kind = match (is_live(entry), &entry.simulated) {
                (true, _) => &mut live,
                (false, None) => &mut recorded,
                (false, Some(_)) => &mut simulated,
            };
            let name = (entry.metadata.domain.clone(), instrument(entry).to_owned());
            kind.entry(name).or_insert_with(Vec::new).push(index);
        }
        let [live, recorded_attacks, simulated_attacks] =
            [live, recorded, simulated].map(|groups| groups.into_values().collect());
        Self { live, recorded_attacks, simulated_attacks, recorded_share: None }
    }

    fn draw(&self, live: bool, rng: &mut StdRng) -> usize {
        let Self { recorded_attacks, simulated_attacks, .. } = self;
        let both = !live && !recorded_attacks.is_empty() && !simulated_attacks.is_empty();
        match self.recorded_share.filter(|_| both) {
            Some(share) => {
                let kind =
                    if rng.random_bool(share) { recorded_attacks } else { simulated_attacks };
                drawn(&kind.iter().collect::<Vec<_>>(), rng)
            }
            None => drawn(&self.of_class(live), rng),
        }
    }

    fn of_class(&self, live: bool) -> Vec<&Vec<usize>> {
        let attacks = || self.recorded_attacks.iter().chain(&self.simulated_attacks);
        if live { self.live.iter().collect() } else { attacks().collect() }
    }
}

/// A face of any group, each as likely as the other.
fn drawn(groups: &[&Vec<usize>], rng: &mut StdRng) -> usize {
    let group = groups[rng.random_range(0..groups.len())];
    group[rng.random_range(0..group.len())]
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn recorded_of_1000(recorded_share: Option<f64>, simulated_attacks: Vec<Vec<usize>>) -> usize {
        let (live, recorded_attacks) = (vec![vec![0], vec![1]], vec![vec![2]]);
        let groups = Groups { live, recorded_attacks, simulated_attacks, recorded_share };
        let rng = &mut StdRng::seed_from_u64(5);
        (0..1000).filter(|_| groups.draw(false, rng) == 2).count()
    }

    #[test]
    fn recorded_attacks_are_drawn_as_often_as_told() {
        let simulated = vec![vec![3, 4], vec![5], vec![6]];
        let alike = recorded_of_1000(None, simulated.clone());
        assert!((200..300).contains(&alike), "{alike}");
        let often = recorded_of_1000(Some(0.6), simulated.clone());
        assert!((550..650).contains(&often), "{often}");
        assert_eq!(recorded_of_1000(Some(0.0), simulated), 0);
        assert_eq!(recorded_of_1000(Some(0.0), Vec::new()), 1000);
    }
}

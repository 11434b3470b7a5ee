//! `train identity --arcface`: the identity encoder F_id on faces of known persons, with ArcFace's
//! margin (paper section 4.2: F_id is an ArcFace network).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use burn::module::{Initializer, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use despoof::identify::identity_input_from_aligned;
use despoof::metrics::area_under_curve;
use despoof_nn::layers;
use despoof_nn::mobilefacenet::MobileFaceNet;
use rand::rngs::StdRng;

use super::batch;
use super::cached_faces::no_mirror;
use super::checkpoint::Better;
use super::margin::{arcface_loss, normalised};
use super::run::{Pass, StepLoss, Training};
use super::strategy::indices as whole_numbers;
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore, ImagePlane};

/// Channels and side of the identity map.
const MAP: [usize; 2] = [512, 7];
/// Width of the embedding, MobileFaceNet's.
const EMBEDDING_WIDTH: usize = 128;
/// Held-out faces that are compared with each other.
const HELD_OUT: usize = 128;

/// F_id beside what only training needs: from its map to an embedding, and a centre a person.
#[derive(Module, Debug)]
pub struct ArcFaceNetwork {
    /// What is shipped.
    pub encoder: MobileFaceNet,
    pool: Conv2d,
    linear: Linear,
    norm: BatchNorm,
    centres: Param<Tensor<2>>,
}

impl ArcFaceNetwork {
    /// Around an encoder with a map of 512×7×7, for `persons` persons.
    pub fn new(encoder: MobileFaceNet, persons: usize, device: &Device) -> Self {
        let [channels, side] = MAP;
        // A weight for each position of each channel, as MobileFaceNet pools.
        let pool = Conv2dConfig::new([channels, channels], [side, side]).with_groups(channels);
        let centres = Initializer::Normal { mean: 0.0, std: 0.01 };
        Self {
            encoder,
            pool: pool.with_bias(false).init(device),
            linear: LinearConfig::new(channels, EMBEDDING_WIDTH).with_bias(false).init(device),
            norm: BatchNormConfig::new(EMBEDDING_WIDTH).init(device),
            centres: centres.init([persons, EMBEDDING_WIDTH], device),
        }
    }

    /// Embeddings of length 1, `[batch, 128]`, of inputs `[batch, 3, 112, 112]`.
    fn embeddings(&self, inputs: Tensor<4>) -> Tensor<2> {
        let pooled = layers::conv2d(&self.pool, self.encoder.forward(inputs));
        let narrow = layers::linear(&self.linear, pooled.flatten::<2>(1, 3));
        let standardised = layers::batch_norm(&self.norm, narrow.unsqueeze_dims(&[2, 3]));
        normalised(standardised.flatten(1, 3))
    }

    /// Cosines of the angles to every person's centre, `[batch, persons]`.
    fn cosines(&self, inputs: Tensor<4>) -> Tensor<2> {
        self.embeddings(inputs).matmul(normalised(self.centres.val()).transpose())
    }
}

/// Faces of known persons.
pub struct ArcFaceTraining {
    aligned: ImagePlane,
    /// Faces to train on, and the number of each one's person.
    train: BTreeMap<usize, usize>,
    held_out: Vec<usize>,
    held_out_persons: Vec<String>,
    persons: usize,
    device: Device,
}

impl ArcFaceTraining {
    /// Takes the real faces of `store` whose persons are known.
    ///
    /// # Errors
    /// Fewer than two persons to train on, a plane that cannot be opened.
    pub fn new(store: &FaceStore, device: Device) -> Result<Self> {
        let known = |training: bool| {
            let mut faces = store.real_faces(training);
            faces.retain(|&index| store.entries[index].person().is_some());
            faces
        };
        let name =
            |index: &usize| store.entries[*index].person().expect("only known ones are kept");
        let train = known(true);
        let mut numbers: BTreeMap<String, usize> = train.iter().map(|at| (name(at), 0)).collect();
        numbers.values_mut().enumerate().for_each(|(count, number)| *number = count);
        ensure!(
            numbers.len() > 1,
            "telling persons apart needs at least two whose `subject` is known in {}; there are {}",
            store.folder().display(),
            numbers.len()
        );
        let held_out: Vec<usize> = known(false).into_iter().take(HELD_OUT).collect();
        println!("{} faces of {} persons", train.len(), numbers.len());
        Ok(Self {
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            train: train.iter().map(|at| (*at, numbers[&name(at)])).collect(),
            held_out_persons: held_out.iter().map(name).collect(),
            held_out,
            persons: numbers.len(),
            device,
        })
    }

    /// Persons that training tells apart.
    pub fn persons(&self) -> usize {
        self.persons
    }

    fn input(&self, faces: &[usize], mirrored: &[bool], device: &Device) -> Result<Tensor<4>> {
        let images = batch::images(&self.aligned, faces, mirrored)?;
        Ok(identity_input_from_aligned(batch::tensor(&images, device)))
    }
}

impl Training for ArcFaceTraining {
    type Network = ArcFaceNetwork;

    const CRITERION: Option<(&'static str, Better)> =
        Some(("held_out_verification_auc", Better::Larger));

    fn faces(&self) -> usize {
        self.train.len()
    }

    fn has_held_out(&self) -> bool {
        !self.held_out.is_empty()
    }

    fn loss(&self, network: &ArcFaceNetwork, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let faces: Vec<usize> = self.train.keys().copied().collect();
        let drawn = batch::draw(&faces, pass.faces, rng);
        let mirrored = batch::coins(pass.faces, rng);
        let persons: Vec<usize> = drawn.iter().map(|face| self.train[face]).collect();
        let cosines = network.cosines(self.input(&drawn, &mirrored, &pass.device)?);
        let loss = arcface_loss(cosines, whole_numbers(&persons, &pass.device));
        Ok(StepLoss { loss, parts: Vec::new() })
    }

    /// How well similarity tells pairs of one person from pairs of two: persons never trained on.
    fn evaluate(&self, network: &ArcFaceNetwork, _: &Path) -> Result<Vec<(&'static str, f64)>> {
        let device = self.device.clone().inner();
        let input = self.input(&self.held_out, &no_mirror(&self.held_out), &device)?;
        let embeddings = network.valid().embeddings(input);
        let similarity = embeddings.clone().matmul(embeddings.transpose()).into_data();
        let similarity: Vec<f32> = similarity.iter::<f32>().collect();
        let count = self.held_out.len();
        let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
        let (similarities, same): (Vec<f32>, Vec<bool>) = pairs
            .map(|(a, b)| {
                let same = self.held_out_persons[a] == self.held_out_persons[b];
                (similarity[a * count + b], same)
            })
            .unzip();
        let area = area_under_curve(&similarities, &same);
        Ok(area.map(|area| ("held_out_verification_auc", area)).into_iter().collect())
    }
}

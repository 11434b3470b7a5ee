//! `train identity`: the identity encoder F_id, distilled to a teacher's 512×7×7 map, and to what the teacher's
//! own embedding makes of it: an error of the map that no embedding sees costs nothing in telling persons
//! apart, and the other way round.

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use clap::Args;
use despoof::identify::identity_input_from_aligned;
use despoof_nn::mobilefacenet::MobileFaceNet;
use rand::Rng;
use rand::rngs::StdRng;
use serde::Serialize;

use super::batch;
use super::cached_faces::no_mirror;
use super::checkpoint::Better;
use super::margin::normalised;
use super::options::share;
use super::run::{Pass, StepLoss, Training};
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore, TEACHER_SIDE};
use crate::data::face_store::{ImagePlane, TEACHER};

/// Faces looked at for the held-out measurement.
const HELD_OUT: usize = 64;

/// How a teacher is imitated.
#[derive(Debug, Clone, Copy, Args, Serialize)]
pub struct ImitationOptions {
    /// Weight of the distance (1 − cosine) of the teacher's embeddings of both maps; 0 compares maps alone.
    #[arg(long, default_value_t = 1.0)]
    pub embedding_weight: f64,
    /// Share of the faces that are mixtures of two: the teacher answers them, too, so that there are more
    /// than there are photos (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and
    /// consistent", section 3.1).
    #[arg(long, default_value_t = 0.5, value_parser = share)]
    pub mixed_share: f64,
}

/// Distillation of the teacher's map on real faces.
pub struct IdentityTraining {
    teacher: MobileFaceNet,
    imitation: ImitationOptions,
    aligned: ImagePlane,
    teacher_crops: ImagePlane,
    train: Vec<usize>,
    held_out: Vec<usize>,
    device: Device,
}

impl IdentityTraining {
    /// Takes the faces of `store` (with teacher crops) and the teacher, on a device without autodiff.
    ///
    /// # Errors
    /// No real faces to train on, planes that cannot be opened, faces without teacher crops.
    pub fn new(
        store: &FaceStore,
        teacher: MobileFaceNet,
        imitation: ImitationOptions,
        device: Device,
    ) -> Result<Self> {
        let (train, held_out) = store.real_faces_to_train_on(HELD_OUT)?;
        Ok(Self {
            teacher: teacher.freeze(),
            imitation,
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            teacher_crops: store.whole_image_plane(TEACHER, TEACHER_SIDE)?,
            train,
            held_out,
            device,
        })
    }

    /// Faces as both networks take them, on a device without autodiff.
    fn inputs(&self, indices: &[usize], mirrored: &[bool], device: &Device) -> Result<Inputs> {
        let device = device.clone().inner();
        let aligned = batch::images(&self.aligned, indices, mirrored)?;
        let crops = batch::images(&self.teacher_crops, indices, mirrored)?;
        Ok(Inputs {
            student: identity_input_from_aligned(batch::tensor(&aligned, &device)),
            teacher: batch::tensor(&crops, &device),
        })
    }

    /// Distances of the student's answers from the teacher's: of the maps, and of the embeddings. They are
    /// on the device of `network`.
    fn distances(
        &self,
        network: &MobileFaceNet,
        inputs: Inputs,
        device: &Device,
    ) -> [Tensor<1>; 2] {
        let here = |tensor: Tensor<4>| match device.is_autodiff() {
            true => Tensor::from_inner(tensor),
            false => tensor,
        };
        let teacher = self.teacher.clone().to_device(&device.clone().inner());
        let target = here(teacher.forward(inputs.teacher));
        let map = network.forward(here(inputs.student));
        let teacher = self.teacher.clone().to_device(device);
        let embedding = |map: Tensor<4>| normalised(teacher.embedding(map));
        let cosine = (embedding(map.clone()) * embedding(target.clone())).sum_dim(1);
        [relative_error(map, target), 1.0 - cosine.mean()]
    }
}

/// The same faces on both networks' templates, `[batch, 3, 112, 112]`.
struct Inputs {
    student: Tensor<4>,
    teacher: Tensor<4>,
}

impl Inputs {
    /// Some faces with another one mixed in, in random parts: a share of them, the rest stays.
    fn mixed(self, others: Self, share: f64, rng: &mut StdRng) -> Self {
        let faces = self.student.dims()[0];
        let mut part = || if rng.random_bool(share) { rng.random() } else { 1.0_f32 };
        let parts: Vec<f32> = (0..faces).map(|_| part()).collect();
        let data = TensorData::new(parts, [faces, 1, 1, 1]);
        let parts = Tensor::<4>::from_data(data, &self.student.device());
        let mix = |own: Tensor<4>, other: Tensor<4>| other.clone() + (own - other) * parts.clone();
        Self {
            student: mix(self.student, others.student),
            teacher: mix(self.teacher, others.teacher),
        }
    }
}

impl Training for IdentityTraining {
    type Network = MobileFaceNet;

    const CRITERION: Option<(&'static str, Better)> =
        Some(("held_out_relative_error", Better::Smaller));

    fn faces(&self) -> usize {
        self.train.len()
    }

    fn has_held_out(&self) -> bool {
        !self.held_out.is_empty()
    }

    fn loss(&self, network: &MobileFaceNet, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let draw = |rng: &mut StdRng| {
            let indices = batch::draw(&self.train, pass.faces, rng);
            let mirrored = batch::coins(pass.faces, rng);
            self.inputs(&indices, &mirrored, &pass.device)
        };
        let inputs = draw(rng)?.mixed(draw(rng)?, self.imitation.mixed_share, rng);
        let [of_maps, of_embeddings] = self.distances(network, inputs, &pass.device);
        let parts = [("map", &of_maps), ("embedding", &of_embeddings)];
        let parts = parts.map(|(name, part)| (name, f64::from(part.clone().into_scalar::<f32>())));
        let loss = of_maps + of_embeddings * self.imitation.embedding_weight;
        Ok(StepLoss { loss, parts: parts.to_vec() })
    }

    fn evaluate(
        &self,
        network: &MobileFaceNet,
        _pictures: &Path,
    ) -> Result<Vec<(&'static str, f64)>> {
        let device = self.device.clone().inner();
        let inputs = self.inputs(&self.held_out, &no_mirror(&self.held_out), &device)?;
        let distances = self.distances(&network.valid(), inputs, &device);
        let [of_maps, of_embeddings] =
            distances.map(|distance| f64::from(distance.into_scalar::<f32>()));
        Ok(vec![
            ("held_out_relative_error", of_maps),
            ("held_out_embedding_distance", of_embeddings),
        ])
    }
}

/// Squared error over the target's own power: 1 for a network that says nothing.
fn relative_error(map: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    let power = target.clone().powf_scalar(2.0).mean();
    (map - target).powf_scalar(2.0).mean() / power
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn both_templates_are_mixed_in_the_same_parts() {
        let of = |value: f32| Tensor::full([64, 3, 1, 1], value, &Device::flex());
        let inputs = |student, teacher| Inputs { student: of(student), teacher: of(teacher) };
        let mut rng = StdRng::seed_from_u64(3);
        let mixed = inputs(1.0, 10.0).mixed(inputs(0.0, 0.0), 0.5, &mut rng);
        let values = |tensor: Tensor<4>| tensor.into_data().iter::<f32>().collect::<Vec<_>>();
        let (student, teacher) = (values(mixed.student), values(mixed.teacher));
        assert!(student.iter().zip(&teacher).all(|(a, b)| (10.0 * a - b).abs() < 1e-5));
        let whole = student.iter().filter(|&&part| part == 1.0).count() / 3;
        assert!((16..48).contains(&whole), "about half of 64 stay as they are, not {whole}");
        let alone = inputs(1.0, 10.0).mixed(inputs(0.0, 0.0), 0.0, &mut rng);
        assert!(values(alone.student).iter().all(|&part| part == 1.0));
    }
}

//! `train identity`: the identity encoder F_id, distilled to a teacher's 512×7×7 map.

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof::identify::identity_input_from_aligned;
use despoof_nn::mobilefacenet::MobileFaceNet;
use rand::rngs::StdRng;

use super::batch;
use super::checkpoint::Better;
use super::run::{Pass, StepLoss, Training};
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore, TEACHER_SIDE};
use crate::data::face_store::{ImagePlane, TEACHER};

/// Faces looked at for the held-out measurement.
const HELD_OUT: usize = 64;

/// Distillation of the teacher's map on real faces.
pub struct IdentityTraining {
    teacher: MobileFaceNet,
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
    /// Planes that cannot be opened.
    pub fn new(store: &FaceStore, teacher: MobileFaceNet, device: Device) -> Result<Self> {
        Ok(Self {
            teacher,
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            teacher_crops: store.image_plane(TEACHER, TEACHER_SIDE)?,
            train: store.training_faces(),
            held_out: store.held_out_faces(HELD_OUT),
            device,
        })
    }

    /// The teacher's map `[batch, 512, 7, 7]`, without a graph.
    fn target(&self, indices: &[usize], mirrored: &[bool], device: &Device) -> Result<Tensor<4>> {
        let device = device.clone().inner();
        let crops = batch::images(&self.teacher_crops, indices, mirrored)?;
        let teacher = self.teacher.clone().to_device(&device);
        Ok(teacher.forward(batch::tensor(&crops, &device)))
    }

    fn input(&self, indices: &[usize], mirrored: &[bool], device: &Device) -> Result<Tensor<4>> {
        let aligned = batch::tensor(&batch::images(&self.aligned, indices, mirrored)?, device);
        Ok(identity_input_from_aligned(aligned))
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
        let indices = batch::draw(&self.train, pass.faces, rng);
        let mirrored = batch::coins(pass.faces, rng);
        let target = Tensor::from_inner(self.target(&indices, &mirrored, &pass.device)?);
        let map = network.forward(self.input(&indices, &mirrored, &pass.device)?);
        Ok(StepLoss { loss: relative_error(map, target), parts: Vec::new() })
    }

    fn evaluate(
        &self,
        network: &MobileFaceNet,
        _pictures: &Path,
    ) -> Result<Vec<(&'static str, f64)>> {
        let mirrored = vec![false; self.held_out.len()];
        let target = self.target(&self.held_out, &mirrored, &self.device)?;
        let network = network.valid();
        let map =
            network.forward(self.input(&self.held_out, &mirrored, &self.device.clone().inner())?);
        let error = relative_error(map, target).into_scalar::<f32>();
        Ok(vec![("held_out_relative_error", f64::from(error))])
    }
}

/// Squared error over the target's own power: 1 for a network that says nothing.
fn relative_error(map: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
    let power = target.clone().powf_scalar(2.0).mean();
    (map - target).powf_scalar(2.0).mean() / power
}

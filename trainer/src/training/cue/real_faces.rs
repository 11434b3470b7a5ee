//! The real faces of a store, and what a training measures on those held out.

use std::path::Path;

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use despoof::images::images_from_batch;
use rand::rngs::StdRng;

use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore, ImagePlane};
use crate::training::batch;
use crate::training::samples::write_grid;

/// Faces in the sample picture and the held-out measurement.
const HELD_OUT: usize = 16;

/// Live faces as they were photographed: nothing simulated.
pub struct RealFaces {
    aligned: ImagePlane,
    train: Vec<usize>,
    held_out: Vec<usize>,
}

impl RealFaces {
    /// The real faces of a store.
    ///
    /// # Errors
    /// None of them is for training.
    pub fn open(store: &FaceStore) -> Result<Self> {
        let (train, held_out) = store.real_faces_to_train_on(HELD_OUT)?;
        Ok(Self { aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?, train, held_out })
    }

    /// How many there are to train on.
    pub fn count(&self) -> usize {
        self.train.len()
    }

    /// Whether there are any to measure on.
    pub fn has_held_out(&self) -> bool {
        !self.held_out.is_empty()
    }

    /// Random faces, half of them mirrored, `[count, 3, 224, 224]` in [−1, 1].
    ///
    /// # Errors
    /// A face that cannot be read.
    pub fn draw(&self, count: usize, rng: &mut StdRng, device: &Device) -> Result<Tensor<4>> {
        let indices = batch::draw(&self.train, count, rng);
        let mirrored = batch::coins(count, rng);
        Ok(batch::tensor(&batch::images(&self.aligned, &indices, &mirrored)?, device))
    }

    /// Draws held-out faces beside their reconstructions, and measures the squared error between both.
    ///
    /// # Errors
    /// Faces that cannot be read, a picture that cannot be written.
    pub fn measure(
        &self,
        reconstruct: impl Fn(Tensor<4>) -> Tensor<4>,
        device: &Device,
        picture: &Path,
    ) -> Result<Vec<(&'static str, f64)>> {
        let none = vec![false; self.held_out.len()];
        let images = batch::images(&self.aligned, &self.held_out, &none)?;
        let faces = batch::tensor(&images, device);
        let drawn = reconstruct(faces.clone());
        let error = (faces - drawn.clone()).square().mean();
        write_grid(picture, &[images, pollster::block_on(images_from_batch(drawn))?])?;
        Ok(vec![("held_out_error", f64::from(error.into_scalar::<f32>()))])
    }
}

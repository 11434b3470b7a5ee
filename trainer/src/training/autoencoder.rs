//! `train autoencoder`: the latent space of the generator (KL-regularised, f8, 4 channels).

use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof::images::images_from_batch;
use despoof_nn::autoencoder::Autoencoder;
use image::{RgbImage, imageops};
use rand::Rng;
use rand::rngs::StdRng;

use super::batch;
use super::checkpoint::Better;
use super::run::{StepLoss, Training};
use super::samples::write_grid;
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore, ImagePlane};

/// Weight of the KL term, as in latent diffusion's KL autoencoders (Rombach 2022, appendix G).
const KL_WEIGHT: f64 = 1e-6;
/// Weight of the edge term: differences of neighbouring pixels, against blur.
const EDGE_WEIGHT: f64 = 1.0;
/// Faces in the sample picture and the held-out measurement.
const HELD_OUT: usize = 16;

/// Reconstruction of real faces.
pub struct AutoencoderTraining {
    aligned: ImagePlane,
    train: Vec<usize>,
    held_out: Vec<usize>,
    crop: u32,
    device: Device,
}

impl AutoencoderTraining {
    /// Trains on random crops of `crop` pixels (a multiple of 8): the network is convolutional, and
    /// small crops show more faces in the same time.
    ///
    /// # Errors
    /// A plane that cannot be opened.
    pub fn new(store: &FaceStore, crop: u32, device: Device) -> Result<Self> {
        Ok(Self {
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            train: store.indices(|entry| entry.metadata.is_for_training()),
            held_out: store
                .indices(|entry| !entry.metadata.is_for_training())
                .into_iter()
                .take(HELD_OUT)
                .collect(),
            crop,
            device,
        })
    }

    fn random_crop(&self, image: &RgbImage, rng: &mut StdRng) -> RgbImage {
        let room = ALIGNED_SIDE - self.crop;
        let (x, y) = (rng.random_range(0..=room), rng.random_range(0..=room));
        imageops::crop_imm(image, x, y, self.crop, self.crop).to_image()
    }
}

impl Training for AutoencoderTraining {
    type Network = Autoencoder;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_psnr", Better::Larger));

    fn faces(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, network: &Autoencoder, count: usize, rng: &mut StdRng) -> Result<StepLoss> {
        let indices = batch::draw(&self.train, count, rng);
        let mirrored = batch::coins(count, rng);
        let faces = batch::images(&self.aligned, &indices, &mirrored)?;
        let crops: Vec<RgbImage> = faces.iter().map(|face| self.random_crop(face, rng)).collect();
        let input = batch::tensor(&crops, &self.device);
        let moments = network.encode(input.clone());
        let divergence = moments.kl_divergence().mean();
        let noise = batch::normal_noise(moments.mean.dims(), rng, &self.device);
        let output = network.decode(moments.sample(noise));
        let pixels = (output.clone() - input.clone()).abs().mean();
        let edges = edge_difference(output, input);
        let parts = vec![
            ("l1", f64::from(pixels.clone().into_scalar::<f32>())),
            ("kl", f64::from(divergence.clone().into_scalar::<f32>())),
        ];
        Ok(StepLoss { loss: pixels + edges * EDGE_WEIGHT + divergence * KL_WEIGHT, parts })
    }

    fn evaluate(&self, network: &Autoencoder, pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        let network = network.valid();
        let faces =
            batch::images(&self.aligned, &self.held_out, &vec![false; self.held_out.len()])?;
        let input = batch::tensor(&faces, &self.device.clone().inner());
        let output = network.decode(network.encode(input.clone()).mean);
        let psnr = peak_signal_to_noise(output.clone(), input);
        let decoded = pollster::block_on(images_from_batch(output))?;
        write_grid(
            pictures,
            &[faces[..8.min(faces.len())].to_vec(), decoded[..8.min(decoded.len())].to_vec()],
        )?;
        Ok(vec![("held_out_psnr", psnr)])
    }
}

/// Mean absolute difference of horizontal and vertical neighbour differences.
fn edge_difference(output: Tensor<4>, input: Tensor<4>) -> Tensor<1> {
    let error = output - input;
    let [_, _, height, width] = error.dims();
    let across = error.clone().narrow(3, 1, width - 1) - error.clone().narrow(3, 0, width - 1);
    let down = error.clone().narrow(2, 1, height - 1) - error.narrow(2, 0, height - 1);
    across.abs().mean() + down.abs().mean()
}

/// Mean over images of the peak signal-to-noise ratio in dB, for values in [−1, 1].
fn peak_signal_to_noise(output: Tensor<4>, input: Tensor<4>) -> f64 {
    let [batch, channels, height, width] = output.dims();
    let squared = (output.clamp(-1.0, 1.0) - input)
        .powf_scalar(2.0)
        .reshape([batch, channels * height * width]);
    let errors: Vec<f32> = squared.mean_dim(1).into_data().iter::<f32>().collect();
    errors.iter().map(|&error| 10.0 * (4.0 / f64::from(error).max(1e-12)).log10()).sum::<f64>()
        / errors.len() as f64
}

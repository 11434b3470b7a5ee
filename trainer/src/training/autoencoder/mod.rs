//! `train autoencoder`: the latent space of the generator (f8, 4 channels), KL-regularised or with a
//! codebook; reconstruction by pixels and edges, on demand also by features and by an adversary.
//!
//! Autoencoder and discriminator share one backward pass and one optimiser step: each loss is
//! detached from the other's parameters, and the optimiser treats every parameter by itself.

mod discriminator;
mod loss_sum;
pub mod network;
mod perceptual;

use std::marker::PhantomData;
use std::path::Path;

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use clap::Args;
use despoof::images::images_from_batch;
use despoof_nn::autoencoder::Autoencoder;
use image::{RgbImage, imageops};
use rand::Rng;
use rand::rngs::StdRng;
use serde::Serialize;

use self::loss_sum::LossSum;
use self::network::{Kind, Latents, NetworkOptions};
use self::perceptual::PerceptualDistance;
use super::batch;
use super::checkpoint::Better;
use super::run::{Pass, StepLoss, Training};
use super::samples::write_grid;
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore, ImagePlane};

/// Weight of the KL term beside a mean over pixels. Latent diffusion's KL autoencoders (Rombach 2022,
/// appendix G) have the same number beside a sum over them: there the term counts for far less.
const KL_WEIGHT: f64 = 1e-6;
/// Weight of the commitment term: codes are to stay near their vectors (van den Oord et al. 2017,
/// section 3.2, β; latent diffusion's code has the same).
const COMMITMENT_WEIGHT: f64 = 0.25;
/// Weight of the edge term: differences of neighbouring pixels, against blur.
const EDGE_WEIGHT: f64 = 1.0;
/// Faces in the sample picture and the held-out measurement.
const HELD_OUT: usize = 16;

/// What is lowered beside the difference of pixels and edges.
#[derive(Debug, Clone, Copy, Args, Serialize)]
pub struct LossOptions {
    /// Steps before the adversary joins (50001 in latent diffusion's KL autoencoders).
    #[arg(long, default_value_t = 0)]
    pub adversarial_from: usize,
    /// Weight of the distance of features of EfficientNet-Lite0, which stands for LPIPS on VGG (1 in
    /// latent diffusion); 0 computes none.
    #[arg(long, default_value_t = 0.0)]
    pub perceptual_weight: f64,
}

/// Reconstruction of real faces by an autoencoder `N`.
pub struct AutoencoderTraining<N> {
    aligned: ImagePlane,
    train: Vec<usize>,
    held_out: Vec<usize>,
    crop: u32,
    losses: LossOptions,
    options: NetworkOptions,
    perceptual: Option<PerceptualDistance>,
    device: Device,
    network: PhantomData<fn(&N)>,
}

impl<N: Latents> AutoencoderTraining<N> {
    /// Trains on random crops of `crop` pixels (a multiple of 8): the network is convolutional, and
    /// small crops show more faces in the same time.
    ///
    /// # Errors
    /// No real faces to train on, a plane that cannot be opened, pretrained weights that are missing.
    pub fn new(
        store: &FaceStore,
        crop: u32,
        losses: LossOptions,
        options: NetworkOptions,
        device: Device,
    ) -> Result<Self> {
        ensure!(
            crop > 0 && crop.is_multiple_of(8) && crop <= ALIGNED_SIDE,
            "crops have a multiple of 8 pixels, at most {ALIGNED_SIDE}, not {crop}"
        );
        let looks = losses.perceptual_weight != 0.0;
        let (train, held_out) = store.real_faces_to_train_on(HELD_OUT)?;
        Ok(Self {
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            train,
            held_out,
            crop,
            losses,
            options,
            perceptual: looks.then(|| PerceptualDistance::new(&device)).transpose()?,
            device,
            network: PhantomData,
        })
    }

    fn random_crop(&self, image: &RgbImage, rng: &mut StdRng) -> RgbImage {
        let room = ALIGNED_SIDE - self.crop;
        let (x, y) = (rng.random_range(0..=room), rng.random_range(0..=room));
        imageops::crop_imm(image, x, y, self.crop, self.crop).to_image()
    }
}

impl<N: Latents> Training for AutoencoderTraining<N> {
    type Network = N;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_psnr", Better::Larger));

    fn faces(&self) -> usize {
        self.train.len()
    }

    fn has_held_out(&self) -> bool {
        !self.held_out.is_empty()
    }

    fn loss(&self, network: &N, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let indices = batch::draw(&self.train, pass.faces, rng);
        let mirrored = batch::coins(pass.faces, rng);
        let faces = batch::images(&self.aligned, &indices, &mirrored)?;
        let crops: Vec<RgbImage> = faces.iter().map(|face| self.random_crop(face, rng)).collect();
        let input = batch::tensor(&crops, &pass.device);
        let (output, mut sum) = match self.options.kind {
            Kind::Kl => reconstruct_kl(network.autoencoder(), input.clone(), rng),
            Kind::Vq => reconstruct_vq(network.autoencoder(), input.clone()),
        };
        sum.add("l1", (output.clone() - input.clone()).abs().mean(), 1.0);
        sum.add("edges", edge_difference(output.clone(), input.clone()), EDGE_WEIGHT);
        if let Some(perceptual) = &self.perceptual {
            let distance = perceptual.forward(output.clone(), input.clone());
            sum.add("perceptual", distance, self.losses.perceptual_weight);
        }
        if let Some(discriminator) = network.discriminator()
            && pass.step >= self.losses.adversarial_from
        {
            let generator = discriminator.generator_loss(output.clone());
            sum.add("adversarial", generator, self.options.adversarial_weight);
            sum.add("discriminator", discriminator.hinge_loss(input, output), 1.0);
        }
        Ok(sum.into_step_loss())
    }

    fn evaluate(&self, network: &N, pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        let network = network.autoencoder().valid();
        let faces =
            batch::images(&self.aligned, &self.held_out, &vec![false; self.held_out.len()])?;
        let input = batch::tensor(&faces, &self.device.clone().inner());
        let output = network.decode(network.code_from_image(input.clone()));
        let psnr = peak_signal_to_noise(output.clone(), input.clone());
        let shift = colour_shift(output.clone(), input);
        let decoded = pollster::block_on(images_from_batch(output))?;
        write_grid(
            pictures,
            &[faces[..8.min(faces.len())].to_vec(), decoded[..8.min(decoded.len())].to_vec()],
        )?;
        Ok(vec![("held_out_psnr", psnr), ("held_out_colour_shift", shift)])
    }
}

/// Decoded images of a draw from every code's Gaussian, and the divergence of those.
fn reconstruct_kl(
    autoencoder: &Autoencoder,
    input: Tensor<4>,
    rng: &mut StdRng,
) -> (Tensor<4>, LossSum) {
    let device = input.device();
    let moments = autoencoder.encode(input);
    let noise = batch::normal_noise(moments.mean.dims(), rng, &device);
    let mut sum = LossSum::default();
    sum.add("kl", moments.kl_divergence().mean(), KL_WEIGHT);
    (autoencoder.decode(moments.sample(noise)), sum)
}

/// Decoded images of codes out of the codebook (straight-through), and what draws the codebook's
/// vectors to the codes and the codes to the vectors (van den Oord et al. 2017, eq. 3).
fn reconstruct_vq(autoencoder: &Autoencoder, input: Tensor<4>) -> (Tensor<4>, LossSum) {
    let code = autoencoder.code_from_image(input);
    let vectors = autoencoder.quantized(code.clone());
    let distance = |from: Tensor<4>, to: Tensor<4>| (from - to.detach()).square().mean();
    let mut sum = LossSum::default();
    sum.add("codebook", distance(vectors.clone(), code.clone()), 1.0);
    sum.add("commitment", distance(code.clone(), vectors), COMMITMENT_WEIGHT);
    (autoencoder.decode(code), sum)
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

/// The colour whose mean over all images and pixels moved farthest, in levels of 8-bit images.
fn colour_shift(output: Tensor<4>, input: Tensor<4>) -> f64 {
    let shifts = (output.clamp(-1.0, 1.0) - input).mean_dims(&[0, 2, 3]).into_data();
    shifts.iter::<f32>().map(|shift| f64::from(shift.abs()) * 127.5).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::Distribution;
    use despoof_nn::autoencoder::AutoencoderConfig;
    use despoof_nn::presets::Preset;

    use super::*;

    #[test]
    fn the_colour_that_moved_farthest_is_named() {
        let image = |colours: [f32; 3]| {
            let colours = Tensor::<1>::from_floats(colours, &Device::flex());
            colours.reshape([1, 3, 1, 1]).expand([2, 3, 4, 5])
        };
        let shift = colour_shift(image([0.0, 0.1, 0.5]), image([0.0, 0.2, 0.5]));
        assert!((shift - 12.75).abs() < 1e-4, "{shift}");
    }

    #[test]
    fn codebook_losses_are_distances_to_the_vectors_and_reach_every_parameter() {
        let device = Device::flex().autodiff();
        let config = Preset::web().autoencoder;
        let config = AutoencoderConfig { codebook_entries: Some(8), ..config };
        let autoencoder = config.init(&device);
        let input = Tensor::random([2, 3, 16, 16], Distribution::Normal(0.0, 1.0), &device);

        let code = autoencoder.code_from_image(input.clone());
        let error = autoencoder.quantized(code.clone()) - code;
        let expected = f64::from(error.powf_scalar(2.0).mean().into_scalar::<f32>());
        let (output, mut sum) = reconstruct_vq(&autoencoder, input.clone());
        sum.add("l1", (output - input).abs().mean(), 1.0);
        let StepLoss { loss, parts } = sum.into_step_loss();
        assert_eq!(parts[0].0, "codebook");
        assert!((parts[0].1 - expected).abs() < 1e-6 && (parts[1].1 - expected).abs() < 1e-6);
        let total = (1.0 + COMMITMENT_WEIGHT) * expected + parts[2].1;
        assert!((f64::from(loss.clone().into_scalar::<f32>()) - total).abs() < 1e-5);

        let reached = GradientsParams::from_grads(loss.backward(), &autoencoder).len();
        struct Count(usize);
        impl ModuleVisitor for Count {
            fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
                self.0 += 1;
            }
        }
        let mut parameters = Count(0);
        autoencoder.visit(&mut parameters);
        assert_eq!(
            reached, parameters.0,
            "encoder through the straight-through, codebook, decoder"
        );
    }
}

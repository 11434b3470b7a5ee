//! `train dfg`: the De-spoofing Face Generator (paper eq. 4), on cached latents and identity maps.

use std::ops::Bound;
use std::path::Path;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use clap::{Args, ValueEnum};
use despoof::generate::Generator;
use despoof::images::images_from_batch;
use despoof_nn::autoencoder::Autoencoder;
use despoof_nn::diffusion::{NoiseSchedule, NoiseScheduleConfig, Prediction, add_noise, velocity};
use despoof_nn::sampler::SamplerConfig;
use despoof_nn::unet::Unet;
use rand::Rng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::batch;
use super::cached_faces::{CachedFaces, no_mirror};
use super::checkpoint::Better;
use super::loss_weight::min_snr;
use super::options::number_in;
use super::run::{Pass, StepLoss, Training};
use super::samples::write_grid;
use crate::data::face_store::ALIGNED_SIDE;

/// Faces in the sample picture.
const PICTURED: usize = 8;
/// Faces of the held-out loss.
const HELD_OUT: usize = 64;

/// What the network predicts, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PredictionChoice {
    /// The noise (paper eq. 4).
    Epsilon,
    /// The velocity of Salimans and Ho 2022.
    Velocity,
}

impl From<PredictionChoice> for Prediction {
    fn from(choice: PredictionChoice) -> Self {
        match choice {
            PredictionChoice::Epsilon => Self::Epsilon,
            PredictionChoice::Velocity => Self::Velocity,
        }
    }
}

impl From<Prediction> for PredictionChoice {
    fn from(prediction: Prediction) -> Self {
        match prediction {
            Prediction::Epsilon => Self::Epsilon,
            Prediction::Velocity => Self::Velocity,
        }
    }
}

/// How the denoising loss is made.
#[derive(Debug, Clone, Copy, Default, Args, Serialize)]
pub struct DenoisingOptions {
    /// What the network predicts [default: the preset's].
    #[arg(long, value_enum)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prediction: Option<PredictionChoice>,
    /// Cut the weight of time steps at this signal-to-noise ratio, positive (min-SNR; 5 in Hang et
    /// al. 2023); without it every error of the prediction counts the same.
    #[arg(long, value_parser = positive)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_snr_gamma: Option<f64>,
    /// Mirror half of the faces: latents and identity tokens together.
    #[arg(long)]
    pub flip: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    let above = (Bound::Excluded(0.0), Bound::Excluded(f64::INFINITY));
    number_in(text, above, "it must be a number above 0")
}

/// Denoising of real faces' latents, given their identity.
pub struct DfgTraining {
    faces: CachedFaces,
    denoising: DenoisingOptions,
    schedule: NoiseSchedule,
    sampler: SamplerConfig,
    autoencoder: Autoencoder,
    device: Device,
}

impl DfgTraining {
    /// `sampler` says what the network predicts, and draws the samples with `autoencoder`.
    pub fn new(
        mut faces: CachedFaces,
        denoising: DenoisingOptions,
        autoencoder: Autoencoder,
        sampler: SamplerConfig,
        device: Device,
    ) -> Self {
        faces.held_out.truncate(HELD_OUT);
        let schedule = NoiseScheduleConfig::default().init();
        Self { faces, denoising, schedule, sampler, autoencoder, device }
    }

    /// Squared error of every face `[faces, 1, 1, 1]` (eq. 4, or its v-prediction form), and the time
    /// steps at which it was made.
    fn errors(
        &self,
        network: &Unet,
        indices: &[usize],
        mirrored: &[bool],
        rng: &mut StdRng,
        device: &Device,
    ) -> Result<(Tensor<4>, Vec<usize>)> {
        let latents = self.faces.latents(indices, mirrored, device)?;
        let noise = batch::normal_noise(latents.dims(), rng, device);
        let timesteps: Vec<usize> = indices
            .iter()
            .map(|_| rng.random_range(0..self.schedule.alphas_cumprod().len()))
            .collect();
        let noised = add_noise(&self.schedule, latents.clone(), noise.clone(), &timesteps);
        let target = match self.sampler.prediction {
            Prediction::Epsilon => noise,
            Prediction::Velocity => velocity(&self.schedule, latents, noise, &timesteps),
        };
        let predicted = network.forward(
            noised,
            batch::timesteps(&timesteps, device),
            self.faces.context(indices, mirrored, device)?,
        );
        let errors = (predicted - target).powf_scalar(2.0).mean_dims(&[1, 2, 3]);
        Ok((errors, timesteps))
    }

    /// The weight of every face's error, `[faces, 1, 1, 1]`.
    fn weights(&self, timesteps: &[usize], device: &Device) -> Tensor<4> {
        let weight = |&timestep: &usize| {
            self.denoising.min_snr_gamma.map_or(1.0, |gamma| {
                min_snr(&self.schedule, self.sampler.prediction, gamma, timestep) as f32
            })
        };
        let weights: Vec<f32> = timesteps.iter().map(weight).collect();
        Tensor::<1>::from_floats(weights.as_slice(), device).reshape([-1, 1, 1, 1])
    }
}

impl Training for DfgTraining {
    type Network = Unet;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_loss", Better::Smaller));

    fn faces(&self) -> usize {
        self.faces.train.len()
    }

    fn has_held_out(&self) -> bool {
        !self.faces.held_out.is_empty()
    }

    fn loss(&self, network: &Unet, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let indices = batch::draw(&self.faces.train, pass.faces, rng);
        let mirrored =
            if self.denoising.flip { batch::coins(pass.faces, rng) } else { no_mirror(&indices) };
        let (errors, timesteps) = self.errors(network, &indices, &mirrored, rng, &pass.device)?;
        let weights = self.weights(&timesteps, &pass.device);
        Ok(StepLoss { loss: (errors * weights).mean(), parts: Vec::new() })
    }

    fn evaluate(&self, network: &Unet, pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        let held_out = &self.faces.held_out;
        let device = self.device.clone().inner();
        let network = network.valid();
        // The same noise and timesteps at every evaluation, so that the curve shows the network; and
        // no weights, so that runs with different ones can be compared.
        let mut rng = rand::SeedableRng::seed_from_u64(0);
        let (errors, _) =
            self.errors(&network, held_out, &no_mirror(held_out), &mut rng, &device)?;
        let (autoencoder, sampler) = (self.autoencoder.clone(), self.sampler.clone());
        let generator = Generator::new(autoencoder, network, sampler, ALIGNED_SIDE, &device);
        let pictured = &held_out[..PICTURED.min(held_out.len())];
        let images = self.faces.images(pictured)?;
        let context = self.faces.context(pictured, &no_mirror(pictured), &device)?;
        let generated = generator.generate(context, batch::tensor(&images, &device));
        let generated = pollster::block_on(images_from_batch(generated))?;
        write_grid(pictures, &[images, generated])?;
        Ok(vec![("held_out_loss", f64::from(errors.mean().into_scalar::<f32>()))])
    }
}

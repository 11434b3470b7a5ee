//! `train dfg`: the De-spoofing Face Generator (paper eq. 4), on cached latents and identity maps.

use std::path::Path;

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof::generate::Generator;
use despoof::images::images_from_batch;
use despoof_nn::autoencoder::Autoencoder;
use despoof_nn::diffusion::{
    NoiseSchedule, NoiseScheduleConfig, Prediction, SamplerConfig, add_noise, velocity,
};
use despoof_nn::unet::Unet;
use rand::Rng;
use rand::rngs::StdRng;

use super::batch;
use super::checkpoint::Better;
use super::run::{StepLoss, Training};
use super::samples::write_grid;
use crate::data::face_store::{
    ALIGNED, ALIGNED_SIDE, FaceStore, IDENTITY, ImagePlane, LATENTS, Plane,
};

/// Faces in the sample picture.
const PICTURED: usize = 8;
/// Faces of the held-out loss.
const HELD_OUT: usize = 64;
/// Shape of a latent.
pub const LATENT_SHAPE: [usize; 3] = [4, 28, 28];
/// Shape of an identity map as tokens.
pub const IDENTITY_SHAPE: [usize; 2] = [49, 512];

/// Denoising of real faces' latents, given their identity.
pub struct DfgTraining {
    latents: Plane,
    identity: Plane,
    aligned: ImagePlane,
    train: Vec<usize>,
    held_out: Vec<usize>,
    schedule: NoiseSchedule,
    sampler: SamplerConfig,
    autoencoder: Autoencoder,
    device: Device,
}

impl DfgTraining {
    /// Takes a store with cached latents and identity maps; `autoencoder` draws the samples.
    ///
    /// # Errors
    /// A store without caches.
    pub fn new(
        store: &FaceStore,
        autoencoder: Autoencoder,
        sampler: SamplerConfig,
        device: Device,
    ) -> Result<Self> {
        let latents = store.plane(LATENTS, LATENT_SHAPE.iter().product::<usize>() * 4)?;
        let identity = store.plane(IDENTITY, IDENTITY_SHAPE.iter().product::<usize>() * 2)?;
        let cached = latents.records()?.min(identity.records()?);
        ensure!(
            cached > 0,
            "no latents and identity maps are cached; run `despoof cache latents` first"
        );
        println!("latents and identity maps of {cached} of {} faces", store.entries.len());
        let of_split = |training: bool| {
            let mut indices = store.indices(|entry| entry.metadata.is_for_training() == training);
            indices.retain(|&index| index < cached);
            indices
        };
        Ok(Self {
            latents,
            identity,
            aligned: store.image_plane(ALIGNED, ALIGNED_SIDE)?,
            train: of_split(true),
            held_out: of_split(false).into_iter().take(HELD_OUT).collect(),
            schedule: NoiseScheduleConfig::default().init(),
            sampler,
            autoencoder,
            device,
        })
    }

    fn context(&self, indices: &[usize], device: &Device) -> Result<Tensor<3>> {
        let [tokens, width] = IDENTITY_SHAPE;
        batch::half_floats(&self.identity, indices, [indices.len(), tokens, width], device)
    }

    /// The loss of eq. 4 (or its v-prediction form) on the given faces.
    fn denoising_loss(
        &self,
        network: &Unet,
        indices: &[usize],
        rng: &mut StdRng,
        device: &Device,
    ) -> Result<Tensor<1>> {
        let [channels, height, width] = LATENT_SHAPE;
        let shape = [indices.len(), channels, height, width];
        let latents: Tensor<4> = batch::floats(&self.latents, indices, shape, device)?;
        let noise = batch::normal_noise(shape, rng, device);
        let timesteps: Vec<usize> = indices
            .iter()
            .map(|_| rng.random_range(0..self.schedule.alphas_cumprod().len()))
            .collect();
        let noised = add_noise(&self.schedule, latents.clone(), noise.clone(), &timesteps);
        let target = match self.sampler.prediction {
            Prediction::Epsilon => noise,
            Prediction::Velocity => velocity(&self.schedule, latents, noise, &timesteps),
        };
        let timesteps: Vec<f32> = timesteps.iter().map(|&timestep| timestep as f32).collect();
        let timesteps = Tensor::from_floats(timesteps.as_slice(), device);
        let predicted = network.forward(noised, timesteps, self.context(indices, device)?);
        Ok((predicted - target).powf_scalar(2.0).mean())
    }
}

impl Training for DfgTraining {
    type Network = Unet;

    const CRITERION: Option<(&'static str, Better)> = Some(("held_out_loss", Better::Smaller));

    fn faces(&self) -> usize {
        self.train.len()
    }

    fn loss(&self, network: &Unet, count: usize, rng: &mut StdRng) -> Result<StepLoss> {
        let indices = batch::draw(&self.train, count, rng);
        let loss = self.denoising_loss(network, &indices, rng, &self.device)?;
        Ok(StepLoss { loss, parts: Vec::new() })
    }

    fn evaluate(&self, network: &Unet, pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        let device = self.device.clone().inner();
        let network = network.valid();
        // The same noise and timesteps at every evaluation, so that the curve shows the network.
        let mut rng = rand::SeedableRng::seed_from_u64(0);
        let loss = self.denoising_loss(&network, &self.held_out, &mut rng, &device)?;
        let generator = Generator {
            autoencoder: self.autoencoder.clone(),
            unet: network,
            schedule: self.schedule.clone(),
            sampler: self.sampler.clone(),
        };
        let pictured = &self.held_out[..PICTURED.min(self.held_out.len())];
        let faces = batch::images(&self.aligned, pictured, &vec![false; pictured.len()])?;
        let generated =
            generator.generate(self.context(pictured, &device)?, batch::tensor(&faces, &device));
        let generated = pollster::block_on(images_from_batch(generated))?;
        write_grid(pictures, &[faces, generated])?;
        Ok(vec![("held_out_loss", f64::from(loss.into_scalar::<f32>()))])
    }
}

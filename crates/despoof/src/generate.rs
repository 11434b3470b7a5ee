//! Stage *generate*: the De-spoofing Face Generator (paper section 3.2): what a real face of this
//! identity looks like, drawn by few-step latent diffusion.

use burn::tensor::{Device, Tensor, TensorData};
use despoof_nn::autoencoder::Autoencoder;
use despoof_nn::diffusion::{NoiseScheduleConfig, seeded_noise};
use despoof_nn::presets::{LATENT_CHANNELS, LATENT_STRIDE};
use despoof_nn::sampler::{Sampler, SamplerConfig};
use despoof_nn::trace;
use despoof_nn::unet::{TimeShifts, Unet};

/// The generator's networks and its sampler, with everything prepared that no face changes.
#[derive(Debug)]
pub struct Generator {
    autoencoder: Autoencoder,
    unet: Unet,
    config: SamplerConfig,
    side: u32,
    sampler: Sampler,
    /// Of every step of the sampler.
    time: Vec<TimeShifts>,
    /// `[1, 4, side / 8, side / 8]`.
    noise: Tensor<4>,
}

impl Generator {
    /// Of networks on `device`, for aligned faces of `side` pixels.
    pub fn new(
        autoencoder: Autoencoder,
        unet: Unet,
        config: SamplerConfig,
        side: u32,
        device: &Device,
    ) -> Self {
        let sampler = Sampler::new(&config, &NoiseScheduleConfig::default().init(), device);
        let side_of_latent = side as usize / LATENT_STRIDE;
        let shape = [1, LATENT_CHANNELS, side_of_latent, side_of_latent];
        let values = seeded_noise(config.seed, shape.iter().product());
        let noise = Tensor::from_data(TensorData::new(values, shape), device);
        let timesteps = sampler.steps().iter().map(|step| step.timestep as f32);
        let shifts =
            |timestep| unet.time_shifts(Tensor::full([1], timestep, device), noise.dtype());
        let time = timesteps.map(shifts).collect();
        Self { autoencoder, unet, config, side, sampler, time, noise }
    }

    /// The same networks sampled in another way.
    pub fn with_sampler(&self, config: SamplerConfig) -> Self {
        let (autoencoder, unet) = (self.autoencoder.clone(), self.unet.clone());
        Self::new(autoencoder, unet, config, self.side, &self.noise.device())
    }

    /// Encoder and decoder of the latent space.
    pub fn autoencoder(&self) -> &Autoencoder {
        &self.autoencoder
    }

    /// ε_θ, conditioned on the identity map.
    pub fn unet(&self) -> &Unet {
        &self.unet
    }

    /// Steps, start and seed.
    pub fn sampler(&self) -> &SamplerConfig {
        &self.config
    }

    /// The "real" version of each face: identity maps `[batch, 49, 512]` and aligned faces
    /// `[batch, 3, side, side]` in [−1, 1] to generated faces of the same shape.
    ///
    /// The aligned face is looked at only where the sampler starts from the noised input; from pure
    /// noise (the paper's text) the identity alone decides. The noise is fixed by the sampler's
    /// seed and the same for every face of a batch: the same frame gives the same verdict.
    pub fn generate(&self, identity: Tensor<3>, aligned: Tensor<4>) -> Tensor<4> {
        let noise = trace::constant(self.noise.clone().repeat_dim(0, aligned.dims()[0]));
        let encode = || self.autoencoder.latent_from_image(aligned);
        let initial = self.sampler.initial_latent(encode, noise);
        let context = self.unet.context_tokens(identity);
        let time: Vec<TimeShifts> = self.time.iter().map(TimeShifts::constant).collect();
        let latent = self
            .sampler
            .run(|latent, step| self.unet.denoise(latent, &time[step.index], &context), initial);
        self.autoencoder.image_from_latent(latent)
    }
}

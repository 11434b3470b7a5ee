//! Stage *generate*: the De-spoofing Face Generator (paper section 3.2): what a real face of this
//! identity looks like, drawn by few-step latent diffusion.

use burn::tensor::{Tensor, TensorData};
use despoof_nn::autoencoder::Autoencoder;
use despoof_nn::diffusion::{NoiseSchedule, SamplerConfig, Start, sample, seeded_noise};
use despoof_nn::trace;
use despoof_nn::unet::Unet;

/// Pixels of a side that become one position of a latent.
const LATENT_STRIDE: usize = 8;
/// Channels of a latent.
const LATENT_CHANNELS: usize = 4;

/// The generator's networks and its sampler.
#[derive(Debug)]
pub struct Generator {
    /// Encoder and decoder of the latent space.
    pub autoencoder: Autoencoder,
    /// ε_θ, conditioned on the identity map.
    pub unet: Unet,
    /// Noise schedule of training and sampling.
    pub schedule: NoiseSchedule,
    /// Steps, start and seed.
    pub sampler: SamplerConfig,
}

impl Generator {
    /// The "real" version of each face: identity maps `[batch, 49, 512]` and aligned faces
    /// `[batch, 3, 224, 224]` in [−1, 1] to generated faces of the same shape.
    ///
    /// The aligned face is looked at only where the sampler starts from the noised input; from pure
    /// noise (the paper's text) the identity alone decides. The noise is fixed by the sampler's
    /// seed and the same for every face of a batch: the same frame gives the same verdict.
    pub fn generate(&self, identity: Tensor<3>, aligned: Tensor<4>) -> Tensor<4> {
        let latent = sample(
            |latent, timesteps, context| self.unet.forward(latent, timesteps, context),
            &self.schedule,
            &self.sampler,
            self.initial_latent(aligned),
            identity,
        );
        self.autoencoder.image_from_latent(latent)
    }

    fn initial_latent(&self, aligned: Tensor<4>) -> Tensor<4> {
        let [batch, _, height, width] = aligned.dims();
        let shape = [LATENT_CHANNELS, height / LATENT_STRIDE, width / LATENT_STRIDE];
        let values = seeded_noise(self.sampler.seed, shape.iter().product());
        let noise = Tensor::from_data(
            TensorData::new(values, [1, shape[0], shape[1], shape[2]]),
            &aligned.device(),
        )
        .repeat_dim(0, batch);
        let noise = trace::constant(noise);
        match self.sampler.start {
            Start::Noise => noise,
            Start::NoisedInput { .. } => {
                let latent = self.autoencoder.latent_from_image(aligned);
                self.sampler.initial_latent(&self.schedule, latent, noise)
            }
        }
    }
}

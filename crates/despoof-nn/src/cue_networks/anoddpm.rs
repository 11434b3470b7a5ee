//! AnoDDPM (Wyatt et al. 2022): simplex noise of 200 of 1000 steps on the image itself, then taken off
//! again by a diffusion model of real faces.
//!
//! What differs from the published code: images have their 4×4 squares of pixels as channels, so that
//! a U-Net for a CPU reaches the paper's 224 pixels; each step back is the deterministic one (DDIM),
//! so that the same face gives the same cue; and the noise is scaled to variance 1, which the schedule
//! counts on.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::diffusion::{NoiseSchedule, NoiseScheduleConfig, Prediction, TimestepSpacing};
use crate::resample::{pixel_shuffle, pixel_unshuffle};
use crate::sampler::{Sampler, SamplerConfig, SamplerStep, Start};
use crate::simplex::{OctavesConfig, octaves};
use crate::unet::{Unet, UnetConfig};

/// Sizes of an [`AnoDdpm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnoDdpmConfig {
    /// The denoiser. It knows nothing but the image: its context is one token of zeros.
    pub unet: UnetConfig,
    /// Side of the square of pixels that becomes one position.
    pub patch: usize,
    /// Steps of noise that an image is given (paper section 4.6: 200).
    pub noised_steps: usize,
    /// The noise.
    pub octaves: OctavesConfig,
}

/// A diffusion model of images.
#[derive(Module, Debug)]
pub struct AnoDdpm {
    unet: Unet,
    patch: usize,
    context_width: usize,
}

impl AnoDdpmConfig {
    /// For faces of 224 pixels on a CPU; noise as in the published code, 64 pixels and 6 octaves.
    pub fn web() -> Self {
        Self {
            unet: UnetConfig {
                channels_in: 48,
                channels_out: 48,
                block_out_channels: vec![32, 64, 96],
                cross_attention: vec![false; 3],
                layers_per_block: 1,
                heads: vec![1, 2, 3],
                context_width: 8,
                norm_groups: 8,
            },
            patch: 4,
            noised_steps: 200,
            octaves: OctavesConfig { octaves: 6, persistence: 0.8, period: 64.0 },
        }
    }

    /// A network whose output starts at zero.
    pub fn init(&self, device: &Device) -> AnoDdpm {
        AnoDdpm {
            unet: self.unet.init(device),
            patch: self.patch,
            context_width: self.unet.context_width,
        }
    }

    /// The schedule of training and sampling.
    pub fn schedule(&self) -> NoiseSchedule {
        NoiseScheduleConfig::ddpm().init()
    }

    /// Noise of one face, `[1, 3, height, width]`. As in the published code one picture is the noise
    /// of all channels.
    pub fn noise(&self, seed: u64, size: [usize; 2], device: &Device) -> Tensor<4> {
        let [height, width] = size;
        let picture = octaves(&self.octaves, seed, height, width);
        let picture =
            Tensor::<4>::from_data(TensorData::new(picture, [1, 1, height, width]), device);
        picture.repeat_dim(1, 3)
    }
}

impl AnoDdpm {
    /// The noise in images `[batch, 3, height, width]` at time steps `[batch]`.
    pub fn forward(&self, noised: Tensor<4>, timesteps: Tensor<1>) -> Tensor<4> {
        let (batch, device) = (noised.dims()[0], noised.device());
        let context = Tensor::zeros([batch, 1, self.context_width], &device);
        let predicted = self.unet.forward(pixel_unshuffle(noised, self.patch), timesteps, context);
        pixel_shuffle(predicted, self.patch)
    }

    /// Faces `[batch, 3, height, width]` in [−1, 1], noised and denoised in `steps` calls.
    pub fn reconstruct(
        &self,
        config: &AnoDdpmConfig,
        faces: Tensor<4>,
        steps: usize,
        seed: u64,
    ) -> Tensor<4> {
        let sampler = SamplerConfig {
            steps,
            spacing: TimestepSpacing::Trailing,
            start: Start::NoisedInput { timestep: config.noised_steps - 1 },
            seed,
            prediction: Prediction::Epsilon,
        };
        let ([batch, _, height, width], device) = (faces.dims(), faces.device());
        let noise = config.noise(seed, [height, width], &device).repeat_dim(0, batch);
        let sampler = Sampler::new(&sampler, &config.schedule(), &device);
        let noised = sampler.initial_latent(|| faces, noise);
        let predict = |noised: Tensor<4>, step: &SamplerStep| {
            self.forward(noised, Tensor::full([batch], step.timestep as f32, &device))
        };
        sampler.run(predict, noised)
    }
}

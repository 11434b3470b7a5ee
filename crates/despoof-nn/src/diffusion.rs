//! The diffusion process around the U-Net: noise schedule, what the network predicts, and the
//! deterministic sampler DDIM (Song et al. 2021). Pure functions; the numbers are those of diffusers'
//! `DDIMScheduler` as Stable Diffusion configures it.

use std::f64::consts::TAU;

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::ops::{add, divide, multiply, subtract};
use crate::trace;

/// The noise levels a network is trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseScheduleConfig {
    /// Variance added by the first step.
    pub beta_start: f64,
    /// Variance added by the last step.
    pub beta_end: f64,
    /// Number of steps.
    pub train_timesteps: usize,
    /// How the variance grows in between.
    #[serde(default, skip_serializing_if = "BetaGrowth::is_scaled_linear")]
    pub growth: BetaGrowth,
}

/// How the variance that a step adds grows from the first to the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetaGrowth {
    /// The roots of the variances are evenly spaced (latent diffusion).
    #[default]
    ScaledLinear,
    /// The variances are (Ho et al. 2020).
    Linear,
}

impl BetaGrowth {
    fn is_scaled_linear(&self) -> bool {
        *self == Self::ScaledLinear
    }
}

impl Default for NoiseScheduleConfig {
    /// The schedule of Stable Diffusion 1.5.
    fn default() -> Self {
        Self {
            beta_start: 0.00085,
            beta_end: 0.012,
            train_timesteps: 1000,
            growth: BetaGrowth::ScaledLinear,
        }
    }
}

impl NoiseScheduleConfig {
    /// The schedule of Ho et al. 2020, which AnoDDPM keeps.
    pub fn ddpm() -> Self {
        Self { beta_start: 1e-4, beta_end: 0.02, growth: BetaGrowth::Linear, ..Self::default() }
    }

    /// The cumulative products of these betas.
    pub fn init(&self) -> NoiseSchedule {
        let even = |first: f64, last: f64, step: usize| {
            first + (last - first) * step as f64 / (self.train_timesteps - 1) as f64
        };
        let beta = |step| match self.growth {
            BetaGrowth::Linear => even(self.beta_start, self.beta_end, step),
            BetaGrowth::ScaledLinear => {
                even(self.beta_start.sqrt(), self.beta_end.sqrt(), step).powi(2)
            }
        };
        let alphas_cumprod = (0..self.train_timesteps)
            .map(beta)
            .scan(1.0, |product, beta| {
                *product *= 1.0 - beta;
                Some(*product)
            })
            .collect();
        NoiseSchedule { alphas_cumprod }
    }
}

/// ᾱ_t of every training step t: a noisy latent is `√ᾱ_t · clean + √(1 − ᾱ_t) · noise`.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseSchedule {
    alphas_cumprod: Vec<f64>,
}

impl NoiseSchedule {
    /// ᾱ_t for t = 0, 1, …
    pub fn alphas_cumprod(&self) -> &[f64] {
        &self.alphas_cumprod
    }

    /// The time steps of a full sampling run of `steps` calls, from noise to clean.
    pub fn timesteps(&self, steps: usize, spacing: TimestepSpacing) -> Vec<usize> {
        let last = self.alphas_cumprod.len() - 1;
        match spacing {
            TimestepSpacing::Leading => self.leading_timesteps(steps),
            TimestepSpacing::Trailing => trailing_timesteps(last, steps),
        }
    }

    /// Multiples of a whole step, one later each, as Stable Diffusion's `steps_offset` of 1 has it.
    fn leading_timesteps(&self, steps: usize) -> Vec<usize> {
        let stride = self.alphas_cumprod.len() / steps;
        (0..steps).rev().map(|step| step * stride + 1).collect()
    }

    /// √ᾱ_t per sample, `[batch, 1, 1, 1]`.
    fn signal_level(&self, timesteps: &[usize], device: &Device) -> Tensor<4> {
        self.level(timesteps, device, |alpha| alpha.sqrt())
    }

    /// √(1 − ᾱ_t) per sample, `[batch, 1, 1, 1]`.
    fn noise_level(&self, timesteps: &[usize], device: &Device) -> Tensor<4> {
        self.level(timesteps, device, |alpha| (1.0 - alpha).sqrt())
    }

    fn level(&self, timesteps: &[usize], device: &Device, of: fn(f64) -> f64) -> Tensor<4> {
        let levels: Vec<f32> =
            timesteps.iter().map(|&timestep| of(self.alphas_cumprod[timestep]) as f32).collect();
        let levels = Tensor::<1>::from_floats(levels.as_slice(), device);
        trace::constant(levels.reshape([timesteps.len(), 1, 1, 1]))
    }
}

/// `steps` evenly spaced time steps of which the first is `start`.
fn trailing_timesteps(start: usize, steps: usize) -> Vec<usize> {
    let stride = (start + 1) as f64 / steps as f64;
    (0..steps)
        // Half-way cases go to the even neighbour, as NumPy rounds in diffusers.
        .map(|step| ((start + 1) as f64 - step as f64 * stride).round_ties_even() as usize - 1)
        .collect()
}

/// Where on the schedule a run of few steps calls the network (Lin et al. 2024, table 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestepSpacing {
    /// Evenly spaced over the whole schedule, ending at step 1; the noisiest step is never visited.
    Leading,
    /// Evenly spaced downwards from the start of sampling, which is always visited.
    Trailing,
}

/// What the network is trained to predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prediction {
    /// The noise ε, as in paper eq. 4.
    Epsilon,
    /// The velocity `√ᾱ · noise − √(1 − ᾱ) · clean` (Salimans and Ho 2022), which stays defined at
    /// pure noise and therefore suits few steps.
    Velocity,
}

/// Where sampling starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Pure noise z_T (paper section 3.2).
    Noise,
    /// The input's own latent, noised to this time step (the authors' code: 801).
    NoisedInput {
        /// The latest time step that is visited.
        timestep: usize,
    },
}

/// How the generator is sampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplerConfig {
    /// Calls of a full run. [`TimestepSpacing::Leading`] skips those before the start: 50 steps from
    /// t = 801 are 41 calls. [`TimestepSpacing::Trailing`] spreads all of them after the start.
    pub steps: usize,
    /// Which time steps are visited.
    pub spacing: TimestepSpacing,
    /// Where sampling starts.
    pub start: Start,
    /// Seed of the noise: the same frame gives the same verdict.
    pub seed: u64,
    /// What the network predicts.
    pub prediction: Prediction,
}

impl SamplerConfig {
    /// The time steps at which the network is called, the noisiest first.
    pub fn timesteps(&self, schedule: &NoiseSchedule) -> Vec<usize> {
        match (self.start, self.spacing) {
            (Start::Noise, spacing) => schedule.timesteps(self.steps, spacing),
            (Start::NoisedInput { timestep }, TimestepSpacing::Trailing) => {
                trailing_timesteps(timestep, self.steps)
            }
            (Start::NoisedInput { timestep }, TimestepSpacing::Leading) => {
                let mut timesteps = schedule.leading_timesteps(self.steps);
                timesteps.retain(|&visited| visited <= timestep);
                timesteps
            }
        }
    }

    /// The latent that [`sample`] starts from: the noise alone, or the latent of the input noised to
    /// the first time step visited. Both are `[batch, channels, height, width]`.
    pub fn initial_latent(
        &self,
        schedule: &NoiseSchedule,
        input_latent: Tensor<4>,
        noise: Tensor<4>,
    ) -> Tensor<4> {
        match self.start {
            Start::Noise => noise,
            Start::NoisedInput { .. } => {
                let first = self.timesteps(schedule)[0];
                let timesteps = vec![first; noise.dims()[0]];
                add_noise(schedule, input_latent, noise, &timesteps)
            }
        }
    }
}

/// Deterministic sampling, DDIM with η = 0 (Song et al. 2021, eq. 12), from `initial_latent`
/// `[batch, channels, height, width]` under `context` `[batch, tokens, width]`.
///
/// `denoiser` is the U-Net: noisy latent, time steps `[batch]`, context. The last step goes to time
/// step 0 rather than to no noise at all (diffusers' `set_alpha_to_one = False`).
pub fn sample(
    denoiser: impl Fn(Tensor<4>, Tensor<1>, Tensor<3>) -> Tensor<4>,
    schedule: &NoiseSchedule,
    config: &SamplerConfig,
    initial_latent: Tensor<4>,
    context: Tensor<3>,
) -> Tensor<4> {
    let (batch, device) = (initial_latent.dims()[0], initial_latent.device());
    let mut visited = config.timesteps(schedule);
    visited.push(0);
    visited.windows(2).fold(initial_latent, |latent, step| {
        let timesteps = trace::constant(Tensor::full([batch], step[0] as f32, &device));
        let predicted = denoiser(latent.clone(), timesteps, context.clone());
        let (from, to) = (vec![step[0]; batch], vec![step[1]; batch]);
        ddim_step(schedule, config.prediction, latent, predicted, &from, &to)
    })
}

/// One DDIM step without noise of its own (η = 0), per sample from time step `from` to `to`.
pub fn ddim_step(
    schedule: &NoiseSchedule,
    prediction: Prediction,
    latent: Tensor<4>,
    predicted: Tensor<4>,
    from: &[usize],
    to: &[usize],
) -> Tensor<4> {
    let clean =
        clean_from_prediction(schedule, prediction, latent.clone(), predicted.clone(), from);
    let noise = noise_from_prediction(schedule, prediction, latent, predicted, from);
    add_noise(schedule, clean, noise, to)
}

/// The forward process: every sample of `clean` noised to its time step. All tensors
/// `[batch, channels, height, width]`.
pub fn add_noise(
    schedule: &NoiseSchedule,
    clean: Tensor<4>,
    noise: Tensor<4>,
    timesteps: &[usize],
) -> Tensor<4> {
    let device = clean.device();
    add(
        multiply(clean, schedule.signal_level(timesteps, &device)),
        multiply(noise, schedule.noise_level(timesteps, &device)),
    )
}

/// The target of [`Prediction::Velocity`].
pub fn velocity(
    schedule: &NoiseSchedule,
    clean: Tensor<4>,
    noise: Tensor<4>,
    timesteps: &[usize],
) -> Tensor<4> {
    let device = clean.device();
    noise * schedule.signal_level(timesteps, &device)
        - clean * schedule.noise_level(timesteps, &device)
}

/// The clean latent that the network's output implies.
pub fn clean_from_prediction(
    schedule: &NoiseSchedule,
    prediction: Prediction,
    latent: Tensor<4>,
    predicted: Tensor<4>,
    timesteps: &[usize],
) -> Tensor<4> {
    let device = latent.device();
    let signal = schedule.signal_level(timesteps, &device);
    let noise = schedule.noise_level(timesteps, &device);
    match prediction {
        Prediction::Epsilon => divide(subtract(latent, multiply(predicted, noise)), signal),
        Prediction::Velocity => subtract(multiply(latent, signal), multiply(predicted, noise)),
    }
}

/// The noise that the network's output implies.
pub fn noise_from_prediction(
    schedule: &NoiseSchedule,
    prediction: Prediction,
    latent: Tensor<4>,
    predicted: Tensor<4>,
    timesteps: &[usize],
) -> Tensor<4> {
    let device = latent.device();
    match prediction {
        Prediction::Epsilon => predicted,
        Prediction::Velocity => add(
            multiply(predicted, schedule.signal_level(timesteps, &device)),
            multiply(latent, schedule.noise_level(timesteps, &device)),
        ),
    }
}

/// `length` standard normal values that depend on `seed` alone: drawn on the host, so that browser,
/// command line and GPU start from the same latent.
///
/// SplitMix64 (Steele et al. 2014) as a counter-based generator, then Box and Muller's transform.
/// The transform runs in f64 and is rounded to f32, which hides how mathematical libraries differ in
/// the last bit.
pub fn seeded_noise(seed: u64, length: usize) -> Vec<f32> {
    (0..length as u64)
        .map(|index| {
            let pair = index / 2 * 2;
            let radius = (-2.0 * seeded_uniform(seed, pair).ln()).sqrt();
            let angle = TAU * seeded_uniform(seed, pair + 1);
            let value = radius * if index == pair { angle.cos() } else { angle.sin() };
            value as f32
        })
        .collect()
}

/// The `index`-th value of the stream `seed`, strictly between 0 and 1.
pub fn seeded_uniform(seed: u64, index: u64) -> f64 {
    const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut bits = seed.wrapping_add(GOLDEN_GAMMA.wrapping_mul(index + 1));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    ((bits >> 12) as f64 + 0.5) / (1u64 << 52) as f64
}

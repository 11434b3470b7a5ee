//! The diffusion process around the U-Net: noise schedule, what the network predicts, and one step of
//! DDIM (Song et al. 2021). Pure functions; the numbers are those of diffusers' `DDIMScheduler` as Stable
//! Diffusion configures it.

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
    pub(crate) fn leading_timesteps(&self, steps: usize) -> Vec<usize> {
        let stride = self.alphas_cumprod.len() / steps;
        (0..steps).rev().map(|step| step * stride + 1).collect()
    }

    /// √ᾱ_t and √(1 − ᾱ_t).
    pub(crate) fn levels(&self, timestep: usize) -> [f64; 2] {
        let alpha = self.alphas_cumprod[timestep];
        [alpha.sqrt(), (1.0 - alpha).sqrt()]
    }

    /// The same per sample, each `[batch, 1, 1, 1]`.
    fn levels_of(&self, timesteps: &[usize], device: &Device) -> [Tensor<4>; 2] {
        per_sample(timesteps.iter().map(|&timestep| self.levels(timestep)), device)
    }
}

/// `steps` evenly spaced time steps of which the first is `start`.
pub(crate) fn trailing_timesteps(start: usize, steps: usize) -> Vec<usize> {
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

/// One DDIM step without noise of its own (η = 0; Song et al. 2021, eq. 12), per sample from time step
/// `from` to `to`.
pub fn ddim_step(
    schedule: &NoiseSchedule,
    prediction: Prediction,
    latent: Tensor<4>,
    predicted: Tensor<4>,
    from: &[usize],
    to: &[usize],
) -> Tensor<4> {
    let steps = from.iter().zip(to);
    let factors = steps.map(|(&from, &to)| ddim_factors(schedule, prediction, from, to));
    let factors = per_sample(factors, &latent.device());
    weighted_sum(latent, predicted, factors)
}

/// A DDIM step is linear in the latent and in what the network predicts: their factors.
pub(crate) fn ddim_factors(
    schedule: &NoiseSchedule,
    prediction: Prediction,
    from: usize,
    to: usize,
) -> [f64; 2] {
    let [signal, noise] = schedule.levels(from);
    let [next_signal, next_noise] = schedule.levels(to);
    // Both imply the clean latent, of which there is `next_signal` next, and the noise.
    match prediction {
        Prediction::Epsilon => {
            let of_latent = next_signal / signal;
            [of_latent, next_noise - of_latent * noise]
        }
        Prediction::Velocity => {
            [next_signal * signal + next_noise * noise, next_noise * signal - next_signal * noise]
        }
    }
}

/// Two numbers for every sample, each `[batch, 1, 1, 1]`, that do not change from pass to pass.
pub(crate) fn per_sample(
    pairs: impl IntoIterator<Item = [f64; 2]>,
    device: &Device,
) -> [Tensor<4>; 2] {
    let pairs: Vec<[f64; 2]> = pairs.into_iter().collect();
    [0, 1].map(|part| {
        let values: Vec<f32> = pairs.iter().map(|pair| pair[part] as f32).collect();
        let values = Tensor::<1>::from_floats(values.as_slice(), device);
        trace::constant(values.reshape([pairs.len(), 1, 1, 1]))
    })
}

/// Both tensors times their factors, added.
pub(crate) fn weighted_sum(
    first: Tensor<4>,
    second: Tensor<4>,
    [of_first, of_second]: [Tensor<4>; 2],
) -> Tensor<4> {
    add(multiply(first, of_first), multiply(second, of_second))
}

/// The forward process: every sample of `clean` noised to its time step. All tensors
/// `[batch, channels, height, width]`.
pub fn add_noise(
    schedule: &NoiseSchedule,
    clean: Tensor<4>,
    noise: Tensor<4>,
    timesteps: &[usize],
) -> Tensor<4> {
    let levels = schedule.levels_of(timesteps, &clean.device());
    weighted_sum(clean, noise, levels)
}

/// The target of [`Prediction::Velocity`].
pub fn velocity(
    schedule: &NoiseSchedule,
    clean: Tensor<4>,
    noise: Tensor<4>,
    timesteps: &[usize],
) -> Tensor<4> {
    let [signal, of_noise] = schedule.levels_of(timesteps, &clean.device());
    noise * signal - clean * of_noise
}

/// The clean latent that the network's output implies.
pub fn clean_from_prediction(
    schedule: &NoiseSchedule,
    prediction: Prediction,
    latent: Tensor<4>,
    predicted: Tensor<4>,
    timesteps: &[usize],
) -> Tensor<4> {
    let [signal, noise] = schedule.levels_of(timesteps, &latent.device());
    match prediction {
        Prediction::Epsilon => divide(subtract(latent, multiply(predicted, noise)), signal),
        Prediction::Velocity => subtract(multiply(latent, signal), multiply(predicted, noise)),
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

//! The deterministic sampler DDIM with η = 0 (Song et al. 2021): where it starts, which time steps it visits,
//! and everything about those that no face changes.

use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::diffusion::{
    NoiseSchedule, Prediction, TimestepSpacing, ddim_factors, per_sample, trailing_timesteps,
    weighted_sum,
};
use crate::trace;

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

/// Why a sampler cannot visit the time steps that it is to visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SamplerError {
    /// No call at all.
    #[error("a sampler needs at least one step")]
    NoSteps,
    /// The schedule has no such time step.
    #[error("sampling cannot start at time step {start}: the last one is {last}")]
    StartsTooLate {
        /// Where sampling was to start.
        start: usize,
        /// The noisiest time step.
        last: usize,
    },
    /// No time step is visited: [`TimestepSpacing::Leading`] ends at time step 1.
    #[error("sampling with leading spacing cannot start at time step 0")]
    StartsTooEarly,
    /// Time steps would be visited twice.
    #[error("{steps} steps are more than the {most} time steps that can be visited")]
    TooManySteps {
        /// Calls of a full run.
        steps: usize,
        /// The most there can be.
        most: usize,
    },
}

impl SamplerConfig {
    /// Whether [`Self::timesteps`] are time steps of `schedule`, at least one.
    ///
    /// # Errors
    /// [`SamplerError`]; a [`Sampler`] of such settings panics.
    pub fn check(&self, schedule: &NoiseSchedule) -> Result<(), SamplerError> {
        let Self { steps, spacing, .. } = *self;
        let last = schedule.alphas_cumprod().len().saturating_sub(1);
        let start = match self.start {
            Start::Noise => last,
            Start::NoisedInput { timestep } => timestep,
        };
        if start > last {
            return Err(SamplerError::StartsTooLate { start, last });
        }
        let most = match spacing {
            TimestepSpacing::Leading if start == 0 => return Err(SamplerError::StartsTooEarly),
            TimestepSpacing::Leading => last,
            TimestepSpacing::Trailing => start + 1,
        };
        match steps {
            0 => Err(SamplerError::NoSteps),
            _ if steps > most => Err(SamplerError::TooManySteps { steps, most }),
            _ => Ok(()),
        }
    }

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
}

/// A sampler whose constants are prepared on a device.
#[derive(Clone, Debug)]
pub struct Sampler {
    /// Levels of signal and noise of the first latent; none where that is noise alone.
    start: Option<[Tensor<4>; 2]>,
    steps: Vec<SamplerStep>,
}

/// One call of the network.
#[derive(Clone, Debug)]
pub struct SamplerStep {
    /// Its place among the calls.
    pub index: usize,
    /// The time step of the latent.
    pub timestep: usize,
    /// What the next latent has of the latent and of the prediction, `[1, 1, 1, 1]`.
    factors: [Tensor<4>; 2],
}

impl Sampler {
    /// The last step goes to time step 0 rather than to no noise at all (diffusers'
    /// `set_alpha_to_one = False`).
    ///
    /// # Panics
    /// On settings that [`SamplerConfig::check`] refuses.
    pub fn new(config: &SamplerConfig, schedule: &NoiseSchedule, device: &Device) -> Self {
        let constants = |pair: [f64; 2]| per_sample([pair], device);
        let mut visited = config.timesteps(schedule);
        let start = match config.start {
            Start::Noise => None,
            Start::NoisedInput { .. } => Some(constants(schedule.levels(visited[0]))),
        };
        visited.push(0);
        let step = |(index, step): (usize, &[usize])| {
            let factors = ddim_factors(schedule, config.prediction, step[0], step[1]);
            SamplerStep { index, timestep: step[0], factors: constants(factors) }
        };
        Self { start, steps: visited.windows(2).enumerate().map(step).collect() }
    }

    /// The calls, in their order.
    pub fn steps(&self) -> &[SamplerStep] {
        &self.steps
    }

    /// The latent that [`Self::run`] starts from, `[batch, channels, height, width]`: the noise alone, or the
    /// latent of the input noised to the first time step visited. `noise` may be one for the whole batch.
    pub fn initial_latent(
        &self,
        input_latent: impl FnOnce() -> Tensor<4>,
        noise: Tensor<4>,
    ) -> Tensor<4> {
        match &self.start {
            None => noise,
            Some(levels) => {
                weighted_sum(input_latent(), noise, levels.clone().map(trace::constant))
            }
        }
    }

    /// From `initial` `[batch, channels, height, width]` to a latent without noise; `denoiser` predicts from
    /// a latent and the step.
    pub fn run(
        &self,
        denoiser: impl Fn(Tensor<4>, &SamplerStep) -> Tensor<4>,
        initial: Tensor<4>,
    ) -> Tensor<4> {
        self.steps.iter().fold(initial, |latent, step| {
            let predicted = denoiser(latent.clone(), step);
            weighted_sum(latent, predicted, step.factors.clone().map(trace::constant))
        })
    }
}

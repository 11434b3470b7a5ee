//! The loop that every training shares: resumes by step, logs, checkpoints, stops on NaN.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use burn::grad_clipping::GradientClippingConfig;
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::checkpoint::{self, Checkpoint};
use super::ema;
use super::metrics_log::MetricsLog;

/// Settings every training has.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct TrainingOptions {
    /// Run folder: configuration, metrics, checkpoints, sample pictures.
    #[arg(long)]
    pub run: PathBuf,
    /// Optimiser steps in all, those before a resume included.
    #[arg(long)]
    pub steps: usize,
    /// Faces a step.
    #[arg(long, default_value_t = 16)]
    pub batch: usize,
    /// Seed of every random choice.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Highest learning rate, reached after the warm-up, then lowered along a cosine.
    #[arg(long, default_value_t = 1e-3)]
    pub learning_rate: f64,
    /// Steps over which the learning rate rises.
    #[arg(long, default_value_t = 50)]
    pub warm_up: usize,
    /// Weight decay of AdamW.
    #[arg(long, default_value_t = 1e-2)]
    pub weight_decay: f32,
    /// Decay of the moving average of the weights; 0 switches it off.
    #[arg(long, default_value_t = 0.0)]
    pub ema: f64,
    /// Steps between checkpoints; sample pictures are drawn with each.
    #[arg(long, default_value_t = 100)]
    pub checkpoint_every: usize,
}

/// Further numbers of a step, by name.
type Parts = Vec<(&'static str, f64)>;

/// What a step reports: the loss to minimise, and numbers for the log.
pub struct StepLoss {
    /// Scalar to minimise.
    pub loss: Tensor<1>,
    /// Further numbers for the log.
    pub parts: Parts,
}

/// Something that can be trained.
pub trait Training {
    /// The network whose parameters are optimised.
    type Network: Module;

    /// Loss of one batch. Every random choice comes from `rng`, which depends on seed and step
    /// alone: that is what makes a resumed run the same run.
    ///
    /// # Errors
    /// Data that cannot be read.
    fn loss(&self, network: &Self::Network, batch: usize, rng: &mut StdRng) -> Result<StepLoss>;

    /// Draws sample pictures and measures on held-out data; returns numbers for the log.
    ///
    /// # Errors
    /// Data that cannot be read, pictures that cannot be written.
    fn evaluate(
        &self,
        network: &Self::Network,
        pictures: &std::path::Path,
    ) -> Result<Vec<(&'static str, f64)>>;
}

/// Trains `network` (fresh, on a device with autodiff) to `options.steps`, resuming from the run
/// folder's last checkpoint. Returns the final weights, averaged where `options.ema` is set.
///
/// # Errors
/// Data or files that fail, or a loss that is not finite: the last good checkpoint stays.
pub fn train<T: Training>(
    training: &T,
    network: T::Network,
    options: &TrainingOptions,
) -> Result<T::Network> {
    std::fs::create_dir_all(&options.run)
        .with_context(|| format!("cannot make {}", options.run.display()))?;
    std::fs::write(options.run.join("config.json"), serde_json::to_string_pretty(options)?)?;
    let mut state = checkpoint::resume_or(&options.run, || Checkpoint {
        step: 0,
        average: (options.ema > 0.0).then(|| network.valid()),
        network: network.clone(),
        optimizer: optimizer(options),
    })?;
    let mut log = MetricsLog::open(&options.run, state.step)?;
    let progress = progress_bar(options.steps, state.step);
    while state.step < options.steps {
        let started = std::time::Instant::now();
        let (next, loss, parts) = optimise(training, state, options)?;
        state = next;
        log.step(state.step, loss, learning_rate(options, state.step), started.elapsed(), &parts)?;
        progress.set_position(state.step as u64);
        progress.set_message(format!("loss {loss:.5}"));
        if state.step.is_multiple_of(options.checkpoint_every) || state.step == options.steps {
            checkpoint::save(&options.run, &state)?;
            let pictures = options.run.join("samples");
            std::fs::create_dir_all(&pictures)?;
            let name = pictures.join(format!("step-{:06}.png", state.step));
            let measured = training.evaluate(weights(&state), &name)?;
            log.evaluation(state.step, &measured)?;
            crate::report::training_run::write(&options.run)?;
        }
    }
    progress.finish();
    Ok(weights(&state).clone())
}

/// The averaged weights where there are some, else the optimised ones.
fn weights<M: Module>(state: &Checkpoint<M>) -> &M {
    state.average.as_ref().unwrap_or(&state.network)
}

fn optimise<T: Training>(
    training: &T,
    mut state: Checkpoint<T::Network>,
    options: &TrainingOptions,
) -> Result<(Checkpoint<T::Network>, f64, Parts)> {
    let mut rng = step_rng(options.seed, state.step);
    let StepLoss { loss, parts } = training.loss(&state.network, options.batch, &mut rng)?;
    let value = loss.clone().into_scalar::<f32>() as f64;
    if !value.is_finite() {
        bail!(
            "the loss is {value} at step {}; the last good checkpoint in {} is kept",
            state.step,
            options.run.display()
        );
    }
    let gradients = GradientsParams::from_grads(loss.backward(), &state.network);
    let rate = learning_rate(options, state.step);
    state.network = state.optimizer.step(rate, state.network, gradients);
    state.step += 1;
    state.average = state
        .average
        .map(|average| ema::blend(average, &state.network.valid(), ema_decay(options, state.step)));
    Ok((state, value, parts))
}

fn optimizer(options: &TrainingOptions) -> ModuleOptimizer {
    AdamWConfig::new()
        .with_weight_decay(options.weight_decay)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(1.0)))
        .init()
}

/// A generator that depends on seed and step alone.
fn step_rng(seed: u64, step: usize) -> StdRng {
    StdRng::seed_from_u64(seed ^ (step as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Linear warm-up, then a cosine to a hundredth.
fn learning_rate(options: &TrainingOptions, step: usize) -> f64 {
    if step < options.warm_up {
        return options.learning_rate * (step + 1) as f64 / options.warm_up as f64;
    }
    let done = (step - options.warm_up) as f64
        / (options.steps.saturating_sub(options.warm_up)).max(1) as f64;
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
    options.learning_rate * (0.01 + 0.99 * cosine)
}

/// The average starts short and lengthens: at step n it has seen only n networks.
fn ema_decay(options: &TrainingOptions, step: usize) -> f64 {
    options.ema.min((1.0 + step as f64) / (10.0 + step as f64))
}

fn progress_bar(steps: usize, done: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {per_sec} eta {eta} {msg}")
        .expect("the template is valid");
    ProgressBar::new(steps as u64).with_style(style).with_position(done as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(steps: usize, warm_up: usize) -> TrainingOptions {
        TrainingOptions {
            run: PathBuf::new(),
            steps,
            batch: 1,
            seed: 0,
            learning_rate: 1.0,
            warm_up,
            weight_decay: 0.0,
            ema: 0.99,
            checkpoint_every: 1,
        }
    }

    #[test]
    fn learning_rate_rises_then_falls() {
        let options = options(100, 10);
        assert!(learning_rate(&options, 0) < learning_rate(&options, 9));
        assert!((learning_rate(&options, 10) - 1.0).abs() < 1e-12);
        assert!((learning_rate(&options, 100) - 0.01).abs() < 1e-12);
    }

    #[test]
    fn average_lengthens_up_to_its_decay() {
        let options = options(100, 10);
        assert!(ema_decay(&options, 1) < 0.2);
        assert!((ema_decay(&options, 100_000) - 0.99).abs() < 1e-12);
    }
}

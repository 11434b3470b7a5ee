//! The loop that every training shares: resumes by step, logs, checkpoints, stops on NaN.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use indicatif::{ProgressBar, ProgressStyle};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use super::checkpoint::{self, Better, Checkpoint};
use super::ema;
use super::metrics_log::MetricsLog;
use super::options::{TrainingOptions, write_config};
use super::same_settings::ensure_same_settings;

/// Further numbers of a step, by name.
type Parts = Vec<(&'static str, f64)>;

/// What a step reports: the loss to minimise, and numbers for the log.
pub struct StepLoss {
    /// Scalar to minimise.
    pub loss: Tensor<1>,
    /// Further numbers for the log.
    pub parts: Parts,
}

impl StepLoss {
    /// Of several answers to one batch, all of which count alike and report the same numbers.
    ///
    /// # Panics
    /// Of none.
    pub fn mean(losses: Vec<Self>) -> Self {
        let share = 1.0 / losses.len() as f64;
        let plus = |one: Self, other: Self| {
            let of_both = one.parts.iter().zip(other.parts);
            let parts = of_both.map(|(&(name, one), (_, other))| (name, one + other)).collect();
            Self { loss: one.loss + other.loss, parts }
        };
        let Self { loss, parts } = losses.into_iter().reduce(plus).expect("there are answers");
        let parts = parts.into_iter().map(|(name, value)| (name, value * share)).collect();
        Self { loss: loss * share, parts }
    }
}

/// One pass of a training.
#[derive(Debug, Clone)]
pub struct Pass {
    /// How many faces to draw.
    pub faces: usize,
    /// Optimiser steps made before.
    pub step: usize,
    /// Share of the training that is done, 0 to 1.
    pub progress: f64,
    /// Where the network is, and its input belongs.
    pub device: Device,
}

/// Something that can be trained.
pub trait Training: Sync {
    /// The network whose parameters are optimised.
    type Network: Module;

    /// The number of [`Training::evaluate`] by which the best checkpoint is told, and whether more of
    /// it is better.
    const CRITERION: Option<(&'static str, Better)> = None;

    /// How many faces there are to train on.
    fn faces(&self) -> usize;

    /// Whether there is anything to measure on; without it [`Training::evaluate`] is not called.
    fn has_held_out(&self) -> bool {
        true
    }

    /// Loss of one batch. Every random choice comes from `rng`, which depends on seed and step
    /// alone: that is what makes a resumed run the same run.
    ///
    /// # Errors
    /// Data that cannot be read.
    fn loss(&self, network: &Self::Network, pass: Pass, rng: &mut StdRng) -> Result<StepLoss>;

    /// Draws sample pictures and measures on held-out data; returns numbers for the log.
    ///
    /// # Errors
    /// Data that cannot be read, pictures that cannot be written.
    fn evaluate(
        &self,
        network: &Self::Network,
        pictures: &Path,
    ) -> Result<Vec<(&'static str, f64)>>;
}

/// Trains `network` (fresh, on a device with autodiff) to `options.steps`, from the run folder's last
/// checkpoint where there is one. `settings`, everything that distinguishes the run, are kept beside
/// it. Returns the final weights, averaged where `options.ema` is set.
///
/// # Errors
/// Data or files that fail, a folder with checkpoints without `options.resume` or of other settings, or a
/// loss that is not finite: the last good checkpoint stays.
pub fn train<T: Training, S: Serialize>(
    training: &T,
    network: T::Network,
    options: &TrainingOptions,
    settings: &S,
) -> Result<T::Network> {
    if options.dry_run {
        println!("{}", dry_run(&network, training.faces(), options));
        return Ok(network);
    }
    std::fs::create_dir_all(&options.run)
        .with_context(|| format!("cannot make {}", options.run.display()))?;
    ensure!(
        options.resume || !checkpoint::exists(&options.run)?,
        "{} already holds checkpoints; --resume goes on from the last one",
        options.run.display()
    );
    ensure_same_settings(&options.run, settings)?;
    let mut state = checkpoint::resume_or(&options.run, || Checkpoint {
        step: 0,
        average: (options.ema > 0.0).then(|| network.valid()),
        network: network.clone(),
        optimizer: options.optimizer(),
    })?;
    write_config(&options.run, settings)?;
    let mut log = MetricsLog::open(&options.run, state.step)?;
    let devices = options.devices()?;
    let progress = progress_bar(options.steps, state.step);
    if state.step > 0 && !log.is_measured(state.step) {
        // The process ended between writing the checkpoint and measuring it.
        measure(training, &state, options, &mut log)?;
    }
    while state.step < options.steps {
        let started = Instant::now();
        let (next, loss, parts) = optimise(training, state, options, &devices)?;
        state = next;
        let rate = options.learning_rate_at(state.step);
        log.step(state.step, loss, rate, started.elapsed(), &parts)?;
        progress.set_position(state.step as u64);
        progress.set_message(format!("loss {loss:.5}"));
        if state.step.is_multiple_of(options.checkpoint_every) || state.step == options.steps {
            checkpoint::save(&options.run, &state)?;
            measure(training, &state, options, &mut log)?;
        }
    }
    progress.finish();
    Ok(weights(&state).clone())
}

/// Measures a checkpoint that is written, and remembers it if it is the best so far.
fn measure<T: Training>(
    training: &T,
    state: &Checkpoint<T::Network>,
    options: &TrainingOptions,
    log: &mut MetricsLog,
) -> Result<()> {
    let pictures = options.run.join("samples");
    std::fs::create_dir_all(&pictures)?;
    let name = pictures.join(format!("step-{:06}.png", state.step));
    let measured = if training.has_held_out() {
        training.evaluate(weights(state), &name)?
    } else {
        if state.step <= options.checkpoint_every {
            eprintln!(
                "warning: no face is held out to measure with: no checkpoint counts as the best"
            );
        }
        Vec::new()
    };
    log.evaluation(state.step, &measured)?;
    crate::report::training_run::write(&options.run)?;
    if let Some((criterion, better)) = T::CRITERION
        && let Some((_, value)) = measured.iter().find(|(name, _)| *name == criterion)
    {
        checkpoint::keep_if_best(&options.run, weights(state), state.step, *value, better)?;
    }
    Ok(())
}

/// The averaged weights where there are some, else the optimised ones.
fn weights<M: Module>(state: &Checkpoint<M>) -> &M {
    state.average.as_ref().unwrap_or(&state.network)
}

fn optimise<T: Training>(
    training: &T,
    mut state: Checkpoint<T::Network>,
    options: &TrainingOptions,
    devices: &[Device],
) -> Result<(Checkpoint<T::Network>, f64, Parts)> {
    let mut gradients = GradientsAccumulator::new();
    let (mut mean, mut parts) = (0.0, Vec::new());
    for first in (0..options.passes()).step_by(devices.len()) {
        for done in passes_side_by_side(training, &state, options, devices, first)? {
            mean += done.loss;
            parts = done.parts;
            gradients.accumulate(&state.network, done.gradients);
        }
    }
    let rate = options.learning_rate_at(state.step);
    state.network = state.optimizer.step(rate, state.network, gradients.grads());
    state.step += 1;
    let decay = options.ema_decay_at(state.step);
    state.average = state.average.map(|average| ema::blend(average, &state.network.valid(), decay));
    Ok((state, mean, parts))
}

/// What a pass came to.
struct DonePass {
    /// Its share of the step's loss.
    loss: f64,
    parts: Parts,
    /// On the first device.
    gradients: GradientsParams,
}

/// One pass on each device, in the order of their numbers: the first is `first`. Which device makes a
/// pass changes nothing about it, but for the running statistics of batch norms: copies of a network
/// share them, and keep those of the threads that come last.
fn passes_side_by_side<T: Training>(
    training: &T,
    state: &Checkpoint<T::Network>,
    options: &TrainingOptions,
    devices: &[Device],
    first: usize,
) -> Result<Vec<DonePass>> {
    let [device] = devices else {
        return std::thread::scope(|scope| {
            let running: Vec<_> = devices
                .iter()
                .enumerate()
                .map(|(place, device)| {
                    let network = state.network.clone();
                    let replica = if place == 0 { network } else { network.fork(device) };
                    let step = state.step;
                    scope.spawn(move || {
                        let number = first + place;
                        let mut done = pass(training, &replica, step, number, options, device)?;
                        let home = devices[0].clone().inner();
                        done.gradients = done.gradients.to_device(&home, &replica);
                        Ok(done)
                    })
                })
                .collect();
            let joined = running.into_iter().map(|pass| pass.join().expect("a pass panicked"));
            joined.collect()
        });
    };
    Ok(vec![pass(training, &state.network, state.step, first, options, device)?])
}

/// Pass `number` of a step.
fn pass<T: Training>(
    training: &T,
    network: &T::Network,
    step: usize,
    number: usize,
    options: &TrainingOptions,
    device: &Device,
) -> Result<DonePass> {
    let mut rng = pass_rng(options.seed, step, number);
    // Layers such as dropout draw from the device's own generator.
    device.seed(rng.clone().random());
    let pass = Pass {
        faces: options.batch,
        step,
        progress: step as f64 / options.steps as f64,
        device: device.clone(),
    };
    let step_loss = training.loss(network, pass, &mut rng)?;
    // The accumulator sums.
    let loss = step_loss.loss / options.passes() as f64;
    let value = f64::from(loss.clone().into_scalar::<f32>());
    ensure!(
        value.is_finite(),
        "the loss is {value} at step {step}, batch {number} of seed {}; the last good checkpoint in {} \
         is kept",
        options.seed,
        options.run.display()
    );
    let gradients = GradientsParams::from_grads(loss.backward(), network);
    Ok(DonePass { loss: value, parts: step_loss.parts, gradients })
}

/// A generator that depends on seed, step and pass alone.
fn pass_rng(seed: u64, step: usize, number: usize) -> StdRng {
    let position = (step as u64).wrapping_add((number as u64) << 32);
    StdRng::seed_from_u64(seed ^ position.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// What a run will take, for `--dry-run`.
fn dry_run<M: Module>(network: &M, faces: usize, options: &TrainingOptions) -> String {
    let parameters = network.num_params();
    let copies = options.optimizer.copies() + usize::from(options.ema > 0.0);
    let faces_a_step = options.batch * options.passes();
    format!(
        "{:.2} M parameters; {:.0} MB for {copies} copies of them (weights, gradients, optimiser), \
         activations apart\n{faces} faces, {:.1} steps an epoch, {} steps are {:.2} epochs",
        parameters as f64 / 1e6,
        (parameters * copies * size_of::<f32>()) as f64 / 1e6,
        faces as f64 / faces_a_step as f64,
        options.steps,
        (options.steps * faces_a_step) as f64 / faces.max(1) as f64,
    )
}

fn progress_bar(steps: usize, done: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {per_sec} eta {eta} {msg}")
        .expect("the template is valid");
    ProgressBar::new(steps as u64).with_style(style).with_position(done as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_to_one_batch_count_alike() {
        let loss = |value: f64| StepLoss {
            loss: Tensor::from_floats([value], &Device::flex()),
            parts: vec![("right", value / 2.0)],
        };
        let StepLoss { loss, parts } = StepLoss::mean(vec![loss(1.0), loss(4.0)]);
        assert_eq!(loss.into_scalar::<f32>(), 2.5);
        assert_eq!(parts, [("right", 1.25)]);
    }
}

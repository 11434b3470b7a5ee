//! Settings that every training has, and the copy of them that a run keeps.

use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use burn::grad_clipping::GradientClippingConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, ModuleOptimizer, SgdConfig};
use burn::tensor::Device;
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::device::DeviceNames;

/// File of a run's settings.
const CONFIG: &str = "config.toml";

/// Length to which gradients are cut.
const GRADIENT_NORM: f32 = 1.0;

/// Settings every training has.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub struct TrainingOptions {
    /// Run folder: configuration, metrics, checkpoints, sample pictures.
    #[arg(long)]
    pub run: PathBuf,
    /// Optimiser steps in all, those before a resume included.
    #[arg(long)]
    pub steps: usize,
    /// Faces a pass.
    #[arg(long, default_value_t = 16, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub batch: usize,
    /// Passes whose gradients are averaged for one step.
    #[arg(long, default_value_t = 1)]
    pub accumulate: usize,
    /// Seed of every random choice.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// What turns gradients into steps.
    #[arg(long, value_enum, default_value_t)]
    pub optimizer: OptimizerName,
    /// Highest learning rate, reached after the warm-up, then lowered along a cosine.
    #[arg(long, default_value_t = 1e-3)]
    pub learning_rate: f64,
    /// Steps over which the learning rate rises.
    #[arg(long, default_value_t = 50)]
    pub warm_up: usize,
    /// Weight decay.
    #[arg(long, default_value_t = 1e-2)]
    pub weight_decay: f32,
    /// Decay of the moving average of the weights; 0 switches it off.
    #[arg(long, default_value_t = 0.0)]
    pub ema: f64,
    /// Steps between checkpoints; sample pictures are drawn with each.
    #[arg(long, default_value_t = 100)]
    pub checkpoint_every: usize,
    /// What to train on: cpu, cuda, cuda:NUMBER, or several, as in cuda:0,cuda:1: they share the passes
    /// of a step, whose number (`--accumulate`) they must divide.
    #[arg(long, default_value_t)]
    pub device: DeviceNames,
    /// Go on from the run's last checkpoint; without this, a folder that holds one is refused.
    #[arg(long)]
    #[serde(skip)]
    pub resume: bool,
    /// Print parameters, memory and steps an epoch, then stop.
    #[arg(long)]
    #[serde(skip)]
    pub dry_run: bool,
}

/// An optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerName {
    /// Adam with decoupled weight decay.
    #[default]
    AdamW,
    /// Stochastic gradient descent with momentum 0.9, as the published code trains AG-Net.
    Sgd,
}

impl OptimizerName {
    /// Copies of every parameter that training holds: the weight, its gradient, the state.
    pub fn copies(self) -> usize {
        match self {
            Self::AdamW => 4,
            Self::Sgd => 3,
        }
    }
}

impl TrainingOptions {
    /// The device, whose generator, from which weights start, stands at the run's seed: networks
    /// that are made next are the same in every process.
    ///
    /// # Errors
    /// CUDA, where this program was built without it.
    pub fn seeded_device(&self) -> Result<Device> {
        let device = self.device.first().open()?;
        device.seed(self.seed);
        Ok(device)
    }

    /// The devices that share a step's passes, with autodiff.
    ///
    /// # Errors
    /// CUDA, where this program was built without it, or passes that cannot be shared evenly.
    pub fn devices(&self) -> Result<Vec<Device>> {
        let devices = self.device.open()?;
        ensure!(
            self.passes().is_multiple_of(devices.len()),
            "{} devices cannot share {} passes evenly; --accumulate must be a multiple of {}",
            devices.len(),
            self.passes(),
            devices.len()
        );
        Ok(devices.into_iter().map(Device::autodiff).collect())
    }

    /// Passes of a step.
    pub fn passes(&self) -> usize {
        self.accumulate.max(1)
    }

    /// A fresh optimiser.
    pub fn optimizer(&self) -> ModuleOptimizer {
        let clipping = Some(GradientClippingConfig::Norm(GRADIENT_NORM));
        match self.optimizer {
            OptimizerName::AdamW => AdamWConfig::new()
                .with_weight_decay(self.weight_decay)
                .with_grad_clipping(clipping)
                .init(),
            OptimizerName::Sgd => SgdConfig::new()
                .with_weight_decay(Some(WeightDecayConfig::new(self.weight_decay)))
                // PyTorch's momentum, which the published code uses, dampens nothing.
                .with_momentum(Some(MomentumConfig::new().with_momentum(0.9).with_dampening(0.0)))
                .with_gradient_clipping(clipping)
                .init(),
        }
    }

    /// Linear warm-up, then a cosine to a hundredth.
    pub fn learning_rate_at(&self, step: usize) -> f64 {
        if step < self.warm_up {
            return self.learning_rate * (step + 1) as f64 / self.warm_up as f64;
        }
        let done =
            (step - self.warm_up) as f64 / (self.steps.saturating_sub(self.warm_up)).max(1) as f64;
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
        self.learning_rate * (0.01 + 0.99 * cosine)
    }

    /// The average starts short and lengthens: at step n it has seen only n networks.
    pub fn ema_decay_at(&self, step: usize) -> f64 {
        self.ema.min((1.0 + step as f64) / (10.0 + step as f64))
    }
}

/// Reads a share from 0 to 1, for options that are one.
pub fn share(text: &str) -> Result<f64, String> {
    number_in(text, 0.0..=1.0, "a share from 0 to 1")
}

/// Reads a number within a range, for options.
///
/// # Errors
/// `wanted`, what the option takes, for anything else.
pub fn number_in<N: FromStr + PartialOrd>(
    text: &str,
    range: impl RangeBounds<N>,
    wanted: &str,
) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| wanted.to_owned())
}

/// Whether a run kept its settings.
pub fn has_config(run: &Path) -> bool {
    run.join(CONFIG).exists()
}

/// Settings that a run kept in its `config.toml`.
///
/// # Errors
/// No such file, or settings missing in it.
pub fn read_config<S: DeserializeOwned>(run: &Path) -> Result<S> {
    let path = run.join(CONFIG);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}: is {} a run?", path.display(), run.display()))?;
    toml::from_str(&text).with_context(|| format!("{}", path.display()))
}

/// Writes `config.toml` of a run: what was trained, by which revision, with which settings.
///
/// # Errors
/// A file that cannot be written.
pub fn write_config<S: Serialize>(run: &Path, settings: &S) -> Result<()> {
    let path = run.join(CONFIG);
    let mut table = toml::Table::try_from(settings).context("settings that TOML cannot say")?;
    table.insert("revision".into(), crate::revision::revision().into());
    std::fs::write(&path, table.to_string())
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: TrainingOptions,
    }

    fn options(more: &[&str]) -> TrainingOptions {
        let line =
            ["train", "--run", "r", "--steps", "100", "--learning-rate", "1", "--warm-up", "10"];
        Command::try_parse_from(line.iter().chain(more)).expect("the line is valid").options
    }

    #[test]
    fn learning_rate_rises_then_falls() {
        let options = options(&[]);
        assert!(options.learning_rate_at(0) < options.learning_rate_at(9));
        assert!((options.learning_rate_at(10) - 1.0).abs() < 1e-12);
        assert!((options.learning_rate_at(100) - 0.01).abs() < 1e-12);
    }

    #[test]
    fn average_lengthens_up_to_its_decay() {
        let options = options(&["--ema", "0.99"]);
        assert!(options.ema_decay_at(1) < 0.2);
        assert!((options.ema_decay_at(100_000) - 0.99).abs() < 1e-12);
    }

    #[test]
    fn the_kept_copy_is_toml_with_every_setting() {
        let table = toml::Table::try_from(options(&["--device", "cuda:1", "--resume"])).unwrap();
        assert_eq!(table["device"].as_str(), Some("cuda:1"));
        assert_eq!(table["batch"].as_integer(), Some(16));
        assert!(!table.contains_key("resume"), "how a run was started is no setting of it");
    }
}

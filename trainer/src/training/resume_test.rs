//! A run that is interrupted and resumed is the same run.

use std::path::{Path, PathBuf};

use anyhow::Result;
use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use despoof_nn::layers;
use rand::Rng;
use rand::rngs::StdRng;

use super::checkpoint::Better;
use super::options::{OptimizerName, TrainingOptions};
use super::run::{Pass, StepLoss, Training, train};
use crate::device::DeviceNames;

/// Learns to double its input; from step `nan_from` on its loss is not a number.
struct Doubling {
    nan_from: Option<f32>,
}

impl Training for Doubling {
    type Network = Linear;

    const CRITERION: Option<(&'static str, Better)> = Some(("error", Better::Smaller));

    fn faces(&self) -> usize {
        1
    }

    fn loss(&self, network: &Linear, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let input = random_input(&pass, rng);
        let error = network.forward(input.clone()) - input * 2.0;
        let loss = error.powf_scalar(2.0).mean() * self.nan_from.unwrap_or(1.0);
        Ok(StepLoss { loss, parts: Vec::new() })
    }

    fn evaluate(&self, network: &Linear, _pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        let error = values(network).iter().sum::<f32>() - 4.0;
        Ok(vec![("error", f64::from(error.abs()))])
    }
}

/// A network whose statistics change with every pass.
#[derive(Module, Debug)]
struct Normalised {
    norm: BatchNorm,
    linear: Linear,
}

/// Learns to double its input behind a batch normalisation.
struct NormalisedDoubling;

impl Training for NormalisedDoubling {
    type Network = Normalised;

    fn faces(&self) -> usize {
        1
    }

    fn loss(&self, network: &Normalised, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        let input = random_input(&pass, rng);
        let map = layers::batch_norm(&network.norm, input.clone().unsqueeze_dims(&[2, 3]));
        let error = network.linear.forward(map.flatten::<2>(1, 3)) - input * 2.0;
        Ok(StepLoss { loss: error.powf_scalar(2.0).mean(), parts: Vec::new() })
    }

    fn evaluate(&self, _: &Normalised, _pictures: &Path) -> Result<Vec<(&'static str, f64)>> {
        Ok(Vec::new())
    }
}

/// `[faces, 2]`.
fn random_input(pass: &Pass, rng: &mut StdRng) -> Tensor<2> {
    let values: Vec<f32> = (0..pass.faces * 2).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(values, [pass.faces, 2]), &pass.device)
}

fn options(name: &str, steps: usize) -> TrainingOptions {
    TrainingOptions {
        run: std::env::temp_dir().join(format!("despoof-training-{name}-{}", std::process::id())),
        steps,
        batch: 4,
        seed: 7,
        learning_rate: 0.05,
        warm_up: 2,
        weight_decay: 0.01,
        ema: 0.9,
        checkpoint_every: 2,
        accumulate: 1,
        optimizer: OptimizerName::AdamW,
        device: DeviceNames::default(),
        resume: true,
        dry_run: false,
    }
}

fn device() -> Device {
    Device::flex().autodiff()
}

/// The same starting point for every run.
fn network() -> Linear {
    let device = device();
    let network = LinearConfig::new(2, 2).with_bias(false).init(&device);
    let start = Tensor::full([2, 2], 0.1, &device);
    Linear { weight: network.weight.map(|_| start.require_grad()), ..network }
}

fn values(network: &Linear) -> Vec<f32> {
    network.weight.val().into_data().iter::<f32>().collect()
}

fn trained(training: &Doubling, options: &TrainingOptions) -> Result<Linear> {
    train(training, network(), options, options)
}

fn remove(run: &PathBuf) {
    // A leftover in the temporary directory harms nobody.
    let _ = std::fs::remove_dir_all(run);
}

#[test]
fn resumed_run_equals_uninterrupted_run() {
    let training = Doubling { nan_from: None };
    let whole = options("whole", 8);
    let expected = values(&trained(&training, &whole).expect("it trains"));

    // Killed after step 7: the last checkpoint is that of step 6.
    let parts = options("parts", 8);
    trained(&training, &parts).expect("it trains");
    std::fs::remove_dir_all(parts.run.join("checkpoint-00000008")).expect("it was written");
    let resumed = values(&trained(&training, &parts).expect("it resumes"));
    assert_eq!(resumed, expected);
    let log = std::fs::read_to_string(parts.run.join("metrics.jsonl")).expect("there is a log");
    let steps = log.lines().filter(|line| line.contains("\"loss\"")).count();
    assert_eq!(steps, 8, "every step is logged once:\n{log}");
    remove(&whole.run);
    remove(&parts.run);
}

/// Without an average: that alone makes burn bring statistics up to date before a checkpoint.
#[test]
fn a_resumed_run_has_the_statistics_of_an_uninterrupted_one() {
    let statistics = |options: &TrainingOptions| -> Vec<f32> {
        let norm = BatchNormConfig::new(2).init(&device());
        let start = Normalised { norm, linear: network() };
        let trained = train(&NormalisedDoubling, start, options, options).expect("it trains");
        let Normalised { norm, linear } = trained;
        let of_norm = [norm.running_mean, norm.running_var].map(|running| running.value_sync());
        let of_norm = Tensor::cat(of_norm.to_vec(), 0).into_data();
        of_norm.iter::<f32>().chain(values(&linear)).collect()
    };
    let whole = TrainingOptions { ema: 0.0, ..options("whole-statistics", 4) };
    let expected = statistics(&whole);
    let parts = TrainingOptions { ema: 0.0, ..options("parts-statistics", 4) };
    statistics(&parts);
    std::fs::remove_dir_all(parts.run.join("checkpoint-00000004")).expect("it was written");
    assert_eq!(statistics(&parts), expected);
    remove(&whole.run);
    remove(&parts.run);
}

/// Killed between the last checkpoint and its measurement.
#[test]
fn a_checkpoint_that_was_not_measured_is_measured_by_the_next_run() {
    let training = Doubling { nan_from: None };
    let options = options("unmeasured", 4);
    trained(&training, &options).expect("it trains");
    let path = options.run.join("metrics.jsonl");
    let log = || std::fs::read_to_string(&path).expect("there is a log");
    let whole = log();
    let (before, measurement) = whole.trim_end().rsplit_once('\n').expect("there are lines");
    assert!(measurement.contains("\"error\""), "{measurement}");
    std::fs::write(&path, format!("{before}\n")).expect("it can be written");
    for resumed in 1..3 {
        trained(&training, &options).expect("it resumes");
        assert_eq!(log(), whole, "after {resumed} resumed runs");
    }
    remove(&options.run);
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint() {
    let good = Doubling { nan_from: None };
    let options = options("nan", 4);
    trained(&good, &options).expect("it trains");
    let bad = Doubling { nan_from: Some(f32::NAN) };
    let longer = TrainingOptions { steps: 6, ..options.clone() };
    let error = trained(&bad, &longer).map(|_| ()).expect_err("the loss is no number");
    assert!(error.to_string().contains("step 4"), "{error}");
    assert!(options.run.join("checkpoint-00000004/step.json").exists());
    remove(&options.run);
}

#[test]
fn a_run_does_not_go_on_with_other_settings() {
    let training = Doubling { nan_from: None };
    let options = options("other-settings", 2);
    trained(&training, &options).expect("it trains");
    let config = || std::fs::read_to_string(options.run.join("config.toml")).expect("it is kept");
    let kept = config();
    let other = TrainingOptions { batch: 5, steps: 4, ..options.clone() };
    let error = trained(&training, &other).map(|_| ()).expect_err("another batch");
    assert!(error.to_string().contains("batch was 4, is 5"), "{error}");
    assert_eq!(config(), kept);
    let longer = TrainingOptions { steps: 4, learning_rate: 0.1, ..options.clone() };
    trained(&training, &longer).expect("it goes on");
    assert!(config().contains("steps = 4"), "{}", config());
    remove(&options.run);
}

#[test]
fn a_damaged_checkpoint_is_named() {
    let training = Doubling { nan_from: None };
    let options = options("damaged", 2);
    trained(&training, &options).expect("it trains");
    let file = options.run.join("checkpoint-00000002/network.bpk");
    let bytes = std::fs::read(&file).expect("it was written");
    std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("it can be written");
    let error = trained(&training, &TrainingOptions { steps: 4, ..options.clone() })
        .map(|_| ())
        .expect_err("the checkpoint is cut off");
    assert!(format!("{error:#}").contains("checkpoint-00000002"), "{error:#}");
    remove(&options.run);
}

#[test]
fn two_devices_make_the_same_run_as_one() {
    let training = Doubling { nan_from: None };
    let one = TrainingOptions { accumulate: 2, ..options("one-device", 4) };
    let devices: DeviceNames = "cpu,cpu".parse().expect("two devices");
    let two = TrainingOptions { device: devices, accumulate: 2, ..options("two-devices", 4) };
    let expected = values(&trained(&training, &one).expect("it trains"));
    assert_eq!(values(&trained(&training, &two).expect("it trains")), expected);
    let uneven = TrainingOptions { accumulate: 3, ..two.clone() };
    let error = trained(&training, &uneven).map(|_| ()).expect_err("3 passes on 2 devices");
    assert!(error.to_string().contains("--accumulate"), "{error}");
    remove(&one.run);
    remove(&two.run);
}

//! The diffusion process: schedule, predictions, sampler and noise.

#[expect(dead_code, reason = "no weights to load here")]
mod golden;

use std::path::PathBuf;

use burn::tensor::{Device, Distribution, Tensor};
use despoof_nn::diffusion::{
    NoiseSchedule, NoiseScheduleConfig, Prediction, TimestepSpacing, add_noise,
    clean_from_prediction, ddim_step, seeded_noise, velocity,
};
use despoof_nn::sampler::{Sampler, SamplerConfig, SamplerError, Start};

fn schedule() -> NoiseSchedule {
    NoiseScheduleConfig::default().init()
}

fn sampler(steps: usize, spacing: TimestepSpacing, start: Start) -> SamplerConfig {
    SamplerConfig { steps, spacing, start, seed: 0, prediction: Prediction::Epsilon }
}

fn normal(shape: [usize; 4]) -> Tensor<4> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
}

fn diffusers() -> PathBuf {
    golden::repository("tests/goldens/ddim.safetensors")
}

fn diffusers_timesteps(name: &str) -> Vec<usize> {
    let timesteps = golden::tensor::<1>(&diffusers(), name).into_data();
    timesteps.iter::<f32>().map(|timestep| timestep as usize).collect()
}

#[test]
fn schedule_agrees_with_diffusers() {
    let expected = golden::tensor::<1>(&diffusers(), "alphas_cumprod");
    let actual: Vec<f32> = schedule().alphas_cumprod().iter().map(|&alpha| alpha as f32).collect();
    golden::assert_close(Tensor::from_floats(&actual[..], &Device::flex()), expected, 1e-5);
    for (name, steps) in [("timesteps50", 50), ("timesteps4", 4)] {
        let timesteps = schedule().timesteps(steps, TimestepSpacing::Leading);
        assert_eq!(timesteps, diffusers_timesteps(name));
    }
}

#[test]
fn noising_and_velocity_agree_with_diffusers() {
    let (clean, noise) =
        (golden::tensor(&diffusers(), "sample"), golden::tensor(&diffusers(), "noise"));
    let noised = add_noise(&schedule(), Tensor::clone(&clean), Tensor::clone(&noise), &[801]);
    golden::assert_close::<4>(noised, golden::tensor(&diffusers(), "noised"), 1e-5);
    let velocity = velocity(&schedule(), clean, noise, &[801]);
    golden::assert_close::<4>(velocity, golden::tensor(&diffusers(), "velocity"), 1e-5);
}

#[test]
fn steps_agree_with_diffusers() {
    let latent: Tensor<4> = golden::tensor(&diffusers(), "sample");
    let output: Tensor<4> = golden::tensor(&diffusers(), "model_output");
    let predictions = [(Prediction::Epsilon, "epsilon"), (Prediction::Velocity, "v_prediction")];
    for (prediction, name) in predictions {
        let step = |from, to| {
            let (latent, output) = (latent.clone(), output.clone());
            ddim_step(&schedule(), prediction, latent, output, &[from], &[to])
        };
        let expected = |what: &str| golden::tensor(&diffusers(), &format!("{name}.{what}"));
        golden::assert_close(step(801, 781), expected("previous"), 1e-5);
        golden::assert_close(step(1, 0), expected("last"), 1e-5);
        let clean =
            clean_from_prediction(&schedule(), prediction, latent.clone(), output.clone(), &[801]);
        golden::assert_close(clean, expected("original"), 1e-5);
    }
}

#[test]
fn full_run_visits_the_timesteps_of_stable_diffusion() {
    let timesteps = schedule().timesteps(50, TimestepSpacing::Leading);
    assert_eq!(timesteps.len(), 50);
    assert_eq!(timesteps[..3], [981, 961, 941]);
    assert_eq!(timesteps[48..], [21, 1]);
}

#[test]
fn the_authors_start_leaves_41_calls() {
    let start = Start::NoisedInput { timestep: 801 };
    let timesteps = sampler(50, TimestepSpacing::Leading, start).timesteps(&schedule());
    assert_eq!((timesteps.len(), timesteps[0], timesteps[40]), (41, 801, 1));
}

#[test]
fn few_steps_begin_at_the_start() {
    let from_noise = sampler(4, TimestepSpacing::Trailing, Start::Noise);
    assert_eq!(from_noise.timesteps(&schedule()), [999, 749, 499, 249]);
    let from_input = sampler(4, TimestepSpacing::Trailing, Start::NoisedInput { timestep: 801 });
    assert_eq!(from_input.timesteps(&schedule()), [801, 601, 400, 199]);
}

#[test]
fn predictions_imply_the_clean_latent_and_the_noise() {
    let schedule = schedule();
    let (clean, noise) = (normal([2, 4, 3, 3]), normal([2, 4, 3, 3]));
    let timesteps = [0, 640];
    let latent = add_noise(&schedule, clean.clone(), noise.clone(), &timesteps);
    let targets = [
        (Prediction::Epsilon, noise.clone()),
        (Prediction::Velocity, velocity(&schedule, clean.clone(), noise.clone(), &timesteps)),
    ];
    for (prediction, target) in targets {
        let implied_clean = clean_from_prediction(
            &schedule,
            prediction,
            latent.clone(),
            target.clone(),
            &timesteps,
        );
        golden::assert_close(implied_clean, clean.clone(), 1e-4);
        // A step to where there is hardly anything but noise.
        let last = [999, 999];
        let stepped = ddim_step(&schedule, prediction, latent.clone(), target, &timesteps, &last);
        let expected = add_noise(&schedule, clean.clone(), noise.clone(), &last);
        golden::assert_close(stepped, expected, 1e-4);
    }
}

/// A denoiser that knows the noise walks straight back to the clean latent.
#[test]
fn a_perfect_denoiser_recovers_the_input() {
    let schedule = schedule();
    let (clean, noise) = (normal([2, 4, 3, 3]), normal([2, 4, 3, 3]));
    let start = Start::NoisedInput { timestep: 801 };
    for (steps, spacing) in [(50, TimestepSpacing::Leading), (4, TimestepSpacing::Trailing)] {
        let config = sampler(steps, spacing, start);
        let sampler = Sampler::new(&config, &schedule, &Device::flex());
        let latent = sampler.initial_latent(|| clean.clone(), noise.clone());
        let denoised = sampler.run(|_, _| noise.clone(), latent);
        let expected = add_noise(&schedule, clean.clone(), noise.clone(), &[0, 0]);
        golden::assert_close(denoised, expected, 1e-4);
    }
}

#[test]
fn noise_depends_on_the_seed_alone() {
    let noise = seeded_noise(0, 10_001);
    assert_eq!(noise[..100], seeded_noise(0, 100));
    assert_ne!(noise[..100], seeded_noise(1, 100));
    let bits: Vec<u32> = noise[..3].iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, [3_202_863_069, 1_045_741_727, 1_076_470_663]);
}

#[test]
fn noise_is_standard_normal() {
    let noise = seeded_noise(7, 100_000);
    let moment = |power: i32| {
        noise.iter().map(|&value| f64::from(value).powi(power)).sum::<f64>() / noise.len() as f64
    };
    let normal = [(1, 0.0, 0.01), (2, 1.0, 0.02), (3, 0.0, 0.05), (4, 3.0, 0.1)];
    for (power, expected, tolerance) in normal {
        assert!((moment(power) - expected).abs() < tolerance, "moment {power}: {}", moment(power));
    }
}

/// What is accepted is a descent over time steps of the schedule; what is one more is refused.
#[test]
fn settings_that_leave_the_schedule_are_refused() {
    use TimestepSpacing::{Leading, Trailing};
    let noised = |timestep| Start::NoisedInput { timestep };
    let extremes = [
        (999, Leading, Start::Noise),
        (1000, Trailing, Start::Noise),
        (999, Leading, noised(1)),
        (602, Trailing, noised(601)),
        (1, Trailing, noised(0)),
        (1, Leading, noised(999)),
    ];
    for (steps, spacing, start) in extremes {
        let config = sampler(steps, spacing, start);
        assert_eq!(config.check(&schedule()), Ok(()));
        let visited = config.timesteps(&schedule());
        assert!(visited.first().is_some_and(|&first| first < 1000), "{config:?}");
        assert!(visited.is_sorted_by(|earlier, later| earlier > later), "{config:?}");
    }
    let most = |steps, most| SamplerError::TooManySteps { steps, most };
    let refused = [
        (sampler(0, Trailing, Start::Noise), SamplerError::NoSteps),
        (sampler(0, Leading, noised(601)), SamplerError::NoSteps),
        (sampler(1000, Leading, Start::Noise), most(1000, 999)),
        (sampler(1001, Trailing, Start::Noise), most(1001, 1000)),
        (sampler(603, Trailing, noised(601)), most(603, 602)),
        (sampler(2, Leading, noised(0)), SamplerError::StartsTooEarly),
        (
            sampler(2, Trailing, noised(1000)),
            SamplerError::StartsTooLate { start: 1000, last: 999 },
        ),
    ];
    for (config, error) in refused {
        assert_eq!(config.check(&schedule()), Err(error), "{config:?}");
    }
}

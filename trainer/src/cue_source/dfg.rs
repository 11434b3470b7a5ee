//! The De-spoofing Face Generator (paper section 3.2), from either start.

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor};
use despoof::Checker;
use despoof::generate::Generator;
use despoof::identify::identify;
use despoof_nn::diffusion::NoiseScheduleConfig;
use despoof_nn::identity::IdentityEncoder;
use despoof_nn::sampler::{SamplerConfig, Start};

use super::{CueChoice, CueName, CueSource};
use crate::runs::{self, GeneratorRuns};

/// Generator and identity encoder.
pub struct Dfg {
    identity: IdentityEncoder,
    /// One for each seed; they share their weights.
    generators: Vec<Generator>,
}

impl Dfg {
    /// Out of runs.
    ///
    /// # Errors
    /// A run without a checkpoint, or a choice that cannot be sampled.
    pub fn of_runs(runs: &GeneratorRuns, choice: &CueChoice, device: &Device) -> Result<Self> {
        let identity = runs::identity_encoder(&runs.identity, device)?;
        Ok(Self { identity, generators: generators(&runs.generator(device)?, choice)? })
    }

    /// Out of a bundle.
    ///
    /// # Errors
    /// A choice that cannot be sampled.
    pub fn of_bundle(checker: &Checker, choice: &CueChoice) -> Result<Self> {
        let networks = checker.networks();
        Ok(Self {
            identity: networks.identity_encoder.clone(),
            generators: generators(&networks.generator, choice)?,
        })
    }
}

impl CueSource for Dfg {
    fn reconstruct(&self, faces: Tensor<4>) -> Tensor<4> {
        let identity = identify(&self.identity, faces.clone());
        let drawn = self
            .generators
            .iter()
            .map(|generator| generator.generate(identity.clone(), faces.clone()));
        let sum = drawn.reduce(|sum, face| sum + face).expect("there is at least one seed");
        if self.generators.len() == 1 { sum } else { sum / self.generators.len() as f64 }
    }
}

fn generators(generator: &Generator, choice: &CueChoice) -> Result<Vec<Generator>> {
    let sampler = sampler(generator.sampler(), choice)?;
    let with_seed = |seed| generator.with_sampler(SamplerConfig { seed, ..sampler.clone() });
    Ok((0..choice.noise_samples).map(|sample| with_seed(sampler.seed + sample)).collect())
}

/// How a choice samples: as its own sampler does where it says nothing else.
///
/// # Errors
/// More steps than there are from where the choice starts.
pub fn sampler(own: &SamplerConfig, choice: &CueChoice) -> Result<SamplerConfig> {
    let start = match choice.name {
        CueName::DfgNoise => Start::Noise,
        CueName::DfgNoisedInput => Start::NoisedInput { timestep: choice.noised_to.into() },
        _ => own.start,
    };
    let sampler = SamplerConfig {
        start,
        steps: choice.sampler_steps.unwrap_or(own.steps),
        seed: choice.noise_seed.unwrap_or(own.seed),
        ..own.clone()
    };
    sampler
        .check(&NoiseScheduleConfig::default().init())
        .with_context(|| format!("--cue {choice} cannot be sampled"))?;
    Ok(sampler)
}

#[cfg(test)]
mod tests {
    use despoof_nn::presets::Preset;

    use super::*;

    #[test]
    fn a_choice_changes_start_steps_and_seed_alone() {
        let own = Preset::web().sampler;
        assert_eq!(sampler(&own, &CueChoice::default()).expect("its own"), own);
        let choice = CueChoice {
            name: CueName::DfgNoise,
            sampler_steps: Some(50),
            noise_seed: Some(9),
            ..CueChoice::default()
        };
        let expected = SamplerConfig { start: Start::Noise, steps: 50, seed: 9, ..own.clone() };
        assert_eq!(sampler(&own, &choice).expect("there are steps"), expected);
        let choice =
            CueChoice { name: CueName::DfgNoisedInput, noised_to: 201, ..CueChoice::default() };
        let expected = SamplerConfig { start: Start::NoisedInput { timestep: 201 }, ..own.clone() };
        assert_eq!(sampler(&own, &choice).expect("there are steps"), expected);
    }

    #[test]
    fn more_steps_than_there_are_from_the_start_are_refused() {
        let choice = CueChoice {
            name: CueName::DfgNoisedInput,
            noised_to: 1,
            sampler_steps: Some(3),
            ..CueChoice::default()
        };
        let error = sampler(&Preset::web().sampler, &choice).expect_err("two time steps");
        assert!(format!("{error:#}").contains("3 steps"), "{error:#}");
    }
}

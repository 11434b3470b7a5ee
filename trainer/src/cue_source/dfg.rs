//! The De-spoofing Face Generator (paper section 3.2), from either start.

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use despoof::Checker;
use despoof::generate::Generator;
use despoof::identify::identify;
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
    /// A run without a checkpoint.
    pub fn of_runs(runs: &GeneratorRuns, choice: &CueChoice, device: &Device) -> Result<Self> {
        let identity = runs::identity_encoder(&runs.identity, device)?;
        Ok(Self { identity, generators: generators(&runs.generator(device)?, choice) })
    }

    /// Out of a bundle.
    pub fn of_bundle(checker: &Checker, choice: &CueChoice) -> Self {
        let networks = checker.networks();
        Self {
            identity: networks.identity_encoder.clone(),
            generators: generators(&networks.generator, choice),
        }
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

fn generators(generator: &Generator, choice: &CueChoice) -> Vec<Generator> {
    let sampler = sampler(generator.sampler(), choice);
    let with_seed = |seed| generator.with_sampler(SamplerConfig { seed, ..sampler.clone() });
    (0..choice.noise_samples).map(|sample| with_seed(sampler.seed + sample)).collect()
}

/// How a choice samples: as its own sampler does where it says nothing else.
pub fn sampler(own: &SamplerConfig, choice: &CueChoice) -> SamplerConfig {
    let start = match choice.name {
        CueName::DfgNoise => Start::Noise,
        CueName::DfgNoisedInput => Start::NoisedInput { timestep: choice.noised_to.into() },
        _ => own.start,
    };
    SamplerConfig {
        start,
        steps: choice.sampler_steps.unwrap_or(own.steps),
        seed: choice.noise_seed.unwrap_or(own.seed),
        ..own.clone()
    }
}

#[cfg(test)]
mod tests {
    use despoof_nn::presets::Preset;

    use super::*;

    #[test]
    fn a_choice_changes_start_steps_and_seed_alone() {
        let own = Preset::web().sampler;
        assert_eq!(sampler(&own, &CueChoice::default()), own);
        let choice = CueChoice {
            name: CueName::DfgNoise,
            sampler_steps: Some(50),
            noise_seed: Some(9),
            ..CueChoice::default()
        };
        let expected = SamplerConfig { start: Start::Noise, steps: 50, seed: 9, ..own.clone() };
        assert_eq!(sampler(&own, &choice), expected);
        let choice =
            CueChoice { name: CueName::DfgNoisedInput, noised_to: 201, ..CueChoice::default() };
        let expected = SamplerConfig { start: Start::NoisedInput { timestep: 201 }, ..own.clone() };
        assert_eq!(sampler(&own, &choice), expected);
    }
}

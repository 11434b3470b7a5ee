//! How the cues were made that a run's AG-Net was trained on: a bundle has to make them alike.

use anyhow::{Result, ensure};
use despoof::look::LookConfig;
use despoof_nn::sampler::{SamplerConfig, Start};
use serde::{Deserialize, Serialize};

use super::{CueChoice, CueName, sampler};

/// What a run of `train agnet` says of its cues; a run that says nothing has them as its preset does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CueOfRun {
    /// What drew the generated faces.
    #[serde(flatten)]
    pub choice: CueChoice,
    /// What AG-Net was shown.
    #[serde(flatten)]
    pub look: LookConfig,
}

impl CueOfRun {
    /// The cues that a bundle makes whose sampler is `sampler`, seen from a run that samples as `own`
    /// where it is not told otherwise.
    pub fn of_bundle(sampler: &SamplerConfig, own: &SamplerConfig, look: LookConfig) -> Self {
        let default = CueChoice::default();
        let (name, noised_to) = match sampler.start {
            start if start == own.start => (CueName::Dfg, default.noised_to),
            Start::Noise => (CueName::DfgNoise, default.noised_to),
            // A schedule has a thousand steps.
            Start::NoisedInput { timestep } => (CueName::DfgNoisedInput, timestep as u16),
        };
        let choice = CueChoice {
            name,
            noised_to,
            sampler_steps: (sampler.steps != own.steps).then_some(sampler.steps),
            noise_seed: (sampler.seed != own.seed).then_some(sampler.seed),
            ..default
        };
        Self { choice, look }
    }

    /// The sampler by which a generator that samples as `own` makes these cues.
    ///
    /// # Errors
    /// Cues that no bundle makes, or not this one.
    pub fn sampler(&self, own: &SamplerConfig) -> Result<SamplerConfig> {
        let Self { choice, .. } = self;
        ensure!(
            choice.name.is_dfg(),
            "AG-Net was trained on cues of {}: a bundle makes those of a De-spoofing Face Generator alone",
            choice.name
        );
        ensure!(
            choice.noise_samples == 1,
            "AG-Net was trained on cues of the mean of {} draws: a bundle makes those of one",
            choice.noise_samples
        );
        sampler(own, choice)
    }

    /// Whether a generator that samples as `own` makes both cues alike: what one run leaves to its preset
    /// the other may name.
    pub fn is_made_like(&self, other: &Self, own: &SamplerConfig) -> bool {
        let samplers = (self.sampler(own), other.sampler(own));
        let are_sampled_alike = matches!(samplers, (Ok(one), Ok(another)) if one == another);
        self == other || self.look == other.look && are_sampled_alike
    }
}

#[cfg(test)]
mod tests {
    use despoof_nn::presets::Preset;

    use super::*;

    fn read(settings: &str) -> CueOfRun {
        toml::from_str(settings).expect("settings of a run")
    }

    #[test]
    fn settings_of_a_run_become_the_sampler_of_its_bundle() {
        let own = Preset::web().sampler;
        assert_eq!(read("steps = 7").sampler(&own).expect("the preset's"), own);
        let settings =
            "cue = 'dfg-noised-input'\nnoised_to = 201\nsampler_steps = 3\nnoise_seed = 9";
        let cue = read(settings);
        let start = Start::NoisedInput { timestep: 201 };
        let expected = SamplerConfig { start, steps: 3, seed: 9, ..own.clone() };
        assert_eq!(cue.sampler(&own).expect("a generator's"), expected);
        assert_eq!(CueOfRun::of_bundle(&expected, &own, LookConfig::default()), cue);
        let look = LookConfig { standardised_cue: true, contrast: 1.5 };
        let settings = "standardised_cue = true\ncontrast = 1.5";
        assert_eq!(CueOfRun::of_bundle(&own, &own, look), read(settings));
    }

    #[test]
    fn cues_are_alike_whether_a_run_names_its_presets_steps_or_not() {
        let own = Preset::web().sampler;
        let named = read(&format!("sampler_steps = {}", own.steps));
        assert!(named.is_made_like(&CueOfRun::default(), &own));
        let others = [
            format!("sampler_steps = {}", own.steps + 1),
            "contrast = 1.5".to_owned(),
            "cue = 'memae'".to_owned(),
        ];
        for other in others {
            assert!(!named.is_made_like(&read(&other), &own), "{other}");
        }
        let no_bundles = read("cue = 'memae'");
        assert!(no_bundles.is_made_like(&no_bundles, &own));
    }

    #[test]
    fn cues_that_no_bundle_makes_are_refused() {
        let own = Preset::web().sampler;
        for (settings, named) in [("cue = 'memae'", "memae"), ("noise_samples = 4", "4 draws")] {
            let error = read(settings).sampler(&own).expect_err("no bundle makes them");
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}

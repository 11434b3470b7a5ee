//! Where cues come from (paper table 4): what makes a "real" version of a face, a file each.

mod anoddpm;
mod deep_svdd;
mod dfg;
mod made_by;
mod memae;
mod of_run;
pub mod plane;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor};
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use despoof::Checker;
use despoof::bundle::BundleLoader;
use serde::{Deserialize, Serialize};

use crate::data::face_store::GENERATED;
use crate::runs;

pub use dfg::{Dfg, sampler};
pub use of_run::CueOfRun;

/// Makes the "real" version of faces.
pub trait CueSource {
    /// Aligned faces `[batch, 3, 224, 224]` in [−1, 1] to generated ones of the same shape.
    fn reconstruct(&self, faces: Tensor<4>) -> Tensor<4>;
}

/// Name of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CueName {
    /// The De-spoofing Face Generator, sampled as its preset or bundle says.
    #[default]
    Dfg,
    /// The same from pure noise (the paper's text).
    DfgNoise,
    /// The same from the input noised to t = 801 (the authors' code).
    DfgNoisedInput,
    /// Memory-augmented autoencoder (Gong et al. 2019).
    Memae,
    /// Deep SVDD with a decoder (Ruff et al. 2018).
    DeepSvdd,
    /// Simplex noise of 200 steps, denoised (Wyatt et al. 2022).
    Anoddpm,
}

/// Where the authors' code starts from the input.
const NOISED_TO: u16 = 801;

fn is_authors(noised_to: &u16) -> bool {
    *noised_to == NOISED_TO
}

/// A source and how it is sampled.
#[derive(Debug, Clone, PartialEq, Args, Serialize, Deserialize)]
#[serde(default)]
pub struct CueChoice {
    /// What draws the generated faces that cues are the residuals of.
    #[arg(long = "cue", value_name = "SOURCE", value_enum, default_value_t)]
    #[serde(rename = "cue")]
    pub name: CueName,
    /// Time step to which `dfg-noised-input` noises the input, out of 1 to 999.
    #[arg(long, value_name = "STEP", default_value_t = NOISED_TO, value_parser = clap::value_parser!(u16).range(1..=999))]
    #[serde(skip_serializing_if = "is_authors")]
    pub noised_to: u16,
    /// Calls of a diffusion model [default: its preset's; 200 of anoddpm].
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampler_steps: Option<usize>,
    /// Seed of a diffusion model's noise [default: its preset's; 0 of anoddpm].
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_seed: Option<u64>,
    /// Faces drawn from as many seeds, one after the other, and averaged.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub noise_samples: u64,
}

/// Runs and bundles that sources are read from; each needs its own.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct CueRuns {
    /// For a De-spoofing Face Generator: run of `train identity`.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<PathBuf>,
    /// For a De-spoofing Face Generator: run of `train autoencoder`.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoencoder: Option<PathBuf>,
    /// For a De-spoofing Face Generator: run of `train dfg`.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dfg: Option<PathBuf>,
    /// For a De-spoofing Face Generator instead of its three runs: the folder of a bundle.
    #[arg(long, conflicts_with_all = ["identity", "autoencoder", "dfg"])]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<PathBuf>,
    #[command(flatten)]
    #[serde(flatten)]
    pub others: OtherRuns,
}

/// Runs of `train cue`.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub struct OtherRuns {
    /// Run of `train cue --source memae`.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memae: Option<PathBuf>,
    /// Run of `train cue --source deep-svdd`.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deep_svdd: Option<PathBuf>,
    /// Run of `train cue --source anoddpm`.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anoddpm: Option<PathBuf>,
}

impl Default for CueChoice {
    fn default() -> Self {
        Self {
            name: CueName::Dfg,
            noised_to: NOISED_TO,
            sampler_steps: None,
            noise_seed: None,
            noise_samples: 1,
        }
    }
}

impl FromStr for CueChoice {
    type Err = String;

    /// Reads `SOURCE` or `SOURCE@STEPS`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, steps) = match text.split_once('@') {
            Some((name, steps)) => {
                let steps: NonZeroUsize =
                    steps.parse().map_err(|_| format!("{steps:?} is no number of steps"))?;
                (name, Some(steps.get()))
            }
            None => (text, None),
        };
        Ok(Self { name: CueName::from_str(name, false)?, sampler_steps: steps, ..Self::default() })
    }
}

impl CueName {
    /// Whether it is a De-spoofing Face Generator, whichever way it is sampled.
    pub fn is_dfg(self) -> bool {
        matches!(self, Self::Dfg | Self::DfgNoise | Self::DfgNoisedInput)
    }
}

impl std::fmt::Display for CueName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.to_possible_value().expect("every source has a name").get_name())
    }
}

impl std::fmt::Display for CueChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)?;
        if self.name == CueName::DfgNoisedInput && !is_authors(&self.noised_to) {
            write!(f, "-to-{}", self.noised_to)?;
        }
        if let Some(steps) = self.sampler_steps {
            write!(f, "-steps-{steps}")?;
        }
        if let Some(seed) = self.noise_seed {
            write!(f, "-seed-{seed}")?;
        }
        if self.noise_samples > 1 {
            write!(f, "-mean-of-{}", self.noise_samples)?;
        }
        Ok(())
    }
}

impl CueChoice {
    /// Name of the plane of faces drawn so: each source has its own, so that none is taken for another.
    pub fn plane(&self) -> String {
        let name = self.to_string();
        if name == CueName::Dfg.to_string() {
            return GENERATED.to_owned();
        }
        format!("generated-{name}.u8")
    }
}

impl CueRuns {
    /// Opens the chosen source.
    ///
    /// # Errors
    /// Runs that are not given, or without checkpoints, or a choice that cannot be sampled.
    pub fn open(&self, choice: &CueChoice, device: &Device) -> Result<Box<dyn CueSource>> {
        if let Some(other) = self.others.open(choice, device)? {
            return Ok(other);
        }
        if let Some(bundle) = &self.bundle {
            let checker = BundleLoader::from_folder(bundle)
                .with_context(|| format!("cannot use the bundle in {}", bundle.display()))?
                .finish(device, device)?;
            return Ok(Box::new(Dfg::of_bundle(&checker, choice)?));
        }
        Ok(Box::new(Dfg::of_runs(&self.generator_runs(choice.name)?, choice, device)?))
    }

    fn generator_runs(&self, name: CueName) -> Result<runs::GeneratorRuns> {
        Ok(runs::GeneratorRuns {
            identity: given(&self.identity, "identity", name)?.to_owned(),
            autoencoder: given(&self.autoencoder, "autoencoder", name)?.to_owned(),
            dfg: given(&self.dfg, "dfg", name)?.to_owned(),
        })
    }
}

impl OtherRuns {
    /// Opens the chosen source, unless it is a De-spoofing Face Generator.
    ///
    /// # Errors
    /// A run that is not given, or without a checkpoint, or a choice that cannot be sampled.
    pub fn open(&self, choice: &CueChoice, device: &Device) -> Result<Option<Box<dyn CueSource>>> {
        let Some(run) = self.given_run(choice.name)? else { return Ok(None) };
        Ok(match choice.name {
            CueName::Memae => Some(memae::open(run, device)?),
            CueName::DeepSvdd => Some(deep_svdd::open(run, device)?),
            CueName::Anoddpm => Some(anoddpm::open(run, choice, device)?),
            CueName::Dfg | CueName::DfgNoise | CueName::DfgNoisedInput => None,
        })
    }

    /// The run that the chosen source is read from.
    pub fn run_of(&self, name: CueName) -> Option<&Path> {
        match name {
            CueName::Memae => self.memae.as_deref(),
            CueName::DeepSvdd => self.deep_svdd.as_deref(),
            CueName::Anoddpm => self.anoddpm.as_deref(),
            CueName::Dfg | CueName::DfgNoise | CueName::DfgNoisedInput => None,
        }
    }

    /// The run that the chosen source is read from, unless it is a De-spoofing Face Generator.
    fn given_run(&self, name: CueName) -> Result<Option<&Path>> {
        Ok(match name {
            CueName::Memae => Some(given(&self.memae, "memae", name)?),
            CueName::DeepSvdd => Some(given(&self.deep_svdd, "deep-svdd", name)?),
            CueName::Anoddpm => Some(given(&self.anoddpm, "anoddpm", name)?),
            CueName::Dfg | CueName::DfgNoise | CueName::DfgNoisedInput => None,
        })
    }

    /// Opens the chosen source, a De-spoofing Face Generator out of an opened bundle.
    ///
    /// # Errors
    /// As [`OtherRuns::open`].
    pub fn open_or_bundle(
        &self,
        choice: &CueChoice,
        checker: &Checker,
        device: &Device,
    ) -> Result<Box<dyn CueSource>> {
        match self.open(choice, device)? {
            Some(other) => Ok(other),
            None => Ok(Box::new(Dfg::of_bundle(checker, choice)?)),
        }
    }
}

fn given<'a>(run: &'a Option<PathBuf>, option: &str, cue: CueName) -> Result<&'a Path> {
    run.as_deref().with_context(|| format!("--cue {cue} needs --{option} RUN"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_has_a_plane_of_its_own() {
        let choice = CueChoice::default();
        assert_eq!(choice.plane(), GENERATED);
        let memae = CueChoice { name: CueName::Memae, ..choice.clone() };
        assert_eq!(memae.plane(), "generated-memae.u8");
        let sampled = CueChoice { sampler_steps: Some(10), noise_seed: Some(3), ..choice.clone() };
        assert_eq!(sampled.plane(), "generated-dfg-steps-10-seed-3.u8");
        let start = CueChoice { name: CueName::DfgNoisedInput, noised_to: 201, ..choice.clone() };
        assert_eq!(start.plane(), "generated-dfg-noised-input-to-201.u8");
        let averaged = CueChoice { noise_samples: 4, ..choice };
        assert_eq!(averaged.plane(), "generated-dfg-mean-of-4.u8");
    }

    #[test]
    fn no_steps_at_all_are_refused() {
        assert_eq!("dfg@3".parse::<CueChoice>().expect("three steps").sampler_steps, Some(3));
        assert!("dfg@0".parse::<CueChoice>().is_err());
    }

    #[test]
    fn a_source_without_its_run_is_named() {
        let device = Device::flex();
        for (name, option) in [(CueName::Memae, "--memae"), (CueName::DfgNoise, "--identity")] {
            let choice = CueChoice { name, ..CueChoice::default() };
            let Err(error) = CueRuns::default().open(&choice, &device) else { panic!("no run") };
            assert!(error.to_string().contains(option), "{error}");
        }
    }
}

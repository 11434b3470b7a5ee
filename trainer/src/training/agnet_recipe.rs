//! How AG-Net is trained: network, strategy and cue, as `train agnet` and `protocol` take them.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::Args;
use despoof::look::LookConfig;
use despoof::weights::{NamedTensor, load_part, tensors_from_network};
use despoof_nn::agnet::{AgNet, AgNetConfig, Variant};
use serde::Serialize;

use super::agnet::AgNetData;
use super::agnet::AgNetTraining;
use super::agnet_sizes::AgNetSizes;
use super::augment::Augmentation;
use super::checkpoint::load_weights;
use super::labelled_faces::Reading;
use super::options::{TrainingOptions, number_in, share};
use super::positions::fit_positions;
use super::run::train;
use super::strategy::{Strategy, StrategyName, StrategyVisitor};
use super::teacher::Teacher;
use crate::cue_source::CueChoice;
use crate::import::agnet_with_pretrained_trunks;

/// Network, strategy, cue.
#[derive(Debug, Clone, Args, Serialize)]
pub struct AgNetRecipe {
    #[command(flatten)]
    #[serde(flatten)]
    pub sizes: AgNetSizes,
    /// How to learn what holds in domains never seen.
    #[arg(long, value_enum, default_value_t)]
    pub strategy: StrategyName,
    /// Share of the target probability spread over both classes.
    #[arg(long, default_value_t = 0.05)]
    pub label_smoothing: f32,
    #[command(flatten)]
    #[serde(flatten)]
    pub cue: CueChoice,
    /// Standardise every residual, as the authors' code does.
    #[arg(long)]
    pub standardised_cue: bool,
    /// Contrast of what AG-Net sees, against the photo's own, in a check of its weights, too [default: 1].
    #[arg(long, value_name = "TIMES", value_parser = contrast)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contrast: Option<f64>,
    /// Disturb faces of both classes alike: light, sharpness, noise, compression, place.
    #[arg(long)]
    pub augment: bool,
    /// Share of the attacks that `--augment` also makes small and blocky, as copies that came through a slow
    /// connection are.
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "augment")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streamed_share: Option<f64>,
    /// Share of the faces of which `--augment` also hides a rectangle.
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "augment")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_share: Option<f64>,
    /// Share of the attacks in a batch that are recorded ones, where there are simulated ones, too;
    /// without it every instrument of every domain counts the same.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_share: Option<f64>,
    /// Bundle or run whose AG-Net training starts from; what that network lacks starts as always.
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_from: Option<PathBuf>,
    /// Train the first network, too, and not its companion alone.
    #[arg(long, requires = "companion")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub both_networks: bool,
    /// Score file (`sample,label,score`) of another network for every training face, by its key: labels
    /// are mixed with what that teacher says.
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher: Option<PathBuf>,
    /// How much of a label the teacher decides.
    #[arg(long, default_value_t = 0.5)]
    pub teacher_share: f32,
    /// Folder of prepared faces whose real ones are drawn as often as the live faces of the data.
    #[arg(long, value_name = "FACES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_real: Option<PathBuf>,
}

impl AgNetRecipe {
    /// The teacher, if there is one.
    ///
    /// # Errors
    /// A file that is no score file.
    pub fn teacher(&self) -> Result<Option<Teacher>> {
        self.teacher.as_ref().map(|file| Teacher::read(file, self.teacher_share)).transpose()
    }

    /// Sizes of the network, out of the preset's. `goes_on`: the run has weights of its own.
    ///
    /// # Errors
    /// Sizes that do not fit each other; a companion without a first network.
    pub fn config(&self, preset: AgNetConfig, goes_on: bool) -> Result<AgNetConfig> {
        ensure!(
            !self.sizes.companion || goes_on || self.start_from.is_some(),
            "--companion needs the network that it stands beside, --start-from"
        );
        self.sizes.config(preset)
    }

    /// How training faces are disturbed, if they are.
    pub fn augmentation(&self) -> Option<Augmentation> {
        let Self { streamed_share, hidden_share, .. } = *self;
        self.augment.then_some(Augmentation { streamed_share, hidden_share })
    }

    /// What AG-Net is shown.
    pub fn look(&self) -> LookConfig {
        let contrast = self.contrast.unwrap_or(LookConfig::OWN_CONTRAST);
        LookConfig { standardised_cue: self.standardised_cue, contrast }
    }

    /// How faces are looked at, with the cues of a plane that `cues` has made, where cues are looked at.
    pub fn reading(&self) -> Reading {
        self.reading_from(self.cue.plane())
    }

    /// The same from a plane of another name.
    pub fn reading_from(&self, plane: String) -> Reading {
        let looks_at_cue = Variant::from(self.sizes.variant).looks_at_cue();
        Reading { plane: looks_at_cue.then_some(plane), look: self.look() }
    }
}

/// A training of AG-Net, whatever its strategy.
pub struct AgNetRun<'a, K> {
    /// Sizes, the variant among them.
    pub config: AgNetConfig,
    /// Weights to start from, if any.
    pub start: Option<Vec<NamedTensor>>,
    /// Faces and cues.
    pub data: AgNetData<'a>,
    /// Steps, batch, seed, …
    pub options: &'a TrainingOptions,
    /// What the run keeps of itself.
    pub kept: &'a K,
}

impl<K: Serialize> StrategyVisitor for AgNetRun<'_, K> {
    type Output = Result<()>;

    fn visit<S: Strategy>(self, strategy: S) -> Result<()> {
        let device = self.options.seeded_device()?.autodiff();
        let network = started::<S>(&self.config, self.start, self.data.domains(), &device)?;
        let training = AgNetTraining::new(&self.data, strategy, device)?;
        train(&training, network, self.options, self.kept).map(drop)
    }
}

/// A strategy's network with random weights and pretrained trunks, or with others' wherever they fit.
///
/// # Errors
/// Weights that are missing, damaged or of other sizes.
pub fn started<S: Strategy>(
    config: &AgNetConfig,
    start: Option<Vec<NamedTensor>>,
    domains: usize,
    device: &Device,
) -> Result<S::Network> {
    let mut agnet = agnet_with_pretrained_trunks(config.init(device))?;
    if let Some(mut tensors) = start {
        fit_positions(&mut tensors, &tensors_from_network("", &agnet)?);
        agnet = load_part("AG-Net", agnet, tensors)?;
    }
    Ok(S::network(agnet, config, domains, device))
}

/// Reads AG-Net out of a run, whatever its strategy.
pub struct AgNetOfRun<'a> {
    /// The run.
    pub run: &'a Path,
    /// Sizes, the variant among them.
    pub config: AgNetConfig,
    /// Domains that the training told apart.
    pub domains: usize,
    /// Where to.
    pub device: &'a Device,
}

impl StrategyVisitor for AgNetOfRun<'_> {
    type Output = Result<AgNet>;

    fn visit<S: Strategy>(self, _: S) -> Result<AgNet> {
        let agnet = self.config.init(self.device);
        let network = S::network(agnet, &self.config, self.domains, self.device);
        Ok(S::agnet(&load_weights(self.run, network)?).clone())
    }
}

/// Reads a contrast.
fn contrast(text: &str) -> Result<f64, String> {
    number_in(text, 0.1..=10.0, "a contrast from 0.1 to 10")
}

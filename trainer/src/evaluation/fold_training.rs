//! The training of a fold, with every checkpoint scored on development data and targets.

use std::path::Path;

use anyhow::{Result, ensure};
use burn::module::Module;
use despoof::metrics::Sample;
use despoof_nn::agnet::AgNetConfig;
use rand::rngs::StdRng;
use serde::Serialize;

use super::fold::{Fold, Role};
use super::scored::{LIVE, Scored, sample_from_metadata};
use super::step_scores::{self, StepScores};
use crate::data::face_store::{FaceEntry, FaceStore};
use crate::runs;
use crate::training::agnet::{AgNetData, AgNetTraining};
use crate::training::agnet_recipe::{AgNetRecipe, started};
use crate::training::checkpoint::{self, Better};
use crate::training::labelled_faces::{instrument, is_live};
use crate::training::options::TrainingOptions;
use crate::training::run::{Pass, StepLoss, Training, train};
use crate::training::strategy::{Strategy, StrategyVisitor};

/// What distinguishes a run, kept beside it.
#[derive(Serialize)]
struct FoldRun<'a> {
    sources: &'a [String],
    targets: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_family: Option<&'a str>,
    domains: usize,
    #[serde(flatten)]
    recipe: &'a AgNetRecipe,
    #[serde(flatten)]
    training: TrainingOptions,
}

/// The training of a fold, whatever its strategy.
pub struct FoldTraining<'a> {
    /// What is trained on and tested.
    pub fold: &'a Fold,
    /// All faces.
    pub faces: &'a FaceStore,
    /// Those that are trained on.
    pub data: AgNetData<'a>,
    /// Sizes, the variant among them.
    pub config: AgNetConfig,
    /// Steps, batch, seed, …
    pub options: TrainingOptions,
    /// Network, strategy, cue.
    pub recipe: &'a AgNetRecipe,
}

impl StrategyVisitor for FoldTraining<'_> {
    type Output = Result<()>;

    fn visit<S: Strategy>(self, strategy: S) -> Result<()> {
        let device = self.options.seeded_device()?.autodiff();
        let domains = self.data.domains();
        let start = runs::agnet_start(self.recipe.start_from.as_deref(), &self.options.run)?;
        let network = started::<S>(&self.config, start, domains, &device)?;
        let training = FoldScores {
            inner: AgNetTraining::new(&self.data, strategy, device.clone())?,
            fold: self.fold,
            faces: self.faces,
            run: &self.options.run,
        };
        let kept = FoldRun {
            sources: &self.fold.sources,
            targets: &self.fold.targets,
            held_out_family: self.fold.family.as_deref(),
            domains,
            recipe: self.recipe,
            training: self.options.clone(),
        };
        train(&training, network, &self.options, &kept).map(drop)
    }
}

/// AG-Net's training, with all checkpoints scored on all that is not trained on.
struct FoldScores<'a, S> {
    inner: AgNetTraining<S>,
    fold: &'a Fold,
    faces: &'a FaceStore,
    run: &'a Path,
}

impl<S: Strategy> FoldScores<'_, S> {
    fn score(&self, network: &S::Network, step: usize) -> Result<Vec<(&'static str, f64)>> {
        let agnet = S::agnet(network).valid();
        let of = |role: Role| -> Result<(Vec<usize>, Vec<f32>)> {
            let indices = self.faces.indices(|entry| self.fold.role(entry) == role);
            let scores = self.inner.scores(&agnet, &indices)?;
            Ok((indices, scores))
        };
        let named = |(indices, scores): (Vec<usize>, Vec<f32>)| -> Vec<Scored> {
            let pairs = indices.iter().zip(scores);
            pairs.map(|(&index, score)| scored_entry(&self.faces.entries[index], score)).collect()
        };
        let development = of(Role::Development)?;
        let area = self.inner.area_under_curve(&development.1, &development.0);
        let rows = self.fold.rows();
        let targets = rows.iter().map(|name| Ok(named(of(Role::Test(name.clone()))?)));
        let scores = StepScores {
            step,
            targets: targets.collect::<Result<_>>()?,
            development: named(development),
        };
        step_scores::write(self.run, &scores, &rows)?;
        Ok(area.map(|area| ("development_auc", area)).into_iter().collect())
    }
}

impl<S: Strategy> Training for FoldScores<'_, S> {
    type Network = S::Network;

    const CRITERION: Option<(&'static str, Better)> = Some(("development_auc", Better::Larger));

    fn faces(&self) -> usize {
        self.inner.faces()
    }

    fn loss(&self, network: &S::Network, pass: Pass, rng: &mut StdRng) -> Result<StepLoss> {
        self.inner.loss(network, pass, rng)
    }

    fn evaluate(&self, network: &S::Network, _: &Path) -> Result<Vec<(&'static str, f64)>> {
        let step = checkpoint::last_step(self.run)?.unwrap_or(0);
        ensure!(step > 0, "{} has no checkpoint to score", self.run.display());
        if step_scores::is_there(self.run, step) {
            return Ok(Vec::new());
        }
        self.score(network, step)
    }
}

fn scored_entry(entry: &FaceEntry, score: f32) -> Scored {
    let metadata = &entry.metadata;
    let label = if is_live(entry) { LIVE } else { instrument(entry) };
    let sample = Sample {
        // Keys of different domains may be the same.
        photo: Some(format!("{}/{}", metadata.domain, entry.photo())),
        ..sample_from_metadata(metadata, label, f64::from(score))
    };
    Scored { name: entry.key.clone(), sample }
}

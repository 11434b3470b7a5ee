//! Protocols with AG-Net trained anew for each fold and seed, and every checkpoint scored on
//! development data and targets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use burn::tensor::Device;
use clap::Parser;
use despoof::metrics::Sample;
use despoof_nn::agnet::AgNetConfig;
use rand::rngs::StdRng;
use serde::Serialize;

use super::domain::Domain;
use super::fold::{Fold, Role};
use super::pipeline::Pipeline;
use super::prepared::prepare;
use super::scored::{LIVE, NonResponse, Scored, label_from_name};
use super::shards::Choice;
use super::step_scores::{self, StepScores};
use crate::cue_source::OtherRuns;
use crate::cue_source::plane::fill;
use crate::data::face_store::{FaceEntry, FaceStore};
use crate::data::metadata::stable_hash;
use crate::training::agnet::{AgNetData, AgNetTraining};
use crate::training::agnet_recipe::{AgNetRecipe, started};
use crate::training::checkpoint::{self, Better, load_weights};
use crate::training::labelled_faces::{CueReading, instrument, is_live};
use crate::training::options::TrainingOptions;
use crate::training::run::{Pass, StepLoss, Training, train};
use crate::training::strategy::{Strategy, StrategyVisitor};

/// How AG-Net is trained for each fold.
pub struct Protocol<'a> {
    /// The browser's pipeline: alignment, sizes, and the generator unless another source is chosen.
    pub pipeline: &'a Pipeline,
    /// All domains.
    pub domains: &'a [Domain],
    /// Which of their photos.
    pub choice: Choice,
    /// Folder of prepared faces and of a run for each fold and seed; an interrupted protocol goes on.
    pub folder: &'a Path,
    /// Network, strategy, cue.
    pub recipe: &'a AgNetRecipe,
    /// Runs of other sources of cues.
    pub cue_runs: &'a OtherRuns,
    /// Further options, as `despoof train agnet` takes them: `--steps`, `--batch`, …
    pub options: Vec<String>,
}

/// Faces of all domains, ready to train on.
pub struct PreparedFaces {
    store: FaceStore,
    extra_real: Option<FaceStore>,
    reading: Option<CueReading>,
    /// What got no face, by domain.
    pub missing: BTreeMap<String, NonResponse>,
}

/// Parses options as the command line of `train agnet` does, its defaults included.
#[derive(Parser)]
struct RunOptions {
    #[command(flatten)]
    options: TrainingOptions,
}

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

impl Protocol<'_> {
    /// Aligns all faces and draws their cues, continuing what is there.
    ///
    /// # Errors
    /// Data that cannot be read, runs of a source that are not there.
    pub fn prepare(&self) -> Result<PreparedFaces> {
        let digest = &self.pipeline.checker.manifest().digest;
        let share = (self.choice.share * 1e4).round();
        // Other photos under the same name are another preparation.
        let domains = stable_hash(&format!("{:?}", self.domains)) as u32;
        let name = format!("faces-{}-{share}-{domains:08x}", &digest[..digest.len().min(12)]);
        let (store, missing) =
            prepare(self.pipeline, self.domains, self.choice, &self.folder.join(name))?;
        let reading = self.recipe.reading_from(self.plane());
        let extra_real = self.recipe.extra_real.as_deref().map(FaceStore::open).transpose()?;
        if let Some(reading) = &reading {
            let device = Device::flex();
            let checker = &self.pipeline.checker;
            let source = self.cue_runs.open_or_bundle(&self.recipe.cue, checker, &device)?;
            for store in [Some(&store), extra_real.as_ref()].into_iter().flatten() {
                fill(store, &reading.plane, 0..store.entries.len(), source.as_ref(), &device)?;
            }
        }
        Ok(PreparedFaces { store, extra_real, reading, missing })
    }

    /// Trains a fold with a seed, from where an interrupted run stopped, and reads the scores of all
    /// its checkpoints.
    ///
    /// # Errors
    /// A training that fails, files that cannot be read or written.
    pub fn run(&self, faces: &PreparedFaces, fold: &Fold, seed: u64) -> Result<Vec<StepScores>> {
        let run = self.run_folder(fold, seed);
        let seed = seed.to_string();
        let arguments = ["agnet", "--resume", "--run", &run.to_string_lossy(), "--seed", &seed]
            .map(str::to_owned);
        let RunOptions { options } =
            RunOptions::try_parse_from(arguments.iter().chain(&self.options))?;
        let sources = fold.sources(FaceStore::open(faces.store.folder())?);
        let data = AgNetData {
            store: &sources,
            extra_real: faces.extra_real.as_ref(),
            reading: faces.reading.clone(),
            augmented: self.recipe.augment,
        };
        let variant = self.recipe.variant.into();
        let config = self.pipeline.checker.manifest().preset.agnet.clone().with_variant(variant);
        let visitor =
            FoldTraining { fold, faces: &faces.store, data, config, options, protocol: self };
        self.recipe
            .strategy
            .visit(self.recipe.label_smoothing, visitor)
            .with_context(|| format!("{} with seed {seed}", fold.name))?;
        step_scores::read(&run, &fold.rows())
    }

    /// Attack families that a fold's training has seen.
    pub fn seen(faces: &PreparedFaces, fold: &Fold) -> BTreeSet<String> {
        fold.seen(&faces.store)
    }

    /// Faces of other weights are another plane.
    fn plane(&self) -> String {
        let plane = self.recipe.cue.plane();
        match self.cue_runs.run_of(self.recipe.cue.name) {
            Some(run) => {
                let hash = stable_hash(&run.to_string_lossy()) as u32;
                plane.replace(".u8", &format!("-{hash:08x}.u8"))
            }
            // A store of additional faces may be used with several bundles.
            None => {
                let digest = &self.pipeline.checker.manifest().digest;
                plane.replace(".u8", &format!("-{}.u8", &digest[..digest.len().min(8)]))
            }
        }
    }

    /// Another list of domains, or other options, is another run.
    fn run_folder(&self, fold: &Fold, seed: u64) -> PathBuf {
        let recipe = serde_json::to_string(self.recipe).expect("a recipe is plain data");
        let text = format!(
            "{fold:?} {:?} {recipe} {} {:?} {}",
            self.domains,
            self.plane(),
            self.options,
            self.choice.share
        );
        let hash = stable_hash(&text) as u32;
        self.folder.join(format!("{}-{hash:08x}-seed-{seed}", fold.name))
    }
}

/// The training of a fold, whatever its strategy.
struct FoldTraining<'a> {
    fold: &'a Fold,
    faces: &'a FaceStore,
    data: AgNetData<'a>,
    config: AgNetConfig,
    options: TrainingOptions,
    protocol: &'a Protocol<'a>,
}

impl StrategyVisitor for FoldTraining<'_> {
    type Output = Result<()>;

    fn visit<S: Strategy>(self, strategy: S) -> Result<()> {
        let device = self.options.seeded_device()?.autodiff();
        let domains = self.data.domains();
        let network = started::<S>(&self.config, domains, &device)?;
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
            recipe: self.protocol.recipe,
            training: self.options.clone(),
        };
        training.catch_up(&network)?;
        train(&training, network.clone(), &self.options, &kept)?;
        training.catch_up(&network)
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
    /// Scores the last checkpoint, where the process ended between writing and scoring it. Not what is
    /// in memory: there, burn's batch norms have not yet taken in their last step.
    fn catch_up(&self, fresh: &S::Network) -> Result<()> {
        if !self.run.exists() {
            return Ok(());
        }
        match checkpoint::last_step(self.run)? {
            Some(step) if step > 0 && !step_scores::is_there(self.run, step) => {
                self.score(&load_weights(self.run, fresh.clone())?, step).map(drop)
            }
            _ => Ok(()),
        }
    }

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
        score: f64::from(score),
        label: label_from_name(label),
        subject: metadata.known_subject().map(str::to_owned),
        // Domains number their videos anew.
        video: metadata.known_video().map(|video| format!("{}/{video}", metadata.domain)),
    };
    Scored { name: entry.key.clone(), sample }
}

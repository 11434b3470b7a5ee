//! Protocols with AG-Net trained anew for each fold and seed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Parser;

use super::domain::Domain;
use super::fold::{Fold, SeenAttacks};
use super::fold_training::FoldTraining;
use super::pipeline::Pipeline;
use super::prepared::prepare;
use super::scored::NonResponse;
use super::shards::Choice;
use super::step_scores::{self, StepScores};
use crate::cue_source::OtherRuns;
use crate::cue_source::plane::fill;
use crate::data::face_store::{ALIGNED_SIDE, FaceStore};
use crate::data::metadata::stable_hash;
use crate::data::plane_made_by::PlaneMadeBy;
use crate::training::agnet::AgNetData;
use crate::training::agnet_recipe::AgNetRecipe;
use crate::training::labelled_faces::Reading;
use crate::training::options::TrainingOptions;

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
    reading: Reading,
    /// What got no face, by domain.
    missing: BTreeMap<String, NonResponse>,
}

impl PreparedFaces {
    /// What got no face in some domains.
    pub fn missing_of(&self, domains: &[String]) -> NonResponse {
        let mut joined = NonResponse::default();
        for missing in domains.iter().filter_map(|domain| self.missing.get(domain)) {
            joined.join(missing);
        }
        joined
    }
}

/// Parses options as the command line of `train agnet` does, its defaults included.
#[derive(Parser)]
struct RunOptions {
    #[command(flatten)]
    options: TrainingOptions,
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
        if let Some(plane) = &reading.plane {
            let device = Device::flex();
            let checker = &self.pipeline.checker;
            let source = self.cue_runs.open_or_bundle(&self.recipe.cue, checker, &device)?;
            let made_by = self.cue_runs.made_by(&self.recipe.cue)?;
            for store in [Some(&store), extra_real.as_ref()].into_iter().flatten() {
                // A bundle's digest is in the plane's name.
                if let Some(made_by) = &made_by {
                    let drawn = store.image_plane(plane, ALIGNED_SIDE)?.plane.records()?;
                    PlaneMadeBy::new(store, plane, made_by)?.start_or_check(drawn > 0)?;
                }
                fill(store, plane, 0..store.entries.len(), source.as_ref(), &device)?;
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
        let preset = &self.pipeline.checker.manifest().preset;
        let config = self.recipe.config(preset.agnet.clone(), false)?;
        let teacher = self.recipe.teacher()?;
        let data = AgNetData {
            store: &sources,
            teacher: teacher.as_ref(),
            extra_real: faces.extra_real.as_ref(),
            context: config.context_tokens.is_some(),
            reading: faces.reading.clone(),
            augmentation: self.recipe.augmentation(),
            recorded_share: self.recipe.recorded_share,
            both_networks: self.recipe.both_networks,
        };
        let recipe = self.recipe;
        let visitor = FoldTraining { fold, faces: &faces.store, data, config, options, recipe };
        self.recipe
            .strategy
            .visit(self.recipe.label_smoothing, visitor)
            .with_context(|| format!("{} with seed {seed}", fold.name))?;
        step_scores::read(&run, &fold.rows())
    }

    /// Attacks that a fold's training knows.
    pub fn seen(faces: &PreparedFaces, fold: &Fold) -> SeenAttacks {
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

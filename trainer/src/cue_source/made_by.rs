//! What distinguishes the faces that a source draws: its weights, and how they are sampled.

use anyhow::{Context, Result};
use despoof::bundle::BundleLoader;
use serde_json::{Value, json};

use super::{CueChoice, CueRuns, OtherRuns, sampler};
use crate::runs;
use crate::training::checkpoint::fingerprint;

impl CueRuns {
    /// Of the chosen source, wherever its runs lie.
    ///
    /// # Errors
    /// Runs that are not given, or without checkpoints, or a choice that cannot be sampled.
    pub fn made_by(&self, choice: &CueChoice) -> Result<Value> {
        if let Some(other) = self.others.made_by(choice)? {
            return Ok(other);
        }
        if let Some(bundle) = &self.bundle {
            let loader = BundleLoader::from_folder(bundle)
                .with_context(|| format!("cannot use the bundle in {}", bundle.display()))?;
            return Ok(json!({ "choice": choice, "bundle": loader.manifest().digest }));
        }
        let runs = self.generator_runs(choice.name)?;
        Ok(json!({
            "identity": fingerprint(&runs.identity)?,
            "autoencoder": runs::scaled_fingerprint(&runs.autoencoder)?,
            "dfg": fingerprint(&runs.dfg)?,
            "sampler": sampler(&runs::sampler(&runs.dfg)?, choice)?,
            "noise_samples": choice.noise_samples,
        }))
    }
}

impl OtherRuns {
    /// Of the chosen source, unless it is a De-spoofing Face Generator.
    ///
    /// # Errors
    /// A run that is not given, or without a checkpoint.
    pub fn made_by(&self, choice: &CueChoice) -> Result<Option<Value>> {
        let Some(run) = self.given_run(choice.name)? else { return Ok(None) };
        Ok(Some(json!({ "choice": choice, "run": fingerprint(run)? })))
    }
}

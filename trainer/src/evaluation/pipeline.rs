//! What is measured: a bundle, or a bundle with the AG-Net of a training run.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use burn::tensor::Device;
use despoof::align::{Crops, Landmarks};
use despoof::bundle::BundleLoader;
use despoof::checker::refuse_cut;
use despoof::decide::DecisionRule;
use despoof::detect::Face;
use despoof::quality::{FrameQuality, frame_quality};
use despoof::{CheckError, Checker, Evidence, photo};
use image::RgbImage;

use crate::calibrate::{read_decision, undecided};
use crate::data::crop_planes::crops_from_photo;
use crate::data::found_face::hinted_face;
use crate::data::shard::ShardPhoto;
use crate::runs;

/// Decision rule of a run, where `despoof eval --fix-decision` has put one beside its checkpoints.
const DECISION_FILE: &str = "decision.json";

/// Characters of a reason that are shown.
const LONGEST_REASON: usize = 240;

/// The browser's pipeline, with the threshold that belongs to it.
pub struct Pipeline {
    /// Every stage of the check.
    pub checker: Checker,
    /// Threshold that other data fixed; a run without a decision rule has none.
    pub threshold: Option<f64>,
    /// Folder it was read from.
    pub origin: String,
}

/// An answer to a photo.
pub struct Answer {
    /// Probability of live.
    pub score: f64,
    /// What the photo is like as a frame.
    pub quality: FrameQuality,
    /// The pictures behind it, where they were asked for.
    pub evidence: Option<Evidence>,
}

/// Why a photo has no score.
pub enum Refusal {
    /// Counted as non-response, by the check's own code: `no_face`, `photo_truncated`, …
    NoAnswer(&'static str),
    /// The device failed: no further photo can be scored.
    Fatal(anyhow::Error),
}

impl Pipeline {
    /// The pipeline of `bundle`; with `run`, that run's AG-Net takes the place of the bundle's.
    ///
    /// # Errors
    /// A bundle or a checkpoint that cannot be read or does not fit.
    pub fn open(bundle: &Path, run: Option<&Path>) -> Result<Pipeline> {
        let device = Device::flex();
        let checker = BundleLoader::from_folder(bundle)
            .with_context(|| format!("cannot use the bundle in {}", bundle.display()))?
            .finish(&device, &device)?;
        let Some(run) = run else {
            let threshold = Some(f64::from(checker.manifest().decision.threshold));
            return Ok(Pipeline { checker, threshold, origin: bundle.display().to_string() });
        };
        let agnet = runs::agnet(run, &device).map_err(|error| {
            anyhow!("{} is no run of `train agnet`: {}", run.display(), shortened(&error))
        })?;
        let decision = decision_of_run(run)?;
        let threshold = decision.as_ref().map(|rule| f64::from(rule.threshold));
        let checker = checker.with_agnet(agnet, decision.unwrap_or_else(undecided));
        Ok(Pipeline { checker, threshold, origin: run.display().to_string() })
    }

    /// Scores the face that the photo's own box means, where it has one; else the largest.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn score(&self, photo: &ShardPhoto, explain: bool) -> Result<Answer, Refusal> {
        let (image, face) = self.face(photo)?;
        let check = pollster::block_on(self.checker.check_detected(&image, &face, explain))?;
        let aligned =
            self.checker.manifest().preprocessing.aligned_from_photo(&image, &face.landmarks);
        let quality = frame_quality(&image, &face, &aligned);
        Ok(Answer { score: f64::from(check.verdict.score), quality, evidence: check.evidence })
    }

    /// The face that [`Pipeline::score`] looks at, cut out as stores keep it, with its landmarks in
    /// the photo.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn crops(&self, photo: &ShardPhoto) -> Result<(Crops, Landmarks), Refusal> {
        let (image, face) = self.face(photo)?;
        refuse_cut(&image, &face)?;
        Ok((crops_from_photo(&image, &face.landmarks), face.landmarks))
    }

    fn face(&self, photo: &ShardPhoto) -> Result<(RgbImage, Face), Refusal> {
        let image = photo::decode(&photo.bytes).map_err(|error| Refusal::NoAnswer(error.code()))?;
        let faces = pollster::block_on(self.checker.detector().detect(&image))
            .map_err(CheckError::Detect)?;
        let face = hinted_face(&faces, photo.metadata.face).ok_or(CheckError::NoFace)?.clone();
        Ok((image, face))
    }
}

impl From<CheckError> for Refusal {
    fn from(error: CheckError) -> Refusal {
        match error {
            CheckError::Detect(_) | CheckError::Device(_) => Refusal::Fatal(error.into()),
            _ => Refusal::NoAnswer(error.code()),
        }
    }
}

/// A checkpoint of another network is refused with the names of all its tensors.
fn shortened(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    match text.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn decision_of_run(run: &Path) -> Result<Option<DecisionRule>> {
    let path = run.join(DECISION_FILE);
    if path.exists() { read_decision(&path).map(Some) } else { Ok(None) }
}

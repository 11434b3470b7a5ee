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
use image::{RgbImage, imageops};

use crate::calibrate::{read_decision, undecided};
use crate::data::crop_planes::crops_from_photo;
use crate::data::found_face::hinted_face;
use crate::data::shard::ShardPhoto;
use crate::runs;

/// Decision rule of a run, where `despoof eval --fix-decision` has put one beside its checkpoints.
const DECISION_FILE: &str = "decision.json";

/// Characters of a reason that are shown.
const LONGEST_REASON: usize = 240;

/// The browser's pipeline, with the decision rule that belongs to it.
pub struct Pipeline {
    /// Every stage of the check.
    pub checker: Checker,
    /// Whether data fixed the checker's rule; those of a run without one have not.
    pub decided: bool,
    /// Folder it was read from.
    pub origin: String,
    /// How many times as wide and high as the face's box a photo is cut before it is scored; `None`
    /// leaves it whole.
    pub close_up: Option<f32>,
}

/// An answer to a photo.
pub struct Answer {
    /// Probability of live.
    pub score: f64,
    /// The photo as it was scored.
    pub photo: RgbImage,
    /// The face in it.
    pub face: Face,
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
    /// The pipeline of `bundle`; with `run`, that run's AG-Net takes the place of the bundle's, and the
    /// bundle's generator is sampled as for the cues that the run was trained on.
    ///
    /// # Errors
    /// A bundle or a checkpoint that cannot be read or does not fit, a run whose cues no bundle makes.
    pub fn open(bundle: &Path, run: Option<&Path>) -> Result<Pipeline> {
        let pipeline = Self::open_for_cached_cues(bundle, run)?;
        let Some(run) = run else { return Ok(pipeline) };
        let sampler = runs::agnet_sampler(run, &pipeline.checker.manifest().preset.sampler)?;
        Ok(Pipeline { checker: pipeline.checker.with_sampler(sampler), ..pipeline })
    }

    /// The rule that belongs to it; a run without one has none.
    pub fn decision(&self) -> Option<&DecisionRule> {
        self.decided.then(|| &self.checker.manifest().decision)
    }

    /// The same for scores of faces whose cues are there already, whatever made them.
    ///
    /// # Errors
    /// A bundle or a checkpoint that cannot be read or does not fit.
    pub fn open_for_cached_cues(bundle: &Path, run: Option<&Path>) -> Result<Pipeline> {
        let device = Device::flex();
        let checker = BundleLoader::from_folder(bundle)
            .with_context(|| format!("cannot use the bundle in {}", bundle.display()))?
            .finish(&device, &device)?;
        let Some(run) = run else {
            let origin = bundle.display().to_string();
            return Ok(Pipeline { checker, decided: true, origin, close_up: None });
        };
        let agnet = runs::agnet(run, &device).map_err(|error| {
            anyhow!("{} is no run of `train agnet`: {}", run.display(), shortened(&error))
        })?;
        let decision = decision_of_run(run)?;
        let decided = decision.is_some();
        let look = runs::agnet_cue(run)?.look;
        let decision = decision.unwrap_or_else(undecided);
        let checker = checker.with_agnet(agnet, look, decision);
        let origin = run.display().to_string();
        Ok(Pipeline { checker, decided, origin, close_up: None })
    }

    /// Scores the face that the photo's own box means, where it has one; else the largest.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn score(&self, photo: &ShardPhoto, explain: bool) -> Result<Answer, Refusal> {
        let (image, face) = self.face(photo)?;
        let check = pollster::block_on(self.checker.check_detected(&image, &face, explain))?;
        let (score, evidence) = (f64::from(check.verdict.score), check.evidence);
        Ok(Answer { score, photo: image, face, evidence })
    }

    /// What an answer's photo is like as a frame.
    pub fn quality(&self, Answer { photo, face, .. }: &Answer) -> FrameQuality {
        let preprocessing = &self.checker.manifest().preprocessing;
        frame_quality(photo, face, &preprocessing.aligned_from_photo(photo, &face.landmarks))
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
        let face = self.hinted(&image, photo.metadata.face)?;
        let Some(times) = self.close_up else { return Ok((image, face)) };
        let (image, box_) = close_up(&image, face.box_, times);
        let face = self.hinted(&image, Some(box_))?;
        Ok((image, face))
    }

    fn hinted(&self, image: &RgbImage, hint: Option<[f32; 4]>) -> Result<Face, Refusal> {
        let faces = pollster::block_on(self.checker.detector().detect(image))
            .map_err(CheckError::Detect)?;
        Ok(hinted_face(&faces, hint).ok_or(CheckError::NoFace)?.clone())
    }
}

/// The photo cut to `times` the size of a face's box about the box's middle, as far as the photo
/// reaches, and the box in what is left.
fn close_up(
    photo: &RgbImage,
    [left, top, right, bottom]: [f32; 4],
    times: f32,
) -> (RgbImage, [f32; 4]) {
    let ends = |from: f32, to: f32, side: u32| {
        let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0 * times);
        let end = |place: f32| place.round().clamp(0.0, side as f32) as u32;
        [end(middle - half), end(middle + half)]
    };
    let [from_x, to_x] = ends(left, right, photo.width());
    let [from_y, to_y] = ends(top, bottom, photo.height());
    let cut = imageops::crop_imm(photo, from_x, from_y, to_x - from_x, to_y - from_y).to_image();
    let [x, y] = [from_x as f32, from_y as f32];
    (cut, [left - x, top - y, right - x, bottom - y])
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

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn a_close_up_ends_where_the_photo_does() {
        let photo = RgbImage::from_fn(100, 60, |x, y| Rgb([x as u8, y as u8, 0]));
        let (cut, box_) = close_up(&photo, [40.0, 20.0, 60.0, 50.0], 1.5);
        assert_eq!(cut.dimensions(), (30, 45));
        assert_eq!(cut.get_pixel(0, 0), &Rgb([35, 13, 0]));
        assert_eq!(box_, [5.0, 7.0, 25.0, 37.0]);
        let (whole, box_) = close_up(&photo, [40.0, 20.0, 60.0, 50.0], 20.0);
        assert_eq!((whole, box_), (photo, [40.0, 20.0, 60.0, 50.0]));
    }
}

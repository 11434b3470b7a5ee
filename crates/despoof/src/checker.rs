//! The whole check: every stage in order, over the networks of one bundle.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, ExecutionError, Tensor};
use despoof_nn::agnet::{AgNet, Views};
use despoof_nn::identity::IdentityEncoder;
use despoof_nn::sampler::SamplerConfig;
use image::RgbImage;
use serde::Serialize;
use thiserror::Error;
use web_time::Instant;

use crate::align::{ContextCrop, Crops};
use crate::bundle::{BundleError, Manifest};
use crate::decide::{DecisionRule, Verdict, decide};
use crate::detect::{DetectError, Detector, Face};
use crate::generate::Generator;
use crate::identify::identify;
use crate::images::{batch_from_images, images_from_batch};
use crate::look::{LookConfig, look};
use crate::quality::{FrameQuality, frame_quality};
use crate::score::score;
use crate::weights::{NamedTensor, WeightsError, load_network, taken_below};

/// The networks behind the aligned face: what training, evaluation and the check have in common.
#[derive(Debug)]
pub struct Networks {
    /// F_id.
    pub identity_encoder: IdentityEncoder,
    /// The De-spoofing Face Generator.
    pub generator: Generator,
    /// AG-Net.
    pub agnet: AgNet,
}

/// A bundle in memory, ready to check photos.
#[derive(Debug)]
pub struct Checker {
    manifest: Manifest,
    detector: Detector,
    networks: Networks,
    device: Device,
}

/// The stages of a check, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Find faces and their landmarks.
    Detect,
    /// Cut the largest face out, upright and to scale.
    Align,
    /// Identity map.
    Identify,
    /// Draw the "real" version.
    Generate,
    /// Residual of the two.
    Cue,
    /// AG-Net.
    Score,
}

impl Stage {
    /// The stage's name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Detect => "detect",
            Self::Align => "align",
            Self::Identify => "identify",
            Self::Generate => "generate",
            Self::Cue => "cue",
            Self::Score => "score",
        }
    }
}

/// Milliseconds by stage.
pub type StageTimes = BTreeMap<Stage, f64>;

/// The pictures that explain a verdict, all as large as the aligned face.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The face as the networks saw it.
    pub aligned: RgbImage,
    /// What a real face of this identity would look like.
    pub generated: RgbImage,
    /// Their difference; mid-grey where there is none.
    pub cue: RgbImage,
}

/// The answer to one photo.
#[derive(Debug, Clone)]
pub struct Check {
    /// Outcome, score and threshold.
    pub verdict: Verdict,
    /// How many faces the photo shows; the largest was taken.
    pub faces: usize,
    /// Milliseconds by stage.
    pub stages: StageTimes,
    /// The pictures that explain the verdict, where they were asked for.
    pub evidence: Option<Evidence>,
}

/// What can be said of a frame without checking it.
#[derive(Debug, Clone, Serialize)]
pub struct Examination {
    /// How many faces the frame shows.
    pub faces: usize,
    /// Of the largest; none where there is no face.
    pub quality: Option<FrameQuality>,
}

/// Why a photo got no answer.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The detector found no face.
    #[error("no face found")]
    NoFace,
    /// Too much of the face lies outside the photo.
    #[error("the face is cut by the photo's border: {:.0} % of it is inside, {:.0} % are needed", inside * 100.0, needed * 100.0)]
    FaceCut {
        /// Share of the aligned crop inside the photo.
        inside: f32,
        /// The smallest accepted share.
        needed: f32,
    },
    /// The detector failed.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// The device failed, for example because the GPU was lost.
    #[error("the device failed: {0}")]
    Device(String),
    /// A score that is no number.
    #[error("the networks gave no number")]
    NotFinite,
}

/// Smallest share of the aligned crop that must lie inside the photo.
const SMALLEST_INSIDE: f32 = 0.5;

impl CheckError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFace => "no_face",
            Self::FaceCut { .. } => "face_cut",
            Self::Detect(_) | Self::NotFinite => "internal",
            Self::Device(_) => "gpu_lost",
        }
    }
}

impl From<ExecutionError> for CheckError {
    fn from(error: ExecutionError) -> Self {
        Self::Device(error.to_string())
    }
}

impl Networks {
    /// Generated faces of aligned faces, `[batch, 3, side, side]` in [−1, 1].
    pub fn generate(&self, aligned: Tensor<4>) -> Tensor<4> {
        let identity = identify(&self.identity_encoder, aligned.clone());
        self.generator.generate(identity, aligned)
    }
}

impl Checker {
    /// Builds the networks of `manifest`'s preset from the bundle's tensors, which are dropped network by
    /// network: the peak is one network above the weights.
    ///
    /// # Errors
    /// [`BundleError::Manifest`] as [`Manifest::check`]; [`BundleError::Weights`], naming the first tensor
    /// that does not fit or belongs to no network.
    pub fn from_tensors(
        manifest: Manifest,
        mut tensors: Vec<NamedTensor>,
        device: &Device,
        detector_device: &Device,
    ) -> Result<Self, BundleError> {
        manifest.check()?;
        let preset = &manifest.preset;
        let tensors = &mut tensors;
        let detector = Detector::from_tensors(
            &taken_below(tensors, "mtcnn"),
            manifest.preprocessing.detector.clone(),
            detector_device,
        )?;
        let networks = Networks {
            identity_encoder: filled("identity", preset.identity.init(device), tensors)?,
            generator: Generator::new(
                filled("autoencoder", preset.autoencoder.init(device), tensors)?,
                filled("unet", preset.unet.init(device), tensors)?,
                preset.sampler.clone(),
                manifest.preprocessing.side,
                device,
            ),
            agnet: filled("agnet", preset.agnet.init(device), tensors)?,
        };
        refuse_surplus(tensors)?;
        Ok(Self { manifest, detector, networks, device: device.clone() })
    }

    /// The bundle's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The networks behind the aligned face.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// The same pipeline with another AG-Net, trained on such looks, and the decision rule that belongs to it.
    pub fn with_agnet(mut self, agnet: AgNet, look: LookConfig, decision: DecisionRule) -> Self {
        self.manifest.preprocessing.context = agnet.looks_at_context().then(ContextCrop::default);
        self.manifest.preprocessing.look = look;
        self.networks.agnet = agnet;
        self.manifest.decision = decision;
        self
    }

    /// The same pipeline with its generator sampled otherwise.
    pub fn with_sampler(mut self, sampler: SamplerConfig) -> Self {
        self.networks.generator = self.networks.generator.with_sampler(sampler.clone());
        self.manifest.preset.sampler = sampler;
        self
    }

    /// The face detector.
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// Checks the largest face of a photo; `observer` is told each stage as it begins.
    ///
    /// # Errors
    /// [`CheckError`]; the checker stays usable, unless the device is lost.
    pub async fn check(
        &self,
        photo: &RgbImage,
        explain: bool,
        observer: impl FnMut(Stage),
    ) -> Result<Check, CheckError> {
        let mut clock = Clock::new(observer);
        clock.begin(Stage::Detect);
        let faces = self.detector.detect(photo).await?;
        let face = faces.first().ok_or(CheckError::NoFace)?;
        let mut check = self.check_face(photo, face, explain, clock).await?;
        check.faces = faces.len();
        Ok(check)
    }

    /// Checks a face of the photo that the detector found: for data sets whose own box says which
    /// face is meant.
    ///
    /// # Errors
    /// As [`Checker::check`].
    pub async fn check_detected(
        &self,
        photo: &RgbImage,
        face: &Face,
        explain: bool,
    ) -> Result<Check, CheckError> {
        self.check_face(photo, face, explain, Clock::new(|_| {})).await
    }

    /// Looks for faces and measures the largest, without running the networks behind the detector.
    ///
    /// # Errors
    /// [`CheckError::Detect`].
    pub async fn examine(&self, frame: &RgbImage) -> Result<Examination, CheckError> {
        let faces = self.detector.detect(frame).await?;
        let aligned =
            |face: &Face| self.manifest.preprocessing.aligned_from_photo(frame, &face.landmarks);
        let quality = faces.first().map(|face| frame_quality(frame, face, &aligned(face)));
        Ok(Examination { faces: faces.len(), quality })
    }

    async fn check_face(
        &self,
        photo: &RgbImage,
        face: &Face,
        explain: bool,
        mut clock: Clock<impl FnMut(Stage)>,
    ) -> Result<Check, CheckError> {
        clock.begin(Stage::Align);
        refuse_cut(photo, face)?;
        let crops = self.manifest.preprocessing.crops_from_photo(photo, &face.landmarks);
        self.check_crops(crops, explain, clock).await
    }

    /// Runs the networks once on a grey face, so that the first check does not pay for compiling
    /// shaders and filling caches.
    ///
    /// # Errors
    /// [`CheckError::Device`] where the networks do not run.
    pub async fn warm_up(&self) -> Result<(), CheckError> {
        let preprocessing = &self.manifest.preprocessing;
        let grey = |side| RgbImage::from_pixel(side, side, image::Rgb([128; 3]));
        let crops = Crops {
            aligned: grey(preprocessing.side),
            context: preprocessing.context.map(|context| grey(context.side)),
        };
        self.check_crops(crops, false, Clock::new(|_| {})).await.map(drop)
    }

    /// Probabilities of live `[batch]` that a check gives to crops and the faces that were generated from them.
    pub fn scores(&self, views: Views, generated: Tensor<4>) -> Tensor<1> {
        let look = look(views, Some(generated), self.manifest.preprocessing.look);
        score(&self.networks.agnet, look, self.manifest.decision.temperature)
    }

    async fn check_crops(
        &self,
        crops: Crops,
        explain: bool,
        mut clock: Clock<impl FnMut(Stage)>,
    ) -> Result<Check, CheckError> {
        let preprocessing = &self.manifest.preprocessing;
        let aligned = batch_from_images(&[&crops.aligned], &self.device);
        let context = crops.context.map(|crop| batch_from_images(&[&crop], &self.device));
        clock.begin(Stage::Identify);
        let identity = identify(&self.networks.identity_encoder, aligned.clone());
        clock.begin(Stage::Generate);
        let generated = self.networks.generator.generate(identity, aligned.clone());
        clock.begin(Stage::Cue);
        let views = Views { face: aligned, context };
        let look = look(views, Some(generated.clone()), preprocessing.look);
        clock.begin(Stage::Score);
        let temperature = self.manifest.decision.temperature;
        let scores = score(&self.networks.agnet, look, temperature).into_data_async().await?;
        let score = scores
            .iter::<f32>()
            .next()
            .filter(|score| score.is_finite())
            .ok_or(CheckError::NotFinite)?;
        let stages = clock.finish();
        let evidence = if explain { Some(evidence(crops.aligned, generated).await?) } else { None };
        Ok(Check { verdict: decide(&self.manifest.decision, score), faces: 1, stages, evidence })
    }
}

/// Refuses a face of which the photo shows too little.
///
/// # Errors
/// [`CheckError::FaceCut`].
pub fn refuse_cut(photo: &RgbImage, face: &Face) -> Result<(), CheckError> {
    let inside = face.inside(photo.width(), photo.height());
    if inside < SMALLEST_INSIDE {
        return Err(CheckError::FaceCut { inside, needed: SMALLEST_INSIDE });
    }
    Ok(())
}

/// Draws the pictures that explain a verdict.
async fn evidence(aligned: RgbImage, generated: Tensor<4>) -> Result<Evidence, CheckError> {
    let generated = images_from_batch(generated).await?.remove(0);
    let cue = difference(&aligned, &generated);
    Ok(Evidence { aligned, generated, cue })
}

/// Mid-grey plus half the difference: lighter where the photo is lighter than the real face.
fn difference(aligned: &RgbImage, generated: &RgbImage) -> RgbImage {
    let mut picture = aligned.clone();
    for (pixel, drawn) in picture.pixels_mut().zip(generated.pixels()) {
        for (value, drawn) in pixel.0.iter_mut().zip(drawn.0) {
            *value = ((i16::from(*value) - i16::from(drawn)) / 2 + 128) as u8;
        }
    }
    picture
}

/// Fills a network with the tensors below its name, which are taken out of the list.
fn filled<M: Module>(
    name: &str,
    network: M,
    tensors: &mut Vec<NamedTensor>,
) -> Result<M, BundleError> {
    Ok(load_network(name, network, taken_below(tensors, name))?)
}

/// Refuses tensors that no network has taken.
fn refuse_surplus(tensors: &[NamedTensor]) -> Result<(), WeightsError> {
    if tensors.is_empty() {
        return Ok(());
    }
    let names = tensors.iter().map(|tensor| tensor.name.clone()).collect();
    Err(WeightsError::Unexpected { network: "the bundle".to_owned(), names })
}

/// Times stages. On a GPU the work is only queued as it is described, so a stage's share of the
/// time shows up where the result is read: in [`Stage::Score`].
struct Clock<F> {
    observer: F,
    running: Option<(Stage, Instant)>,
    times: StageTimes,
}

impl<F: FnMut(Stage)> Clock<F> {
    fn new(observer: F) -> Self {
        Self { observer, running: None, times: StageTimes::new() }
    }

    fn begin(&mut self, stage: Stage) {
        self.stop();
        (self.observer)(stage);
        self.running = Some((stage, Instant::now()));
    }

    fn stop(&mut self) {
        if let Some((stage, started)) = self.running.take() {
            self.times.insert(stage, started.elapsed().as_secs_f64() * 1e3);
        }
    }

    fn finish(mut self) -> StageTimes {
        self.stop();
        self.times
    }
}

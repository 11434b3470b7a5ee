//! Finds faces and their five landmarks with MTCNN (Zhang et al. 2016).
//!
//! The networks are `despoof_nn::mtcnn`; pyramid, crops, box decoding and suppression are plain
//! Rust on the host and follow facenet-pytorch 2.6.0 to the pixel, its odd "+ 1"s included: the
//! weights are trained around them. Detect on the CPU device: the networks are small, and every
//! stage waits for the one before it.

mod boxes;
mod config;
mod resize;

use std::borrow::Cow;

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};
use despoof_nn::mtcnn::{
    ONET_SIDE, ONet, ONetConfig, PNET_STRIDE, PNET_WINDOW, PNet, PNetConfig, RNET_SIDE, RNet,
    RNetConfig,
};
use image::{RgbImage, imageops};
use serde::Serialize;

use crate::align::{Landmarks, Template, share_inside};
use crate::weights::{NamedTensor, WeightsError, load_network, tensors_below};
use boxes::{Bounds, Candidate, Scored};
pub use config::DetectorConfig;
use resize::Region;

/// Crops that go through R-Net or O-Net together; bounds memory.
const BATCH: usize = 64;
/// Overlap above which the weaker of two proposals of one pyramid scale goes.
const OVERLAP_WITHIN_SCALE: f32 = 0.5;
/// Overlap above which the weaker of two candidates goes everywhere else.
const OVERLAP: f32 = 0.7;

/// Share of the aligned crop that lies inside a photo whose face is whole.
const WHOLE: f32 = 0.9;

/// Why no face could be looked for.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// A setting is outside its range.
    #[error("detector configuration: {0}")]
    Config(&'static str),
    /// The device could not compute or hand over a result.
    #[error("detector output could not be read: {0}")]
    Execution(#[from] ExecutionError),
}

/// A face in a photo.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Face {
    /// Left, top, right and bottom in pixels of the photo; may lie outside of it.
    #[serde(rename = "box")]
    pub box_: [f32; 4],
    /// Probability that this is a face, 0 to 1.
    pub probability: f32,
    /// Left eye, right eye, nose, left and right mouth corner as seen in the picture; x, y in
    /// pixels of the photo.
    pub landmarks: Landmarks,
}

impl Face {
    /// Share of the pipeline's aligned square that lies inside a photo of `width` × `height`
    /// pixels, 0 to 1. Less than 1 means that the crop is completed with repeated border pixels.
    pub fn inside(&self, width: u32, height: u32) -> f32 {
        share_inside(&self.landmarks, &Template::PIPELINE, width, height)
    }

    fn area(&self) -> f32 {
        let [left, top, right, bottom] = self.box_;
        (right - left) * (bottom - top)
    }

    /// The same face in a picture stretched by `factors` (x, y).
    fn stretched(&self, [x, y]: [f32; 2]) -> Face {
        let [left, top, right, bottom] = self.box_;
        Face {
            box_: [left * x, top * y, right * x, bottom * y],
            probability: self.probability,
            landmarks: self.landmarks.map(|[px, py]| [px * x, py * y]),
        }
    }

    /// The same face `offset` pixels further right and down.
    fn moved(&self, offset: f32) -> Face {
        Face {
            box_: self.box_.map(|edge| edge + offset),
            probability: self.probability,
            landmarks: self.landmarks.map(|point| point.map(|place| place + offset)),
        }
    }
}

impl Scored for Face {
    fn bounds(&self) -> Bounds {
        self.box_
    }

    fn probability(&self) -> f32 {
        self.probability
    }
}

/// The three networks and how to run them.
#[derive(Debug, Clone)]
pub struct Detector {
    pnet: PNet,
    rnet: RNet,
    onet: ONet,
    config: DetectorConfig,
    device: Device,
}

impl Detector {
    /// A detector on the device that the networks are on (all three on the same).
    pub fn new(pnet: PNet, rnet: RNet, onet: ONet, config: DetectorConfig) -> Detector {
        let device = pnet.device();
        Detector { pnet, rnet, onet, config, device }
    }

    /// A detector with weights named and laid out as facenet-pytorch's, below `pnet.`, `rnet.` and
    /// `onet.`.
    ///
    /// # Errors
    /// Where a tensor is missing, has no place or another shape.
    pub fn from_tensors(
        tensors: &[NamedTensor],
        config: DetectorConfig,
        device: &Device,
    ) -> Result<Detector, WeightsError> {
        let below = |name: &str| -> Vec<NamedTensor> {
            tensors_below(tensors, name).into_iter().map(with_burns_prelu_name).collect()
        };
        let pnet = load_network("pnet", PNetConfig::new().init(device), below("pnet"))?;
        let rnet = load_network("rnet", RNetConfig::new().init(device), below("rnet"))?;
        let onet = load_network("onet", ONetConfig::new().init(device), below("onet"))?;
        Ok(Detector::new(pnet, rnet, onet, config))
    }

    /// P-Net, R-Net and O-Net.
    pub fn networks(&self) -> (&PNet, &RNet, &ONet) {
        (&self.pnet, &self.rnet, &self.onet)
    }

    /// All faces of the photo, largest box first; none in a photo too small for the smallest face.
    /// A photo without a whole face is searched once more with a border: MTCNN has seen faces with
    /// something around them, and misses or misplaces those that fill their photo.
    ///
    /// # Errors
    /// [`DetectError`] where a setting is outside its range or the device fails.
    pub async fn detect(&self, photo: &RgbImage) -> Result<Vec<Face>, DetectError> {
        self.config.check().map_err(DetectError::Config)?;
        let faces = self.search(photo, 0.0).await?;
        let is_whole = |face: &Face| face.inside(photo.width(), photo.height()) >= WHOLE;
        if self.config.border == 0.0 || faces.first().is_some_and(is_whole) {
            return Ok(faces);
        }
        let bordered = self.search(photo, self.config.border).await?;
        Ok(if bordered.is_empty() { faces } else { bordered })
    }

    /// Faces of the photo with a border, whose width is a share of the photo's longest side.
    async fn search(&self, photo: &RgbImage, border: f32) -> Result<Vec<Face>, DetectError> {
        // Around a whole photo the border would take hundreds of megabytes.
        let reduced = self.reduced(photo, border);
        let width = (border * reduced.width().max(reduced.height()) as f32).round() as u32;
        let picture = if width == 0 {
            Cow::Borrowed(&*reduced)
        } else {
            Cow::Owned(with_border(&reduced, width))
        };
        let candidates = self.propose(&picture).await?;
        let candidates = self.refine(&picture, candidates).await?;
        let faces = self.decide(&picture, candidates).await?;
        let photo_from_reduced = [
            photo.width() as f32 / reduced.width() as f32,
            photo.height() as f32 / reduced.height() as f32,
        ];
        let in_photo = |face: &Face| face.moved(-(width as f32)).stretched(photo_from_reduced);
        let mut faces: Vec<Face> = faces.iter().map(in_photo).collect();
        faces.sort_by(|a, b| b.area().total_cmp(&a.area()));
        Ok(faces)
    }

    /// The photo, or a smaller copy whose longest side is, with a border, the configured one.
    fn reduced<'a>(&self, photo: &'a RgbImage, border: f32) -> Cow<'a, RgbImage> {
        let (width, height) = photo.dimensions();
        let longest = width.max(height);
        let limit = |side: u32| (f64::from(side) / (1.0 + 2.0 * f64::from(border))) as u32;
        match self.config.longest_side.map(limit) {
            Some(limit) if longest > limit => {
                let factor = f64::from(limit) / f64::from(longest);
                let side = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
                Cow::Owned(resize::reduced(photo, side(width), side(height)))
            }
            _ => Cow::Borrowed(photo),
        }
    }

    /// P-Net over all scales of the pyramid.
    async fn propose(&self, picture: &RgbImage) -> Result<Vec<Candidate>, DetectError> {
        let mut candidates = Vec::new();
        for scale in self.config.pyramid_scales(picture.width(), picture.height()) {
            candidates.extend(self.propose_at(picture, scale).await?);
        }
        let mut kept = boxes::suppressed(candidates, OVERLAP, boxes::overlap_of_union);
        kept.truncate(self.config.most_candidates[1]);
        Ok(kept.iter().map(|candidate| candidate.proposed().squared()).collect())
    }

    /// P-Net on the picture reduced by `scale`; box corrections are not applied yet.
    async fn propose_at(
        &self,
        picture: &RgbImage,
        scale: f64,
    ) -> Result<Vec<Candidate>, DetectError> {
        let side = |side: u32| (f64::from(side) * scale + 1.0) as usize;
        let [width, height] = [side(picture.width()), side(picture.height())];
        let mut values = vec![0.0; 3 * width * height];
        resize::write_network_input(picture, Region::whole(picture), [width, height], &mut values);
        let proposals = self.pnet.forward(self.tensor(values, [1, 3, height, width]));
        let [_, rows, columns] = proposals.probability.dims();
        let probabilities = host_values(proposals.probability).await?;
        let offsets = host_values(proposals.offsets).await?;
        let mut candidates = Vec::new();
        for (cell, &probability) in probabilities.iter().enumerate() {
            if probability >= self.config.thresholds[0] {
                candidates.push(Candidate {
                    bounds: window([cell % columns, cell / columns], scale as f32),
                    probability,
                    offsets: [0, 1, 2, 3].map(|side| offsets[side * rows * columns + cell]),
                });
            }
        }
        let candidates = boxes::most_probable(candidates, self.config.most_candidates[0]);
        Ok(boxes::suppressed(candidates, OVERLAP_WITHIN_SCALE, boxes::overlap_of_union))
    }

    /// R-Net on every candidate.
    async fn refine(
        &self,
        picture: &RgbImage,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<Candidate>, DetectError> {
        let mut refined = Vec::new();
        for (batch, crops) in self.batches(picture, &candidates, RNET_SIDE) {
            let output = self.rnet.forward(crops);
            let probabilities = host_values(output.probability).await?;
            let offsets = host_values(output.offsets).await?;
            for (index, candidate) in batch.iter().enumerate() {
                if probabilities[index] > self.config.thresholds[1] {
                    refined.push(Candidate {
                        bounds: candidate.bounds,
                        probability: probabilities[index],
                        offsets: [0, 1, 2, 3].map(|side| offsets[index * 4 + side]),
                    });
                }
            }
        }
        let mut kept = boxes::suppressed(refined, OVERLAP, boxes::overlap_of_union);
        kept.truncate(self.config.most_candidates[2]);
        Ok(kept.iter().map(|candidate| candidate.corrected().squared()).collect())
    }

    /// O-Net on every candidate.
    async fn decide(
        &self,
        picture: &RgbImage,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<Face>, DetectError> {
        let mut faces = Vec::new();
        for (batch, crops) in self.batches(picture, &candidates, ONET_SIDE) {
            let output = self.onet.forward(crops);
            let probabilities = host_values(output.probability).await?;
            let offsets = host_values(output.offsets).await?;
            let landmarks = host_values(output.landmarks).await?;
            for (index, candidate) in batch.iter().enumerate() {
                if probabilities[index] > self.config.thresholds[2] {
                    let offsets = [0, 1, 2, 3].map(|side| offsets[index * 4 + side]);
                    faces.push(Face {
                        box_: Candidate { offsets, ..*candidate }.corrected().bounds,
                        probability: probabilities[index],
                        landmarks: candidate.landmarks(&landmarks[index * 10..][..10]),
                    });
                }
            }
        }
        Ok(boxes::suppressed(faces, OVERLAP, boxes::overlap_of_smaller))
    }

    /// The candidates that touch the picture, with their crops as network input.
    fn batches<'a>(
        &'a self,
        picture: &'a RgbImage,
        candidates: &'a [Candidate],
        side: usize,
    ) -> impl Iterator<Item = (Vec<Candidate>, Tensor<4>)> + 'a {
        let crops: Vec<(Candidate, Region)> = candidates
            .iter()
            .filter_map(|candidate| Some((*candidate, candidate.region(picture)?)))
            .collect();
        let batches = crops.len().div_ceil(BATCH);
        (0..batches).map(move |batch| {
            let crops = &crops[batch * BATCH..crops.len().min((batch + 1) * BATCH)];
            let mut values = vec![0.0; crops.len() * 3 * side * side];
            for ((_, region), values) in crops.iter().zip(values.chunks_mut(3 * side * side)) {
                resize::write_network_input(picture, *region, [side, side], values);
            }
            let batch = crops.iter().map(|(candidate, _)| *candidate).collect();
            (batch, self.tensor(values, [crops.len(), 3, side, side]))
        })
    }

    fn tensor(&self, values: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

/// The photo with a black border, `border` pixels wide.
fn with_border(photo: &RgbImage, border: u32) -> RgbImage {
    let (width, height) = photo.dimensions();
    let mut bordered = RgbImage::new(width + 2 * border, height + 2 * border);
    imageops::replace(&mut bordered, photo, border.into(), border.into());
    bordered
}

/// PyTorch calls the slopes of a PReLU `weight`, burn `alpha`.
fn with_burns_prelu_name(tensor: NamedTensor) -> NamedTensor {
    match tensor.name.strip_suffix(".weight") {
        Some(layer) if layer.starts_with("prelu") => {
            NamedTensor { name: format!("{layer}.alpha"), ..tensor }
        }
        _ => tensor,
    }
}

/// The window of the picture that a cell (column, row) of P-Net's output looks at.
fn window(cell: [usize; 2], scale: f32) -> Bounds {
    let edge = |cell: usize, far: usize| ((cell * PNET_STRIDE + far) as f32 / scale).floor();
    let [column, row] = cell;
    [edge(column, 1), edge(row, 1), edge(column, PNET_WINDOW), edge(row, PNET_WINDOW)]
}

/// The only way back from the device that works on every device.
async fn host_values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    Ok(tensor.into_data_async().await?.iter::<f32>().collect())
}

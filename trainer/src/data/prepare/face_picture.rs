//! Cuts the face out of a photo in the chosen form, equal in resolution and compression for all.

use despoof::align::{Template, similarity_from_points};
use despoof::detect::{Detector, Face};
use despoof::photo::SMALLEST_SIDE;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, RgbImage, imageops};
use serde::Serialize;

use super::settings::{Form, Settings};
use crate::data::face_store::ALIGNED_SIDE;
use crate::data::found_face::{FoundFace, NoFace, face_in_image};
use crate::data::metadata::PhotoMetadata;

/// A photo of a shard.
#[derive(Debug)]
pub struct FacePicture {
    /// The encoded picture.
    pub jpeg: Vec<u8>,
    /// What stands beside it.
    pub metadata: PictureMetadata,
}

/// `KEY.json` of a prepared photo.
#[derive(Debug, Clone, Serialize)]
pub struct PictureMetadata {
    /// What every shard says of a photo; the face box is in the picture's pixels.
    #[serde(flatten)]
    pub photo: PhotoMetadata,
    /// Left eye, right eye, nose, mouth corners in the picture's pixels.
    pub landmarks: [[f32; 2]; 5],
    /// Degrees clockwise that the photo was turned by to find the face.
    pub rotated: u32,
    /// Side of the face in the photo as it was, in pixels: square root of its box's area.
    pub original_face_side: f32,
    /// Number of the frame in its video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
}

/// Why a photo gives no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error(transparent)]
    NoFace(#[from] NoFace),
    #[error("the face is too small: {0:.0} pixels of at least {1}")]
    TooSmall(f32, u32),
    #[error("the face is cut off by the edge of the photo")]
    Cut,
    #[error("the picture cannot be encoded: {0}")]
    Encode(#[from] ImageError),
}

/// Finds the face and cuts it out.
///
/// # Errors
/// [`PictureError`].
pub fn face_picture(
    image: RgbImage,
    hint: Option<[f32; 4]>,
    metadata: &PhotoMetadata,
    settings: &Settings,
    detector: &Detector,
) -> Result<FacePicture, PictureError> {
    let (found, rotated) = find(image, hint, settings.turn, detector)?;
    let side = face_side(found.face.box_);
    if side < settings.smallest_face as f32 {
        return Err(PictureError::TooSmall(side, settings.smallest_face));
    }
    let (picture, face) = match settings.form {
        Form::Crop => cropped(&found, settings),
        Form::Aligned => aligned(&found),
    };
    // Nothing that reads shards would take it.
    if picture.width().min(picture.height()) < SMALLEST_SIDE {
        return Err(PictureError::Cut);
    }
    let mut jpeg = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, settings.jpeg_quality))?;
    let photo = PhotoMetadata { face: Some(face.box_), ..metadata.clone() };
    let metadata = PictureMetadata {
        photo,
        landmarks: face.landmarks,
        rotated,
        original_face_side: side,
        frame: None,
    };
    Ok(FacePicture { jpeg, metadata })
}

/// Square root of a box's area.
pub fn face_side([left, top, right, bottom]: [f32; 4]) -> f32 {
    ((right - left).max(0.0) * (bottom - top).max(0.0)).sqrt()
}

/// The face in the photo as it lies, or turned until there is one.
fn find(
    image: RgbImage,
    hint: Option<[f32; 4]>,
    turn: bool,
    detector: &Detector,
) -> Result<(FoundFace, u32), NoFace> {
    let turned = turn.then(|| image.clone());
    match (face_in_image(detector, image, hint), turned) {
        (Ok(found), _) => Ok((found, 0)),
        (Err(NoFace::NotFound), Some(mut image)) => {
            for degrees in [90, 180, 270] {
                image = imageops::rotate90(&image);
                // The set's box means a place in the photo as it lay.
                match face_in_image(detector, image.clone(), None) {
                    Err(NoFace::NotFound) => {}
                    other => return other.map(|found| (found, degrees)),
                }
            }
            Err(NoFace::NotFound)
        }
        (Err(error), _) => Err(error),
    }
}

/// The face with what is around it, as far as the photo shows it.
fn cropped(found: &FoundFace, settings: &Settings) -> (RgbImage, Face) {
    let [left, top, right, bottom] = found.face.box_;
    let half = (right - left).max(bottom - top) * settings.context / 2.0;
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let (photo_width, photo_height) = found.image.dimensions();
    let within = |from: f32, to: f32, limit: u32| {
        let start = from.max(0.0).min(limit as f32 - 1.0) as u32;
        let end = to.ceil().clamp(start as f32 + 1.0, limit as f32) as u32;
        (start, end - start)
    };
    let (start_x, width) = within(x - half, x + half, photo_width);
    let (start_y, height) = within(y - half, y + half, photo_height);
    let crop = imageops::crop_imm(&found.image, start_x, start_y, width, height).to_image();
    let scale = settings.face_side.map_or(1.0, |side| side as f32 / face_side(found.face.box_));
    let scaled = |length: u32| ((length as f32 * scale).round() as u32).max(1);
    let (new_width, new_height) = (scaled(width), scaled(height));
    let picture = if (new_width, new_height) == (width, height) {
        crop
    } else {
        // A triangle as wide as the reduction: every source pixel counts, none is skipped.
        imageops::resize(&crop, new_width, new_height, imageops::FilterType::Triangle)
    };
    let factors = [new_width as f32 / width as f32, new_height as f32 / height as f32];
    let map = |[px, py]: [f32; 2]| {
        [(px - start_x as f32) * factors[0], (py - start_y as f32) * factors[1]]
    };
    (picture, mapped(&found.face, map))
}

/// The networks' own crop.
fn aligned(found: &FoundFace) -> (RgbImage, Face) {
    let template = Template::PIPELINE;
    let targets = template.landmarks(ALIGNED_SIDE as f32);
    let crop_from_photo = similarity_from_points(&found.face.landmarks, &targets);
    let face = mapped(&found.face, |point| crop_from_photo.apply(point));
    (found.aligned(&template, ALIGNED_SIDE), face)
}

/// The face in other coordinates; its box stays upright around the mapped corners.
fn mapped(face: &Face, map: impl Fn([f32; 2]) -> [f32; 2]) -> Face {
    let [left, top, right, bottom] = face.box_;
    let corners = [[left, top], [right, top], [right, bottom], [left, bottom]].map(&map);
    let bound = |axis: usize, choose: fn(f32, f32) -> f32| {
        corners.map(|corner| corner[axis]).into_iter().reduce(choose).unwrap_or(0.0)
    };
    Face {
        box_: [bound(0, f32::min), bound(1, f32::min), bound(0, f32::max), bound(1, f32::max)],
        probability: face.probability,
        landmarks: face.landmarks.map(map),
    }
}

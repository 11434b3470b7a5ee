//! The one way from a photo to its face: decoded, detected, the face chosen that is meant.

use despoof::align::{Template, aligned_from_photo};
use despoof::detect::{DetectError, Detector, Face};
use despoof::photo::{self, PhotoError};
use image::RgbImage;

/// A decoded photo with its face.
pub struct FoundFace {
    /// The photo, upright as its file says.
    pub image: RgbImage,
    /// The face, in the photo's pixels.
    pub face: Face,
}

/// Why a photo gave no face.
#[derive(Debug, thiserror::Error)]
pub enum NoFace {
    /// It is no photo that can be used.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// The detector failed.
    #[error(transparent)]
    Detector(#[from] DetectError),
    /// There is none, or none that the detector sees.
    #[error("no face found")]
    NotFound,
}

impl FoundFace {
    /// The square crop of `side` pixels a side in which the landmarks lie on `template`.
    pub fn aligned(&self, template: &Template, side: u32) -> RgbImage {
        aligned_from_photo(&self.image, &self.face.landmarks, template, side)
    }
}

/// Decodes a photo and finds the face that `hint` (a box in pixels) means, else the largest.
///
/// # Errors
/// [`NoFace`].
pub fn face_in_photo(
    detector: &Detector,
    bytes: &[u8],
    hint: Option<[f32; 4]>,
) -> Result<FoundFace, NoFace> {
    face_in_image(detector, photo::decode(bytes)?, hint)
}

/// As [`face_in_photo`], of a photo that is decoded.
///
/// # Errors
/// [`NoFace`].
pub fn face_in_image(
    detector: &Detector,
    image: RgbImage,
    hint: Option<[f32; 4]>,
) -> Result<FoundFace, NoFace> {
    let faces = pollster::block_on(detector.detect(&image))?;
    let face = hinted_face(&faces, hint).ok_or(NoFace::NotFound)?.clone();
    Ok(FoundFace { image, face })
}

/// The face that a set's own box means, where it gives one; else the largest.
pub fn hinted_face(faces: &[Face], hint: Option<[f32; 4]>) -> Option<&Face> {
    let Some(hint) = hint else { return faces.first() };
    // Of equals the last is taken: the largest, where no face touches the hint.
    faces
        .iter()
        .rev()
        .max_by(|left, right| overlap(left.box_, hint).total_cmp(&overlap(right.box_, hint)))
}

/// Intersection over union of two boxes.
fn overlap(left: [f32; 4], right: [f32; 4]) -> f32 {
    let area = |edges: [f32; 4]| (edges[2] - edges[0]).max(0.0) * (edges[3] - edges[1]).max(0.0);
    let common = area([
        left[0].max(right[0]),
        left[1].max(right[1]),
        left[2].min(right[2]),
        left[3].min(right[3]),
    ]);
    common / (area(left) + area(right) - common).max(1e-6)
}

//! What is measured of a photo: everything that tells a camera or a file from another, nothing that
//! tells a face from a picture of one.

use despoof_simulate::luma;
use image::{RgbImage, imageops};

use super::jpeg_quality::jpeg_quality;
use crate::data::prepare::face_side;

/// Side to which a face is brought before its sharpness is measured.
const SHARPNESS_SIDE: u32 = 112;
/// Side of a face on the contact sheet.
pub const THUMBNAIL_SIDE: u32 = 96;

/// A measure.
pub struct Measure {
    /// Name in `stats.json`.
    pub name: &'static str,
    /// Name and unit for people.
    pub title: &'static str,
    /// "the replays are 0.6 × as …".
    pub adjective: &'static str,
}

/// All measures.
pub const MEASURES: [Measure; 6] = [
    Measure { name: "face_side", title: "face side, pixels", adjective: "large" },
    Measure { name: "longest_side", title: "longest side of the photo, pixels", adjective: "long" },
    Measure { name: "brightness", title: "brightness of the face, 0 to 255", adjective: "bright" },
    Measure { name: "sharpness", title: "sharpness of the face at 112 pixels", adjective: "sharp" },
    Measure { name: "jpeg_quality", title: "JPEG quality", adjective: "finely quantised" },
    Measure { name: "bits_per_pixel", title: "bits per pixel of the file", adjective: "heavy" },
];

/// Values in the order of [`MEASURES`]; none where a photo has no such thing.
pub type Values = [Option<f32>; MEASURES.len()];

/// Measures a photo; without a face box its middle stands for the face.
pub fn measured(image: &RgbImage, bytes: &[u8], face: Option<[f32; 4]>) -> Values {
    let (width, height) = image.dimensions();
    let region = face_region(image, face);
    let luma = luma_of(&imageops::resize(
        &region,
        SHARPNESS_SIDE,
        SHARPNESS_SIDE,
        imageops::FilterType::Triangle,
    ));
    [
        face.map(face_side),
        Some(width.max(height) as f32),
        Some(luma.iter().sum::<f32>() / luma.len() as f32),
        Some(mean_laplacian(&luma, SHARPNESS_SIDE as usize)),
        jpeg_quality(bytes),
        Some(bytes.len() as f32 * 8.0 / (width as f32 * height as f32)),
    ]
}

/// The face as a square of the contact sheet.
pub fn thumbnail(image: &RgbImage, face: Option<[f32; 4]>) -> RgbImage {
    let region = face_region(image, face);
    imageops::resize(&region, THUMBNAIL_SIDE, THUMBNAIL_SIDE, imageops::FilterType::Triangle)
}

/// The square around the face as far as it is in the photo.
fn face_region(image: &RgbImage, face: Option<[f32; 4]>) -> RgbImage {
    let (width, height) = (image.width() as f32, image.height() as f32);
    let [left, top, right, bottom] =
        face.unwrap_or([width * 0.25, height * 0.25, width * 0.75, height * 0.75]);
    let half = (right - left).max(bottom - top) / 2.0;
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let start = |middle: f32, limit: f32| (middle - half).clamp(0.0, limit - 1.0);
    let (from_x, from_y) = (start(x, width), start(y, height));
    let end = |middle: f32, from: f32, limit: f32| (middle + half).clamp(from + 1.0, limit);
    let (to_x, to_y) = (end(x, from_x, width), end(y, from_y, height));
    let size = |from: f32, to: f32| ((to - from) as u32).max(1);
    imageops::crop_imm(image, from_x as u32, from_y as u32, size(from_x, to_x), size(from_y, to_y))
        .to_image()
}

fn luma_of(image: &RgbImage) -> Vec<f32> {
    image.pixels().map(|pixel| luma(pixel.0.map(f32::from))).collect()
}

/// Mean of |4 · middle − left − right − above − below| inside a square of `side` pixels a side.
fn mean_laplacian(luma: &[f32], side: usize) -> f32 {
    let mut sum = 0.0;
    for row in 1..side - 1 {
        for column in 1..side - 1 {
            let at = row * side + column;
            let around = luma[at - 1] + luma[at + 1] + luma[at - side] + luma[at + side];
            sum += (4.0 * luma[at] - around).abs();
        }
    }
    sum / ((side - 2) * (side - 2)) as f32
}

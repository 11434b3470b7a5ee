//! JPEG as cameras and messengers write it.

use image::{ImageFormat, RgbImage, codecs::jpeg::JpegEncoder};

use crate::tone::luma;

/// The photo after one JPEG generation of that quality (1–100). `subsampled` stores colour at half
/// resolution, as nearly every camera does.
///
/// # Panics
/// If the photo is empty.
#[must_use]
pub fn round_trip(photo: &RgbImage, quality: u8, subsampled: bool) -> RgbImage {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    let encoded = if subsampled {
        halved_colour(photo).write_with_encoder(encoder)
    } else {
        photo.write_with_encoder(encoder)
    };
    encoded.expect("an RGB picture in memory can be encoded");
    image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg)
        .expect("what was just encoded can be decoded")
        .into_rgb8()
}

/// The photo with the colour difference of each 2×2 block averaged: what 4:2:0 keeps. The encoder
/// has no subsampling of its own.
fn halved_colour(photo: &RgbImage) -> RgbImage {
    let mut halved = photo.clone();
    let (width, height) = photo.dimensions();
    for top in (0..height).step_by(2) {
        for left in (0..width).step_by(2) {
            let block = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .map(|(x, y)| ((left + x).min(width - 1), (top + y).min(height - 1)));
            let pixels = block.map(|(x, y)| photo.get_pixel(x, y).0.map(f32::from));
            let lumas = pixels.map(luma);
            let mean_luma = lumas.iter().sum::<f32>() / 4.0;
            let mean: [f32; 3] =
                std::array::from_fn(|c| pixels.iter().map(|pixel| pixel[c]).sum::<f32>() / 4.0);
            for ((x, y), own) in block.into_iter().zip(lumas) {
                halved.get_pixel_mut(x, y).0 =
                    // The cast clips to 0–255.
                    mean.map(|channel| (channel - mean_luma + own + 0.5) as u8);
            }
        }
    }
    halved
}

//! The camera's processor: from sensor values to a finished JPEG.

use image::{
    Rgb, RgbImage,
    imageops::{self, FilterType},
};

use crate::{
    camera::Camera,
    jpeg,
    linear::{Colour, LinearImage, srgb_from_linear},
    texture::ease,
    tone::luma,
};

/// The smallest range of tones that automatic contrast stretches to all of them.
const SMALLEST_RANGE: f32 = 0.25;

/// Tones, noise reduction, sharpening, compression, and the size asked for.
pub(crate) fn developed(raw: &LinearImage, camera: &Camera, size: (u32, u32)) -> RgbImage {
    let levelled = levelled(toned(raw, camera), camera.levels);
    let smooth = denoised(&levelled, camera.denoise);
    let sharp = sharpened(&smooth, camera.sharpening);
    let photo = jpeg::round_trip(&bytes(&sharp), camera.quality, camera.subsampled);
    if photo.dimensions() == size {
        photo
    } else {
        imageops::resize(&photo, size.0, size.1, FilterType::CatmullRom)
    }
}

/// White balance, sRGB, contrast, saturation. The result is encoded, 0–1.
fn toned(raw: &LinearImage, camera: &Camera) -> LinearImage {
    let gains = [camera.white_balance[0], 1.0, camera.white_balance[1]];
    let pixels = raw.pixels.iter().map(|pixel| {
        let encoded: Colour = std::array::from_fn(|channel| {
            let value = srgb_from_linear(pixel[channel] * gains[channel]);
            let stretched = value + camera.contrast * (ease(value) - value);
            camera.lift + (1.0 - camera.lift) * stretched
        });
        let grey = luma(encoded);
        encoded.map(|value| (grey + (value - grey) * camera.saturation).clamp(0.0, 1.0))
    });
    LinearImage { width: raw.width, height: raw.height, pixels: pixels.collect() }
}

/// Automatic contrast: tones stretched `strength` of the way until the darkest and the brightest
/// hundredth are black and white. Without it every lifted black would be an attack's.
fn levelled(image: LinearImage, strength: f32) -> LinearImage {
    let mut greys: Vec<f32> = image.pixels.iter().map(|&pixel| luma(pixel)).collect();
    greys.sort_unstable_by(f32::total_cmp);
    let tail = greys.len() / 100;
    let black = greys[tail] * strength;
    let white = 1.0 - (1.0 - greys[greys.len() - 1 - tail]) * strength;
    let gain = 1.0 / (white - black).max(SMALLEST_RANGE);
    let pixels = image
        .pixels
        .iter()
        .map(|pixel| pixel.map(|value| ((value - black) * gain).clamp(0.0, 1.0)))
        .collect();
    LinearImage { pixels, ..image }
}

/// Each pixel the mean of those of its eight neighbours that differ from it by less than
/// `threshold`, and itself: noise goes, edges stay, skin turns to wax.
fn denoised(image: &LinearImage, threshold: f32) -> LinearImage {
    if threshold < 0.004 {
        return image.clone();
    }
    LinearImage::from_fn(image.width, image.height, |x, y| {
        let own = image.pixels[y * image.width + x];
        let grey = luma(own);
        let (mut sum, mut count) = (own, 1.0);
        for neighbour in neighbours(image, x, y) {
            let alike = (luma(neighbour) - grey).abs() < threshold;
            let weight = f32::from(u8::from(alike));
            for channel in 0..3 {
                sum[channel] += weight * neighbour[channel];
            }
            count += weight;
        }
        sum.map(|channel| channel / count)
    })
}

/// Unsharp masking of the luma against the mean of the eight neighbours.
fn sharpened(image: &LinearImage, amount: f32) -> LinearImage {
    if amount < 0.02 {
        return image.clone();
    }
    LinearImage::from_fn(image.width, image.height, |x, y| {
        let own = image.pixels[y * image.width + x];
        let around: f32 = neighbours(image, x, y).into_iter().map(luma).sum();
        let detail = amount * (luma(own) - around / 8.0);
        own.map(|channel| (channel + detail).clamp(0.0, 1.0))
    })
}

/// The eight pixels around one; beyond the border the nearest.
fn neighbours(image: &LinearImage, x: usize, y: usize) -> [Colour; 8] {
    let (left, right) = (x.saturating_sub(1), (x + 1).min(image.width - 1));
    let up = y.saturating_sub(1) * image.width;
    let middle = y * image.width;
    let down = (y + 1).min(image.height - 1) * image.width;
    [
        up + left,
        up + x,
        up + right,
        middle + left,
        middle + right,
        down + left,
        down + x,
        down + right,
    ]
    .map(|index| image.pixels[index])
}

/// Encoded values as bytes.
fn bytes(image: &LinearImage) -> RgbImage {
    RgbImage::from_fn(image.width as u32, image.height as u32, |x, y| {
        let pixel = image.pixels[y as usize * image.width + x as usize];
        Rgb(pixel.map(|value| (value * 255.0 + 0.5) as u8))
    })
}

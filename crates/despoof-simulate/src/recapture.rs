//! From light before the lens to a finished picture; the same for attacks and live faces, so that
//! blur, noise, compression and resolution tell nothing about which of both it is.

use image::RgbImage;

use crate::{
    camera::Camera,
    develop::developed,
    linear::{Colour, LinearImage, luminance, zip},
    optics::{defocused, shaken},
    project::{Projected, Scene},
    sensor::captured,
    tile::Footprint,
    transform::Transform,
};

/// Longest side of a simulated sensor, pixels.
const LARGEST: f32 = 1600.0;

/// Smallest side of a simulated sensor, pixels.
const SMALLEST: f32 = 12.0;

/// Blur, in sensor pixels, that stands for what processors do to edges and the plain interpolation
/// of the mosaic here does not: without it every sharp edge becomes a coloured zipper.
const SOFTENING: f32 = 0.4;

/// Size of the sensor for a frame of that size.
pub(crate) fn sensor_size(camera: &Camera, size: [f32; 2]) -> (usize, usize) {
    let most = LARGEST / size[0].max(size[1]);
    let resolution = camera.resolution.min(most);
    let side = |side: f32| (side * resolution).round().max(SMALLEST.min(side)) as usize;
    (side(size[0]), side(size[1]))
}

/// What one pixel of the camera covers of the medium.
pub(crate) fn footprint(camera: &Camera, transform: &Transform, size: [f32; 2]) -> Footprint {
    let (width, _) = sensor_size(camera, size);
    let side = transform.photo_pixels_per_frame_pixel() * size[0] / width as f32;
    Footprint {
        side: side * camera.aperture,
        blur: (camera.defocus * side).powi(2),
        motion: camera.motion.map(|way| way * side),
    }
}

/// A picture of the scene, of its size. Automatic exposure and white balance aim for
/// those of `photo`, the live one.
pub(crate) fn recaptured(scene: &Scene, camera: &Camera, photo: &LinearImage) -> RgbImage {
    let (width, height) = sensor_size(camera, scene.size);
    let Projected { light, structure } = scene.project(width, height);
    let lens = camera.defocus.hypot(SOFTENING);
    let mut light = shaken(defocused(&light, lens), camera.motion);
    if let Some(structure) = structure {
        for (pixel, factor) in light.pixels.iter_mut().zip(structure) {
            *pixel = zip(*pixel, factor, |light, factor| light * factor);
        }
    }
    expose(&mut light, camera, metered(photo), scene.overexposure());
    let raw = captured(light, camera);
    let size = scene.size.map(|side| side as u32);
    developed(&raw, camera, (size[0], size[1]))
}

/// Mean colour as cameras meter it: the middle half of the frame counts as much as all of it.
fn metered(light: &LinearImage) -> Colour {
    let (width, height) = (light.width, light.height);
    let middle = LinearImage::from_fn(width.div_ceil(2), height.div_ceil(2), |x, y| {
        light.pixels[(y + height / 4) * width + x + width / 4]
    });
    zip(light.mean(), middle.mean(), f32::midpoint)
}

/// Gain of each channel: automatic exposure aims for the live photo's brightness, automatic white
/// balance goes part of the way to its colour.
fn gains(scene: Colour, live: Colour, camera: &Camera, overexposure: f32) -> Colour {
    let brighter = luminance(live) / luminance(scene).max(1e-4);
    let cast = zip(live, scene, |live, scene| {
        ((live + 1e-3) / (scene + 1e-3) / brighter.max(1e-4)).clamp(0.5, 2.0)
    });
    let exposure = brighter * (camera.exposure + overexposure).exp2();
    cast.map(|cast| exposure * cast.powf(camera.adaptation))
}

/// Exposure (so many stops too long), white balance, vignetting and stray light.
fn expose(light: &mut LinearImage, camera: &Camera, live: Colour, overexposure: f32) {
    let scene = metered(light);
    let gains = gains(scene, live, camera, overexposure);
    let stray = scene.map(|mean| mean * camera.flare);
    let (width, height) = (light.width as f32, light.height as f32);
    for (y, row) in light.pixels.chunks_exact_mut(light.width).enumerate() {
        let v = (y as f32 + 0.5) / height - 0.5;
        for (x, pixel) in row.iter_mut().enumerate() {
            let u = (x as f32 + 0.5) / width - 0.5;
            // 1 in the corners, where u² + v² is a half.
            let outwards = 2.0 * (u * u + v * v);
            let falloff = 1.0 - camera.vignetting * outwards;
            for channel in 0..3 {
                pixel[channel] = (pixel[channel] + stray[channel]) * gains[channel] * falloff;
            }
        }
    }
}

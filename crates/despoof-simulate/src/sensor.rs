//! The sensor: light becomes noisy numbers behind a colour filter mosaic.

use rand::{SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, StandardNormal};

use crate::{
    camera::Camera,
    linear::{Colour, LinearImage},
};

/// The exposed picture with noise, and with what a mosaic does to fine structure. Values are
/// clipped to 0–1 as the sensor saturates.
pub(crate) fn captured(mut light: LinearImage, camera: &Camera) -> LinearImage {
    let mut noise = Noise::new(camera);
    if !camera.mosaic {
        for pixel in &mut light.pixels {
            *pixel = pixel.map(|signal| noise.add(signal));
        }
        return light;
    }
    let measured = measured(&light, &mut noise);
    demosaiced(&measured, light.width, light.height)
}

/// Noise whose variance grows with the signal.
struct Noise {
    rng: StdRng,
    shot: f32,
    read: f32,
}

impl Noise {
    fn new(camera: &Camera) -> Self {
        Self {
            rng: StdRng::seed_from_u64(camera.noise_seed),
            shot: camera.shot_noise,
            read: camera.read_noise * camera.read_noise,
        }
    }

    fn add(&mut self, signal: f32) -> f32 {
        let deviation = (self.shot * signal + self.read).sqrt();
        let normal: f32 = StandardNormal.sample(&mut self.rng);
        (signal + deviation * normal).clamp(0.0, 1.0)
    }
}

/// Channel that the filter at a pixel lets through: RGGB.
fn filter(x: usize, y: usize) -> usize {
    x % 2 + y % 2
}

/// The one value of each pixel.
fn measured(light: &LinearImage, noise: &mut Noise) -> Vec<f32> {
    let mut values = Vec::with_capacity(light.pixels.len());
    for (y, row) in light.pixels.chunks_exact(light.width).enumerate() {
        for (x, pixel) in row.iter().enumerate() {
            values.push(noise.add(pixel[filter(x, y)]));
        }
    }
    values
}

/// Missing channels as the mean of the nearest pixels that have them.
fn demosaiced(values: &[f32], width: usize, height: usize) -> LinearImage {
    // Mirrored about the border pixel, which keeps the mosaic's parity.
    let mirrored = |at: usize, step: isize, side: usize| {
        let moved = at as isize + step;
        let last = side as isize - 1;
        (if moved < 0 {
            -moved
        } else if moved > last {
            2 * last - moved
        } else {
            moved
        })
        .clamp(0, last) as usize
    };
    LinearImage::from_fn(width, height, |x, y| {
        let (left, right) = (mirrored(x, -1, width), mirrored(x, 1, width));
        let (up, down) = (mirrored(y, -1, height), mirrored(y, 1, height));
        let value = |x: usize, y: usize| values[y * width + x];
        let own = value(x, y);
        let sides = (value(left, y) + value(right, y)) / 2.0;
        let ends = (value(x, up) + value(x, down)) / 2.0;
        let corners =
            (value(left, up) + value(right, up) + value(left, down) + value(right, down)) / 4.0;
        interpolated(x, y, own, sides, ends, corners)
    })
}

fn interpolated(x: usize, y: usize, own: f32, sides: f32, ends: f32, corners: f32) -> Colour {
    match (x % 2, y % 2) {
        (0, 0) => [own, (sides + ends) / 2.0, corners],
        (1, 0) => [sides, own, ends],
        (0, _) => [ends, own, sides],
        _ => [corners, (sides + ends) / 2.0, own],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(mosaic: bool) -> Camera {
        Camera {
            mosaic,
            shot_noise: 1e-3,
            read_noise: 1e-3,
            ..Camera::draw(&mut StdRng::seed_from_u64(0))
        }
    }

    #[test]
    fn an_even_colour_stays_and_bright_areas_are_noisier() {
        for mosaic in [false, true] {
            let mut deviations = Vec::new();
            for level in [0.05f32, 0.5] {
                let even = LinearImage::from_fn(65, 43, |_, _| [level, level / 2.0, level / 4.0]);
                let taken = captured(even, &camera(mosaic));
                let reds: Vec<f32> = taken.pixels.iter().map(|p| p[0]).collect();
                let mean = reds.iter().sum::<f32>() / reds.len() as f32;
                assert!((mean - level).abs() < 0.01);
                deviations.push(reds.iter().map(|r| (r - mean).powi(2)).sum::<f32>());
            }
            assert!(deviations[1] > 4.0 * deviations[0]);
        }
    }

    #[test]
    fn a_mosaic_colours_fine_stripes() {
        let stripes =
            LinearImage::from_fn(32, 32, |x, _| [f32::from(u8::from(x % 2 == 0)) * 0.5; 3]);
        let taken = captured(stripes, &camera(true));
        let [red, _, blue] = taken.pixels[16 * 32 + 16];
        assert!(red > 0.4 && blue < 0.1);
    }
}

//! Half shadow: light that comes from one side, as a lamp's or a window's does. Live faces of dark rooms are lit so, and
//! nothing about it tells a live face from a picture of one that was.

use std::f32::consts::TAU;

use image::{Rgb, RgbImage};
use rand::Rng;
use rand::rngs::StdRng;

/// A soft edge between light and shadow.
#[derive(Debug, Clone, Copy)]
pub struct Shade {
    /// Towards the light.
    direction: [f32; 2],
    /// Where the edge lies, from the middle, in half sides of the aligned face.
    edge: f32,
    /// Width of the edge, in half sides of the aligned face.
    softness: f32,
    /// What the shadow leaves of the light.
    dark: f32,
}

impl Shade {
    /// A shadow from half a stop to two stops deep, whose edge crosses the face.
    pub fn draw(rng: &mut StdRng) -> Self {
        let (sine, cosine) = rng.random_range(0.0..TAU).sin_cos();
        Self {
            direction: [cosine, sine],
            edge: rng.random_range(-0.5_f32..=0.5),
            softness: rng.random_range(0.15_f32..=1.2),
            dark: rng.random_range(-2.0_f32..=-0.5).exp2(),
        }
    }

    /// Darkens a picture around the face that is `times` as wide as the aligned face.
    pub fn fall_on(&self, picture: &mut RgbImage, times: f32) {
        let [width, height] = [picture.width(), picture.height()].map(|side| side as f32);
        let [along_x, along_y] = self.direction;
        for (x, y, Rgb(pixel)) in picture.enumerate_pixels_mut() {
            let u = ((x as f32 + 0.5) / width * 2.0 - 1.0) * times;
            let v = ((y as f32 + 0.5) / height * 2.0 - 1.0) * times;
            let left = self.left_at(u * along_x + v * along_y);
            *pixel = pixel.map(|byte| (f32::from(byte) * left + 0.5) as u8);
        }
    }

    /// What is left of the light at a distance from the middle towards the light.
    fn left_at(&self, distance: f32) -> f32 {
        let place = ((distance - self.edge) / self.softness + 0.5).clamp(0.0, 1.0);
        self.dark + (1.0 - self.dark) * place * place * (3.0 - 2.0 * place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_the_right() -> Shade {
        Shade { direction: [1.0, 0.0], edge: 0.25, softness: 0.5, dark: 0.5 }
    }

    #[test]
    fn one_side_stays_as_light_as_it_was_and_the_other_is_dark() {
        let mut face = RgbImage::from_pixel(64, 8, Rgb([200, 100, 50]));
        from_the_right().fall_on(&mut face, 1.0);
        assert_eq!(face.get_pixel(0, 3), &Rgb([100, 50, 25]));
        assert_eq!(face.get_pixel(63, 3), &Rgb([200, 100, 50]));
        let across: Vec<u8> = (0..64).map(|x| face.get_pixel(x, 0)[0]).collect();
        assert!(across.is_sorted() && across[40] > 140 && across[39] < 160, "{across:?}");
    }

    #[test]
    fn the_wider_crop_shows_the_same_shadow() {
        let [mut face, mut wider] = [
            RgbImage::from_pixel(64, 64, Rgb([200; 3])),
            RgbImage::from_pixel(128, 128, Rgb([200; 3])),
        ];
        from_the_right().fall_on(&mut face, 1.0);
        from_the_right().fall_on(&mut wider, 2.0);
        for (x, y, pixel) in face.enumerate_pixels() {
            assert_eq!(pixel, wider.get_pixel(x + 32, y + 32));
        }
    }
}

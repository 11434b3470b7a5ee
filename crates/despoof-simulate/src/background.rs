//! What is seen behind a medium whose edges are in the frame.

use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{
    draw,
    linear::{Colour, LinearImage, luminance, mix},
    texture::Noise,
};

/// Side of the rendered background; it is often out of focus, so few pixels do.
const SIDE: usize = 256;

/// Longest side of the scene behind, in pixels: much or hardly out of focus.
const SHARPNESS: std::ops::RangeInclusive<f32> = 20.0..=400.0;

/// What is behind the medium.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Background {
    /// What it shows.
    pub kind: BackgroundKind,
    /// Brightness beside the photo, 0.25–1.6.
    pub brightness: f32,
    /// Darkening at the medium's edge where it casts its shadow, 0–0.7.
    pub shadow: f32,
    /// Width of that shadow, 0.02–0.15 longer sides.
    pub shadow_width: f32,
    /// Seed of its texture.
    pub seed: u64,
}

/// Kinds of background.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackgroundKind {
    /// The photo itself or half of it, mirrored and out of focus or not: colours and shapes of a real room and
    /// of the person who holds the medium.
    Scene,
    /// Clothes or curtains: folds and stripes in two colours.
    Cloth,
    /// A wall, lit from one side.
    Wall,
}

impl Background {
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        Self {
            kind: match rng.random_range(0..10) {
                0..6 => BackgroundKind::Scene,
                6..9 => BackgroundKind::Cloth,
                _ => BackgroundKind::Wall,
            },
            brightness: draw::log_uniform(rng, &(0.25..=1.6)),
            shadow: draw::skewed(rng, &(0.0..=0.7), 1.5),
            shadow_width: draw::uniform(rng, &(0.02..=0.15)),
            seed: rng.random(),
        }
    }

    /// The background as a small picture that is stretched over the frame.
    pub(crate) fn render(&self, photo: &LinearImage) -> LinearImage {
        let noise = Noise::new(self.seed);
        match self.kind {
            BackgroundKind::Scene => self.scene(photo),
            BackgroundKind::Cloth => self.cloth(&noise),
            BackgroundKind::Wall => self.wall(&noise),
        }
    }

    /// What is left of its light so far from the medium's outline.
    pub(crate) fn unshadowed(&self, distance: f32) -> f32 {
        1.0 - self.shadow * (-distance / self.shadow_width).exp()
    }

    /// Part of the mirrored photo, from a copy small enough to be blurred by enlarging it.
    fn scene(&self, photo: &LinearImage) -> LinearImage {
        let sharpest =
            SHARPNESS.start() * (SHARPNESS.end() / SHARPNESS.start()).powf(unit(self.seed, 2));
        let mut small = photo.clone();
        while small.width.max(small.height) as f32 > sharpest {
            small = small.halved();
        }
        let part = 0.5 + 0.5 * unit(self.seed, 3);
        let (left, top) = (unit(self.seed, 0) * (1.0 - part), unit(self.seed, 1) * (1.0 - part));
        let stretch = |position: usize, offset: f32| offset + position as f32 / SIDE as f32 * part;
        LinearImage::from_fn(SIDE, SIDE, |x, y| {
            let x = (1.0 - stretch(x, left)) * small.width as f32;
            let y = stretch(y, top) * small.height as f32;
            small.bilinear(x, y).map(|light| light * self.brightness)
        })
    }

    fn cloth(&self, noise: &Noise) -> LinearImage {
        let (one, other) = (self.colour(0), self.colour(3));
        let stripes = unit(self.seed, 6).powi(2) * 0.8;
        let angle = unit(self.seed, 7) * std::f32::consts::PI;
        let (sin, cos) = angle.sin_cos();
        let frequency = 3.0 + 15.0 * unit(self.seed, 8);
        LinearImage::from_fn(SIDE, SIDE, |x, y| {
            let (x, y) = (x as f32 / SIDE as f32, y as f32 / SIDE as f32);
            let folds = noise.octaves(x * 3.0 + y * 1.5, y * 2.0);
            let across = x * cos + y * sin + 0.04 * folds;
            let stripe =
                (across * frequency * std::f32::consts::TAU).sin().clamp(-0.4, 0.4) / 0.8 + 0.5;
            mix(one, other, stripe * stripes).map(|light| light * (1.0 + 0.5 * folds))
        })
    }

    fn wall(&self, noise: &Noise) -> LinearImage {
        let paint = self.colour(0);
        let fall = [unit(self.seed, 4) - 0.5, unit(self.seed, 5) - 0.5];
        LinearImage::from_fn(SIDE, SIDE, |x, y| {
            let (x, y) = (x as f32 / SIDE as f32 - 0.5, y as f32 / SIDE as f32 - 0.5);
            let light = 1.0 + x * fall[0] + y * fall[1] + 0.1 * noise.octaves(2.0 * x, 2.0 * y);
            paint.map(|channel| channel * light)
        })
    }

    /// A colour of mean saturation, of the background's brightness times the usual 0.25.
    fn colour(&self, stream: u64) -> Colour {
        let hue: Colour = std::array::from_fn(|channel| unit(self.seed, stream + channel as u64));
        let colour = mix([0.5; 3], hue, 0.75 * unit(self.seed, stream + 9));
        let scale = self.brightness * 0.25 / luminance(colour).max(0.02);
        colour.map(|light| light * scale)
    }
}

/// A number 0–1 from a seed, one a stream (the finaliser of SplitMix64).
fn unit(seed: u64, stream: u64) -> f32 {
    let mut bits = seed.wrapping_add((stream + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}

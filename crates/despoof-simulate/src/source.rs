//! The attacker's copy of the victim's photo: shrunk, compressed, retouched before it is presented.

use image::{
    RgbImage,
    imageops::{self, FilterType},
};
use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{
    draw, jpeg,
    linear::{linear_from_srgb, srgb_from_linear},
    species::Family,
    texture::ease,
    tone::saturated,
};

/// Smallest side of a copy, pixels.
const SMALLEST: u32 = 24;

/// Size of a copy that came through a video call or a messenger.
const STREAMED_RESOLUTION: draw::Range = 0.18..=0.5;

/// JPEG quality that stands for such a connection: blocks and wax instead of skin.
pub const STREAMED_QUALITY: std::ops::RangeInclusive<u8> = 5..=30;

/// What happened to the photo before it was printed or shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Size of the copy against the photo, 0.18–1: faces in videos are small.
    pub resolution: f32,
    /// Exposure of the copy, −0.9–1.1 stops: its highlights clip before they are presented.
    pub exposure: f32,
    /// How strongly its tones are stretched around the middle, −0.2–0.8.
    pub contrast: f32,
    /// Saturation of the copy, 0.9–1.5: drivers and albums make colours vivid.
    pub saturation: f32,
    /// JPEG quality of the copy, 5–92, if it was compressed once more.
    pub quality: Option<u8>,
}

impl Source {
    pub(crate) fn draw(rng: &mut StdRng, family: Family) -> Self {
        let (copied, lowest) = match family {
            Family::Print => (0.3, 40),
            Family::Screen => (0.55, 15),
        };
        let retouched = draw::chance(rng, copied);
        let source = Self {
            exposure: if retouched { draw::centred(rng, &(-0.9..=1.1)) } else { 0.0 },
            contrast: if retouched { draw::centred(rng, &(-0.2..=0.8)) } else { 0.0 },
            saturation: if retouched { draw::centred(rng, &(0.9..=1.5)) } else { 1.0 },
            resolution: if draw::chance(rng, copied) {
                1.0 - draw::skewed(rng, &(0.0..=0.65), 1.5)
            } else {
                1.0
            },
            quality: draw::chance(rng, copied)
                .then(|| 92 - (f32::from(92u8 - lowest) * rng.random::<f32>().powf(1.5)) as u8),
        };
        let streamed = family == Family::Screen && draw::chance(rng, 0.25);
        if streamed { source.streamed(rng) } else { source }
    }

    /// The same after a connection that was slow.
    fn streamed(self, rng: &mut StdRng) -> Self {
        Self {
            resolution: draw::log_uniform(rng, &STREAMED_RESOLUTION),
            quality: Some(rng.random_range(STREAMED_QUALITY)),
            ..self
        }
    }

    /// The copy.
    pub(crate) fn copy(&self, photo: &RgbImage) -> RgbImage {
        let side =
            |side: u32| ((side as f32 * self.resolution).round() as u32).max(SMALLEST.min(side));
        let (width, height) = (side(photo.width()), side(photo.height()));
        let mut copy = if (width, height) == photo.dimensions() {
            photo.clone()
        } else {
            imageops::resize(photo, width, height, FilterType::Triangle)
        };
        self.retouch(&mut copy);
        match self.quality {
            Some(quality) => jpeg::round_trip(&copy, quality, true),
            None => copy,
        }
    }

    /// Changes the tones in place.
    fn retouch(&self, photo: &mut RgbImage) {
        if (self.exposure, self.contrast, self.saturation) == (0.0, 0.0, 1.0) {
            return;
        }
        let gain = self.exposure.exp2();
        let table: [u8; 256] = std::array::from_fn(|byte| {
            let value = srgb_from_linear(linear_from_srgb(byte as u8) * gain);
            let value = value + self.contrast * (ease(value) - value);
            (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
        });
        for pixel in photo.pixels_mut() {
            let toned = pixel.0.map(|byte| f32::from(table[byte as usize]));
            pixel.0 = saturated(toned, self.saturation);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn draws_keep_to_their_ranges() {
        for seed in 0..500 {
            for family in Family::all() {
                let source = Source::draw(&mut StdRng::seed_from_u64(seed), family);
                assert!((0.18..=1.0).contains(&source.resolution));
                assert!((-0.9..=1.1).contains(&source.exposure));
                assert!((-0.2..=0.8).contains(&source.contrast));
                assert!((0.9..=1.5).contains(&source.saturation));
                assert!(source.quality.is_none_or(|q| (5..=92).contains(&q)));
            }
        }
    }
}

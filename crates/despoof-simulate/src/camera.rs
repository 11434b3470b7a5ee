//! The camera that takes a picture of the medium, or of the live face: the same for both.

use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::draw::{self, Range};

/// Sensor pixels per frame pixel.
const RESOLUTION: Range = 0.45..=1.5;

/// Share of a sensor pixel's side that gathers light.
const APERTURE: Range = 0.3..=1.0;

/// Standard deviation of lens blur and defocus, sensor pixels.
const DEFOCUS: Range = 0.1..=2.0;

/// Way of the camera during exposure, sensor pixels.
const MOTION: Range = 0.0..=6.0;

/// Exposure error, stops.
const EXPOSURE: Range = -1.8..=2.2;

/// Gain of red and of blue against a true white.
const WHITE_BALANCE: Range = 0.8..=1.25;

/// Light electrons at full signal set shot noise; this is its variance at signal 1.
const SHOT_NOISE: Range = 2e-5..=4e-3;

/// Deviation of noise in the dark, of full signal.
const READ_NOISE: Range = 3e-4..=8e-3;

/// Share of cameras that are well set, in good light: otherwise noise and tones hide the medium, and the
/// most dangerous attack, a good print before a good camera, is hardly ever seen.
const ADJUSTED: f64 = 0.5;

/// JPEG quality.
const QUALITY: std::ops::RangeInclusive<u8> = 40..=95;

/// Drawn parameters of one shot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Sensor pixels per frame pixel, 0.45–1.5; 1 in a third of all draws.
    pub resolution: f32,
    /// Share of a pixel's side that gathers light, 0.3–1: video modes skip lines and previews are
    /// shrunk carelessly, so that fine structure is sampled more sparsely than it is averaged.
    pub aperture: f32,
    /// Deviation of lens blur, 0.1–2 sensor pixels, mostly sharp.
    pub defocus: f32,
    /// Way moved during exposure, up to 6 sensor pixels, mostly none.
    pub motion: [f32; 2],
    /// Exposure error, −1.8–2.2 stops from the live photo's brightness.
    pub exposure: f32,
    /// Gain of red and blue, 0.8–1.25.
    pub white_balance: [f32; 2],
    /// How far automatic white balance undoes the cast of what is before the camera, 0.3–1.
    pub adaptation: f32,
    /// Relative loss of light in the frame's corners, 0–0.4.
    pub vignetting: f32,
    /// Stray light, 0–0.12 of the mean: cheap lenses and lamps near the frame lift blacks of live
    /// faces too.
    pub flare: f32,
    /// Colour filter mosaic: red, green, blue are measured at different pixels and interpolated.
    pub mosaic: bool,
    /// Variance of shot noise at full signal, 2e-5–4e-3.
    pub shot_noise: f32,
    /// Deviation of noise in the dark, 3e-4–8e-3.
    pub read_noise: f32,
    /// Seed of the noise.
    pub noise_seed: u64,
    /// How strongly tones are stretched around the middle, −0.25–0.7.
    pub contrast: f32,
    /// Encoded value of black, 0–0.06: flat tone curves and limited video range.
    pub lift: f32,
    /// How far automatic contrast goes, 0–1.
    pub levels: f32,
    /// Saturation against the scene's, 0.55–1.6.
    pub saturation: f32,
    /// Threshold below which differences are smoothed away, 0–0.08 of the encoded range.
    pub denoise: f32,
    /// Unsharp masking, 0–1.6.
    pub sharpening: f32,
    /// JPEG quality, 40–95.
    pub quality: u8,
    /// Colour stored at half resolution.
    pub subsampled: bool,
}

impl Camera {
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        let way = draw::skewed(rng, &MOTION, 5.0);
        let direction = draw::direction(rng);
        let camera = Self {
            resolution: if draw::chance(rng, 1.0 / 3.0) { 1.0 } else { draw_resolution(rng) },
            aperture: draw::uniform(rng, &APERTURE),
            defocus: draw::skewed(rng, &DEFOCUS, 3.0),
            motion: direction.map(|axis| axis * way),
            exposure: draw_exposure(rng),
            white_balance: [draw::centred(rng, &WHITE_BALANCE), draw::centred(rng, &WHITE_BALANCE)],
            adaptation: draw::uniform(rng, &(0.3..=1.0)),
            vignetting: draw::skewed(rng, &(0.0..=0.4), 2.0),
            flare: draw::skewed(rng, &(0.0..=0.12), 2.5),
            mosaic: draw::chance(rng, 0.6),
            shot_noise: draw::log_uniform(rng, &SHOT_NOISE),
            read_noise: draw::log_uniform(rng, &READ_NOISE),
            noise_seed: rng.random(),
            contrast: draw::centred(rng, &(-0.25..=0.7)),
            lift: draw::skewed(rng, &(0.0..=0.06), 3.0),
            levels: if draw::chance(rng, 0.3) { 0.0 } else { draw::uniform(rng, &(0.3..=1.0)) },
            saturation: draw::centred(rng, &(0.55..=1.6)),
            denoise: draw::skewed(rng, &(0.0..=0.08), 1.5),
            sharpening: draw::skewed(rng, &(0.0..=1.6), 1.5),
            quality: draw_quality(rng),
            subsampled: draw::chance(rng, 0.8),
        };
        if draw::chance(rng, ADJUSTED) { camera.adjusted(rng) } else { camera }
    }

    /// The same camera in good light and well set: what is left to see is what stands before it.
    fn adjusted(self, rng: &mut StdRng) -> Self {
        Self {
            exposure: draw::centred(rng, &(-0.35..=0.35)),
            white_balance: [0, 1].map(|_| draw::centred(rng, &(0.92..=1.09))),
            shot_noise: draw::log_uniform(rng, &(*SHOT_NOISE.start()..=5e-4)),
            read_noise: draw::log_uniform(rng, &(*READ_NOISE.start()..=2e-3)),
            contrast: draw::centred(rng, &(-0.15..=0.3)),
            levels: draw::uniform(rng, &(0.0..=0.5)),
            saturation: draw::centred(rng, &(0.8..=1.25)),
            denoise: draw::skewed(rng, &(0.0..=0.04), 1.5),
            sharpening: draw::skewed(rng, &(0.0..=0.8), 1.5),
            quality: self.quality.max(70),
            ..self
        }
    }
}

/// Right to half a stop mostly; automatic exposure that was misled by the surroundings sometimes.
fn draw_exposure(rng: &mut StdRng) -> f32 {
    if draw::chance(rng, 0.75) {
        draw::centred(rng, &(-0.6..=0.6))
    } else {
        draw::uniform(rng, &EXPOSURE)
    }
}

/// Finer or coarser than the frame, with equal shares.
fn draw_resolution(rng: &mut StdRng) -> f32 {
    if draw::chance(rng, 0.5) {
        draw::log_uniform(rng, &(*RESOLUTION.start()..=1.0))
    } else {
        draw::log_uniform(rng, &(1.0..=*RESOLUTION.end()))
    }
}

fn draw_quality(rng: &mut StdRng) -> u8 {
    let span = f32::from(QUALITY.end() - QUALITY.start());
    QUALITY.end() - (span * rng.random::<f32>().powf(1.3)) as u8
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn draws_keep_to_their_ranges() {
        for seed in 0..1000 {
            let camera = Camera::draw(&mut StdRng::seed_from_u64(seed));
            assert!(RESOLUTION.contains(&camera.resolution) && DEFOCUS.contains(&camera.defocus));
            assert!(camera.motion[0].hypot(camera.motion[1]) <= MOTION.end() + 1e-3);
            assert!(APERTURE.contains(&camera.aperture));
            assert!(EXPOSURE.contains(&camera.exposure));
            assert!(camera.white_balance.iter().all(|g| WHITE_BALANCE.contains(g)));
            assert!((0.0..=0.4).contains(&camera.vignetting));
            assert!((0.3..=1.0).contains(&camera.adaptation));
            assert!((0.0..=0.12).contains(&camera.flare));
            assert!((0.0..=0.06).contains(&camera.lift));
            assert!((0.0..=1.0).contains(&camera.levels));
            assert!(SHOT_NOISE.contains(&camera.shot_noise));
            assert!(READ_NOISE.contains(&camera.read_noise));
            assert!((-0.25..=0.7).contains(&camera.contrast));
            assert!((0.55..=1.6).contains(&camera.saturation));
            assert!((0.0..=0.08).contains(&camera.denoise));
            assert!((0.0..=1.6).contains(&camera.sharpening));
            assert!(QUALITY.contains(&camera.quality));
        }
    }
}

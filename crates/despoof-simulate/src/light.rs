//! Light that falls on a medium and light that its surface mirrors.

use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::draw::{self, Range};

/// Relative difference of the light over the frame.
const GRADIENT: Range = 0.0..=0.7;

/// Peak of a reflection, where 1 is white.
const GLARE: Range = 0.02..=1.2;

/// Half width of a reflection, in frames.
const GLARE_SIZE: Range = 0.05..=0.7;

/// Light that is uneven over a flat medium. Points are in the frame, from its centre, in its longer
/// side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Light {
    /// Where it comes from: a unit vector.
    pub direction: [f32; 2],
    /// Relative difference over the frame, 0–0.7.
    pub gradient: f32,
    /// Gain of red and blue against green: the room's light is not the first camera's. 0.8–1.3.
    pub tint: [f32; 2],
}

impl Light {
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        let warmth = draw::centred(rng, &(-0.22..=0.22));
        Self {
            direction: draw::direction(rng),
            gradient: draw::skewed(rng, &GRADIENT, 2.0),
            tint: [(1.0 + warmth), 1.0 / (1.0 + warmth)],
        }
    }

    /// Light at a point, about 1.
    pub(crate) fn at(&self, point: [f32; 2]) -> f32 {
        let towards = self.direction[0] * point[0] + self.direction[1] * point[1];
        (1.0 + self.gradient * towards).max(0.0)
    }
}

/// A lamp or window mirrored in the medium.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glare {
    /// Centre, in the frame from its centre, in longer sides.
    pub centre: [f32; 2],
    /// Direction of its longer axis: a unit vector.
    pub axis: [f32; 2],
    /// Half length and half width, 0.05–0.7.
    pub size: [f32; 2],
    /// How sharply it ends: 2 is a soft blob, 10 a window.
    pub hardness: f32,
    /// Box rather than ellipse.
    pub square: bool,
    /// Light at its centre, 0.02–1.2, mostly weak.
    pub strength: f32,
    /// Gain of red and blue, 0.8–1.25.
    pub tint: [f32; 2],
}

impl Glare {
    /// A reflection on a surface that scatters (`matt`: broad and soft) or mirrors.
    pub(crate) fn draw(rng: &mut StdRng, matt: bool) -> Self {
        let warmth = draw::centred(rng, &(0.8..=1.25));
        let size = [0, 1].map(|_| draw::log_uniform(rng, &GLARE_SIZE));
        // What is mirrored large is a wall or a window far off: dimmer than a lamp.
        let dimmed = (0.15 / (size[0] * size[1]).sqrt()).min(1.0);
        let strength = draw::skewed(rng, &GLARE, if matt { 5.0 } else { 4.0 });
        Self {
            centre: [rng.random_range(-0.6..=0.6), rng.random_range(-0.6..=0.6)],
            axis: draw::direction(rng),
            size,
            hardness: if matt {
                draw::uniform(rng, &(1.2..=2.5))
            } else {
                draw::log_uniform(rng, &(1.5..=10.0))
            },
            square: !matt && draw::chance(rng, 0.4),
            strength: (strength * dimmed).max(*GLARE.start()),
            tint: [warmth, 1.0 / warmth],
        }
    }

    /// Light added at a point.
    pub(crate) fn at(&self, point: [f32; 2]) -> f32 {
        let (x, y) = (point[0] - self.centre[0], point[1] - self.centre[1]);
        let along = (x * self.axis[0] + y * self.axis[1]).abs() / self.size[0];
        let across = (y * self.axis[0] - x * self.axis[1]).abs() / self.size[1];
        let distance = if self.square { along.max(across) } else { along.hypot(across) };
        // Beyond 6 the softest profile is below a 1/5000th.
        if distance > 6.0 {
            return 0.0;
        }
        self.strength * (-distance.powf(self.hardness)).exp()
    }

    /// The same on each channel.
    pub(crate) fn colour_at(&self, point: [f32; 2]) -> [f32; 3] {
        let light = self.at(point);
        [light * self.tint[0], light, light * self.tint[1]]
    }
}

/// Up to `most` reflections; often none.
pub(crate) fn draw_glares(rng: &mut StdRng, most: usize, matt: bool) -> Vec<Glare> {
    let count = if draw::chance(rng, 0.4) { 0 } else { rng.random_range(0..=most) };
    (0..count).map(|_| Glare::draw(rng, matt)).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn draws_keep_to_their_ranges_and_light_is_never_negative() {
        for seed in 0..500 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let light = Light::draw(rng);
            assert!(GRADIENT.contains(&light.gradient));
            assert!(light.tint.iter().all(|gain| (0.78..=1.3).contains(gain)));
            assert!(light.at([0.5, 0.5]) >= 0.0);
            let glare = Glare::draw(rng, seed % 2 == 0);
            assert!(GLARE.contains(&glare.strength));
            assert!(glare.size.iter().all(|size| GLARE_SIZE.contains(size)));
            assert!(glare.at(glare.centre) <= 1.2 && glare.at([9.0, 9.0]) == 0.0);
        }
    }
}

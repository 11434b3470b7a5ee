//! Colour of ink on paper.

use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::{
    draw,
    linear::{Colour, mix},
};

/// Share of the area that cyan, magenta, yellow and black cover, 0–1.
pub(crate) type Coverage = [f32; 4];

/// Square roots of the light that a solid layer lets through, per ink and channel: what real process
/// inks absorb beside their own channel is the crosstalk that takes the saturation out of prints.
const SOLID: [Colour; 4] =
    [[0.16, 0.74, 0.86], [0.86, 0.24, 0.66], [0.98, 0.93, 0.30], [0.16, 0.16, 0.16]];

/// An ink set on a paper, after Neugebauer (areas of overlapping dots) with Yule and Nielsen's
/// n = 2 (light that spreads in the paper): hence square roots of reflectance everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InkSet {
    /// Reflectance of the bare paper per channel, 0.68–1.
    pub paper: [f32; 3],
    /// Density of each solid ink, 0.72–1: below 1 blacks are lifted, and unevenly worn cartridges
    /// shift the colours.
    pub strength: [f32; 4],
    /// How far the printer's profile corrects the inks' crosstalk, 0.4–1.
    pub profile: f32,
    /// Exponent of the coverage: below 1 dots grow and tones darken. 0.75–1.25.
    pub gain: f32,
    /// Share of grey that is printed in black ink, 0–0.8.
    pub black: f32,
}

impl InkSet {
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        let white = draw::skewed(rng, &(-1.0..=-0.72), 0.6).abs();
        let warmth = draw::centred(rng, &(-0.05..=0.05));
        let wear = draw::skewed(rng, &(0.0..=0.2), 1.5);
        let common = draw::skewed(rng, &(0.0..=0.2), 1.5);
        Self {
            paper: [(white + warmth).min(1.0), white, (white - warmth).min(1.0)],
            strength: std::array::from_fn(|_| {
                (1.0 - common - draw::uniform(rng, &(0.0..=1.0)) * wear).max(0.72)
            }),
            profile: draw::uniform(rng, &(0.4..=1.0)),
            gain: draw::centred(rng, &(0.75..=1.25)),
            black: draw::uniform(rng, &(0.0..=0.8)),
        }
    }

    /// Dyes of a photo laboratory: deep, well profiled, on white paper.
    pub(crate) fn draw_photographic(rng: &mut StdRng) -> Self {
        let common = draw::skewed(rng, &(0.0..=0.12), 1.5);
        Self {
            strength: [1.0 - common; 4],
            profile: draw::uniform(rng, &(0.7..=1.0)),
            black: 0.0,
            ..Self::draw(rng)
        }
    }

    /// Solid inks as printed: square roots of transmitted light.
    pub(crate) fn solids(&self) -> [Colour; 4] {
        std::array::from_fn(|ink| {
            std::array::from_fn(|channel| {
                let solid = 1.0 - (1.0 - SOLID[ink][channel]) * self.strength[ink];
                let unwanted = ink < 3 && ink != channel;
                if unwanted { solid + (1.0 - solid) * 0.9 * self.profile } else { solid }
            })
        })
    }

    /// What the printer lays down for a linear colour. `solids` are [`Self::solids`].
    pub(crate) fn coverage(&self, colour: Colour, solids: &[Colour; 4]) -> Coverage {
        let wanted: [f32; 3] = std::array::from_fn(|ink| {
            let root = colour[ink].max(0.0).sqrt();
            ((1.0 - root) / (1.0 - solids[ink][ink])).clamp(0.0, 1.0)
        });
        let grey = wanted[0].min(wanted[1]).min(wanted[2]);
        // Black begins in the shadows; lighter greys stay composed of three inks.
        let key = (self.black * grey * grey).min(0.98);
        let [c, m, y] = wanted.map(|ink| (1.0 - (1.0 - ink) / (1.0 - key)).clamp(0.0, 1.0));
        let grown = |cover: f32| {
            // A parabola near x^gain, without the power function's cost.
            (cover + (1.0 - self.gain) * cover * (1.0 - cover)).clamp(0.0, 1.0)
        };
        [grown(c), grown(m), grown(y), grown(key)]
    }

    /// Light that comes back from paper so covered.
    pub(crate) fn reflectance(&self, coverage: Coverage, solids: &[Colour; 4]) -> Colour {
        let mut roots = [1.0; 3];
        for (cover, solid) in coverage.into_iter().zip(solids) {
            for (root, through) in roots.iter_mut().zip(solid) {
                *root *= 1.0 - cover * (1.0 - through);
            }
        }
        std::array::from_fn(|channel| self.paper[channel] * roots[channel] * roots[channel])
    }
}

/// Light scattered by the surface over everything: lifts black, whitens colours.
pub(crate) fn hazed(colour: Colour, haze: f32) -> Colour {
    mix(colour, [1.0; 3], haze)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::linear::luminance;

    #[test]
    fn ink_never_gets_beyond_paper_white_nor_down_to_black() {
        for seed in 0..300 {
            let inks = InkSet::draw(&mut StdRng::seed_from_u64(seed));
            let solids = inks.solids();
            let print = |colour| inks.reflectance(inks.coverage(colour, &solids), &solids);
            assert_eq!(print([1.0; 3]), inks.paper);
            let (black, grey) = (luminance(print([0.0; 3])), luminance(print([0.3; 3])));
            assert!(black > 0.0001 && black < grey && grey < luminance(inks.paper));
        }
    }

    #[test]
    fn a_print_is_less_saturated_than_its_original() {
        let inks = InkSet::draw(&mut StdRng::seed_from_u64(1));
        let solids = inks.solids();
        let [red, green, _] = inks.reflectance(inks.coverage([0.8, 0.02, 0.02], &solids), &solids);
        assert!(red / green < 0.8 / 0.02);
    }

    #[test]
    fn draws_keep_to_their_ranges() {
        for seed in 0..300 {
            let rng = &mut StdRng::seed_from_u64(seed);
            for inks in [InkSet::draw(rng), InkSet::draw_photographic(rng)] {
                assert!(inks.paper.iter().all(|p| (0.67..=1.0).contains(p)), "{inks:?}");
                assert!(inks.strength.iter().all(|s| (0.72..=1.0).contains(s)));
                assert!((0.4..=1.0).contains(&inks.profile));
                assert!((0.75..=1.25).contains(&inks.gain));
                assert!((0.0..=0.8).contains(&inks.black));
            }
        }
    }
}

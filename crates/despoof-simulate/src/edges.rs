//! Where the medium ends: borders, cut edges, heads cut out, bezels.

use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::draw::{self, Range};

/// Unprinted border or letterbox at each side of the photo, in longer sides.
const MARGIN: Range = 0.0..=0.08;

/// Part of the photo that is presented on each side of its centre: face photos are cut close to the head.
const SHOWN: Range = 0.58..=1.0;

/// Width of a display's bezel, in longer sides.
const BEZEL: Range = 0.01..=0.09;

/// Rounding of a device's corners, in longer sides.
const CORNER: Range = 0.0..=0.06;

/// Distance of a cut from the photo's centre, in half the photo's width: around a head in the
/// middle of the photo.
const CUT: Range = 0.62..=0.95;

/// Straight cuts around a head.
const CUTS: usize = 13;

/// White paper left along a cut, in longer sides.
const RIM: Range = 0.0..=0.03;

/// The medium's outline, in sheet coordinates (from the photo's centre, in its longer side).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Edge {
    /// Outside of the frame.
    Hidden,
    /// A sheet of paper.
    Sheet {
        /// How much of the photo is left of its left, top, right and bottom half: 0.58–1.
        shown: [f32; 4],
        /// Unprinted border left, top, right, bottom: 0–0.08.
        margins: [f32; 4],
    },
    /// A person cut out with scissors, down to the photo's lower border.
    Cutout {
        /// Distances of the cut's corners around the centre, 0.62–0.95 half photo widths.
        radii: [f32; CUTS],
        /// White paper left along the cut, 0–0.03.
        rim: f32,
    },
    /// A display in its bezel.
    Device {
        /// How much of the photo is left of its left, top, right and bottom half: 0.58–1.
        shown: [f32; 4],
        /// Unlit letterbox left, top, right, bottom: 0–0.08.
        margins: [f32; 4],
        /// Width of the bezel, 0.01–0.09.
        bezel: f32,
        /// Radius of the outer corners, 0–0.06.
        corner: f32,
        /// Reflectance of the bezel: black, seldom grey or white.
        albedo: f32,
    },
}

/// What is at a point of the medium's plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Region {
    /// The presented photo.
    Photo,
    /// White paper or unlit pixels around it.
    Margin,
    /// The device's frame.
    Bezel,
    /// Whatever is behind, so far from the outline (longer sides).
    Behind(f32),
}

impl Edge {
    /// A sheet held into the frame.
    pub(crate) fn draw_sheet(rng: &mut StdRng) -> Self {
        Self::Sheet { shown: draw_shown(rng), margins: draw_margins(rng) }
    }

    /// A head cut out of a sheet.
    pub(crate) fn draw_cutout(rng: &mut StdRng) -> Self {
        let size = draw::uniform(rng, &(CUT.start() + 0.1..=CUT.end() - 0.1));
        Self::Cutout {
            radii: std::array::from_fn(|_| size + rng.random_range(-0.1..=0.1)),
            rim: draw::skewed(rng, &RIM, 2.0),
        }
    }

    /// A device whose bezel may come into view.
    pub(crate) fn draw_device(rng: &mut StdRng) -> Self {
        Self::Device {
            shown: draw_shown(rng),
            margins: if draw::chance(rng, 0.4) { draw_margins(rng) } else { [0.0; 4] },
            bezel: draw::skewed(rng, &BEZEL, 1.5),
            corner: draw::skewed(rng, &CORNER, 1.5),
            albedo: draw::skewed(rng, &(0.01..=0.7), 5.0),
        }
    }

    /// How far the medium reaches left, above, right of and below the centre of a photo of that half extent;
    /// none where nothing could hold it in sight.
    pub(crate) fn ends(&self, half: [f32; 2]) -> Option<[f32; 4]> {
        match self {
            Self::Sheet { shown, margins } => Some(extended(photo_ends(half, shown), margins)),
            Self::Device { shown, margins, bezel, .. } => {
                Some(extended(extended(photo_ends(half, shown), margins), &[*bezel; 4]))
            }
            Self::Hidden | Self::Cutout { .. } => None,
        }
    }

    /// What is at `point` for a photo of that half extent.
    pub(crate) fn region(&self, point: [f32; 2], half: [f32; 2]) -> Region {
        match self {
            Self::Hidden => Region::Photo,
            Self::Sheet { shown, margins } => {
                inside_margins(point, photo_ends(half, shown), margins)
                    .unwrap_or_else(Region::Behind)
            }
            Self::Device { shown, margins, bezel, corner, .. } => {
                let photo = photo_ends(half, shown);
                inside_margins(point, photo, margins).unwrap_or_else(|_| {
                    let device = extended(extended(photo, margins), &[*bezel; 4]);
                    match distance(point, device, *corner) {
                        distance if distance <= 0.0 => Region::Bezel,
                        distance => Region::Behind(distance),
                    }
                })
            }
            Self::Cutout { radii, rim } => cutout(point, half, radii, *rim),
        }
    }
}

/// How far what is left of a photo reaches left, above, right of and below its centre.
fn photo_ends(half: [f32; 2], shown: &[f32; 4]) -> [f32; 4] {
    std::array::from_fn(|side| half[side % 2] * shown[side])
}

/// The same, so much further on each side.
fn extended(ends: [f32; 4], by: &[f32; 4]) -> [f32; 4] {
    std::array::from_fn(|side| ends[side] + by[side])
}

/// All of the photo, or cut closer on all sides alike, more or less.
fn draw_shown(rng: &mut StdRng) -> [f32; 4] {
    if draw::chance(rng, 0.25) {
        return [1.0; 4];
    }
    let common = draw::skewed(rng, &SHOWN, 1.3);
    std::array::from_fn(|_| {
        (common + draw::centred(rng, &(-0.15..=0.15))).clamp(*SHOWN.start(), *SHOWN.end())
    })
}

/// Equal margins on all sides, or each its own; mostly narrow.
fn draw_margins(rng: &mut StdRng) -> [f32; 4] {
    let common = draw::skewed(rng, &MARGIN, 2.0);
    if draw::chance(rng, 0.5) {
        [common; 4]
    } else {
        std::array::from_fn(|_| draw::skewed(rng, &MARGIN, 2.0))
    }
}

/// Photo or margin, or the distance from the margins' outer border.
fn inside_margins(point: [f32; 2], photo: [f32; 4], margins: &[f32; 4]) -> Result<Region, f32> {
    let [left, top, right, bottom] = photo;
    if (-left..=right).contains(&point[0]) && (-top..=bottom).contains(&point[1]) {
        return Ok(Region::Photo);
    }
    match distance(point, extended(photo, margins), 0.0) {
        distance if distance <= 0.0 => Ok(Region::Margin),
        distance => Err(distance),
    }
}

/// Signed distance to the rectangle that reaches so far left, above, right and below, with rounded corners.
fn distance(point: [f32; 2], [left, top, right, bottom]: [f32; 4], corner: f32) -> f32 {
    let centre = [(right - left) / 2.0, (bottom - top) / 2.0];
    let extent = [(left + right) / 2.0, (top + bottom) / 2.0];
    let corner = corner.min(extent[0]).min(extent[1]);
    let x = (point[0] - centre[0]).abs() - extent[0] + corner;
    let y = (point[1] - centre[1]).abs() - extent[1] + corner;
    x.max(0.0).hypot(y.max(0.0)) + x.max(y).min(0.0) - corner
}

/// A polygon around the photo's centre, open towards the lower border, where the shoulders are.
fn cutout(point: [f32; 2], half: [f32; 2], radii: &[f32; CUTS], rim: f32) -> Region {
    let beyond = [point[0].abs() - half[0], point[1].abs() - half[1]];
    let off_sheet = beyond[0].max(beyond[1]);
    // Below the chin the shoulders widen the cut.
    let widened = 1.0 + 1.6 * (point[1] - 0.3 * half[1]).max(0.0) / half[1];
    let (x, y) = (point[0] / widened, point[1] * 0.8);
    let turn = (y.atan2(x) / std::f32::consts::TAU).rem_euclid(1.0) * CUTS as f32;
    let (corner, share) = (turn as usize % CUTS, turn.fract());
    let radius = radii[corner] * (1.0 - share) + radii[(corner + 1) % CUTS] * share;
    let off_cut = x.hypot(y) - radius * half[0];
    match off_cut.max(off_sheet) {
        distance if distance <= 0.0 && off_cut <= -rim => Region::Photo,
        distance if distance <= 0.0 => Region::Margin,
        distance => Region::Behind(distance),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const HALF: [f32; 2] = [0.4, 0.5];

    #[test]
    fn every_outline_holds_the_photos_centre() {
        for seed in 0..100 {
            let rng = &mut StdRng::seed_from_u64(seed);
            for edge in [Edge::draw_sheet(rng), Edge::draw_cutout(rng), Edge::draw_device(rng)] {
                assert_eq!(edge.region([0.0, 0.0], HALF), Region::Photo, "{edge:?}");
                assert!(matches!(edge.region([0.9, 0.9], HALF), Region::Behind(_)));
            }
        }
    }

    #[test]
    fn a_device_has_photo_margin_bezel_and_background_from_inside_out() {
        let edge = Edge::Device {
            shown: [1.0; 4],
            margins: [0.05; 4],
            bezel: 0.03,
            corner: 0.02,
            albedo: 0.02,
        };
        assert_eq!(edge.region([0.39, 0.0], HALF), Region::Photo);
        assert_eq!(edge.region([0.44, 0.0], HALF), Region::Margin);
        assert_eq!(edge.region([0.47, 0.0], HALF), Region::Bezel);
        assert!(matches!(edge.region([0.49, 0.0], HALF), Region::Behind(d) if d < 0.02));
    }

    #[test]
    fn a_photo_cut_closer_ends_where_it_was_cut() {
        let edge = Edge::Sheet { shown: [0.6, 0.8, 1.0, 0.7], margins: [0.02; 4] };
        for (point, region) in [
            ([-0.239, 0.0], Region::Photo),
            ([-0.25, 0.0], Region::Margin),
            ([0.399, 0.0], Region::Photo),
            ([0.0, -0.399], Region::Photo),
            ([0.0, 0.351], Region::Margin),
        ] {
            assert_eq!(edge.region(point, HALF), region, "{point:?}");
        }
        assert!(matches!(edge.region([-0.27, 0.0], HALF), Region::Behind(_)));
    }

    #[test]
    fn draws_keep_to_their_ranges() {
        for seed in 0..300 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let Edge::Cutout { radii, rim } = Edge::draw_cutout(rng) else {
                panic!("not a cutout");
            };
            assert!(radii.iter().all(|radius| CUT.contains(radius)) && RIM.contains(&rim));
            let Edge::Device { shown, margins, bezel, corner, albedo } = Edge::draw_device(rng)
            else {
                panic!("not a device");
            };
            assert!(shown.iter().all(|shown| SHOWN.contains(shown)));
            assert!(margins.iter().all(|margin| MARGIN.contains(margin)));
            assert!(BEZEL.contains(&bezel) && CORNER.contains(&corner));
            assert!((0.01..=0.7).contains(&albedo));
        }
    }
}

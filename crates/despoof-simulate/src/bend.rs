//! A sheet bent around a cylinder: where its points go, and how its surface catches light.

use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::draw::{self, Range};

/// Turn of the surface over the photo's longer side, radians: from a sheet that sags a little in
/// the hand to one wrapped around a face.
pub(crate) const CURVATURE: Range = 0.25..=1.4;

/// Offset of the line nearest to (or farthest from) the camera, in longer sides.
const OFFSET: Range = -0.2..=0.2;

/// Direction of the light across the axis, radians from the viewing direction.
const LIGHT: Range = -1.0..=1.0;

/// Share of the light that comes from everywhere.
const AMBIENT: Range = 0.3..=0.9;

/// Distance of the camera in longer sides, as far as the bend's own perspective goes.
const DISTANCE: f32 = 3.0;

/// A bend about an axis in the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bend {
    /// Direction across the axis: the one in which the sheet turns.
    pub across: [f32; 2],
    /// Turn over the photo's longer side, 0.25–1.4 radians, mostly small.
    pub curvature: f32,
    /// True when the edges recede (as around a face), false when they come nearer.
    pub convex: bool,
    /// Offset of the axis from the centre, −0.2–0.2 longer sides.
    pub offset: f32,
    /// Direction of the light across the axis, −1–1 radians.
    pub light: f32,
    /// Share of undirected light, 0.3–0.9.
    pub ambient: f32,
}

impl Bend {
    /// Mostly about an upright axis: that is how a sheet is held in two hands.
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        let across = if draw::chance(rng, 0.6) {
            let slant = draw::centred(rng, &(-0.3..=0.3));
            [slant.cos(), slant.sin()]
        } else {
            draw::direction(rng)
        };
        Self {
            across,
            curvature: draw::skewed(rng, &CURVATURE, 1.5),
            convex: draw::chance(rng, 0.65),
            offset: draw::centred(rng, &OFFSET),
            light: draw::uniform(rng, &LIGHT),
            ambient: draw::uniform(rng, &AMBIENT),
        }
    }

    /// Where a point of the flat sheet is seen. Points are relative to the centre, in longer sides.
    pub(crate) fn apply(&self, point: [f32; 2]) -> [f32; 2] {
        let [across, along] = self.turned(point);
        let angle = self.curvature * across;
        let depth = self.side() * (1.0 - angle.cos()) / self.curvature;
        let nearness = 1.0 / (1.0 + depth / DISTANCE);
        self.turned_back([angle.sin() / self.curvature * nearness, along * nearness])
    }

    /// The point of the flat sheet that is seen at `point`; none where the sheet has turned away.
    pub(crate) fn invert(&self, point: [f32; 2]) -> Option<[f32; 2]> {
        let [seen, along] = self.turned(point);
        // seen · (1 + e(1 − cos φ)) = sin φ / κ, solved for φ.
        let e = self.side() / (self.curvature * DISTANCE);
        let q = self.curvature * seen;
        let sine = q * (1.0 + e) / (1.0 + q * q * e * e).sqrt();
        if sine.abs() >= 1.0 {
            return None;
        }
        let angle = sine.asin() - (q * e).atan();
        let depth = self.side() * (1.0 - angle.cos()) / self.curvature;
        let nearness = 1.0 / (1.0 + depth / DISTANCE);
        Some(self.turned_back([angle / self.curvature, along / nearness]))
    }

    /// Angle between the surface's normal and the viewing direction at a point of the flat sheet,
    /// radians, towards the light positive.
    pub(crate) fn slope(&self, point: [f32; 2]) -> f32 {
        self.side() * self.curvature * self.turned(point)[0]
    }

    /// Light that falls on the surface there, 1 where it faces the camera.
    pub(crate) fn shade(&self, point: [f32; 2]) -> f32 {
        let facing = (self.slope(point) - self.light).cos().max(0.0) / self.light.cos();
        self.ambient + (1.0 - self.ambient) * facing
    }

    fn side(&self) -> f32 {
        if self.convex { 1.0 } else { -1.0 }
    }

    /// From sheet axes to [across, along] the bend, from its axis.
    fn turned(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [cos, sin] = self.across;
        [x * cos + y * sin - self.offset, y * cos - x * sin]
    }

    fn turned_back(&self, [across, along]: [f32; 2]) -> [f32; 2] {
        let [cos, sin] = self.across;
        let across = across + self.offset;
        [across * cos - along * sin, across * sin + along * cos]
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn inverting_a_bend_leads_back_to_the_sheet() {
        for seed in 0..200 {
            let bend = Bend::draw(&mut StdRng::seed_from_u64(seed));
            for point in [[0.0, 0.0], [0.4, -0.3], [-0.5, 0.5], [0.1, 0.45]] {
                let Some(back) = bend.invert(bend.apply(point)) else {
                    panic!("{bend:?} hides {point:?}");
                };
                let error = (back[0] - point[0]).hypot(back[1] - point[1]);
                assert!(error < 1e-3, "{bend:?} moves {point:?} to {back:?}");
            }
        }
    }

    #[test]
    fn draws_keep_to_their_ranges() {
        for seed in 0..500 {
            let bend = Bend::draw(&mut StdRng::seed_from_u64(seed));
            assert!(CURVATURE.contains(&bend.curvature));
            assert!(OFFSET.contains(&bend.offset));
            assert!(LIGHT.contains(&bend.light));
            assert!(AMBIENT.contains(&bend.ambient));
        }
    }
}

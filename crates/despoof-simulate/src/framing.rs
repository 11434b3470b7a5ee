//! How the medium is held before the camera.

use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::{
    bend::Bend,
    draw::{self, Range},
    edges::Edge,
    fingers::Finger,
    perspective::Pose,
    species::Species,
    transform::{Transform, half_extent},
};

/// Rotation in the image plane, radians (±9°).
const ROLL: Range = -0.16..=0.16;

/// Turn out of the image plane, radians (±20°).
const TURN: Range = -0.35..=0.35;

/// Distance of the camera, in longer sides of the frame: arm's length down to very near.
const DISTANCE: Range = 1.3..=4.0;

/// Zoom beyond what fills the frame.
const ZOOM: Range = 1.0..=1.12;

/// Size of a medium whose edges show, in frames.
const SHOWN_SCALE: Range = 0.45..=1.0;

/// Offset of a medium that fills the frame but for its edges, in longer sides of the frame; a smaller
/// one may lie further off.
const SHOWN_SHIFT: Range = -0.09..=0.09;

/// How much further off, as a share of what a smaller one leaves free of the frame.
const ROOM: f32 = 0.3;

/// Share of media with edges in sight that fingers hold in sight.
const HELD: f64 = 0.6;

/// Geometry of one picture of a medium.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Framing {
    /// Stand of the medium's plane: roll within ±0.16, yaw and pitch within ±0.35 radians, distance
    /// 1.3–4; scale 0.45–1 and shift within ±0.26 where edges show, else as much as fills the frame.
    pub pose: Pose,
    /// Bend of the medium, if it is a bent print.
    pub bend: Option<Bend>,
    /// Its outline.
    pub edge: Edge,
    /// Fingers that hold it, where its edges show.
    pub fingers: Vec<Finger>,
}

impl Framing {
    /// As that species is presented, for a photo of that size in pixels.
    pub(crate) fn draw(rng: &mut StdRng, species: Species, size: [f32; 2]) -> Self {
        let bend = (species == Species::PrintBent).then(|| Bend::draw(rng));
        let edge = draw_edge(rng, species);
        let pose = draw_pose(rng);
        if edge == Edge::Hidden {
            return Self::filling(rng, pose, bend, size);
        }
        let scale = draw::uniform(rng, &SHOWN_SCALE);
        let room = ROOM * (1.0 - scale);
        let mut shift = || draw::centred(rng, &SHOWN_SHIFT) + draw::centred(rng, &(-room..=room));
        let pose = Pose { shift: [shift(), shift()], scale, ..pose };
        let held = draw::chance(rng, HELD).then(|| edge.ends(half_extent(size))).flatten();
        let fingers = held.map_or_else(Vec::new, |ends| Finger::draw_hands(rng, ends));
        Self { pose, bend, edge, fingers }
    }

    /// As a live photo is taken again: the same poses, filling the frame.
    pub(crate) fn draw_live(rng: &mut StdRng, size: [f32; 2]) -> Self {
        let pose = draw_pose(rng);
        Self::filling(rng, pose, None, size)
    }

    /// The map from photo to frame.
    pub(crate) fn transform(&self, size: [f32; 2]) -> Transform {
        Transform::new(&self.pose, self.bend, size)
    }

    /// Zoomed until no corner of the frame looks past the photo.
    fn filling(rng: &mut StdRng, mut pose: Pose, bend: Option<Bend>, size: [f32; 2]) -> Self {
        while !fills_frame(&Transform::new(&pose, bend, size), size) && pose.scale < 4.0 {
            pose.scale *= 1.02;
        }
        pose.scale *= draw::skewed(rng, &ZOOM, 2.0);
        Self { pose, bend, edge: Edge::Hidden, fingers: Vec::new() }
    }
}

/// Any stand, of scale 1 in the frame's centre.
fn draw_pose(rng: &mut StdRng) -> Pose {
    // Half of all media are held nearly straight.
    let still = if draw::chance(rng, 0.5) { 0.35 } else { 1.0 };
    Pose {
        roll: draw::centred(rng, &ROLL) * still,
        yaw: draw::centred(rng, &TURN) * still,
        pitch: draw::centred(rng, &TURN) * still,
        scale: 1.0,
        shift: [0.0; 2],
        distance: draw::uniform(rng, &DISTANCE),
    }
}

/// How often the edges of each species come into view.
fn draw_edge(rng: &mut StdRng, species: Species) -> Edge {
    match species {
        Species::PrintFlat if draw::chance(rng, 0.4) => Edge::Hidden,
        Species::PrintBent if draw::chance(rng, 0.35) => Edge::Hidden,
        Species::PrintCut if draw::chance(rng, 0.45) => Edge::draw_cutout(rng),
        Species::PrintFlat | Species::PrintBent | Species::PrintCut => Edge::draw_sheet(rng),
        Species::ScreenPhone | Species::ScreenTablet if draw::chance(rng, 0.45) => Edge::Hidden,
        Species::ScreenLaptop | Species::ScreenMonitor if draw::chance(rng, 0.55) => Edge::Hidden,
        _ => Edge::draw_device(rng),
    }
}

/// Whether every point along the frame's border shows the photo.
fn fills_frame(transform: &Transform, [width, height]: [f32; 2]) -> bool {
    (0..=8).all(|step| {
        let (x, y) = (width * step as f32 / 8.0, height * step as f32 / 8.0);
        [[x, 0.0], [x, height], [0.0, y], [width, y]].into_iter().all(|point| {
            transform
                .invert(point)
                .is_some_and(|[x, y]| (0.0..=width).contains(&x) && (0.0..=height).contains(&y))
        })
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn hidden_edges_mean_a_filled_frame_and_modest_zoom() {
        let size = [320.0, 240.0];
        for seed in 0..200 {
            for species in Species::all() {
                let framing = Framing::draw(&mut StdRng::seed_from_u64(seed), species, size);
                if framing.edge == Edge::Hidden {
                    assert!(fills_frame(&framing.transform(size), size), "{framing:?}");
                    assert!(framing.pose.scale < 2.6, "{framing:?}");
                } else {
                    assert!(SHOWN_SCALE.contains(&framing.pose.scale));
                    let furthest = SHOWN_SHIFT.end() + ROOM * (1.0 - framing.pose.scale) + 1e-6;
                    assert!(framing.pose.shift.iter().all(|shift| shift.abs() <= furthest));
                }
                assert!(ROLL.contains(&framing.pose.roll));
                assert!(TURN.contains(&framing.pose.yaw) && TURN.contains(&framing.pose.pitch));
                assert!(DISTANCE.contains(&framing.pose.distance));
            }
        }
    }
}

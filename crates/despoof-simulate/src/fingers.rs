//! Fingers of the hand that holds a medium into the frame.

use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{
    draw::{self, Range},
    linear::{Colour, mix},
};

/// Half width of a finger, in longer sides of the photo: from prints larger than life to cards.
const RADIUS: Range = 0.02..=0.055;

/// How far finger tips reach into the medium, in longer sides.
const REACH: Range = 0.02..=0.14;

/// Turn of a hand's fingers against the edge's normal, radians.
const SLANT: Range = -0.6..=0.6;

/// Light that the palest and the darkest skin reflect.
const SKINS: [Colour; 2] = [[0.62, 0.40, 0.31], [0.10, 0.055, 0.04]];

/// One finger: a rounded bar from beyond the medium onto it, in sheet coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Finger {
    /// Centre of its round end.
    pub tip: [f32; 2],
    /// Unit vector from the tip to the hand.
    pub towards_hand: [f32; 2],
    /// Half its width, 0.02–0.055 longer sides.
    pub radius: f32,
    /// Light that its skin reflects.
    pub skin: Colour,
}

impl Finger {
    /// Fingers of one or two hands on a medium that ends so far left, above, right of and below the photo's
    /// centre (longer sides).
    pub(crate) fn draw_hands(rng: &mut StdRng, ends: [f32; 4]) -> Vec<Self> {
        let skin = mix(SKINS[0], SKINS[1], draw::skewed(rng, &(0.0..=1.0), 1.5));
        let radius = draw::log_uniform(rng, &RADIUS);
        let sides: &[usize] = match rng.random_range(0..10) {
            0..5 => &[0, 2],
            5 => &[0],
            6 => &[2],
            7..9 => &[3],
            _ => &[1],
        };
        sides.iter().flat_map(|&side| draw_hand(rng, side, ends, radius, skin)).collect()
    }

    /// How the light of a room falls back from it at a point of the sheet; none beside it.
    pub(crate) fn light_at(&self, [x, y]: [f32; 2]) -> Option<Colour> {
        let (x, y) = (x - self.tip[0], y - self.tip[1]);
        let along = (x * self.towards_hand[0] + y * self.towards_hand[1]).max(0.0);
        let off = (x - along * self.towards_hand[0]).hypot(y - along * self.towards_hand[1]);
        let share = off / self.radius;
        // Round: what turns away from the lamp beside the camera gets less.
        (share < 1.0)
            .then(|| self.skin.map(|skin| skin * (0.35 + 0.65 * (1.0 - share * share).sqrt())))
    }
}

/// One to four fingers beside each other on a side: left, top, right, bottom.
fn draw_hand(
    rng: &mut StdRng,
    side: usize,
    ends: [f32; 4],
    radius: f32,
    skin: Colour,
) -> Vec<Finger> {
    let upright = side.is_multiple_of(2);
    let sign = if side < 2 { -1.0 } else { 1.0 };
    let [before, behind] = if upright { [ends[1], ends[3]] } else { [ends[0], ends[2]] };
    let middle = rng.random_range(-before..=behind) * 0.8;
    let slant = draw::centred(rng, &SLANT);
    let count = rng.random_range(1..=4);
    (0..count)
        .map(|index| {
            let along = middle + (index as f32 - (count - 1) as f32 / 2.0) * 2.1 * radius;
            let across = sign * (ends[side] - draw::uniform(rng, &REACH));
            let (sin, cos) = (slant + draw::centred(rng, &(-0.1..=0.1))).sin_cos();
            let (tip, towards_hand) = if upright {
                ([across, along], [sign * cos, sin])
            } else {
                ([along, across], [sin, sign * cos])
            };
            Finger { tip, towards_hand, radius, skin }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn fingers_come_from_beyond_the_medium_onto_it() {
        let ends = [0.4, 0.5, 0.35, 0.45];
        for seed in 0..300 {
            let fingers = Finger::draw_hands(&mut StdRng::seed_from_u64(seed), ends);
            assert!((1..=8).contains(&fingers.len()));
            for finger in fingers {
                assert!(RADIUS.contains(&finger.radius));
                let [x, y] = finger.tip;
                let across = (x + ends[0]).min(ends[2] - x).min((y + ends[1]).min(ends[3] - y));
                assert!(across <= *REACH.end(), "{finger:?}");
                let far = [0, 1].map(|axis| finger.tip[axis] + 2.0 * finger.towards_hand[axis]);
                assert!(far[0].abs().max(far[1].abs()) > 0.5, "{finger:?}");
                assert_eq!(finger.light_at(finger.tip), Some(finger.skin));
                let beyond = [0, 1]
                    .map(|axis| finger.tip[axis] - 1.1 * finger.radius * finger.towards_hand[axis]);
                assert_eq!(finger.light_at(beyond), None);
            }
        }
    }
}

//! Pixel grids of displays.

use serde::{Deserialize, Serialize};

use crate::{
    linear::Colour,
    tile::{Footprint, Tile},
};

/// How a display lays out its red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Upright stripes side by side: most LCDs.
    Stripe,
    /// The same in a display held lying: stripes above each other.
    LyingStripe,
    /// Diamonds, twice as many green as red or blue: OLED phones.
    Pentile,
}

impl Layout {
    /// Pixels per period of the structure.
    fn pixels(self) -> f32 {
        match self {
            Self::Stripe | Self::LyingStripe => 1.0,
            Self::Pentile => 2.0,
        }
    }

    /// Light of one channel at a phase: 1 on its subpixel. `lit` is the share of the area that
    /// shines, the rest is black matrix.
    fn light(self, channel: usize, lit: f32, u: f32, v: f32) -> f32 {
        match self {
            Self::Stripe => stripe(channel, lit, u, v),
            Self::LyingStripe => stripe(channel, lit, v, u),
            Self::Pentile => diamond(channel, lit, u, v),
        }
    }
}

fn stripe(channel: usize, lit: f32, u: f32, v: f32) -> f32 {
    let side = lit.sqrt();
    let centre = (channel as f32 + 0.5) / 3.0;
    let inside = (u - centre).abs() < side / 6.0 && (v - 0.5).abs() < side / 2.0;
    f32::from(u8::from(inside))
}

fn diamond(channel: usize, lit: f32, u: f32, v: f32) -> f32 {
    let centres: &[[f32; 2]] = match channel {
        0 => &[[0.0, 0.0], [0.5, 0.5]],
        1 => &[[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]],
        _ => &[[0.5, 0.0], [0.0, 0.5]],
    };
    // Red and blue are larger, as there are fewer.
    let radius = if channel == 1 { 0.17 } else { 0.23 } * lit.sqrt() * 1.1;
    let wrapped = |a: f32, b: f32| ((a - b + 0.5).rem_euclid(1.0) - 0.5).abs();
    let inside = centres.iter().any(|[x, y]| wrapped(u, *x) + wrapped(v, *y) < radius);
    f32::from(u8::from(inside))
}

/// A pixel grid prepared for one camera: factors of mean 1 on each channel.
pub(crate) struct PixelGrid {
    channels: [Tile; 3],
    /// Periods per photo pixel.
    frequency: f32,
}

impl PixelGrid {
    /// Display pixels `pitch` photo pixels apart, a share `lit` of each shining.
    pub(crate) fn new(layout: Layout, lit: f32, pitch: f32, footprint: &Footprint) -> Self {
        let period = pitch * layout.pixels();
        let across = footprint.kernel([1.0, 0.0], period);
        let down = footprint.kernel([0.0, 1.0], period);
        let channels = [0, 1, 2].map(|channel| {
            let sharp = Tile::from_fn(|u, v| layout.light(channel, lit, u, v));
            let mean = sharp.mean().max(1e-3);
            sharp.filtered(&across, &down).scaled(1.0 / mean)
        });
        Self { channels, frequency: 1.0 / period }
    }

    /// The factors at a point in photo pixels.
    pub(crate) fn at(&self, [x, y]: [f32; 2]) -> Colour {
        let (u, v) = (x * self.frequency, y * self.frequency);
        // Filtering overshoots a sharp edge a little; light is not negative.
        [0, 1, 2].map(|channel: usize| self.channels[channel].at(u, v).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_shines_in_every_channel() {
        for layout in [Layout::Stripe, Layout::LyingStripe, Layout::Pentile] {
            for channel in 0..3 {
                let tile = Tile::from_fn(|u, v| layout.light(channel, 0.6, u, v));
                assert!((0.05..0.4).contains(&tile.mean()), "{layout:?} {channel}");
            }
        }
    }

    #[test]
    fn a_near_camera_sees_the_grid_and_a_far_one_sees_grey() {
        let spread = |side| {
            let footprint = Footprint { side, blur: 0.0, motion: [0.0; 2] };
            let grid = PixelGrid::new(Layout::Stripe, 0.7, 1.0, &footprint);
            let reds: Vec<f32> = (0..100).map(|i| grid.at([i as f32 * 0.07, 0.4])[0]).collect();
            reds.iter().copied().fold(0.0, f32::max) - reds.iter().copied().fold(9.0, f32::min)
        };
        assert!(spread(0.2) > 1.5 && spread(6.0) < 0.01);
    }
}

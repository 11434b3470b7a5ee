//! How parameters are drawn: broad, and mostly subtle.
//!
//! Real attacks are mostly hard to see; a simulator that draws strengths evenly teaches a network to
//! look for cartoons. Strengths are therefore drawn [`skewed`] towards their harmless end.

use std::ops::RangeInclusive;

use rand::{Rng, rngs::StdRng};

/// The closed interval a parameter is drawn from.
pub(crate) type Range = RangeInclusive<f32>;

/// Evenly from `range`.
pub(crate) fn uniform(rng: &mut StdRng, range: &Range) -> f32 {
    rng.random_range(range.clone())
}

/// Evenly in the logarithm: for scales and counts, which matter by their ratio.
pub(crate) fn log_uniform(rng: &mut StdRng, range: &Range) -> f32 {
    let exponent = rng.random_range(range.start().ln()..=range.end().ln());
    exponent.exp().clamp(*range.start(), *range.end())
}

/// From `range`, the denser towards its start the higher `power` (1 is even).
pub(crate) fn skewed(rng: &mut StdRng, range: &Range, power: f32) -> f32 {
    let position = rng.random_range(0.0f32..=1.0).powf(power);
    range.start() + (range.end() - range.start()) * position
}

/// From `range`, densest in its middle: for angles, offsets and gains that are usually right.
pub(crate) fn centred(rng: &mut StdRng, range: &Range) -> f32 {
    let position = (rng.random_range(0.0f32..=1.0) + rng.random_range(0.0f32..=1.0)) / 2.0;
    range.start() + (range.end() - range.start()) * position
}

/// True in `share` (0–1) of all draws.
pub(crate) fn chance(rng: &mut StdRng, share: f64) -> bool {
    rng.random_bool(share)
}

/// A unit vector in any direction of the plane.
pub(crate) fn direction(rng: &mut StdRng) -> [f32; 2] {
    let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
    [cos, sin]
}

//! How printers render tones with dots of full ink.

use crate::{
    ink::Coverage,
    texture::Noise,
    tile::{Footprint, SIDE, Tile},
};

/// Tones for which an amplitude-modulated screen is prepared, less one.
const STEPS: usize = 12;

/// An amplitude-modulated screen: dots on a turned grid for each ink, as large as the tone needs.
pub(crate) struct DotScreen {
    /// Filtered dot patterns for coverages 0, 1/12 … 1.
    tones: Vec<Tile>,
    /// Dots per photo pixel.
    frequency: f32,
    /// Cosine and sine of each ink's angle.
    angles: [[f32; 2]; 4],
}

impl DotScreen {
    /// Dots `period` photo pixels apart, as that footprint sees them.
    pub(crate) fn new(period: f32, turn: f32, footprint: &Footprint) -> Self {
        // The classic angles: 30° apart, with yellow, the least visible, in between.
        let angles = [15.0f32, 75.0, 0.0, 45.0].map(|degrees| {
            let (sin, cos) = (degrees.to_radians() + turn).sin_cos();
            [cos, sin]
        });
        // Screens are turned all ways; motion is taken along the black one.
        let [cos, sin] = angles[3];
        let across = footprint.kernel([cos, sin], period);
        let down = footprint.kernel([-sin, cos], period);
        Self {
            tones: dots().iter().map(|tile| tile.filtered(&across, &down)).collect(),
            frequency: 1.0 / period,
            angles,
        }
    }

    /// Local coverages where the mean ones are `coverage`.
    pub(crate) fn local(&self, coverage: Coverage, [x, y]: [f32; 2]) -> Coverage {
        std::array::from_fn(|ink| {
            let [cos, sin] = self.angles[ink];
            let u = (x * cos + y * sin) * self.frequency;
            let v = (y * cos - x * sin) * self.frequency;
            let steps = coverage[ink] * STEPS as f32;
            let step = (steps as usize).min(STEPS - 1);
            let share = steps - step as f32;
            let fewer = self.tones[step].at(u, v);
            let tone = fewer + (self.tones[step + 1].at(u, v) - fewer) * share;
            // Sums of waves overshoot at a dot's edge, and no paper shines brighter than bare.
            tone.clamp(0.0, 1.0)
        })
    }
}

/// Round dots that become round holes, with exact areas.
fn dots() -> Vec<Tile> {
    let spot = |u: f32, v: f32| {
        let (u, v) = (u * std::f32::consts::TAU, v * std::f32::consts::TAU);
        u.cos() + v.cos()
    };
    let mut levels = Vec::with_capacity(SIDE * SIDE);
    Tile::from_fn(|u, v| {
        levels.push(spot(u, v));
        0.0
    });
    levels.sort_by(|a, b| b.total_cmp(a));
    (0..=STEPS)
        .map(|step| {
            let inked = step * SIDE * SIDE / STEPS;
            let threshold = match inked {
                0 => f32::INFINITY,
                count => levels[count - 1],
            };
            Tile::from_fn(|u, v| f32::from(u8::from(spot(u, v) >= threshold)))
        })
        .collect()
}

/// Stochastic dots of an inkjet: equal drops, scattered.
pub(crate) struct Scatter {
    noise: Noise,
    /// Lattice steps per photo pixel.
    frequency: f32,
    /// Deviation of the coverage when half is covered.
    deviation: f32,
}

impl Scatter {
    /// Drops `pitch` photo pixels apart, as that footprint sees them.
    pub(crate) fn new(pitch: f32, seed: u64, footprint: &Footprint) -> Self {
        let seen = (footprint.side * footprint.side + 12.0 * footprint.blur).sqrt();
        let drops = (seen / pitch).max(1.0);
        Self {
            noise: Noise::new(seed),
            frequency: 1.0 / pitch.max(footprint.side),
            // Error diffusion spreads drops more evenly than chance, whose deviation is 1/drops.
            deviation: 1.2 / drops.powf(1.3),
        }
    }

    /// Local coverages where the mean ones are `coverage`.
    pub(crate) fn local(&self, coverage: Coverage, [x, y]: [f32; 2]) -> Coverage {
        let (x, y) = (x * self.frequency, y * self.frequency);
        std::array::from_fn(|ink| {
            let cover = coverage[ink];
            let offset = 17.3 * ink as f32;
            let drops = self.noise.at(x + offset, y - offset);
            (cover + self.deviation * drops * (cover * (1.0 - cover)).sqrt()).clamp(0.0, 1.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARP: Footprint = Footprint { side: 0.05, blur: 0.0, motion: [0.0; 2] };

    fn mean_black(local: impl Fn([f32; 2]) -> Coverage) -> (f32, f32) {
        let covers: Vec<f32> = (0..10_000)
            .map(|i| local([(i % 100) as f32 * 0.37, (i / 100) as f32 * 0.37])[3])
            .collect();
        let mean = covers.iter().sum::<f32>() / covers.len() as f32;
        let variance = covers.iter().map(|c| (c - mean).powi(2)).sum::<f32>() / covers.len() as f32;
        (mean, variance.sqrt())
    }

    #[test]
    fn dots_cover_what_they_should() {
        for cover in [0.0, 0.2, 0.5, 0.9, 1.0] {
            let screen = DotScreen::new(4.0, 0.0, &SHARP);
            let (mean, _) = mean_black(|at| screen.local([cover; 4], at));
            assert!((mean - cover).abs() < 0.02, "{cover}: {mean}");
        }
    }

    #[test]
    fn coarse_dots_are_seen_and_fine_ones_are_not() {
        let pixel = Footprint { side: 1.0, ..SHARP };
        let seen = |period| {
            let screen = DotScreen::new(period, 0.2, &pixel);
            mean_black(|at| screen.local([0.4; 4], at)).1
        };
        assert!(seen(5.0) > 0.2 && seen(0.2) < 0.03);
        let drops = |pitch| {
            let scatter = Scatter::new(pitch, 1, &pixel);
            mean_black(|at| scatter.local([0.4; 4], at)).1
        };
        assert!(drops(1.0) > 3.0 * drops(0.2));
    }
}

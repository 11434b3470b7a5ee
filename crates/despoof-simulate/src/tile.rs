//! Periodic microstructure as a camera pixel integrates it.
//!
//! A halftone screen or a pixel grid is finer than what the camera resolves. What a camera pixel
//! measures is the structure's mean over the pixel's own area, smeared by the lens. That mean is
//! computed here once for one period and every phase; sampled at the phases which the real
//! projection gives, it beats against the camera's grid exactly as moiré does.

/// Phases per period and direction.
pub(crate) const SIDE: usize = 32;

/// What a camera pixel covers of the medium, in photo pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// Side of the pixel's light-sensitive area.
    pub(crate) side: f32,
    /// Variance of the lens blur, the same in every direction.
    pub(crate) blur: f32,
    /// Way the camera moved during the exposure.
    pub(crate) motion: [f32; 2],
}

impl Footprint {
    /// Standard deviation of the smear along a unit vector, in photo pixels.
    fn smear(&self, direction: [f32; 2]) -> f32 {
        let along = self.motion[0] * direction[0] + self.motion[1] * direction[1];
        (self.blur + along * along / 12.0).sqrt()
    }

    /// The weights with which it averages a structure of `period` photo pixels along a direction.
    pub(crate) fn kernel(&self, direction: [f32; 2], period: f32) -> Kernel {
        Kernel::new(self.side / period, self.smear(direction) / period)
    }
}

/// Weights of an average over phases, wrapped around one period.
pub(crate) struct Kernel([f32; SIDE]);

impl Kernel {
    /// A box of `width` smeared by a Gaussian of `sigma`, both in periods. Built from its Fourier
    /// series, so that both may be longer than the period.
    fn new(width: f32, sigma: f32) -> Self {
        let gains: [f32; SIDE / 2] = std::array::from_fn(|harmonic| {
            let turn = std::f32::consts::PI * harmonic as f32;
            let box_gain = match turn * width {
                small if small < 1e-3 => 1.0,
                angle => angle.sin() / angle,
            };
            box_gain * (-2.0 * (turn * sigma).powi(2)).exp()
        });
        Self(std::array::from_fn(|phase| {
            let series: f32 = (1..SIDE / 2)
                .map(|harmonic| {
                    // Modulo first: keeps the argument small and exact.
                    let step = (harmonic * phase % SIDE) as f32 / SIDE as f32;
                    gains[harmonic] * (std::f32::consts::TAU * step).cos()
                })
                .sum();
            (1.0 + 2.0 * series) / SIDE as f32
        }))
    }
}

/// One period of a structure, at `SIDE × SIDE` phases.
#[derive(Clone)]
pub(crate) struct Tile(Vec<f32>);

impl Tile {
    /// From the structure's value at each phase (0–1 in both directions).
    pub(crate) fn from_fn(mut value: impl FnMut(f32, f32) -> f32) -> Self {
        let phase = |step: usize| (step as f32 + 0.5) / SIDE as f32;
        let mut values = Vec::with_capacity(SIDE * SIDE);
        for v in 0..SIDE {
            for u in 0..SIDE {
                values.push(value(phase(u), phase(v)));
            }
        }
        Self(values)
    }

    /// As a footprint sees it.
    pub(crate) fn filtered(&self, across: &Kernel, down: &Kernel) -> Self {
        let rows = convolved(&self.0, &across.0);
        Self(transposed(&convolved(&transposed(&rows), &down.0)))
    }

    /// Mean over the period.
    pub(crate) fn mean(&self) -> f32 {
        self.0.iter().sum::<f32>() / self.0.len() as f32
    }

    /// Scaled.
    pub(crate) fn scaled(mut self, factor: f32) -> Self {
        self.0.iter_mut().for_each(|value| *value *= factor);
        self
    }

    /// The value at a position in periods.
    pub(crate) fn at(&self, u: f32, v: f32) -> f32 {
        let (u, v) = (phase_steps(u), phase_steps(v));
        let (left, top) = (u as usize % SIDE, v as usize % SIDE);
        let (right, below) = ((left + 1) % SIDE, (top + 1) % SIDE);
        let (share_u, share_v) = (u.fract(), v.fract());
        let above =
            self.0[top * SIDE + left] * (1.0 - share_u) + self.0[top * SIDE + right] * share_u;
        let under =
            self.0[below * SIDE + left] * (1.0 - share_u) + self.0[below * SIDE + right] * share_u;
        above * (1.0 - share_v) + under * share_v
    }
}

/// Steps into the table for a position in periods; table entries sit at half steps.
fn phase_steps(position: f32) -> f32 {
    (position - position.floor()) * SIDE as f32 + SIDE as f32 - 0.5
}

/// Each row convolved around its end.
fn convolved(values: &[f32], kernel: &[f32; SIDE]) -> Vec<f32> {
    let mut result = vec![0.0; values.len()];
    for (row, out) in values.chunks_exact(SIDE).zip(result.chunks_exact_mut(SIDE)) {
        for (from, &value) in row.iter().enumerate() {
            if value == 0.0 {
                continue;
            }
            for (offset, &weight) in kernel.iter().enumerate() {
                out[(from + offset) % SIDE] += value * weight;
            }
        }
    }
    result
}

fn transposed(values: &[f32]) -> Vec<f32> {
    (0..SIDE * SIDE).map(|index| values[index % SIDE * SIDE + index / SIDE]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes() -> Tile {
        Tile::from_fn(|u, _| if u < 0.5 { 1.0 } else { 0.0 })
    }

    fn contrast(tile: &Tile) -> f32 {
        let most = tile.0.iter().copied().fold(f32::MIN, f32::max);
        most - tile.0.iter().copied().fold(f32::MAX, f32::min)
    }

    #[test]
    fn filtering_keeps_the_mean() {
        for (width, sigma) in [(0.01, 0.0), (0.4, 0.1), (1.7, 0.0), (5.0, 3.0)] {
            let kernel = Kernel::new(width, sigma);
            let mean = stripes().filtered(&kernel, &kernel).mean();
            assert!((mean - 0.5).abs() < 1e-4, "{width} {sigma}: {mean}");
        }
    }

    #[test]
    fn a_pixel_of_whole_periods_sees_no_structure_and_one_between_sees_little() {
        let sees = |width| {
            contrast(&stripes().filtered(&Kernel::new(width, 0.0), &Kernel::new(width, 0.0)))
        };
        assert!(sees(1.0) < 1e-3);
        assert!(sees(2.0) < 1e-3);
        assert!((0.1..0.5).contains(&sees(1.5)));
        assert!(sees(0.1) > 0.9);
    }

    #[test]
    fn blur_along_the_stripes_leaves_them() {
        let moved = Footprint { side: 0.1, blur: 0.0, motion: [0.0, 5.0] };
        let tile =
            stripes().filtered(&moved.kernel([1.0, 0.0], 1.0), &moved.kernel([0.0, 1.0], 1.0));
        assert!(contrast(&tile) > 0.9);
    }

    #[test]
    fn positions_wrap_and_interpolate() {
        let tile = Tile::from_fn(|u, v| u + v);
        for (u, v) in [(0.25, 0.5), (0.51, 0.77)] {
            assert!((tile.at(u, v) - (u + v)).abs() < 1e-3);
            assert!((tile.at(u - 3.0, v + 2.0) - (u + v)).abs() < 1e-3);
        }
    }
}

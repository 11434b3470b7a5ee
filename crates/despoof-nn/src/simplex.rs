//! Simplex noise (Perlin 2001, in the form of Gustavson 2005, "Simplex noise demystified"): smooth noise
//! of a chosen size of grain, which AnoDDPM hides larger anomalies with than white noise can.

use serde::{Deserialize, Serialize};

use crate::diffusion::seeded_uniform;

/// Skew of three dimensions onto the grid of simplices, and back.
const SKEW: f64 = 1.0 / 3.0;
const UNSKEW: f64 = 1.0 / 6.0;
/// Brings the sum of the corners to about −1 to 1.
const SCALE: f64 = 32.0;
/// Variance of one octave: measured with the package `noise` at 150,000 places under 60 random tables; a
/// test repeats it with ours.
const VARIANCE: f64 = 0.181;

/// Directions of the slopes at the corners: the middles of a cube's edges.
const GRADIENTS: [[f64; 3]; 12] = [
    [1.0, 1.0, 0.0],
    [-1.0, 1.0, 0.0],
    [1.0, -1.0, 0.0],
    [-1.0, -1.0, 0.0],
    [1.0, 0.0, 1.0],
    [-1.0, 0.0, 1.0],
    [1.0, 0.0, -1.0],
    [-1.0, 0.0, -1.0],
    [0.0, 1.0, 1.0],
    [0.0, -1.0, 1.0],
    [0.0, 1.0, -1.0],
    [0.0, -1.0, -1.0],
];

/// Noise of several sizes of grain added together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OctavesConfig {
    /// How many; each has half the grain of the one before.
    pub octaves: usize,
    /// Share of the amplitude that each keeps of the one before.
    pub persistence: f64,
    /// Size of the first one's grain in pixels.
    pub period: f64,
}

/// The table that says which slope a corner has: the numbers from 0 to 255 in a random order.
#[derive(Clone, Debug)]
pub struct Permutation([u8; 256]);

impl Permutation {
    /// A table of given order, for example a published one.
    pub fn new(order: [u8; 256]) -> Self {
        Self(order)
    }

    /// The order that depends on `seed` alone (Fisher and Yates's shuffle).
    pub fn seeded(seed: u64) -> Self {
        let mut order: [u8; 256] = std::array::from_fn(|at| at as u8);
        for last in (1..order.len()).rev() {
            let other = (seeded_uniform(seed, last as u64) * (last + 1) as f64) as usize;
            order.swap(last, other);
        }
        Self(order)
    }

    fn at(&self, index: i64) -> i64 {
        i64::from(self.0[(index & 255) as usize])
    }

    fn gradient(&self, [i, j, k]: [i64; 3]) -> [f64; 3] {
        let hash = self.at(i + self.at(j + self.at(k)));
        GRADIENTS[(hash % 12) as usize]
    }
}

/// Simplex noise at a place, about −1 to 1.
pub fn simplex(permutation: &Permutation, place: [f64; 3]) -> f64 {
    let skew: f64 = place.iter().sum::<f64>() * SKEW;
    let cell = place.map(|coordinate| (coordinate + skew).floor());
    let unskew: f64 = cell.iter().sum::<f64>() * UNSKEW;
    let first: [f64; 3] = std::array::from_fn(|axis| place[axis] - (cell[axis] - unskew));
    let [second, third] = middle_corners(first);
    let corners = [[0; 3], second, third, [1; 3]];
    let contribution = |(number, corner): (usize, &[i64; 3])| {
        let offset: [f64; 3] =
            std::array::from_fn(|axis| first[axis] - corner[axis] as f64 + number as f64 * UNSKEW);
        let reach = 0.6 - offset.iter().map(|length| length * length).sum::<f64>();
        if reach <= 0.0 {
            return 0.0;
        }
        let at = std::array::from_fn(|axis| cell[axis] as i64 + corner[axis]);
        let slope = permutation.gradient(at);
        let along: f64 = (0..3).map(|axis| slope[axis] * offset[axis]).sum();
        reach.powi(4) * along
    };
    SCALE * corners.iter().enumerate().map(contribution).sum::<f64>()
}

/// The second and third corner of the simplex that `offset` from a cell's first one lies in: the axes
/// are walked from the longest offset to the shortest.
fn middle_corners(offset: [f64; 3]) -> [[i64; 3]; 2] {
    let mut axes = [0, 1, 2];
    // Stable: of equal offsets the earlier axis counts as the longer one.
    axes.sort_by(|&a, &b| offset[b].total_cmp(&offset[a]));
    let mut second = [0; 3];
    second[axes[0]] = 1;
    let mut third = second;
    third[axes[1]] = 1;
    [second, third]
}

/// A picture of `height` rows of noise of variance 1, that depends on `seed` alone.
pub fn octaves(config: &OctavesConfig, seed: u64, height: usize, width: usize) -> Vec<f32> {
    let permutation = Permutation::seeded(seed);
    // A plane of the noise's third dimension, between corners, where the table repeats last.
    let depth = 256.0 * seeded_uniform(seed, 0);
    let powers: f64 =
        (0..config.octaves as i32).map(|octave| config.persistence.powi(2 * octave)).sum();
    let scale = 1.0 / (powers * VARIANCE).sqrt();
    let value = |row: usize, column: usize| {
        let octave = |octave: usize| {
            let frequency = f64::from(1 << octave) / config.period;
            let place = [row as f64 * frequency, column as f64 * frequency, depth];
            config.persistence.powi(octave as i32) * simplex(&permutation, place)
        };
        (0..config.octaves).map(octave).sum::<f64>() * scale
    };
    let places = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
    places.map(|(row, column)| value(row, column) as f32).collect()
}

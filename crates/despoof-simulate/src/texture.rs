//! Smooth random fields: paper fibres, cloth, stains of light.

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Side of the lattice; it repeats beyond.
const SIDE: usize = 64;

/// Value noise on a periodic lattice.
pub(crate) struct Noise {
    values: Vec<f32>,
}

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        Self { values: (0..SIDE * SIDE).map(|_| rng.random_range(-1.0..=1.0)).collect() }
    }

    /// The field at a point, −1–1, changing over a distance of about 1.
    pub(crate) fn at(&self, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (u, v) = (ease(x - left), ease(y - top));
        let (left, top) = (left as i64, top as i64);
        let above = self.lattice(left, top) * (1.0 - u) + self.lattice(left + 1, top) * u;
        let below = self.lattice(left, top + 1) * (1.0 - u) + self.lattice(left + 1, top + 1) * u;
        above * (1.0 - v) + below * v
    }

    /// Sum of three octaves, within ±1.
    pub(crate) fn octaves(&self, x: f32, y: f32) -> f32 {
        (self.at(x, y) + 0.5 * self.at(2.0 * x + 7.3, 2.0 * y) + 0.25 * self.at(4.0 * x, 4.0 * y))
            / 1.75
    }

    fn lattice(&self, x: i64, y: i64) -> f32 {
        let wrap = |i: i64| i.rem_euclid(SIDE as i64) as usize;
        self.values[wrap(y) * SIDE + wrap(x)]
    }
}

/// From 0 to 1 with level ends.
pub(crate) fn ease(share: f32) -> f32 {
    share * share * (3.0 - 2.0 * share)
}

//! Kernels before their products with the squares: G g Gᵀ.

use super::super::super::geometry::Geometry;
use super::super::super::matrix::Matrix;
use super::super::super::parallel;
use super::super::super::simd::{LANES, vectorised};
use super::PLACES;

const TAPS: usize = 9;

/// Transformed 3×3 kernels, `[out, place, in]`; the input channels are filled up to whole [`LANES`].
pub struct Kernels {
    values: Vec<f32>,
    channels_out: usize,
    channels_in: usize,
}

/// From one place to the next.
fn place_length(channels_in: usize) -> usize {
    channels_in.next_multiple_of(LANES)
}

/// Where the taps of a kernel lie in the weight, and in which order.
#[derive(Clone, Copy)]
struct Source<'a> {
    weight: &'a [f32],
    out_stride: usize,
    in_stride: usize,
    turned: bool,
}

impl Kernels {
    /// From a weight `[out, in, 3, 3]`.
    pub fn of_convolution(geometry: &Geometry, weight: &[f32]) -> Self {
        let (out_stride, in_stride) = (geometry.channels_in * TAPS, TAPS);
        let source = Source { weight, out_stride, in_stride, turned: false };
        Self::new(source, geometry.channels_out, geometry.channels_in)
    }

    /// For the gradient by the input of the convolution with that weight.
    #[cfg(feature = "autodiff")]
    pub fn of_input_gradient(geometry: &Geometry, weight: &[f32]) -> Self {
        let (out_stride, in_stride) = (TAPS, geometry.channels_in * TAPS);
        let source = Source { weight, out_stride, in_stride, turned: true };
        Self::new(source, geometry.channels_in, geometry.channels_out)
    }

    fn new(source: Source, channels_out: usize, channels_in: usize) -> Self {
        let row = PLACES * place_length(channels_in);
        let mut values = vec![0.0; channels_out * row];
        let work = values.len();
        parallel::for_each_chunk(&mut values, row, work, |channel_out, row| {
            transform_row(source, channel_out * source.out_stride, channels_in, row);
        });
        Self { values, channels_out, channels_in }
    }

    /// What the squares' values of one place are multiplied by, `[out, in]`.
    pub fn of_place(&self, place: usize) -> Matrix<'_> {
        let length = place_length(self.channels_in);
        let values = &self.values[place * length..];
        Matrix::new(values, self.channels_out, self.channels_in, PLACES * length)
    }
}

/// The weight's gradient `[out, in, 3, 3]` from that of the transformed kernels, `[out, place, in]`: Gᵀ u G.
#[cfg(feature = "autodiff")]
pub fn weight_gradient(geometry: &Geometry, places: &[f32]) -> Vec<f32> {
    let mut gradient = vec![0.0; geometry.channels_out * geometry.depth()];
    let work = gradient.len();
    parallel::for_each_chunk(&mut gradient, geometry.depth(), work, |channel_out, kernels| {
        let row = PLACES * geometry.channels_in;
        taps_from_row(&places[channel_out * row..][..row], geometry.channels_in, kernels);
    });
    gradient
}

vectorised! {
    /// The kernels of one output channel, `[place, in]`, [`LANES`] input channels at a time.
    fn transform_row<FMA>(source: Source, start: usize, channels_in: usize, row: &mut [f32]) {
        for first in (0..channels_in).step_by(LANES) {
            let count = LANES.min(channels_in - first);
            let mut taps = [[0.0; LANES]; TAPS];
            let kernels = source.weight[start + first * source.in_stride..].chunks(source.in_stride);
            for (lane, kernel) in kernels.take(count).enumerate() {
                for (tap, &value) in kernel[..TAPS].iter().enumerate() {
                    taps[if source.turned { TAPS - 1 - tap } else { tap }][lane] = value;
                }
            }
            let mut columns = [[[0.0; LANES]; 4]; 3];
            for (column, four) in columns.iter_mut().enumerate() {
                four_of_three([&taps[column], &taps[3 + column], &taps[6 + column]], four);
            }
            let mut four = [[0.0; LANES]; 4];
            let [left, middle, right] = &columns;
            for (vertical, ((left, middle), right)) in left.iter().zip(middle).zip(right).enumerate() {
                four_of_three([left, middle, right], &mut four);
                for (horizontal, values) in four.iter().enumerate() {
                    let place = (4 * vertical + horizontal) * place_length(channels_in) + first;
                    *row[place..].first_chunk_mut().expect("whole lanes") = *values;
                }
            }
        }
    }
}

/// G, whose rows are (1, 0, 0), (½, ½, ½), (½, −½, ½), (0, 0, 1).
#[inline(always)]
fn four_of_three([a, b, c]: [&[f32; LANES]; 3], four: &mut [[f32; LANES]; 4]) {
    for lane in 0..LANES {
        let ends = a[lane] + c[lane];
        four[0][lane] = a[lane];
        four[1][lane] = 0.5 * (ends + b[lane]);
        four[2][lane] = 0.5 * (ends - b[lane]);
        four[3][lane] = c[lane];
    }
}

#[cfg(feature = "autodiff")]
vectorised! {
    /// The kernels of one output channel, [`LANES`] input channels at a time.
    fn taps_from_row<FMA>(row: &[f32], channels_in: usize, kernels: &mut [f32]) {
        for first in (0..channels_in).step_by(LANES) {
            let count = LANES.min(channels_in - first);
            let mut places = [[0.0; LANES]; PLACES];
            for (place, values) in places.iter_mut().enumerate() {
                values[..count].copy_from_slice(&row[place * channels_in + first..][..count]);
            }
            let mut columns = [[[0.0; LANES]; 3]; 4];
            for (column, three) in columns.iter_mut().enumerate() {
                three_of_four([0, 4, 8, 12].map(|vertical| &places[vertical + column]), three);
            }
            let mut three = [[0.0; LANES]; 3];
            for vertical in 0..3 {
                three_of_four([0, 1, 2, 3].map(|column| &columns[column][vertical]), &mut three);
                for (horizontal, values) in three.iter().enumerate() {
                    let taps = kernels[first * TAPS + 3 * vertical + horizontal..].iter_mut();
                    for (tap, value) in taps.step_by(TAPS).zip(&values[..count]) {
                        *tap = *value;
                    }
                }
            }
        }
    }
}

/// Gᵀ.
#[cfg(feature = "autodiff")]
#[inline(always)]
fn three_of_four([a, b, c, d]: [&[f32; LANES]; 4], three: &mut [[f32; LANES]; 3]) {
    for lane in 0..LANES {
        let half = 0.5 * (b[lane] + c[lane]);
        three[0][lane] = a[lane] + half;
        three[1][lane] = 0.5 * (b[lane] - c[lane]);
        three[2][lane] = half + d[lane];
    }
}

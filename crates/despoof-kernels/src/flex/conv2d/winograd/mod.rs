//! 3×3 convolution by Winograd's minimal filtering F(2×2, 3×3) (Lavin and Gray, "Fast Algorithms for
//! Convolutional Neural Networks", CVPR 2016): a square of 2×2 outputs from 4×4 inputs takes 16
//! products instead of 36, at the cost of sums. Over all channels the products of one place of the
//! 4×4 are a matrix product: `products[place] = kernels[place] · squares[place]`.

use std::ops::Range;

use super::super::geometry::Geometry;
use super::super::matrix::{Spread, Update, multiply};
use super::super::{parallel, scratch};
use kernels::Kernels;
use squares::Layout;

mod kernels;
mod squares;

/// Places of a transformed square.
const PLACES: usize = 16;
/// With fewer channels than this on either side the sums cost more than the products saved.
const CHANNELS_MIN: usize = 16;
/// With fewer squares than this the transformed kernels are not used often enough.
const SQUARES_MIN: usize = 32;
/// Floats that squares and products of one part may take.
const PART_FLOATS: usize = 1 << 18;
/// A matrix product with fewer columns than this spends its time on packing the kernels.
const PART_SQUARES_MIN: usize = 384;

/// Whether a convolution can be computed like this and gains by it.
pub fn pays(geometry: &Geometry) -> bool {
    let squares = geometry.batch * squares_of_plane(geometry);
    geometry.kernel == [3, 3]
        && geometry.stride == [1, 1]
        && geometry.padding.iter().all(|&padding| padding <= 2)
        && geometry.channels_in.min(geometry.channels_out) >= CHANNELS_MIN
        && squares >= SQUARES_MIN
}

/// The convolution of `[batch, in, height, width]` with `[out, in, 3, 3]`.
pub fn forward(geometry: &Geometry, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    convolve(geometry, input, &Kernels::of_convolution(geometry, weight), Some(bias))
}

/// The gradient of [`forward`] by its input: the output's gradient convolved with the kernels turned
/// by half a circle, input and output channels exchanged.
#[cfg(feature = "autodiff")]
pub fn input_gradient(geometry: &Geometry, weight: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let turned = Geometry {
        channels_in: geometry.channels_out,
        channels_out: geometry.channels_in,
        input: geometry.output,
        output: geometry.input,
        padding: geometry.padding.map(|padding| 2 - padding),
        ..*geometry
    };
    convolve(&turned, output_gradient, &Kernels::of_input_gradient(geometry, weight), None)
}

/// The gradient of [`forward`] by its weight: the products' gradient times the squares, summed over all
/// squares before it is transformed.
#[cfg(feature = "autodiff")]
pub fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let cut = Cut::new(geometry);
    let units = geometry.batch.div_ceil(cut.images_per_unit);
    let spread = Spread::for_units(units);
    let image_out = geometry.channels_out * geometry.output_plane();
    let image_in = geometry.channels_in * geometry.input_plane();
    let length = geometry.channels_out * PLACES * geometry.channels_in;
    let places = parallel::sum_over(units, length, |range, gradient| {
        for unit in range {
            let first = unit * cut.images_per_unit;
            let images = cut.images_per_unit.min(geometry.batch - first);
            let input = &input[first * image_in..][..images * image_in];
            let output_gradient = &output_gradient[first * image_out..][..images * image_out];
            for rows in cut.parts(geometry) {
                let part = Part { geometry, images, rows };
                part.add_weight_gradient(input, output_gradient, gradient, spread);
            }
        }
    });
    kernels::weight_gradient(geometry, &places)
}

fn convolve(
    geometry: &Geometry,
    input: &[f32],
    kernels: &Kernels,
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let cut = Cut::new(geometry);
    let spread = Spread::for_units(geometry.batch.div_ceil(cut.images_per_unit));
    let image_out = geometry.channels_out * geometry.output_plane();
    let image_in = geometry.channels_in * geometry.input_plane();
    let mut output = vec![0.0; geometry.batch * image_out];
    let (unit_out, work) = (cut.images_per_unit * image_out, output.len());
    parallel::for_each_chunk(&mut output, unit_out, work, |unit, output| {
        let images = output.len() / image_out;
        let input = &input[unit * cut.images_per_unit * image_in..][..images * image_in];
        for rows in cut.parts(geometry) {
            Part { geometry, images, rows }.convolve(input, kernels, bias, output, spread);
        }
    });
    output
}

fn square_rows(geometry: &Geometry) -> usize {
    geometry.output[0].div_ceil(2)
}

fn squares_per_row(geometry: &Geometry) -> usize {
    geometry.output[1].div_ceil(2)
}

fn squares_of_plane(geometry: &Geometry) -> usize {
    square_rows(geometry) * squares_per_row(geometry)
}

/// How the output is cut: into units of whole images, a unit of one image into parts.
struct Cut {
    images_per_unit: usize,
    rows_per_part: usize,
}

impl Cut {
    fn new(geometry: &Geometry) -> Self {
        let channels = geometry.channels_in + geometry.channels_out;
        let squares = (PART_FLOATS / (PLACES * channels)).max(PART_SQUARES_MIN);
        let images_per_thread = geometry.batch.div_ceil(parallel::threads());
        let images = (squares / squares_of_plane(geometry)).min(images_per_thread);
        let rows = square_rows(geometry);
        let rows_per_part = if images > 1 {
            rows
        } else {
            let fitting = (squares / squares_per_row(geometry)).clamp(1, rows);
            rows.div_ceil(rows.div_ceil(fitting))
        };
        Self { images_per_unit: images.max(1), rows_per_part }
    }

    /// The rows of squares of every part of a unit.
    fn parts(&self, geometry: &Geometry) -> impl Iterator<Item = Range<usize>> {
        let (rows, step) = (square_rows(geometry), self.rows_per_part);
        (0..rows).step_by(step).map(move |first| first..rows.min(first + step))
    }
}

/// Some rows of squares of one image, or all of several.
struct Part<'a> {
    geometry: &'a Geometry,
    images: usize,
    rows: Range<usize>,
}

impl Part<'_> {
    fn squares_per_row(&self) -> usize {
        squares_per_row(self.geometry)
    }

    fn squares_per_image(&self) -> usize {
        self.rows.len() * self.squares_per_row()
    }

    /// Hands `task` the input's squares and room for the products, each with its layout.
    fn with_squares(
        &self,
        input: &[f32],
        task: impl FnOnce((&[f32], Layout), (&mut [f32], Layout)),
    ) {
        let squares = self.images * self.squares_per_image();
        let before = Layout::new(self.geometry.channels_in, squares);
        let after = Layout::new(self.geometry.channels_out, squares);
        scratch::with(before.length(), |squares| {
            self.transform_input(input, squares, before);
            scratch::with(after.length(), |products| task((squares, before), (products, after)));
        });
    }

    fn convolve(
        &self,
        input: &[f32],
        kernels: &Kernels,
        bias: Option<&[f32]>,
        output: &mut [f32],
        spread: Spread,
    ) {
        self.with_squares(input, |(squares, before), (products, after)| {
            for place in 0..PLACES {
                let right = before.matrix(squares, place);
                let target = (after.of_place_mut(products, place), after.spacing);
                multiply(target, kernels.of_place(place), right, Update::Assign, spread);
            }
            self.transform_output(products, after, bias, output);
        });
    }

    #[cfg(feature = "autodiff")]
    fn add_weight_gradient(
        &self,
        input: &[f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
        spread: Spread,
    ) {
        self.with_squares(input, |(squares, before), (products, after)| {
            self.transform_output_gradient(output_gradient, products, after);
            for place in 0..PLACES {
                let left = after.matrix(products, place);
                let right = before.matrix(squares, place).transposed();
                let target = &mut gradient[place * self.geometry.channels_in..];
                let target = (target, PLACES * self.geometry.channels_in);
                multiply(target, left, right, Update::Add, spread);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(length: usize) -> Vec<f32> {
        (0..length).map(|index| ((index * 7919 % 1009) as f32 - 504.0) / 504.0).collect()
    }

    /// By the definition, in double precision.
    fn expected(geometry: &Geometry, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
        let mut output = Vec::new();
        for (image, channel) in (0..geometry.batch)
            .flat_map(|image| (0..geometry.channels_out).map(move |channel| (image, channel)))
        {
            for row in 0..geometry.output[0] {
                for column in 0..geometry.output[1] {
                    let mut sum = f64::from(bias[channel]);
                    for (depth, tap) in (0..geometry.depth()).map(|depth| (depth / 9, depth % 9)) {
                        let Some(row) = geometry.input_row(row, tap / 3) else { continue };
                        let column = (column + tap % 3).checked_sub(geometry.padding[1]);
                        let Some(column) = column.filter(|&column| column < geometry.input[1])
                        else {
                            continue;
                        };
                        let plane = image * geometry.channels_in + depth;
                        let place = (plane * geometry.input[0] + row) * geometry.input[1] + column;
                        let kernel = (channel * geometry.channels_in + depth) * 9 + tap;
                        sum += f64::from(input[place]) * f64::from(weight[kernel]);
                    }
                    output.push(sum as f32);
                }
            }
        }
        output
    }

    fn check(input: [usize; 4], channels_out: usize, padding: [(usize, usize); 2]) {
        let geometry = Geometry::new(input, [channels_out, input[1], 3, 3], [1, 1], padding);
        let values = numbers(input.iter().product());
        let (weight, bias) = (numbers(channels_out * geometry.depth()), numbers(channels_out));
        let ours = forward(&geometry, &values, &weight, &bias);
        let expected = expected(&geometry, &values, &weight, &bias);
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        for (index, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
            let difference = (ours - expected).abs();
            assert!(difference <= 2e-6 * largest, "{input:?}[{index}]: {ours}, not {expected}");
        }
    }

    #[test]
    fn odd_and_even_sizes_and_paddings() {
        check([1, 16, 8, 8], 16, [(1, 1), (1, 1)]);
        check([3, 17, 7, 9], 19, [(1, 1), (1, 1)]);
        check([2, 20, 5, 6], 33, [(0, 0), (0, 0)]);
        check([2, 16, 6, 5], 16, [(0, 1), (1, 2)]);
        check([1, 16, 4, 3], 18, [(2, 2), (2, 2)]);
        check([5, 16, 1, 1], 16, [(1, 1), (1, 1)]);
    }

    #[test]
    fn images_that_are_cut_into_parts_and_parts_of_several_images() {
        check([1, 48, 50, 34], 64, [(1, 1), (1, 1)]);
        check([9, 160, 7, 7], 96, [(1, 1), (1, 1)]);
    }

    #[test]
    fn other_kernels_steps_and_thin_layers_are_left_to_the_columns() {
        let geometry = |input, weight, stride, padding| {
            pays(&Geometry::new(input, weight, [stride; 2], [(padding, padding); 2]))
        };
        assert!(geometry([1, 16, 16, 16], [16, 16, 3, 3], 1, 1));
        assert!(!geometry([1, 16, 16, 16], [16, 16, 3, 3], 2, 1));
        assert!(!geometry([1, 16, 16, 16], [16, 16, 5, 5], 1, 2));
        assert!(!geometry([1, 16, 16, 16], [16, 16, 3, 3], 1, 3));
        assert!(!geometry([1, 3, 16, 16], [16, 3, 3, 3], 1, 1));
        assert!(!geometry([1, 16, 7, 7], [16, 16, 3, 3], 1, 1));
    }
}

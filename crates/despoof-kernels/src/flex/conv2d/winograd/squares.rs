//! Between planes and squares: Bᵀ d B of overlapping 4×4 inputs, Aᵀ m A to 2×2 outputs.
//!
//! Rows of squares are short (7 or 14 on small maps), so every loop over a row runs in whole vectors of
//! [`VECTOR`] squares: it writes beyond its row, where the next row, the next image or nobody writes.

use std::ops::Range;

use super::super::super::matrix::Matrix;
use super::super::super::scratch;
use super::super::super::simd::vectorised;
use super::{PLACES, Part};

/// Floats of a cache line.
const LINE: usize = 16;

/// Squares handled together.
const VECTOR: usize = 8;

type Vector = [f32; VECTOR];

/// Transformed squares `[place, channel, square]`.
#[derive(Clone, Copy)]
pub struct Layout {
    /// From one channel to the next. Odd numbers of cache lines lie between neighbours, so that they do
    /// not compete for the same few of the cache's places.
    pub spacing: usize,
    place: usize,
    channels: usize,
    squares: usize,
}

impl Layout {
    pub fn new(channels: usize, squares: usize) -> Self {
        let spacing = (squares + VECTOR).next_multiple_of(LINE) | LINE;
        let place = (channels * spacing).next_multiple_of(2 * LINE) + LINE;
        Self { spacing, place, channels, squares }
    }

    pub fn length(&self) -> usize {
        PLACES * self.place
    }

    /// A place, `[channel, square]`.
    pub fn matrix<'a>(&self, values: &'a [f32], place: usize) -> Matrix<'a> {
        Matrix::new(&values[place * self.place..], self.channels, self.squares, self.spacing)
    }

    /// The same, to be written.
    pub fn of_place_mut<'a>(&self, values: &'a mut [f32], place: usize) -> &'a mut [f32] {
        &mut values[place * self.place..][..self.place]
    }

    /// Some squares of a channel and a vector more, of every place.
    fn squares_mut<'a>(
        &self,
        values: &'a mut [f32],
        range: Range<usize>,
    ) -> [&'a mut [f32]; PLACES] {
        let mut places = values.chunks_exact_mut(self.place);
        std::array::from_fn(|_| {
            let place = places.next().expect("a place of the layout");
            &mut place[range.start..range.end + VECTOR]
        })
    }
}

impl Part<'_> {
    /// The input's squares; zeros where they overhang.
    pub fn transform_input(&self, input: &[f32], squares: &mut [f32], layout: Layout) {
        let geometry = self.geometry;
        let (rows, per_row) = (self.rows.len(), self.squares_per_row());
        let line = 2 * (per_row.next_multiple_of(VECTOR) + VECTOR);
        let planes = input.chunks_exact(geometry.input_plane());
        // The lines, then what one row of squares makes of four of them.
        scratch::with((2 * rows + 2 + 4) * line, |lines| {
            let (lines, combined) = lines.split_at_mut((2 * rows + 2) * line);
            for (index, plane) in planes.enumerate() {
                self.split_lines(plane, lines, line, &mut combined[..line]);
                let range = self.range(index, geometry.channels_in, layout);
                let mut places = layout.squares_mut(squares, range);
                squares_from_lines(lines, line, combined, &mut places, per_row);
            }
        });
    }

    /// Outputs from the squares' products; what overhangs the output is left out.
    pub fn transform_output(
        &self,
        products: &[f32],
        layout: Layout,
        bias: Option<&[f32]>,
        output: &mut [f32],
    ) {
        let [height, width] = self.geometry.output;
        let channels = self.geometry.channels_out;
        let half = self.squares_per_row().next_multiple_of(VECTOR);
        scratch::with(10 * half, |lines| {
            for (index, plane) in output.chunks_exact_mut(height * width).enumerate() {
                let range = self.range(index, channels, layout);
                let places: [&[f32]; PLACES] = std::array::from_fn(|place| {
                    &products[place * layout.place..][range.start..range.end + VECTOR]
                });
                let bias = bias.map_or(0.0, |bias| bias[index % channels]);
                plane_from_squares(&places, bias, lines, &mut plane[self.output_range()], width);
            }
        });
    }

    /// The gradient by [`Self::transform_output`]'s products: A dY Aᵀ of every 2×2 square.
    #[cfg(feature = "autodiff")]
    pub fn transform_output_gradient(
        &self,
        output_gradient: &[f32],
        products: &mut [f32],
        layout: Layout,
    ) {
        let [height, width] = self.geometry.output;
        let half = self.squares_per_row().next_multiple_of(VECTOR);
        scratch::with(8 * half, |lines| {
            for (index, plane) in output_gradient.chunks_exact(height * width).enumerate() {
                let range = self.range(index, self.geometry.channels_out, layout);
                let mut places = layout.squares_mut(products, range);
                squares_from_plane(&plane[self.output_range()], width, lines, &mut places);
            }
        });
    }

    /// Where the squares of a plane lie, given its number among the channels of all images.
    fn range(&self, plane: usize, channels: usize, layout: Layout) -> Range<usize> {
        let squares = self.squares_per_image();
        let start = (plane % channels) * layout.spacing + (plane / channels) * squares;
        start..start + squares
    }

    /// The part's outputs in a plane.
    fn output_range(&self) -> Range<usize> {
        let [height, width] = self.geometry.output;
        2 * self.rows.start * width..(2 * self.rows.end).min(height) * width
    }

    /// The lines of a plane that the rows of squares read, of each its even columns, then its odd ones.
    fn split_lines(&self, plane: &[f32], lines: &mut [f32], line: usize, padded: &mut [f32]) {
        let geometry = self.geometry;
        let width = geometry.input[1].min(line - geometry.padding[1]);
        let source_of = |index: usize| {
            let row = (2 * self.rows.start + index).checked_sub(geometry.padding[0])?;
            (row < geometry.input[0]).then(|| &plane[row * geometry.input[1]..][..width])
        };
        padded.fill(0.0);
        for (index, target) in lines.chunks_exact_mut(line).enumerate() {
            match source_of(index) {
                Some(source) => {
                    padded[geometry.padding[1]..][..width].copy_from_slice(source);
                    split(padded, target);
                }
                None => target.fill(0.0),
            }
        }
    }
}

/// The whole vectors from a place on.
#[inline(always)]
fn vectors(values: &[f32], place: usize) -> &[Vector] {
    values[place..].as_chunks().0
}

/// A row of squares of four places, to be written. Not by `map`, which is not compiled into its callers here.
#[inline(always)]
fn row_mut<'a>(
    [a, b, c, d]: &'a mut [&mut [f32]; 4],
    row: usize,
    per_row: usize,
) -> [&'a mut [Vector]; 4] {
    let (start, count) = (row * per_row, per_row.div_ceil(VECTOR));
    [
        &mut a[start..].as_chunks_mut().0[..count],
        &mut b[start..].as_chunks_mut().0[..count],
        &mut c[start..].as_chunks_mut().0[..count],
        &mut d[start..].as_chunks_mut().0[..count],
    ]
}

vectorised! {
    /// Even columns, then odd ones.
    fn split<FMA>(line: &[f32], target: &mut [f32]) {
        let (even, odd) = target.split_at_mut(line.len() / 2);
        let (even, odd) = (even.as_chunks_mut::<VECTOR>().0, odd.as_chunks_mut::<VECTOR>().0);
        let pairs = line.as_chunks::<{ 2 * VECTOR }>().0;
        for ((pairs, even), odd) in pairs.iter().zip(even).zip(odd) {
            *even = std::array::from_fn(|lane| pairs[2 * lane]);
            *odd = std::array::from_fn(|lane| pairs[2 * lane + 1]);
        }
    }
}

vectorised! {
    /// Bᵀ, whose rows are (1, 0, −1, 0), (0, 1, 1, 0), (0, −1, 1, 0), (0, 1, 0, −1), from both sides.
    fn squares_from_lines<FMA>(
        lines: &[f32],
        line: usize,
        combined: &mut [f32],
        places: &mut [&mut [f32]; PLACES],
        per_row: usize,
    ) {
        for row in 0..(places[0].len() - VECTOR) / per_row {
            let four = &lines[2 * row * line..][..4 * line];
            let (upper, lower) = combined.split_at_mut(2 * line);
            let (first, second) = upper.split_at_mut(line);
            let (third, fourth) = lower.split_at_mut(line);
            combine(four, first, second, third, fourth);
            let places = places.as_chunks_mut::<4>().0;
            for (combined, places) in combined.chunks_exact(line).zip(places) {
                let (even, odd) = combined.split_at(line / 2);
                let [a, b, c, d] = row_mut(places, row, per_row);
                spread(even, odd, a, b, c, d);
            }
        }
    }
}

/// Bᵀ from the left, of all columns of four lines. Each output is an argument of its own, so that the
/// compiler knows them to be apart.
#[inline(always)]
fn combine(
    lines: &[f32],
    first: &mut [f32],
    second: &mut [f32],
    third: &mut [f32],
    fourth: &mut [f32],
) {
    let line = first.len();
    let [a, b, c, d] = [0, 1, 2, 3].map(|index| vectors(&lines[index * line..][..line], 0));
    let [first, second, third, fourth] =
        [first, second, third, fourth].map(|line| line.as_chunks_mut::<VECTOR>().0);
    for index in 0..a.len() {
        first[index] = subtract(&a[index], &c[index]);
        second[index] = add(&b[index], &c[index]);
        third[index] = subtract(&c[index], &b[index]);
        fourth[index] = subtract(&b[index], &d[index]);
    }
}

/// Bᵀ from the right, of one row of squares.
#[inline(always)]
fn spread(
    even: &[f32],
    odd: &[f32],
    a: &mut [Vector],
    b: &mut [Vector],
    c: &mut [Vector],
    d: &mut [Vector],
) {
    let (left, right) = (vectors(even, 0), vectors(even, 1));
    let (odd_left, odd_right) = (vectors(odd, 0), vectors(odd, 1));
    for index in 0..a.len() {
        a[index] = subtract(&left[index], &right[index]);
        b[index] = add(&odd_left[index], &right[index]);
        c[index] = subtract(&right[index], &odd_left[index]);
        d[index] = subtract(&odd_left[index], &odd_right[index]);
    }
}

vectorised! {
    /// Aᵀ, whose rows are (1, 1, 1, 0) and (0, 1, −1, −1), from both sides. `lines` is for ten halves of a line.
    fn plane_from_squares<FMA>(
        places: &[&[f32]; PLACES],
        bias: f32,
        lines: &mut [f32],
        plane: &mut [f32],
        width: usize,
    ) {
        let per_row = width.div_ceil(2);
        let half = lines.len() / 10;
        let (columns, whole) = lines.split_at_mut(8 * half);
        for (row, target) in plane.chunks_mut(2 * width).enumerate() {
            for (column, halves) in columns.chunks_exact_mut(2 * half).enumerate() {
                let (upper, lower) = halves.split_at_mut(half);
                let column = [0, 1, 2, 3]
                    .map(|vertical| vectors(places[4 * vertical + column], row * per_row));
                two_of_four(column, upper.as_chunks_mut().0, lower.as_chunks_mut().0);
            }
            for (index, target) in target.chunks_exact_mut(width).enumerate() {
                let columns = [0, 1, 2, 3]
                    .map(|column| vectors(&columns[(2 * column + index) * half..][..half], 0));
                interleave(columns, bias, whole.as_chunks_mut().0);
                target.copy_from_slice(&whole[..width]);
            }
        }
    }
}

/// Aᵀ from the left.
#[inline(always)]
fn two_of_four([a, b, c, d]: [&[Vector]; 4], upper: &mut [Vector], lower: &mut [Vector]) {
    for index in 0..upper.len() {
        let (b, c) = (&b[index], &c[index]);
        upper[index] = add(&add(&a[index], b), c);
        lower[index] = subtract(&subtract(b, c), &d[index]);
    }
}

/// Aᵀ from the right: even and odd columns, beside each other.
#[inline(always)]
fn interleave([a, b, c, d]: [&[Vector]; 4], bias: f32, pairs: &mut [[f32; 2 * VECTOR]]) {
    for index in 0..pairs.len() {
        let (b, c) = (&b[index], &c[index]);
        let even = add(&add(&a[index], b), c);
        let odd = subtract(&subtract(b, c), &d[index]);
        for lane in 0..VECTOR {
            pairs[index][2 * lane] = bias + even[lane];
            pairs[index][2 * lane + 1] = bias + odd[lane];
        }
    }
}

#[inline(always)]
fn add(a: &Vector, b: &Vector) -> Vector {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

#[inline(always)]
fn subtract(a: &Vector, b: &Vector) -> Vector {
    std::array::from_fn(|lane| a[lane] - b[lane])
}

#[cfg(feature = "autodiff")]
vectorised! {
    /// A, whose rows are (1, 0), (1, 1), (1, −1), (0, −1), from both sides. `lines` is for eight halves of a line.
    fn squares_from_plane<FMA>(
        plane: &[f32],
        width: usize,
        lines: &mut [f32],
        places: &mut [&mut [f32]; PLACES],
    ) {
        let per_row = width.div_ceil(2);
        let line = lines.len() / 4;
        let (pair, rest) = lines.split_at_mut(2 * line);
        let (padded, combined) = rest.split_at_mut(line);
        padded.fill(0.0);
        for (row, source) in plane.chunks(2 * width).enumerate() {
            pair.fill(0.0);
            for (source, target) in source.chunks_exact(width).zip(pair.chunks_exact_mut(line)) {
                padded[..width].copy_from_slice(source);
                split(padded, target);
            }
            let (upper, lower) = pair.split_at(line);
            for (vertical, places) in places.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let [of_upper, of_lower] = [[1.0, 0.0], [1.0, 1.0], [1.0, -1.0], [0.0, -1.0]][vertical];
                for ((target, upper), lower) in combined.iter_mut().zip(upper).zip(lower) {
                    *target = of_upper * upper + of_lower * lower;
                }
                let (even, odd) = combined.split_at(line / 2);
                let [a, b, c, d] = row_mut(places, row, per_row);
                four_of_two(vectors(even, 0), vectors(odd, 0), a, b, c, d);
            }
        }
    }
}

/// A from the right.
#[cfg(feature = "autodiff")]
#[inline(always)]
fn four_of_two(
    even: &[Vector],
    odd: &[Vector],
    a: &mut [Vector],
    b: &mut [Vector],
    c: &mut [Vector],
    d: &mut [Vector],
) {
    for index in 0..a.len() {
        let (even, odd) = (&even[index], &odd[index]);
        a[index] = *even;
        b[index] = add(even, odd);
        c[index] = subtract(even, odd);
        d[index] = odd.map(|value| -value);
    }
}

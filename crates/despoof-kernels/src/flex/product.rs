//! The browser's matrix product: four lanes, one thread, multiplication and addition fused in the module
//! for browsers with relaxed SIMD.
//!
//! `gemm`'s kernel for such a processor keeps twelve accumulators and spills; this one keeps eight, which
//! with its operands fit the sixteen registers that WebAssembly's SIMD is compiled to. Both operands are
//! packed, so that the kernel reads memory in order, in blocks that stay in the caches (Goto and van de
//! Geijn 2008, "Anatomy of High-Performance Matrix Multiplication").

use super::matrix::{Matrix, Update};
use super::scratch;
use lanes::{Lanes, load, multiply_add, splat, store};

/// Rows and columns of the output that the kernel computes at once.
const ROWS: usize = 4;
const COLUMNS: usize = 8;
/// Steps of the inner dimension of a block: a strip of either operand stays in the first-level cache.
const DEPTH: usize = 256;
/// Rows of a block of the left operand, which stays in the second-level cache.
const BLOCK_ROWS: usize = 128;
/// Columns of a block of the right operand.
const BLOCK_COLUMNS: usize = 512;

#[cfg(target_arch = "wasm32")]
mod lanes {
    #[cfg(feature = "relaxed-simd")]
    use std::arch::wasm32::f32x4_relaxed_madd;
    use std::arch::wasm32::{f32x4, f32x4_extract_lane, f32x4_splat, v128};
    #[cfg(not(feature = "relaxed-simd"))]
    use std::arch::wasm32::{f32x4_add, f32x4_mul};

    pub type Lanes = v128;

    pub fn splat(value: f32) -> Lanes {
        f32x4_splat(value)
    }

    pub fn load([a, b, c, d]: [f32; 4]) -> Lanes {
        f32x4(a, b, c, d)
    }

    pub fn store(lanes: Lanes) -> [f32; 4] {
        [
            f32x4_extract_lane::<0>(lanes),
            f32x4_extract_lane::<1>(lanes),
            f32x4_extract_lane::<2>(lanes),
            f32x4_extract_lane::<3>(lanes),
        ]
    }

    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn multiply_add(left: Lanes, right: Lanes, addend: Lanes) -> Lanes {
        f32x4_add(addend, f32x4_mul(left, right))
    }

    #[cfg(feature = "relaxed-simd")]
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn multiply_add(left: Lanes, right: Lanes, addend: Lanes) -> Lanes {
        f32x4_relaxed_madd(left, right, addend)
    }
}

/// The same without SIMD, for the tests.
#[cfg(not(target_arch = "wasm32"))]
mod lanes {
    pub type Lanes = [f32; 4];

    pub fn splat(value: f32) -> Lanes {
        [value; 4]
    }

    pub fn load(values: [f32; 4]) -> Lanes {
        values
    }

    pub fn store(lanes: Lanes) -> [f32; 4] {
        lanes
    }

    pub fn multiply_add(left: Lanes, right: Lanes, addend: Lanes) -> Lanes {
        std::array::from_fn(|lane| addend[lane] + left[lane] * right[lane])
    }
}

/// `left · right` into the rows of `output`, which start `row_stride` apart. Sizes are the caller's duty.
pub fn multiply_packed(
    (output, row_stride): (&mut [f32], usize),
    left: Matrix,
    right: Matrix,
    update: Update,
) {
    let (rows, depth, columns) = (left.rows(), left.columns(), right.columns());
    let (padded_rows, padded_columns) = (
        rows.min(BLOCK_ROWS).next_multiple_of(ROWS),
        columns.min(BLOCK_COLUMNS).next_multiple_of(COLUMNS),
    );
    let block_depth = depth.min(DEPTH);
    if update == Update::Assign {
        for row in 0..rows {
            output[row * row_stride..][..columns].fill(0.0);
        }
    }
    scratch::with((padded_rows + padded_columns) * block_depth, |packed| {
        let (packed_left, packed_right) = packed.split_at_mut(padded_rows * block_depth);
        for column in (0..columns).step_by(BLOCK_COLUMNS) {
            let width = BLOCK_COLUMNS.min(columns - column);
            for start in (0..depth).step_by(DEPTH) {
                let steps = DEPTH.min(depth - start);
                pack::<COLUMNS>(packed_right, right.transposed(), column, width, start, steps);
                for row in (0..rows).step_by(BLOCK_ROWS) {
                    let height = BLOCK_ROWS.min(rows - row);
                    pack::<ROWS>(packed_left, left, row, height, start, steps);
                    let output = &mut output[row * row_stride + column..];
                    block(output, row_stride, packed_left, packed_right, [height, width, steps]);
                }
            }
        }
    });
}

/// Rows `first..first + count` of a matrix, steps `start..start + steps` of them, in strips of `STRIP`
/// rows whose values of one step lie side by side; zeros behind the last row.
fn pack<const STRIP: usize>(
    packed: &mut [f32],
    matrix: Matrix,
    first: usize,
    count: usize,
    start: usize,
    steps: usize,
) {
    let strips = packed.chunks_exact_mut(STRIP * steps).take(count.div_ceil(STRIP));
    for (strip, target) in strips.enumerate() {
        let row = first + strip * STRIP;
        let height = STRIP.min(count - strip * STRIP);
        let (values, row_stride, step_stride) = matrix.from(row, start);
        let steps_of_strip = target.as_chunks_mut::<STRIP>().0;
        if row_stride == 1 && height == STRIP {
            for (step, target) in steps_of_strip.iter_mut().enumerate() {
                target.copy_from_slice(&values[step * step_stride..][..STRIP]);
            }
            continue;
        }
        for (step, target) in steps_of_strip.iter_mut().enumerate() {
            for (lane, value) in target.iter_mut().enumerate() {
                *value = match lane < height {
                    true => values[lane * row_stride + step * step_stride],
                    false => 0.0,
                };
            }
        }
    }
}

/// Adds the product of two packed blocks to `output`.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn block(
    output: &mut [f32],
    row_stride: usize,
    left: &[f32],
    right: &[f32],
    [height, width, steps]: [usize; 3],
) {
    for (column, right) in (0..width).step_by(COLUMNS).zip(right.chunks_exact(COLUMNS * steps)) {
        for (row, left) in (0..height).step_by(ROWS).zip(left.chunks_exact(ROWS * steps)) {
            let sums = strip_product(left, right);
            let columns = COLUMNS.min(width - column);
            for (index, sums) in sums.iter().enumerate().take(height - row) {
                let target = &mut output[(row + index) * row_stride + column..][..columns];
                for (value, sum) in target.iter_mut().zip(sums.as_flattened()) {
                    *value += sum;
                }
            }
        }
    }
}

/// The product of a strip of rows and a strip of columns.
#[cfg_attr(not(feature = "relaxed-simd"), inline(always))]
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn strip_product(left: &[f32], right: &[f32]) -> [[[f32; 4]; 2]; ROWS] {
    let mut sums: [[Lanes; 2]; ROWS] = [[splat(0.0); 2]; ROWS];
    let steps = left.as_chunks::<ROWS>().0.iter().zip(right.as_chunks::<COLUMNS>().0);
    for (left, &[a, b, c, d, e, f, g, h]) in steps {
        let right = [load([a, b, c, d]), load([e, f, g, h])];
        for (sums, &value) in sums.iter_mut().zip(left) {
            let value = splat(value);
            sums[0] = multiply_add(value, right[0], sums[0]);
            sums[1] = multiply_add(value, right[1], sums[1]);
        }
    }
    sums.map(|sums| sums.map(store))
}

#[cfg(test)]
mod tests {
    use super::super::matrix::{Matrix, Update};
    use super::multiply_packed;

    fn numbers(length: usize) -> Vec<f32> {
        (0..length).map(|index| ((index * 7919 % 1009) as f32 - 504.0) / 504.0).collect()
    }

    fn check(rows: usize, depth: usize, columns: usize, turned: bool, update: Update) {
        let stride = columns + 3;
        let (left, right) = (numbers(rows * depth), numbers(depth * columns));
        let right_matrix = match turned {
            false => Matrix::new(&right, depth, columns, columns),
            true => Matrix::new(&right, columns, depth, depth).transposed(),
        };
        let mut output = vec![0.5; (rows - 1) * stride + columns];
        let left_matrix = Matrix::new(&left, rows, depth, depth);
        multiply_packed((&mut output, stride), left_matrix, right_matrix, update);
        for row in 0..rows {
            for column in 0..columns {
                let of_right = |step| match turned {
                    false => right[step * columns + column],
                    true => right[column * depth + step],
                };
                let product = (0..depth)
                    .map(|step| f64::from(left[row * depth + step]) * f64::from(of_right(step)));
                let before = if update == Update::Add { 0.5 } else { 0.0 };
                let expected = before + product.sum::<f64>();
                let apart = (f64::from(output[row * stride + column]) - expected).abs();
                assert!(
                    apart < 1e-3,
                    "{rows}×{depth}×{columns} at {row}, {column}: off by {apart}"
                );
            }
        }
        let behind = (0..rows - 1).flat_map(|row| output[row * stride + columns..][..3].to_vec());
        assert!(behind.into_iter().all(|value| value == 0.5), "wrote between the rows");
    }

    #[test]
    fn multiplies_odd_sizes() {
        for [rows, depth, columns] in [
            [1, 1, 1],
            [4, 8, 8],
            [5, 3, 9],
            [3, 257, 17],
            [131, 40, 23],
            [7, 300, 530],
            [128, 256, 512],
        ] {
            for turned in [false, true] {
                check(rows, depth, columns, turned, Update::Assign);
                check(rows, depth, columns, turned, Update::Add);
            }
        }
    }
}

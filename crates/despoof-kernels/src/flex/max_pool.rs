//! Max pooling without the indices that only a backward pass needs.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, tensor, values};
use super::simd::vectorised;
use super::{parallel, scratch};

/// Max pooling, forward only.
#[backend_extension(Flex)]
pub trait MaxPoolKernel: Backend {
    /// `input` `[batch, channels, height, width]` to `[batch, channels, output…]`; windows that hang over
    /// the border take what is inside.
    fn max_pool_forward(
        input: FloatTensor<Self>,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        output: [usize; 2],
    ) -> FloatTensor<Self>;
}

impl MaxPoolKernel for Flex {
    fn max_pool_forward(
        input: FlexTensor,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        [height, width]: [usize; 2],
    ) -> FlexTensor {
        let input = contiguous(input);
        let [batch, channels, height_in, width_in] = dims(&input);
        let windows = |axis: usize, count: usize, length: usize| -> Vec<Range<usize>> {
            let window = |index: usize| {
                let start = index * stride[axis];
                let end = (start + kernel[axis]).saturating_sub(padding[axis]).min(length);
                start.saturating_sub(padding[axis])..end
            };
            (0..count).map(window).collect()
        };
        let (rows, columns) = (windows(0, height, height_in), windows(1, width, width_in));
        let input = values(&input);
        let mut output = vec![f32::NEG_INFINITY; batch * channels * height * width];
        let work = output.len() * kernel[0] * kernel[1];
        parallel::for_each_chunk(&mut output, height * width, work, |plane, output| {
            let input = &input[plane * height_in * width_in..][..height_in * width_in];
            scratch::with(width_in, |line| {
                for (rows, output) in rows.iter().zip(output.chunks_exact_mut(width)) {
                    line.fill(f32::NEG_INFINITY);
                    for row in
                        input[rows.start * width_in..rows.end * width_in].chunks_exact(width_in)
                    {
                        keep_larger(line, row);
                    }
                    for (columns, most) in columns.iter().zip(output) {
                        *most = line[columns.clone()]
                            .iter()
                            .fold(*most, |most, &value| larger(most, value));
                    }
                }
            });
        });
        tensor(output, [batch, channels, height, width])
    }
}

vectorised! {
    fn keep_larger<FMA>(line: &mut [f32], row: &[f32]) {
        for (most, &value) in line.iter_mut().zip(row) {
            *most = larger(*most, value);
        }
    }
}

/// A NaN stays one.
#[inline(always)]
fn larger(most: f32, value: f32) -> f32 {
    // Without a shortcut, so that it is a choice and no jump.
    if (value > most) | value.is_nan() { value } else { most }
}

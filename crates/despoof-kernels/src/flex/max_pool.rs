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
        let rows: Vec<Range<usize>> = (0..height)
            .map(|index| {
                let (start, end) = (index * stride[0], index * stride[0] + kernel[0]);
                start.saturating_sub(padding[0])..end.saturating_sub(padding[0]).min(height_in)
            })
            .collect();
        // A line with what is beyond its ends, for the window that reaches furthest.
        let line_length = (padding[1] + width_in).max(width * stride[1] + kernel[1]);
        let input = values(&input);
        let mut output = vec![f32::NEG_INFINITY; batch * channels * height * width];
        let work = output.len() * kernel[0] * kernel[1];
        parallel::for_each_chunk(&mut output, height * width, work, |plane, output| {
            let input = &input[plane * height_in * width_in..][..height_in * width_in];
            scratch::with(line_length, |line| {
                for (rows, output) in rows.iter().zip(output.chunks_exact_mut(width)) {
                    line.fill(f32::NEG_INFINITY);
                    let inside = &mut line[padding[1]..][..width_in];
                    let rows = &input[rows.start * width_in..rows.end * width_in];
                    rows.chunks_exact(width_in).for_each(|row| keep_larger(inside, row, 1));
                    (0..kernel[1]).for_each(|tap| keep_larger(output, &line[tap..], stride[1]));
                }
            });
        });
        tensor(output, [batch, channels, height, width])
    }
}

vectorised! {
    /// Of every value and every `stride`-th of a line the larger one.
    fn keep_larger<FMA>(values: &mut [f32], line: &[f32], stride: usize) {
        let keep = |(most, &value): (&mut f32, &f32)| *most = larger(*most, value);
        match stride {
            1 => values.iter_mut().zip(line).for_each(keep),
            2 => {
                let pairs = line.as_chunks::<2>().0;
                values.iter_mut().zip(pairs.iter().map(|[value, _]| value)).for_each(keep);
            }
            _ => values.iter_mut().zip(line.iter().step_by(stride)).for_each(keep),
        }
    }
}

/// A NaN stays one.
#[inline(always)]
fn larger(most: f32, value: f32) -> f32 {
    // Without a shortcut, so that it is a choice and no jump.
    if (value > most) | value.is_nan() { value } else { most }
}

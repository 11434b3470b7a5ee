//! Dense convolution as a matrix product of weights and patches (im2col), out of tensor operations: products
//! reach the tensor cores, and their gradients are products again. burn's own convolution has one thread an
//! output, and its weight gradient runs as a convolution whose kernel is the whole output's gradient.

use burn::tensor::{Slice, Tensor};

/// Convolution of `[batch, in, height, width]` with `[out, in, kernel height, kernel width]`.
///
/// `padding` is zeros `(before, after)`, vertically and horizontally.
pub fn conv2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    stride: [usize; 2],
    padding: [(usize, usize); 2],
) -> Tensor<4> {
    let [channels_out, _, kernel_height, kernel_width] = weight.dims();
    let patches = patches(input, [kernel_height, kernel_width], stride, padding);
    let [batch, depth, height, width] = patches.dims();
    let weight = weight.permute([0, 2, 3, 1]).reshape([1, channels_out, depth]);
    let output = weight.matmul(patches.reshape([batch, depth, height * width]));
    output.reshape([batch, channels_out, height, width])
}

/// What the places of the kernel read, row by row: `[batch, places × in, out height, out width]`.
fn patches(
    input: Tensor<4>,
    [kernel_height, kernel_width]: [usize; 2],
    [down, across]: [usize; 2],
    padding: [(usize, usize); 2],
) -> Tensor<4> {
    let [(top, bottom), (left, right)] = padding;
    let padded = if padding == [(0, 0), (0, 0)] {
        input
    } else {
        input.pad((left, right, top, bottom), 0.0)
    };
    let [batch, channels, height, width] = padded.dims();
    let rows = (height - kernel_height) / down + 1;
    let columns = (width - kernel_width) / across + 1;
    if (kernel_height, kernel_width, down, across) == (1, 1, 1, 1) {
        return padded;
    }
    let places =
        (0..kernel_height).flat_map(|row| (0..kernel_width).map(move |column| (row, column)));
    let every = |first: usize, count: usize, step: usize| {
        let end = first + (count - 1) * step + 1;
        Slice::new(first as isize, Some(end as isize), step as isize)
    };
    let read = |(row, column): (usize, usize)| {
        padded.clone().slice([
            every(0, batch, 1),
            every(0, channels, 1),
            every(row, rows, down),
            every(column, columns, across),
        ])
    };
    Tensor::cat(places.map(read).collect(), 1)
}

//! Changes of resolution without parameters.

use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

use crate::ops::{permute, reshape};
use crate::trace::{self, Operation};

/// Every pixel four times: `[batch, channels, height, width]` to
/// `[batch, channels, 2 height, 2 width]`.
pub fn upsample_nearest(input: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = input.dims();
    resize_nearest(input, [2 * height, 2 * width])
}

/// The nearest pixel (above, left) of every position: `[batch, channels, height, width]` to
/// `[batch, channels, size…]`.
pub fn resize_nearest(input: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Nearest).with_output_size(size);
    trace::inputs(&[&input]).gave(|| Operation::ResizeNearest, interpolate(input, options))
}

/// Between the four pixels around every position, the first and the last pixels of both sides on each other:
/// `[batch, channels, height, width]` to `[batch, channels, size…]`.
pub fn resize_bilinear(input: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Bilinear).with_output_size(size);
    trace::inputs(&[&input]).gave(|| Operation::ResizeBilinear, interpolate(input, options))
}

/// Channels to space (Shi et al. 2016): `[batch, channels · factor², height, width]` to
/// `[batch, channels, height · factor, width · factor]`, in the order of PyTorch's `pixel_shuffle`.
pub fn pixel_shuffle(input: Tensor<4>, factor: usize) -> Tensor<4> {
    let [batch, packed, height, width] = input.dims();
    let channels = packed / (factor * factor);
    let noted = trace::inputs(&[&input]);
    let output = input
        .reshape([batch, channels, factor, factor, height, width])
        .permute([0, 1, 4, 2, 5, 3])
        .reshape([batch, channels, height * factor, width * factor]);
    noted.gave(|| Operation::PixelShuffle { factor }, output)
}

/// Space to channels, the inverse of [`pixel_shuffle`].
pub fn pixel_unshuffle(input: Tensor<4>, factor: usize) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    let (rows, columns) = (height / factor, width / factor);
    let squares = reshape(input, [batch, channels, rows, factor, columns, factor]);
    let packed = permute(squares, [0, 1, 3, 5, 2, 4]);
    reshape(packed, [batch, channels * factor * factor, rows, columns])
}

//! Operations without parameters that the networks are built from, besides those of
//! [`crate::layers`]: burn's own, reported to [`crate::trace`].

use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
use burn::tensor::{Tensor, activation};

use crate::trace::{self, Activation, Operation};

pub use despoof_kernels::planes_from_rgb;

/// Sum of two tensors that broadcast.
pub fn add<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    trace::inputs(&[&left, &right]).gave(|| Operation::Add, left + right)
}

/// Difference of two tensors that broadcast.
pub fn subtract<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    trace::inputs(&[&left, &right]).gave(|| Operation::Subtract, left - right)
}

/// Product of two tensors that broadcast.
pub fn multiply<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    trace::inputs(&[&left, &right]).gave(|| Operation::Multiply, left * right)
}

/// Quotient of two tensors that broadcast.
pub fn divide<const D: usize>(left: Tensor<D>, right: Tensor<D>) -> Tensor<D> {
    trace::inputs(&[&left, &right]).gave(|| Operation::Divide, left / right)
}

/// Every value times a number.
pub fn scale<const D: usize>(input: Tensor<D>, factor: f64) -> Tensor<D> {
    trace::inputs(&[&input]).gave(|| Operation::Scale(factor), input * factor)
}

/// The same values in another shape.
pub fn reshape<const D: usize, const E: usize>(input: Tensor<D>, shape: [usize; E]) -> Tensor<E> {
    trace::inputs(&[&input]).gave(|| Operation::Reshape, input.reshape(shape))
}

/// Output dimension `i` is input dimension `order[i]`.
pub fn permute<const D: usize>(input: Tensor<D>, order: [usize; D]) -> Tensor<D> {
    let axes = order.map(|axis| axis as isize);
    trace::inputs(&[&input]).gave(|| Operation::Permute(order.to_vec()), input.permute(axes))
}

/// Repeated along dimensions of length 1.
pub fn expand<const D: usize>(input: Tensor<D>, shape: [usize; D]) -> Tensor<D> {
    trace::inputs(&[&input]).gave(|| Operation::Expand, input.expand(shape))
}

/// `first`, then `second`, along dimension `axis`.
pub fn concatenate<const D: usize>(first: Tensor<D>, second: Tensor<D>, axis: usize) -> Tensor<D> {
    trace::inputs(&[&first, &second])
        .gave(|| Operation::Concatenate { axis }, Tensor::cat(vec![first, second], axis))
}

/// Dimension `axis` from its last index to its first.
pub fn flip<const D: usize>(input: Tensor<D>, axis: usize) -> Tensor<D> {
    trace::inputs(&[&input]).gave(|| Operation::Flip { axis }, input.flip([axis as isize]))
}

/// `length` indices of dimension `axis` from `start` on.
pub fn slice<const D: usize>(
    input: Tensor<D>,
    axis: usize,
    start: usize,
    length: usize,
) -> Tensor<D> {
    trace::inputs(&[&input])
        .gave(|| Operation::Slice { axis, start }, input.narrow(axis, start, length))
}

/// The first `count` of a batch.
pub fn first<const D: usize>(input: Tensor<D>, count: usize) -> Tensor<D> {
    if input.dims()[0] == count { input } else { slice(input, 0, 0, count) }
}

/// The largest value of every window.
pub fn max_pool(
    input: Tensor<4>,
    kernel: usize,
    stride: usize,
    padding: usize,
    ceil: bool,
) -> Tensor<4> {
    let [kernel, stride, padding] = [kernel, stride, padding].map(|length| [length, length]);
    let noted = trace::inputs(&[&input]);
    let output = despoof_kernels::max_pool(input, kernel, stride, padding, ceil);
    noted.gave(|| Operation::MaxPool { kernel, stride, padding, ceil }, output)
}

/// The mean of every square of `side` × `side` pixels.
pub fn average_pool(input: Tensor<4>, side: usize) -> Tensor<4> {
    let options = AvgPoolOptions::new([side, side]).with_stride([side, side]);
    trace::inputs(&[&input]).gave(|| Operation::AveragePool { side }, avg_pool2d(input, options))
}

/// (x − mean) / (deviation + epsilon) over each element of the batch.
pub fn standardise(input: Tensor<4>, epsilon: f64) -> Tensor<4> {
    let noted = trace::inputs(&[&input]);
    let [batch, channels, height, width] = input.dims();
    let flat = input.reshape([batch, channels * height * width]);
    let centred = flat.clone() - flat.mean_dim(1);
    let deviation = centred.clone().powf_scalar(2.0).mean_dim(1).sqrt();
    let output = (centred / (deviation + epsilon)).reshape([batch, channels, height, width]);
    noted.gave(|| Operation::Standardise { epsilon }, output)
}

/// The mean of each element of the batch, `[batch, 1, 1, 1]`.
pub fn mean(input: Tensor<4>) -> Tensor<4> {
    let noted = trace::inputs(&[&input]);
    let mean = input.flatten::<2>(1, 3).mean_dim(1);
    noted.gave(|| Operation::Mean, mean.unsqueeze_dims(&[2, 3]))
}

/// Pictures in [−1, 1] with `factor` times their contrast around a tone of each, `[batch, 1, 1, 1]`; what leaves the range is cut.
pub fn contrasted(pictures: Tensor<4>, around: Tensor<4>, factor: f64) -> Tensor<4> {
    let noted = trace::inputs(&[&pictures, &around]);
    let output = (pictures * factor + around * (1.0 - factor)).clamp(-1.0, 1.0);
    noted.gave(|| Operation::Contrasted { factor }, output)
}

/// Softmax along dimension `axis`.
pub fn softmax<const D: usize>(input: Tensor<D>, axis: usize) -> Tensor<D> {
    trace::inputs(&[&input]).gave(|| Operation::Softmax { axis }, activation::softmax(input, axis))
}

/// max(x, 0).
pub fn relu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    trace::inputs(&[&input]).gave(|| Operation::Activate(Activation::Relu), activation::relu(input))
}

/// Every row brought to the Euclidean length √`squared`.
pub fn to_length(input: Tensor<2>, squared: f64) -> Tensor<2> {
    let noted = trace::inputs(&[&input]);
    let squared_length = input.clone().square().sum_dim(1).clamp_min(1e-12);
    let output = input * (squared_length / squared).sqrt().recip();
    noted.gave(|| Operation::ToLength { squared }, output)
}

/// The positions of a map as tokens, row by row (paper section 4.2: 512×7×7 to 49×512).
///
/// `[batch, channels, height, width]` to `[batch, height · width, channels]`.
pub fn tokens_from_map(map: Tensor<4>) -> Tensor<3> {
    let [batch, channels, height, width] = map.dims();
    permute(reshape(map, [batch, channels, height * width]), [0, 2, 1])
}

/// The inverse of [`tokens_from_map`].
pub fn map_from_tokens(tokens: Tensor<3>, height: usize, width: usize) -> Tensor<4> {
    let [batch, _, channels] = tokens.dims();
    reshape(permute(tokens, [0, 2, 1]), [batch, channels, height, width])
}

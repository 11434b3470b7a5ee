//! The operations every network is built from, in one place: what is counted ([`crate::cost`]) and
//! what has a faster kernel (`despoof-kernels`) goes through here and nowhere else.

use burn::module::{Flag, Module, ModuleMapper, Param};
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, GroupNorm, LayerNorm, Linear};
use burn::tensor::{Tensor, activation};

use crate::cost;

/// Two-dimensional convolution, dense or grouped. `[batch, in, height, width]` to
/// `[batch, out, height', width']`.
pub fn conv2d(layer: &Conv2d, input: Tensor<4>) -> Tensor<4> {
    let output = layer.forward(input);
    let [channels_out, channels_in_of_group, kernel_height, kernel_width] = layer.weight.dims();
    let [batch, _, height, width] = output.dims();
    let per_position = channels_out * channels_in_of_group * kernel_height * kernel_width;
    cost::record((batch * height * width * per_position) as u64);
    output
}

/// Affine map of the last dimension.
pub fn linear<const D: usize>(layer: &Linear, input: Tensor<D>) -> Tensor<D> {
    let rows: usize = input.dims()[..D - 1].iter().product();
    let [features_in, features_out] = layer.weight.dims();
    cost::record((rows * features_in * features_out) as u64);
    layer.forward(input)
}

/// Batched matrix product of `[batch, heads, rows, inner]` and `[batch, heads, inner, columns]`.
pub fn matmul(left: Tensor<4>, right: Tensor<4>) -> Tensor<4> {
    let [batch, heads, rows, inner] = left.dims();
    let columns = right.dims()[3];
    cost::record((batch * heads * rows * inner * columns) as u64);
    left.matmul(right)
}

/// Group normalisation (Wu and He 2018) without activation.
pub fn group_norm(norm: &GroupNorm, input: Tensor<4>) -> Tensor<4> {
    norm.forward(input)
}

/// Group normalisation followed by SiLU, the pair in front of every convolution of the U-Net and
/// the autoencoder.
pub fn group_norm_silu(norm: &GroupNorm, input: Tensor<4>) -> Tensor<4> {
    silu(norm.forward(input))
}

/// Batch normalisation (running statistics on a device without autodiff, batch statistics with).
pub fn batch_norm(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    norm.forward(input)
}

/// Batch normalisation followed by ReLU6, the pair of EfficientNet-Lite.
pub fn batch_norm_relu6(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    norm.forward(input).clamp(0.0, 6.0)
}

/// Layer normalisation of the last dimension.
pub fn layer_norm<const D: usize>(norm: &LayerNorm, input: Tensor<D>) -> Tensor<D> {
    norm.forward(input)
}

/// x · sigmoid(x).
pub fn silu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    activation::silu(input)
}

/// Exact (erf) GELU.
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    activation::gelu(input)
}

/// Softmax over the last dimension of attention scores.
pub fn softmax_last(scores: Tensor<4>) -> Tensor<4> {
    activation::softmax(scores, 3)
}

/// Makes every batch normalisation of `network` keep its running statistics in training, too: those
/// of a small batch are too noisy to fine-tune on. Its scale and shift stay trainable.
pub fn freeze_statistics<M: Module>(network: M) -> M {
    struct Freeze;
    impl ModuleMapper for Freeze {
        // Batch normalisation is the only layer in this crate that behaves differently in training.
        fn map_flag(&mut self, training: Param<Flag>) -> Param<Flag> {
            training.with_value(false)
        }
    }
    network.map(&mut Freeze)
}

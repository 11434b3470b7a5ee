//! The operations every network is built from, in one place: what is counted ([`crate::cost`]) and
//! what has a faster kernel (`despoof-kernels`) goes through here and nowhere else.

use burn::module::{Flag, Module, ModuleMapper, Param, RunningState};
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, GroupNorm, LayerNorm, Linear, PRelu, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use despoof_kernels::{BatchNormActivation, BatchNormParameters, Conv2dParameters};

use crate::cost;
use crate::trace::{self, Activation, Operation, Traced};

/// Two-dimensional convolution, dense or grouped. `[batch, in, height, width]` to
/// `[batch, out, height', width']`.
pub fn conv2d(layer: &Conv2d, input: Tensor<4>) -> Tensor<4> {
    let padding = padding_pairs(layer, &input);
    let shape = counted_convolution(layer, &input, padding);
    if cost::only_counts() {
        return Tensor::zeros(shape, (&input.device(), input.dtype()));
    }
    let (stride, groups) = (layer.stride, layer.groups);
    let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().map(Param::val));
    let noted = trace::inputs(&[&input, &weight]).and(|| boxed(&bias));
    let output = despoof_kernels::conv2d(input, weight, bias, stride, padding, groups);
    noted.gave(|| Operation::Conv2d { stride, padding, groups }, output)
}

/// A bias where there is one.
fn boxed(bias: &Option<Tensor<1>>) -> Vec<Box<dyn Traced>> {
    bias.iter().map(|bias| Box::new(bias.clone()) as _).collect()
}

/// Counts a convolution; returns the shape of its output.
fn counted_convolution(
    layer: &Conv2d,
    input: &Tensor<4>,
    padding: [(usize, usize); 2],
) -> [usize; 4] {
    assert_eq!(layer.dilation, [1, 1], "no network here has a dilated convolution");
    let [channels_out, channels_in_of_group, kernel_height, kernel_width] =
        layer.weight.lazy_shape().dims();
    let [batch, _, height, width] = input.dims();
    let positions = |length: usize, axis: usize, kernel: usize| {
        (length + padding[axis].0 + padding[axis].1 - kernel) / layer.stride[axis] + 1
    };
    let (height, width) = (positions(height, 0, kernel_height), positions(width, 1, kernel_width));
    let per_position = channels_out * channels_in_of_group * kernel_height * kernel_width;
    cost::record((batch * height * width * per_position) as u64);
    [batch, channels_out, height, width]
}

/// Zeros `(before, after)` the input, vertically and horizontally. `Same` is TensorFlow's, where the
/// odd zero goes behind.
fn padding_pairs(layer: &Conv2d, input: &Tensor<4>) -> [(usize, usize); 2] {
    let [_, _, height, width] = input.dims();
    let same = |length: usize, axis: usize| {
        let (kernel, stride) = (layer.kernel_size[axis], layer.stride[axis]);
        let total = ((length.div_ceil(stride) - 1) * stride + kernel).saturating_sub(length);
        (total / 2, total - total / 2)
    };
    match layer.padding {
        PaddingConfig2d::Valid => [(0, 0); 2],
        PaddingConfig2d::Same => [same(height, 0), same(width, 1)],
        PaddingConfig2d::Explicit(top, left, bottom, right) => [(top, bottom), (left, right)],
    }
}

/// Affine map of the last dimension.
pub fn linear<const D: usize>(layer: &Linear, input: Tensor<D>) -> Tensor<D> {
    let mut shape = input.dims();
    let rows: usize = shape[..D - 1].iter().product();
    let [features_in, features_out] = layer.weight.lazy_shape().dims();
    cost::record((rows * features_in * features_out) as u64);
    if cost::only_counts() {
        shape[D - 1] = features_out;
        return Tensor::zeros(shape, (&input.device(), input.dtype()));
    }
    let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().map(Param::val));
    let noted = trace::inputs(&[&input, &weight]).and(|| boxed(&bias));
    noted.gave(|| Operation::Linear, despoof_kernels::linear(input, weight, bias))
}

/// Group normalisation (Wu and He 2018) without activation.
pub fn group_norm(norm: &GroupNorm, input: Tensor<4>) -> Tensor<4> {
    let (gamma, beta) = scale_and_shift(norm);
    let (groups, epsilon) = (norm.num_groups, norm.epsilon);
    trace::inputs(&[&input, &gamma, &beta]).gave(
        || Operation::GroupNorm { groups, epsilon, activation: Activation::Identity },
        despoof_kernels::group_norm(input, gamma, beta, groups, epsilon),
    )
}

/// Group normalisation followed by SiLU, the pair in front of every convolution of the U-Net and
/// the autoencoder.
pub fn group_norm_silu(norm: &GroupNorm, input: Tensor<4>) -> Tensor<4> {
    let (gamma, beta) = scale_and_shift(norm);
    let (groups, epsilon) = (norm.num_groups, norm.epsilon);
    trace::inputs(&[&input, &gamma, &beta]).gave(
        || Operation::GroupNorm { groups, epsilon, activation: Activation::Silu },
        despoof_kernels::group_norm_silu(input, gamma, beta, groups, epsilon),
    )
}

fn scale_and_shift(norm: &GroupNorm) -> (Tensor<1>, Tensor<1>) {
    let parameter = |name, parameter: &Option<Param<Tensor<1>>>| {
        parameter
            .as_ref()
            .map(Param::val)
            .unwrap_or_else(|| panic!("every group normalisation here has a {name}"))
    };
    (parameter("scale", &norm.gamma), parameter("shift", &norm.beta))
}

/// Convolution followed by batch normalisation.
pub fn conv2d_batch_norm(layer: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    conv2d_batch_norm_activated(layer, norm, input, BatchNormActivation::Identity)
}

/// Convolution followed by batch normalisation and ReLU6.
pub fn conv2d_batch_norm_relu6(layer: &Conv2d, norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    conv2d_batch_norm_activated(layer, norm, input, BatchNormActivation::Relu6)
}

fn conv2d_batch_norm_activated(
    layer: &Conv2d,
    norm: &BatchNorm,
    input: Tensor<4>,
    activation: BatchNormActivation,
) -> Tensor<4> {
    let device = input.device();
    if layer.bias.is_some() || cost::only_counts() || uses_statistics_of_batch(norm, &device) {
        return batch_norm_activated(norm, conv2d(layer, input), activation);
    }
    let padding = padding_pairs(layer, &input);
    counted_convolution(layer, &input, padding);
    let convolution = Conv2dParameters {
        weight: layer.weight.val(),
        stride: layer.stride,
        padding,
        groups: layer.groups,
    };
    let (mean, variance) = running_statistics(norm, &device);
    let parameters = parameters_of(norm);
    let noted = trace::inputs(&[
        &input,
        &convolution.weight,
        &parameters.gamma,
        &parameters.beta,
        &mean,
        &variance,
    ]);
    let operation = || Operation::Conv2dBatchNorm {
        stride: layer.stride,
        padding,
        groups: layer.groups,
        epsilon: norm.epsilon,
        activation: traced_activation(activation),
    };
    let output = despoof_kernels::conv2d_batch_norm_frozen(
        input,
        convolution,
        parameters,
        mean,
        variance,
        activation,
    );
    noted.gave(operation, output)
}

/// Batch normalisation: running statistics in inference and where they are frozen, else the batch's.
pub fn batch_norm(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    batch_norm_activated(norm, input, BatchNormActivation::Identity)
}

fn batch_norm_activated(
    norm: &BatchNorm,
    input: Tensor<4>,
    activation: BatchNormActivation,
) -> Tensor<4> {
    let parameters = parameters_of(norm);
    let device = input.device();
    if !uses_statistics_of_batch(norm, &device) {
        let (mean, variance) = running_statistics(norm, &device);
        let noted = trace::inputs(&[&input, &parameters.gamma, &parameters.beta, &mean, &variance]);
        let activated = traced_activation(activation);
        return noted.gave(
            || Operation::BatchNorm { epsilon: norm.epsilon, activation: activated },
            despoof_kernels::batch_norm_frozen(input, parameters, mean, variance, activation),
        );
    }
    let result = despoof_kernels::batch_norm_of_batch(input, parameters, activation);
    let blend = |running: &RunningState<Tensor<1>>, latest: Tensor<1>| {
        let running_value = running.value_sync().to_device(&device);
        let blended = running_value * (1.0 - norm.momentum) + latest * norm.momentum;
        running.update(blended.detach());
        // burn only queues an update, and a checkpoint is written without what is queued.
        running.value_sync();
    };
    blend(&norm.running_mean, result.mean);
    blend(&norm.running_var, result.variance);
    result.output
}

fn traced_activation(activation: BatchNormActivation) -> Activation {
    match activation {
        BatchNormActivation::Identity => Activation::Identity,
        BatchNormActivation::Relu6 => Activation::Relu6,
    }
}

fn uses_statistics_of_batch(norm: &BatchNorm, device: &Device) -> bool {
    device.is_autodiff() && norm.training.is_enabled()
}

fn parameters_of(norm: &BatchNorm) -> BatchNormParameters {
    BatchNormParameters { gamma: norm.gamma.val(), beta: norm.beta.val(), epsilon: norm.epsilon }
}

/// Mean and variance.
fn running_statistics(norm: &BatchNorm, device: &Device) -> (Tensor<1>, Tensor<1>) {
    (norm.running_mean.value().to_device(device), norm.running_var.value().to_device(device))
}

/// Layer normalisation of the last dimension. burn's layer does not tell its `epsilon`.
pub fn layer_norm<const D: usize>(norm: &LayerNorm, epsilon: f64, input: Tensor<D>) -> Tensor<D> {
    let beta = norm.beta.as_ref().expect("every layer normalisation here has a shift");
    let (gamma, beta) = (norm.gamma.val(), beta.val());
    trace::inputs(&[&input, &gamma, &beta]).gave(
        || Operation::LayerNorm { epsilon },
        despoof_kernels::layer_norm(input, gamma, beta, epsilon),
    )
}

/// x · sigmoid(x).
pub fn silu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    trace::inputs(&[&input])
        .gave(|| Operation::Activate(Activation::Silu), despoof_kernels::silu(input))
}

/// Exact (erf) GELU.
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    trace::inputs(&[&input])
        .gave(|| Operation::Activate(Activation::Gelu), despoof_kernels::gelu(input))
}

/// Negative values of `[batch, channels, …]` times the learned slope of their channel.
pub fn prelu<const D: usize>(layer: &PRelu, input: Tensor<D>) -> Tensor<D> {
    let slope = layer.alpha.val();
    let noted = trace::inputs(&[&input, &slope]);
    let shape = input.dims();
    let plane = shape[2..].iter().product();
    let output = despoof_kernels::prelu(input.reshape([shape[0], shape[1], plane, 1]), slope);
    noted.gave(|| Operation::PRelu, output.reshape(shape))
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

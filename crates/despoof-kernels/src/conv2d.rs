//! Two-dimensional convolution.

use burn::tensor::Tensor;
use burn::tensor::module;
use burn::tensor::ops::ConvOptions;

/// Convolution of `[batch, in, height, width]` with `[out, in / groups, kernel height, kernel width]`.
///
/// `padding` is zeros `(before, after)`, vertically and horizontally.
pub fn conv2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [(usize, usize); 2],
    groups: usize,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) && is_dense_or_depthwise(&input, &weight, groups) {
        let bias = bias.unwrap_or_else(|| Tensor::zeros([weight.dims()[0]], &input.device()));
        return on_flex(input, weight, bias, stride, padding, groups == 1);
    }
    #[cfg(feature = "webgpu")]
    if has_cube_kernel(&input, &weight, groups) {
        return on_cube(input, weight, bias, stride, padding);
    }
    #[cfg(feature = "gpu-training")]
    if crate::gpu::holds(&input) && is_dense_or_depthwise(&input, &weight, groups) {
        return on_gpu(input, weight, bias, stride, padding, groups == 1);
    }
    let options = ConvOptions::new_with_padding(stride, padding, [1, 1], groups);
    module::conv2d(input, weight, bias, options)
}

/// Whether all channels of the output see all of the input, or each its own one: what the kernels here compute.
#[cfg(any(feature = "flex", feature = "webgpu", feature = "gpu-training"))]
fn is_dense_or_depthwise(input: &Tensor<4>, weight: &Tensor<4>, groups: usize) -> bool {
    let [channels_out, channels_in_of_group, _, _] = weight.dims();
    let channels_in = input.dims()[1];
    assert_eq!(channels_in, channels_in_of_group * groups, "channels of input and weight");
    groups == 1 || (groups == channels_in && groups == channels_out)
}

#[cfg(feature = "flex")]
fn on_flex(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    stride: [usize; 2],
    padding: [(usize, usize); 2],
    dense: bool,
) -> Tensor<4> {
    use burn::backend::Dispatch;

    use crate::flex::conv2d::Conv2dKernel;
    use crate::flex::depthwise::DepthwiseKernel;

    let (input, weight, bias) =
        (input.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(if dense {
        Dispatch::conv2d_dense(input, weight, bias, stride, padding)
    } else {
        Dispatch::conv2d_depthwise(input, weight, bias, stride, padding)
    })
}

#[cfg(feature = "gpu-training")]
fn on_gpu(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [(usize, usize); 2],
    dense: bool,
) -> Tensor<4> {
    use burn::backend::Dispatch;

    use crate::gpu::depthwise::DepthwiseKernel;

    let output = if dense {
        crate::gpu::products::conv2d(input, weight, stride, padding)
    } else {
        let (input, weight) = (input.into_dispatch(), weight.into_dispatch());
        let output =
            <Dispatch as DepthwiseKernel>::conv2d_depthwise(input, weight, stride, padding);
        Tensor::from_dispatch(output)
    };
    match bias {
        Some(bias) => output + bias.reshape([1, -1, 1, 1]),
        None => output,
    }
}

/// Whether a convolution runs on the kernels for WebGPU: it is dense or depthwise.
#[cfg(feature = "webgpu")]
pub(crate) fn has_cube_kernel(input: &Tensor<4>, weight: &Tensor<4>, groups: usize) -> bool {
    is_dense_or_depthwise(input, weight, groups) && crate::cube::holds(input)
}

#[cfg(feature = "webgpu")]
fn on_cube(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: [usize; 2],
    padding: [(usize, usize); 2],
) -> Tensor<4> {
    use burn::backend::Dispatch;

    use crate::cube::conv2d::Conv2dKernel;
    use crate::cube::wgsl::conv::{Epilogue, Layer};

    let epilogue = if bias.is_some() { Epilogue::Bias } else { Epilogue::Identity };
    let (input_dims, weight_dims) = (input.dims(), weight.dims());
    let layer =
        Layer { input: input_dims, weight: weight_dims, stride, padding, epilogue, epsilon: 0.0 };
    let (input, weight) = (input.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::conv2d_biased(input, weight, bias.into_dispatch(), layer),
        None => Dispatch::conv2d_plain(input, weight, layer),
    })
}

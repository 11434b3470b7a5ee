//! Convolution followed by frozen batch normalisation.

use burn::tensor::Tensor;

use crate::{BatchNormActivation, BatchNormParameters, batch_norm_frozen, conv2d};

/// A convolution without a bias; see [`conv2d()`].
#[derive(Clone, Debug)]
pub struct Conv2dParameters {
    /// `[out, in / groups, kernel height, kernel width]`.
    pub weight: Tensor<4>,
    /// Steps between output positions.
    pub stride: [usize; 2],
    /// Zeros `(before, after)`, vertically and horizontally.
    pub padding: [(usize, usize); 2],
    /// Groups of channels.
    pub groups: usize,
}

/// [`conv2d()`] and [`batch_norm_frozen`], in one pass over memory where there is a kernel for it.
pub fn conv2d_batch_norm_frozen(
    input: Tensor<4>,
    convolution: Conv2dParameters,
    parameters: BatchNormParameters,
    mean: Tensor<1>,
    variance: Tensor<1>,
    activation: BatchNormActivation,
) -> Tensor<4> {
    let Conv2dParameters { weight, stride, padding, groups } = convolution;
    #[cfg(feature = "webgpu")]
    if conv2d::has_cube_kernel(&input, &weight, groups) {
        use crate::cube::conv2d::Conv2dKernel;
        use crate::cube::wgsl::conv::{Epilogue, Layer};
        let epilogue = match activation {
            BatchNormActivation::Identity => Epilogue::BatchNorm,
            BatchNormActivation::Relu6 => Epilogue::BatchNormRelu6,
        };
        let BatchNormParameters { gamma, beta, epsilon } = parameters;
        let layer = Layer {
            input: input.dims(),
            weight: weight.dims(),
            stride,
            padding,
            epilogue,
            epsilon: epsilon as f32,
        };
        return Tensor::from_dispatch(burn::backend::Dispatch::conv2d_normalised(
            input.into_dispatch(),
            weight.into_dispatch(),
            gamma.into_dispatch(),
            beta.into_dispatch(),
            mean.into_dispatch(),
            variance.into_dispatch(),
            layer,
        ));
    }
    let output = conv2d(input, weight, None, stride, padding, groups);
    batch_norm_frozen(output, parameters, mean, variance, activation)
}

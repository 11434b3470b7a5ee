//! Activations and softmax.

use burn::tensor::{Tensor, activation};

/// x · sigmoid(x).
pub fn silu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        return on_flex(input, crate::flex::affine::Activation::Silu);
    }
    activation::silu(input)
}

/// x · Φ(x), Φ the normal distribution function (exact GELU).
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        return on_flex(input, crate::flex::affine::Activation::Gelu);
    }
    activation::gelu(input)
}

/// Negative values of `[batch, channels, height, width]` times the slope of their channel (He et al.
/// 2015).
pub fn prelu(input: Tensor<4>, slope: Tensor<1>) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) && slope.dims()[0] == input.dims()[1] {
        use crate::flex::prelu::PreluKernel;
        let (input, slope) = (input.into_dispatch(), slope.into_dispatch());
        return Tensor::from_dispatch(<burn::backend::Dispatch as PreluKernel>::prelu(
            input, slope,
        ));
    }
    #[cfg(feature = "webgpu")]
    if crate::cube::holds(&input) && slope.dims()[0] == input.dims()[1] {
        use crate::cube::prelu::PreluKernel;
        let (input, slope) = (input.into_dispatch(), slope.into_dispatch());
        return Tensor::from_dispatch(<burn::backend::Dispatch as PreluKernel>::prelu(
            input, slope,
        ));
    }
    activation::prelu(input, slope)
}

/// Softmax over the last dimension.
pub fn softmax_last<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        use crate::flex::softmax::SoftmaxKernel;
        return Tensor::from_dispatch(burn::backend::Dispatch::softmax_last(input.into_dispatch()));
    }
    activation::softmax(input, D - 1)
}

#[cfg(feature = "flex")]
fn on_flex<const D: usize>(
    input: Tensor<D>,
    activation: crate::flex::affine::Activation,
) -> Tensor<D> {
    use crate::flex::activation::ActivationKernel;
    Tensor::from_dispatch(burn::backend::Dispatch::activate(input.into_dispatch(), activation))
}

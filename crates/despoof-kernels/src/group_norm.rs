//! Group normalisation (Wu and He 2018).

use burn::tensor::Tensor;
use burn::tensor::activation;

/// Group normalisation of `[batch, channels, height, width]`, scaled by `gamma` and shifted by `beta`
/// (`[channels]`).
pub fn group_norm(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    groups: usize,
    epsilon: f64,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        use crate::flex::affine::Activation::Identity;
        return on_flex(input, gamma, beta, groups, epsilon, Identity);
    }
    #[cfg(feature = "webgpu")]
    if crate::cube::holds(&input) {
        use crate::cube::wgsl::channelwise::Channelwise::Affine;
        return on_cube(input, gamma, beta, groups, epsilon, Affine);
    }
    by_burn(input, gamma, beta, groups, epsilon)
}

/// [`group_norm`] followed by SiLU.
pub fn group_norm_silu(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    groups: usize,
    epsilon: f64,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        use crate::flex::affine::Activation::Silu;
        return on_flex(input, gamma, beta, groups, epsilon, Silu);
    }
    #[cfg(feature = "webgpu")]
    if crate::cube::holds(&input) {
        use crate::cube::wgsl::channelwise::Channelwise::AffineSilu;
        return on_cube(input, gamma, beta, groups, epsilon, AffineSilu);
    }
    activation::silu(by_burn(input, gamma, beta, groups, epsilon))
}

fn by_burn(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    groups: usize,
    epsilon: f64,
) -> Tensor<4> {
    let shape @ [batch, channels, height, width] = input.dims();
    let grouped = input.reshape([batch, groups, channels / groups * height * width]);
    let centred = grouped.clone() - grouped.mean_dim(2);
    let variance = centred.clone().square().mean_dim(2);
    let normalised = centred / (variance + epsilon).sqrt();
    normalised.reshape(shape) * gamma.reshape([1, channels, 1, 1])
        + beta.reshape([1, channels, 1, 1])
}

#[cfg(feature = "flex")]
fn on_flex(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    groups: usize,
    epsilon: f64,
    activation: crate::flex::affine::Activation,
) -> Tensor<4> {
    use crate::flex::group_norm::GroupNormKernel;

    assert_eq!(input.dims()[1] % groups, 0, "channels are divisible by groups");
    let (input, gamma, beta) = (input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    let output = <burn::backend::Dispatch as GroupNormKernel>::group_norm(
        input, gamma, beta, groups, epsilon, activation,
    );
    Tensor::from_dispatch(output)
}

#[cfg(feature = "webgpu")]
fn on_cube(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    groups: usize,
    epsilon: f64,
    then: crate::cube::wgsl::channelwise::Channelwise,
) -> Tensor<4> {
    use crate::cube::group_norm::GroupNormKernel;

    assert_eq!(input.dims()[1] % groups, 0, "channels are divisible by groups");
    let (input, gamma, beta) = (input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
    let output = <burn::backend::Dispatch as GroupNormKernel>::group_norm(
        input, gamma, beta, groups, epsilon, then,
    );
    Tensor::from_dispatch(output)
}

//! Affine map.

use burn::tensor::{Tensor, module};

/// `input` `[…, in]` times `weight` `[in, out]`, plus `bias` `[out]`.
pub fn linear<const D: usize>(
    input: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    #[cfg(feature = "webgpu")]
    if crate::cube::holds(&input) {
        return over_rows(input, weight, |rows, weight| on_cube(rows, weight, bias));
    }
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        return over_rows(input, weight, |rows, weight| on_flex(rows, weight, bias));
    }
    module::linear(input, weight, bias)
}

/// A map of rows, `[rows, in]` to `[rows, out]`, over the last dimension of a tensor.
#[cfg(any(feature = "webgpu", feature = "flex"))]
fn over_rows<const D: usize>(
    input: Tensor<D>,
    weight: Tensor<2>,
    map: impl FnOnce(Tensor<2>, Tensor<2>) -> Tensor<2>,
) -> Tensor<D> {
    let mut shape = input.dims();
    let [features_in, features_out] = weight.dims();
    assert_eq!(shape[D - 1], features_in, "features of input and weight");
    let rows = shape[..D - 1].iter().product::<usize>();
    shape[D - 1] = features_out;
    map(input.reshape([rows, features_in]), weight).reshape(shape)
}

#[cfg(feature = "webgpu")]
fn on_cube(input: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    use burn::backend::Dispatch;

    use crate::cube::linear::LinearKernel;

    let (input, weight) = (input.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::linear_biased(input, weight, bias.into_dispatch()),
        None => Dispatch::linear_plain(input, weight),
    })
}

#[cfg(feature = "flex")]
fn on_flex(input: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    use burn::backend::Dispatch;

    use crate::flex::linear::LinearKernel;

    let bias = bias.unwrap_or_else(|| Tensor::zeros([weight.dims()[1]], &input.device()));
    Tensor::from_dispatch(Dispatch::linear_rows(
        input.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    ))
}

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
        use crate::cube::linear::LinearKernel;
        use burn::backend::Dispatch;
        let mut shape = input.dims();
        let [features_in, features_out] = weight.dims();
        assert_eq!(shape[D - 1], features_in, "features of input and weight");
        let rows = shape[..D - 1].iter().product::<usize>();
        shape[D - 1] = features_out;
        let rows = input.reshape([rows, features_in]).into_dispatch();
        let weight = weight.into_dispatch();
        let output: Tensor<2> = Tensor::from_dispatch(match bias {
            Some(bias) => Dispatch::linear_biased(rows, weight, bias.into_dispatch()),
            None => Dispatch::linear_plain(rows, weight),
        });
        return output.reshape(shape);
    }
    #[cfg(all(feature = "flex", target_arch = "wasm32"))]
    if crate::flex::holds(&input) {
        use crate::flex::linear::LinearKernel;
        let mut shape = input.dims();
        let [features_in, features_out] = weight.dims();
        assert_eq!(shape[D - 1], features_in, "features of input and weight");
        let rows = shape[..D - 1].iter().product::<usize>();
        shape[D - 1] = features_out;
        let bias = bias.unwrap_or_else(|| Tensor::zeros([features_out], &input.device()));
        let output: Tensor<2> = Tensor::from_dispatch(burn::backend::Dispatch::linear_forward(
            input.reshape([rows, features_in]).into_dispatch(),
            weight.into_dispatch(),
            bias.into_dispatch(),
        ));
        return output.reshape(shape);
    }
    module::linear(input, weight, bias)
}

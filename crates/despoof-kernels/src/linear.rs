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
    module::linear(input, weight, bias)
}

//! Layer normalisation (Ba et al. 2016).

use burn::tensor::{Tensor, module};

/// Layer normalisation of the last dimension, scaled by `gamma` and shifted by `beta`.
pub fn layer_norm<const D: usize>(
    input: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        use crate::flex::layer_norm::LayerNormKernel;
        assert_eq!(gamma.dims()[0], input.dims()[D - 1], "gamma is as long as the last dimension");
        let (input, gamma, beta) =
            (input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
        let output =
            <burn::backend::Dispatch as LayerNormKernel>::layer_norm(input, gamma, beta, epsilon);
        return Tensor::from_dispatch(output);
    }
    #[cfg(feature = "webgpu")]
    if crate::cube::holds(&input) {
        use crate::cube::layer_norm::LayerNormKernel;
        let shape = input.dims();
        let width = shape[D - 1];
        assert_eq!(gamma.dims(), [width], "gamma is as long as the last dimension");
        let rows = shape[..D - 1].iter().product::<usize>();
        let rows = input.reshape([rows, width]).into_dispatch();
        let (gamma, beta) = (gamma.into_dispatch(), beta.into_dispatch());
        let output: Tensor<2> = Tensor::from_dispatch(
            <burn::backend::Dispatch as LayerNormKernel>::layer_norm(rows, gamma, beta, epsilon),
        );
        return output.reshape(shape);
    }
    module::layer_norm(input, gamma, Some(beta), epsilon)
}

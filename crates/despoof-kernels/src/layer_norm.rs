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
    module::layer_norm(input, gamma, Some(beta), epsilon)
}

//! Layer normalisation of rows.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run::{dims, run};
use super::wgsl::normalisation;

/// Layer normalisation.
#[backend_extension(Cube: cfg(feature = "webgpu"))]
pub trait LayerNormKernel: Backend {
    /// `input` `[rows, width]`, `gamma` and `beta` `[width]`.
    fn layer_norm(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

impl LayerNormKernel for CubeBackend {
    fn layer_norm(
        input: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f64,
    ) -> CubeTensor {
        let shape @ [rows, width] = dims(&input);
        run(normalisation::layer_norm(rows, width, epsilon as f32), [input, gamma, beta], shape)
    }
}

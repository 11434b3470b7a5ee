//! Affine map of the last dimension.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run::{dims, run};
use super::wgsl::linear::launch;

/// Affine map of rows.
#[backend_extension(Cube: cfg(feature = "webgpu"))]
pub trait LinearKernel: Backend {
    /// `[rows, in]` by `[in, out]`.
    fn linear_plain(input: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The same plus a bias, `[out]`.
    fn linear_biased(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl LinearKernel for CubeBackend {
    fn linear_plain(input: CubeTensor, weight: CubeTensor) -> CubeTensor {
        let ([rows, _], weight_dims @ [_, out]) = (dims(&input), dims(&weight));
        run(launch(rows, weight_dims, false), [input, weight], [rows, out])
    }

    fn linear_biased(input: CubeTensor, weight: CubeTensor, bias: CubeTensor) -> CubeTensor {
        let ([rows, _], weight_dims @ [_, out]) = (dims(&input), dims(&weight));
        run(launch(rows, weight_dims, true), [input, weight, bias], [rows, out])
    }
}

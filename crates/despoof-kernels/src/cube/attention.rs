//! Multi-head attention.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run::{dims, run};
use super::wgsl::attention::launch;

/// Attention.
#[backend_extension(Cube: cfg(feature = "webgpu"))]
pub trait AttentionKernel: Backend {
    /// `query` `[batch, tokens, width]`, `key` and `value` `[batch, context tokens, width]`.
    fn attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self>;
}

impl AttentionKernel for CubeBackend {
    fn attention(
        query: CubeTensor,
        key: CubeTensor,
        value: CubeTensor,
        heads: usize,
    ) -> CubeTensor {
        let (shape, [_, context, _]) = (dims(&query), dims(&key));
        run(launch(shape, context, heads), [query, key, value], shape)
    }
}

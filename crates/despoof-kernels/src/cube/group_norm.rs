//! Group normalisation, alone or with SiLU behind it.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run::{dims, run};
use super::wgsl::channelwise::{Channelwise, launch};
use super::wgsl::normalisation::group_statistics;

/// Group normalisation.
#[backend_extension(Cube: cfg(feature = "webgpu"))]
pub trait GroupNormKernel: Backend {
    /// `input` `[batch, channels, height, width]`, `gamma` and `beta` `[channels]`; `then` is what
    /// follows the statistics.
    fn group_norm(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
        then: Channelwise,
    ) -> FloatTensor<Self>;
}

impl GroupNormKernel for CubeBackend {
    fn group_norm(
        input: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        groups: usize,
        epsilon: f64,
        then: Channelwise,
    ) -> CubeTensor {
        let shape @ [batch, channels, height, width] = dims(&input);
        let planes = batch * channels;
        let statistics = group_statistics(shape, groups, epsilon as f32);
        let affine = run(statistics, [input.clone(), gamma, beta], [planes, 2]);
        let plane = height * width;
        run(launch(then, planes * plane, planes, plane), [input, affine], shape)
    }
}

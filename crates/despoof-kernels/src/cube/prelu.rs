//! PReLU (He et al. 2015).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run::{dims, run};
use super::wgsl::channelwise::{Channelwise, launch};

/// PReLU.
#[backend_extension(Cube: cfg(feature = "webgpu"))]
pub trait PreluKernel: Backend {
    /// `input` `[batch, channels, height, width]`, `slope` `[channels]`.
    fn prelu(input: FloatTensor<Self>, slope: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl PreluKernel for CubeBackend {
    fn prelu(input: CubeTensor, slope: CubeTensor) -> CubeTensor {
        let shape @ [batch, channels, height, width] = dims(&input);
        let plane = height * width;
        let call = launch(Channelwise::Prelu, batch * channels * plane, channels, plane);
        run(call, [input, slope], shape)
    }
}

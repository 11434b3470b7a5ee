//! Convolution, alone or with frozen batch normalisation behind it.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run::run;
use super::wgsl::conv::Layer;

/// Convolution.
#[backend_extension(Cube: cfg(feature = "webgpu"))]
pub trait Conv2dKernel: Backend {
    /// Without a bias. `layer` knows the sizes of `input` and `weight` and which parameters follow.
    fn conv2d_plain(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self>;

    /// With a bias.
    fn conv2d_biased(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self>;

    /// With batch normalisation.
    fn conv2d_normalised(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        layer: Layer,
    ) -> FloatTensor<Self>;
}

impl Conv2dKernel for CubeBackend {
    fn conv2d_plain(input: CubeTensor, weight: CubeTensor, layer: Layer) -> CubeTensor {
        run(layer.launch(), [input, weight], layer.output())
    }

    fn conv2d_biased(
        input: CubeTensor,
        weight: CubeTensor,
        bias: CubeTensor,
        layer: Layer,
    ) -> CubeTensor {
        run(layer.launch(), [input, weight, bias], layer.output())
    }

    fn conv2d_normalised(
        input: CubeTensor,
        weight: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        mean: CubeTensor,
        variance: CubeTensor,
        layer: Layer,
    ) -> CubeTensor {
        run(layer.launch(), [input, weight, gamma, beta, mean, variance], layer.output())
    }
}

//! Pixels of three bytes to planes of numbers.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::run::{dims, run};
use super::wgsl::pixels::launch;

/// Unpacking of pixels.
#[backend_extension(Cube: cfg(feature = "webgpu"))]
pub trait PixelsKernel: Backend {
    /// `[images, height, width]` of r + 256 g + 65536 b to `[images, 3, height, width]` in [−1, 1].
    fn planes_from_pixels(pixels: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl PixelsKernel for CubeBackend {
    fn planes_from_pixels(pixels: CubeTensor) -> CubeTensor {
        let [images, height, width] = dims(&pixels);
        run(launch(images, height * width), [pixels], [images, 3, height, width])
    }
}

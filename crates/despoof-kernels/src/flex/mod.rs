//! Hand-written CPU kernels for burn's Flex backend: `f32`, row-major, forward and backward.

use burn::backend::DispatchTensorKind;
use burn::tensor::{DType, Tensor};

mod buffer;
mod geometry;
mod matrix;
mod parallel;
#[cfg(any(test, target_arch = "wasm32"))]
mod product;
mod scratch;
mod simd;

pub mod activation;
pub mod affine;
#[cfg(feature = "autodiff")]
mod affine_gradient;
pub mod attention;
pub mod batch_norm;
pub mod conv2d;
pub mod depthwise;
pub mod group_norm;
pub mod layer_norm;
pub mod linear;
pub mod max_pool;
pub mod prelu;
pub mod softmax;

/// Whether a tensor lives where these kernels run.
pub fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    if tensor.dtype() != DType::F32 {
        return false;
    }
    match tensor.clone().into_dispatch().kind {
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "autodiff")]
        DispatchTensorKind::Autodiff(inner) => matches!(*inner, DispatchTensorKind::Flex(_)),
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

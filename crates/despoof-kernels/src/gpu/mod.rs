//! What burn's GPU backend computes slowly in training, gradients included. Written for CUDA; the texts are
//! cubecl's, so that any device of that backend runs them.

use burn::backend::DispatchTensorKind;
use burn::tensor::{DType, Tensor};

pub mod batch_norm;
mod batch_norm_gradient;
pub mod depthwise;
mod depthwise_gradient;
mod launch;
pub mod products;
mod sums;

/// Whether a tensor lives where these kernels run.
pub fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    if tensor.dtype() != DType::F32 {
        return false;
    }
    match tensor.clone().into_dispatch().kind {
        DispatchTensorKind::Cube(_) => true,
        DispatchTensorKind::Autodiff(inner) => matches!(*inner, DispatchTensorKind::Cube(_)),
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

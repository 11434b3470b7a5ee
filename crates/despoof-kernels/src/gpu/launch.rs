//! What every launch needs.

use burn::backend::TensorMetadata;
use burn::tensor::DType;
use burn_cubecl::cubecl::calculate_cube_count_elemwise;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

/// A tensor of size `shape` where `tensor` is, its values undefined.
pub fn empty<const N: usize>(tensor: &CubeTensor, shape: [usize; N]) -> CubeTensor {
    let bytes = shape.iter().product::<usize>() * size_of::<f32>();
    let (client, device) = (tensor.client.clone(), tensor.device.clone());
    let handle = client.empty(bytes);
    CubeTensor::new_contiguous(client, device, shape.into(), handle, DType::F32)
}

/// Cubes with a thread for each value of `output`.
pub fn a_thread_each(output: &CubeTensor) -> (CubeCount, CubeDim) {
    let values = output.shape().num_elements();
    let dim = CubeDim::new(&output.client, values);
    (calculate_cube_count_elemwise(&output.client, values, dim), dim)
}

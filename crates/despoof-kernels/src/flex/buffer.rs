//! Between burn's CPU tensor and plain `f32` slices.

use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;

/// The same values in row-major order, copied only if they are not yet.
pub fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.as_slice::<f32>().is_some() { tensor } else { tensor.to_contiguous() }
}

/// The values of a [`contiguous`] tensor.
pub fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a kernel's operand is a contiguous f32 tensor")
}

/// A tensor that takes the values over.
pub fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// The sizes of a tensor of known rank.
pub fn dims<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.shape().dims()
}

/// A tensor that takes the values over, shaped like another.
pub fn like(other: &FlexTensor, values: Vec<f32>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, other.shape()))
}

/// The length of the last dimension.
pub fn last_dim(tensor: &FlexTensor) -> usize {
    tensor.shape().last().copied().unwrap_or(1)
}

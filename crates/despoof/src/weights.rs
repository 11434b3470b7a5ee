//! Named float tensors on the host, and how they get into and out of networks.
//!
//! On disk every network has PyTorch's layout and parameter names (a linear weight is
//! `[out, in]`, a norm has `weight` and `bias`), so that checkpoints can be read by others.

use burn::module::Module;
use burn::store::{
    BurnToPyTorchAdapter, ModuleSnapshot, PyTorchToBurnAdapter, bridge,
    burn_pack::Tensor as PackedTensor,
};
use burn::tensor::{DType, TensorData};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use thiserror::Error;

/// A tensor of 32-bit floats with its name and shape.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Dotted parameter path, for example `unet.conv_in.weight`.
    pub name: String,
    /// Dimensions in PyTorch's order.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f32>,
}

/// Why weights could not be read or did not fit a network.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The bytes are no safetensors file, or it is cut off.
    #[error("not a complete safetensors file: {0}")]
    Malformed(String),
    /// A tensor has an element type that weights never have.
    #[error("tensor {name} has element type {dtype}, expected F32, F16 or BF16")]
    ElementType {
        /// The tensor.
        name: String,
        /// What it holds.
        dtype: String,
    },
    /// The network has parameters that the file does not.
    #[error("{network}: {} tensors are missing, first {}", names.len(), names[0])]
    Missing {
        /// The network that was being filled.
        network: String,
        /// Names of the missing tensors.
        names: Vec<String>,
    },
    /// The file has tensors that the network does not.
    #[error("{network}: {} tensors have no place, first {}", names.len(), names[0])]
    Unexpected {
        /// The network that was being filled.
        network: String,
        /// Names of the surplus tensors.
        names: Vec<String>,
    },
    /// A tensor has another shape than its parameter.
    #[error("{network}: {message}")]
    Shape {
        /// The network that was being filled.
        network: String,
        /// Tensor, expected and found shape.
        message: String,
    },
}

/// Reads all F32, F16 and BF16 tensors of a safetensors file, widened to 32 bits, sorted by name.
///
/// # Errors
/// [`WeightsError::Malformed`] and [`WeightsError::ElementType`].
pub fn tensors_from_safetensors(bytes: &[u8]) -> Result<Vec<NamedTensor>, WeightsError> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| WeightsError::Malformed(error.to_string()))?;
    let named = |(name, view): (&str, TensorView<'_>)| {
        Ok(NamedTensor {
            name: name.to_owned(),
            shape: view.shape().to_vec(),
            values: floats_from_bytes(name, view.dtype(), view.data())?,
        })
    };
    let mut tensors: Vec<NamedTensor> = file.iter().map(named).collect::<Result<_, _>>()?;
    // The file's own order is lost in a hash map; the same weights shall make the same bundle.
    tensors.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(tensors)
}

/// Widens little-endian floats to 32 bits.
///
/// # Errors
/// [`WeightsError::ElementType`].
pub fn floats_from_bytes(name: &str, dtype: Dtype, bytes: &[u8]) -> Result<Vec<f32>, WeightsError> {
    let pairs = || bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    match dtype {
        Dtype::F32 => Ok(bytes
            .chunks_exact(4)
            .map(|quad| f32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]))
            .collect()),
        Dtype::F16 => Ok(pairs().map(|bits| half::f16::from_bits(bits).to_f32()).collect()),
        Dtype::BF16 => Ok(pairs().map(|bits| half::bf16::from_bits(bits).to_f32()).collect()),
        other => {
            Err(WeightsError::ElementType { name: name.to_owned(), dtype: format!("{other:?}") })
        }
    }
}

/// The tensors below `prefix.`, with the prefix taken off.
pub fn tensors_below(tensors: &[NamedTensor], prefix: &str) -> Vec<NamedTensor> {
    let prefix = format!("{prefix}.");
    tensors
        .iter()
        .filter_map(|tensor| {
            let name = tensor.name.strip_prefix(&prefix)?;
            Some(NamedTensor { name: name.to_owned(), ..tensor.clone() })
        })
        .collect()
}

/// The same, taken out of `tensors` and not copied.
pub fn taken_below(tensors: &mut Vec<NamedTensor>, prefix: &str) -> Vec<NamedTensor> {
    let prefix = format!("{prefix}.");
    let taken = tensors.extract_if(.., |tensor| tensor.name.starts_with(&prefix));
    taken
        .map(|tensor| NamedTensor { name: tensor.name[prefix.len()..].to_owned(), ..tensor })
        .collect()
}

/// Fills `network` with `tensors`; every parameter must be named, none may be left over.
///
/// # Errors
/// Names the first tensor that is missing, surplus, or of another shape; the network is then unusable.
pub fn load_network<M: Module>(
    label: &str,
    mut network: M,
    tensors: Vec<NamedTensor>,
) -> Result<M, WeightsError> {
    let packed = tensors.into_iter().map(packed_from_named).collect();
    let result = network.apply(packed, None, Some(Box::new(PyTorchToBurnAdapter)), true);
    let network_name = label.to_owned();
    if let Some(error) = result.errors.first() {
        return Err(WeightsError::Shape { network: network_name, message: error.to_string() });
    }
    if !result.missing.is_empty() {
        let names = result.missing.into_iter().map(|(name, _)| name).collect();
        return Err(WeightsError::Missing { network: network_name, names });
    }
    if !result.unused.is_empty() {
        return Err(WeightsError::Unexpected { network: network_name, names: result.unused });
    }
    Ok(network)
}

/// Fills the part of `network` that `tensors` name, for example a pretrained trunk; tensors without
/// a place (the layers behind that trunk) are passed over.
///
/// # Errors
/// [`WeightsError::Shape`] for a tensor of another shape, [`WeightsError::Unexpected`] when none fits.
pub fn load_part<M: Module>(
    label: &str,
    mut network: M,
    tensors: Vec<NamedTensor>,
) -> Result<M, WeightsError> {
    let names: Vec<String> = tensors.iter().map(|tensor| tensor.name.clone()).collect();
    let packed = tensors.into_iter().map(packed_from_named).collect();
    let result = network.apply(packed, None, Some(Box::new(PyTorchToBurnAdapter)), true);
    if let Some(error) = result.errors.first() {
        return Err(WeightsError::Shape { network: label.to_owned(), message: error.to_string() });
    }
    if result.applied.is_empty() {
        return Err(WeightsError::Unexpected { network: label.to_owned(), names });
    }
    Ok(network)
}

/// All parameters of a network in PyTorch's names and layout, each name behind `prefix.` unless the
/// prefix is empty.
///
/// Reads synchronously from the device: for native use only.
///
/// # Errors
/// [`WeightsError::Malformed`] when the device cannot be read.
pub fn tensors_from_network<M: Module>(
    prefix: &str,
    network: &M,
) -> Result<Vec<NamedTensor>, WeightsError> {
    network
        .collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
        .into_iter()
        .filter(|tensor| tensor.dtype.is_float())
        .map(|tensor| {
            let name = match prefix {
                "" => tensor.name.clone(),
                _ => format!("{prefix}.{}", tensor.name),
            };
            let data = bridge::into_data(tensor)
                .map_err(|error| WeightsError::Malformed(error.to_string()))?;
            let shape = data.shape().to_vec();
            let values = data
                .convert_dtype(DType::F32)
                .try_into_vec()
                .map_err(|error| WeightsError::Malformed(format!("{error:?}")))?;
            Ok(NamedTensor { name, shape, values })
        })
        .collect()
}

fn packed_from_named(tensor: NamedTensor) -> PackedTensor {
    bridge::from_data(TensorData::new(tensor.values, tensor.shape), tensor.name, None)
}

//! Named tensors into a safetensors file.

use std::borrow::Cow;
use std::path::Path;

use safetensors::{Dtype, SafeTensorError, View};

use crate::weights::NamedTensor;

/// Writes tensors as a safetensors file: under a temporary name first, so that a full disk leaves
/// nothing half-written behind.
///
/// # Errors
/// A file that cannot be written, or two tensors of one name.
pub fn write_safetensors(path: &Path, tensors: &[NamedTensor]) -> Result<(), SafeTensorError> {
    let unfinished = path.with_extension("unfinished");
    let views = tensors.iter().map(|tensor| (tensor.name.as_str(), FloatView(tensor)));
    safetensors::serialize_to_file(views, None, &unfinished)?;
    std::fs::rename(&unfinished, path)?;
    Ok(())
}

/// A tensor whose bytes are made when they are written: one at a time.
struct FloatView<'a>(&'a NamedTensor);

impl View for FloatView<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.0.values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        4 * self.0.values.len()
    }
}

//! Named tensors into a safetensors file.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use safetensors::{Dtype, SafeTensorError, View};

use crate::weights::NamedTensor;

/// Writes tensors as a safetensors file: under a temporary name first, so that a full disk leaves
/// what was there before.
///
/// # Errors
/// A file that cannot be written, or two tensors of one name.
pub fn write_safetensors(path: &Path, tensors: &[NamedTensor]) -> Result<(), SafeTensorError> {
    let unfinished = path.with_extension("unfinished");
    // The crate's file is for its owner's eyes alone; ours gets the permissions of any other file.
    let permissions = File::create(&unfinished)?.metadata()?.permissions();
    let views = tensors.iter().map(|tensor| (tensor.name.as_str(), FloatView(tensor)));
    let written = safetensors::serialize_to_file(views, None, &unfinished)
        .and_then(|()| Ok(std::fs::set_permissions(&unfinished, permissions)?))
        .and_then(|()| Ok(std::fs::rename(&unfinished, path)?));
    if written.is_err() {
        // The error that is returned says more than a second one would.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
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

//! Named tensors into a safetensors file.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use safetensors::{Dtype, SafeTensorError, View};
use thiserror::Error;

use crate::weights::NamedTensor;

/// Why a safetensors file was not written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Two tensors have one name.
    #[error("two tensors are called {0}")]
    EqualNames(String),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] SafeTensorError),
}

/// Writes tensors as a safetensors file: under a temporary name first, so that a full disk leaves
/// what was there before.
///
/// # Errors
/// [`WriteError`].
pub fn write_safetensors(path: &Path, tensors: &[NamedTensor]) -> Result<(), WriteError> {
    refuse_equal_names(tensors)?;
    let unfinished = path.with_extension("unfinished");
    // The crate's file is for its owner's eyes alone; ours gets the permissions of any other file.
    let permissions = File::create(&unfinished)
        .and_then(|file| file.metadata())
        .map_err(SafeTensorError::from)?
        .permissions();
    let views = tensors.iter().map(|tensor| (tensor.name.as_str(), FloatView(tensor)));
    let written = safetensors::serialize_to_file(views, None, &unfinished)
        .and_then(|()| Ok(std::fs::set_permissions(&unfinished, permissions)?))
        .and_then(|()| Ok(std::fs::rename(&unfinished, path)?));
    if written.is_err() {
        // The error that is returned says more than a second one would.
        let _ = std::fs::remove_file(&unfinished);
    }
    Ok(written?)
}

/// The crate itself panics on them.
fn refuse_equal_names(tensors: &[NamedTensor]) -> Result<(), WriteError> {
    let mut names = HashSet::new();
    match tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
        Some(tensor) => Err(WriteError::EqualNames(tensor.name.clone())),
        None => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tensors_of_one_name_are_refused_before_a_file_is_made() {
        let path = std::env::temp_dir().join(format!("despoof-twins-{}", std::process::id()));
        let twin = NamedTensor { name: "twin".into(), shape: vec![1], values: vec![0.0] };
        let refused = write_safetensors(&path, &[twin.clone(), twin]).expect_err("one name");
        assert!(matches!(refused, WriteError::EqualNames(name) if name == "twin"));
        assert!(!path.exists() && !path.with_extension("unfinished").exists());
    }
}

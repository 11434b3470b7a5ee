//! From networks to a bundle folder.

use std::collections::HashSet;
use std::path::Path;

use despoof_nn::presets::Preset;
use half::f16;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::BundleError;
use super::manifest::{
    FORMAT, Manifest, Preprocessing, ShardEntry, TensorEntry, hexadecimal_sha256,
};
use super::quantize::{is_quantized, quantized_from_floats};
use super::replacement::{Replacement, file_error};
use crate::decide::DecisionRule;
use crate::weights::NamedTensor;

/// Largest shard in bytes: wasm memory never shrinks, so a shard's bytes must stay small. Headers and scales come on top: the file stays below 8 MB.
const SHARD_BYTES: usize = 7_500_000;

/// Names of the detector's tensors. In int8 its landmarks move, and with them the crop that every later
/// network sees: scores moved farther by that than by int8 in all the others.
const DETECTOR: &str = "mtcnn.";

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// What ships: weights of at least two dimensions as int8 per output channel (the detector's as
    /// 16-bit floats), the rest in 32 bits.
    Int8,
    /// Everything in 32 bits: what int8 is measured against.
    Float32,
}

impl Precision {
    fn dtype(self, tensor: &NamedTensor) -> Dtype {
        match self {
            Self::Int8 if !is_quantized(&tensor.shape) => Dtype::F32,
            Self::Int8 if tensor.name.starts_with(DETECTOR) => Dtype::F16,
            Self::Int8 => Dtype::I8,
            Self::Float32 => Dtype::F32,
        }
    }

    /// Whether the value is a finite one once it is stored.
    fn keeps(self, tensor: &NamedTensor, value: f32) -> bool {
        match self.dtype(tensor) {
            Dtype::F16 => f16::from_f32(value).is_finite(),
            _ => value.is_finite(),
        }
    }
}

/// A tensor as it is stored.
struct Stored {
    name: String,
    shape: Vec<usize>,
    dtype: Dtype,
    bytes: Vec<u8>,
}

/// Writes `manifest.json` and the shards into `folder` (made if missing). A bundle that was there is
/// replaced when all of the new one is written; no other file is touched.
///
/// # Errors
/// [`BundleError::Tensor`] for weights that are not finite or whose name another one has, [`BundleError::File`].
pub fn write_bundle(
    folder: &Path,
    preset: Preset,
    preprocessing: Preprocessing,
    decision: DecisionRule,
    tensors: &[NamedTensor],
    precision: Precision,
) -> Result<Manifest, BundleError> {
    tensors.iter().try_for_each(|tensor| refuse_not_finite(tensor, precision))?;
    refuse_equal_names(tensors)?;
    let mut manifest = Manifest {
        format: FORMAT,
        preset,
        preprocessing,
        decision,
        tensors: Vec::new(),
        shards: Vec::new(),
        digest: String::new(),
    };
    let mut files = Replacement::new(folder)?;
    for (index, group) in shard_groups(tensors, precision).into_iter().enumerate() {
        let name = shard_name(index);
        let bytes = shard_bytes(&group, &name, precision, &mut manifest.tensors);
        files.write(&name, &bytes)?;
        manifest.shards.push(ShardEntry {
            name,
            bytes: bytes.len() as u64,
            sha256: hexadecimal_sha256(&bytes),
        });
    }
    manifest.digest = manifest.computed_digest();
    let text = serde_json::to_string_pretty(&manifest)
        .expect("a manifest holds only what JSON can express");
    files.write("manifest.json", (text + "\n").as_bytes())?;
    files.finish()?;
    remove_old_shards(folder, manifest.shards.len()).map_err(|error| file_error(folder, &error))?;
    Ok(manifest)
}

fn refuse_not_finite(tensor: &NamedTensor, precision: Precision) -> Result<(), BundleError> {
    match tensor.values.iter().find(|&&value| !precision.keeps(tensor, value)) {
        None => Ok(()),
        Some(value) => Err(BundleError::Tensor {
            name: tensor.name.clone(),
            detail: format!("{value} is not finite as {:?}", precision.dtype(tensor)),
        }),
    }
}

fn refuse_equal_names(tensors: &[NamedTensor]) -> Result<(), BundleError> {
    let mut names = HashSet::new();
    match tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
        None => Ok(()),
        Some(tensor) => Err(BundleError::Tensor {
            name: tensor.name.clone(),
            detail: "it was given twice".to_owned(),
        }),
    }
}

fn shard_name(index: usize) -> String {
    format!("weights-{index}.safetensors")
}

/// Removes the shards that an earlier bundle had beyond the first `count`.
fn remove_old_shards(folder: &Path, count: usize) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().and_then(shard_index).is_some_and(|index| index >= count) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The index of a file that [`shard_name`] names.
fn shard_index(name: &str) -> Option<usize> {
    let index = name.strip_prefix("weights-")?.strip_suffix(".safetensors")?.parse().ok()?;
    (shard_name(index) == name).then_some(index)
}

/// Splits the tensors, in order, into groups that stay below [`SHARD_BYTES`] when stored.
fn shard_groups(tensors: &[NamedTensor], precision: Precision) -> Vec<Vec<&NamedTensor>> {
    let mut groups: Vec<Vec<&NamedTensor>> = Vec::new();
    let mut filled = SHARD_BYTES;
    for tensor in tensors {
        let bytes = tensor.values.len() * precision.dtype(tensor).bitsize() / 8;
        if filled + bytes > SHARD_BYTES {
            groups.push(Vec::new());
            filled = 0;
        }
        filled += bytes;
        groups.last_mut().expect("the first tensor opens a group").push(tensor);
    }
    groups
}

fn shard_bytes(
    group: &[&NamedTensor],
    shard: &str,
    precision: Precision,
    entries: &mut Vec<TensorEntry>,
) -> Vec<u8> {
    let stored: Vec<Stored> =
        group.iter().flat_map(|tensor| stored_from_named(tensor, precision)).collect();
    entries.extend(group.iter().map(|tensor| TensorEntry {
        name: tensor.name.clone(),
        shape: tensor.shape.clone(),
        dtype: format!("{:?}", precision.dtype(tensor)),
        shard: shard.to_owned(),
    }));
    let views = stored.iter().map(|tensor| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)
            .expect("the bytes were made for this shape");
        (tensor.name.as_str(), view)
    });
    safetensors::serialize(views, None).expect("names and shapes were made here")
}

fn stored_from_named(tensor: &NamedTensor, precision: Precision) -> Vec<Stored> {
    let stored = |dtype, bytes| Stored {
        name: tensor.name.clone(),
        shape: tensor.shape.clone(),
        dtype,
        bytes,
    };
    match precision.dtype(tensor) {
        Dtype::I8 => {
            let channels = tensor.shape[0];
            let quantized = quantized_from_floats(&tensor.values, channels);
            let scales = Stored {
                name: format!("{}.scale", tensor.name),
                shape: vec![channels],
                dtype: Dtype::F32,
                bytes: float_bytes(&quantized.scales),
            };
            let bytes = quantized.values.iter().map(|&value| value as u8).collect();
            vec![stored(Dtype::I8, bytes), scales]
        }
        Dtype::F16 => {
            let halves = tensor.values.iter().map(|&value| f16::from_f32(value));
            vec![stored(Dtype::F16, halves.flat_map(f16::to_le_bytes).collect())]
        }
        dtype => vec![stored(dtype, float_bytes(&tensor.values))],
    }
}

fn float_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

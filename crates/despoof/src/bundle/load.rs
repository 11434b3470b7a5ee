//! From a manifest and shards to a [`Checker`]; nothing is used before its digest was verified.

use std::collections::HashMap;

use burn::tensor::Device;
use safetensors::{Dtype, SafeTensors};

use super::manifest::{Manifest, TensorEntry, hexadecimal_sha256};
use super::quantize::floats_from_quantized;
use super::{BundleError, quantize};
use crate::checker::Checker;
use crate::weights::{NamedTensor, floats_from_bytes};

/// Collects a bundle piece by piece, as it arrives.
///
/// Each shard is verified and widened when it is added and its bytes are dropped, so the peak is
/// one shard above the widened weights.
pub struct BundleLoader {
    manifest: Manifest,
    tensors: HashMap<String, NamedTensor>,
    added: Vec<String>,
}

impl BundleLoader {
    /// Starts from the text of `manifest.json`.
    ///
    /// # Errors
    /// See [`Manifest::from_json`].
    pub fn new(manifest_json: &str) -> Result<Self, BundleError> {
        let manifest = Manifest::from_json(manifest_json)?;
        Ok(Self { manifest, tensors: HashMap::new(), added: Vec::new() })
    }

    /// Reads a whole bundle from a folder.
    ///
    /// # Errors
    /// [`BundleError::File`] for what cannot be read, else as [`Self::add_shard`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn from_folder(folder: &std::path::Path) -> Result<Self, BundleError> {
        let unreadable = |path: &std::path::Path, error: std::io::Error| BundleError::File {
            path: path.display().to_string(),
            message: error.to_string(),
        };
        let manifest_path = folder.join("manifest.json");
        let text = std::fs::read_to_string(&manifest_path)
            .map_err(|error| unreadable(&manifest_path, error))?;
        let mut loader = Self::new(&text)?;
        for name in loader.shard_names() {
            let path = folder.join(&name);
            let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error))?;
            loader.add_shard(&name, &bytes)?;
        }
        Ok(loader)
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// File names of the shards, in the order in which the manifest lists them.
    pub fn shard_names(&self) -> Vec<String> {
        self.manifest.shards.iter().map(|shard| shard.name.clone()).collect()
    }

    /// Verifies a shard and takes its tensors.
    ///
    /// # Errors
    /// [`BundleError::UnknownShard`], [`BundleError::ShardDigest`] for a truncated or altered
    /// shard, [`BundleError::Tensor`] for one that does not hold what the manifest says.
    pub fn add_shard(&mut self, name: &str, bytes: &[u8]) -> Result<(), BundleError> {
        self.verify(name, bytes)?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| BundleError::ShardDigest {
            name: name.to_owned(),
            detail: error.to_string(),
        })?;
        for entry in self.manifest.tensors.iter().filter(|entry| entry.shard == name) {
            let tensor = tensor_from_shard(&file, entry)?;
            self.tensors.insert(entry.name.clone(), tensor);
        }
        self.added.push(name.to_owned());
        Ok(())
    }

    fn verify(&self, name: &str, bytes: &[u8]) -> Result<(), BundleError> {
        let entry = self
            .manifest
            .shards
            .iter()
            .find(|shard| shard.name == name)
            .ok_or_else(|| BundleError::UnknownShard(name.to_owned()))?;
        let mismatch = |detail| Err(BundleError::ShardDigest { name: name.to_owned(), detail });
        if bytes.len() as u64 != entry.bytes {
            return mismatch(format!("it has {} bytes, expected {}", bytes.len(), entry.bytes));
        }
        let found = hexadecimal_sha256(bytes);
        if found != entry.sha256 {
            return mismatch(format!("its SHA-256 is {found}, expected {}", entry.sha256));
        }
        Ok(())
    }

    /// Builds the networks: the detector on `detector_device`, all others on `device`.
    ///
    /// # Errors
    /// [`BundleError::MissingShard`], [`BundleError::Tensor`], and as [`Checker::from_tensors`].
    pub fn finish(self, device: &Device, detector_device: &Device) -> Result<Checker, BundleError> {
        let (manifest, tensors) = self.into_tensors()?;
        Checker::from_tensors(manifest, tensors, device, detector_device)
    }

    /// Whether every shard was added.
    ///
    /// # Errors
    /// [`BundleError::MissingShard`].
    pub fn check_complete(&self) -> Result<(), BundleError> {
        match self.shard_names().into_iter().find(|name| !self.added.contains(name)) {
            Some(missing) => Err(BundleError::MissingShard(missing)),
            None => Ok(()),
        }
    }

    /// The manifest, and every tensor it lists, in its order.
    ///
    /// # Errors
    /// [`BundleError::MissingShard`]; [`BundleError::Tensor`] for one that is listed twice, or in a
    /// shard that is not listed.
    pub fn into_tensors(self) -> Result<(Manifest, Vec<NamedTensor>), BundleError> {
        self.check_complete()?;
        let Self { manifest, mut tensors, added } = self;
        let listed = manifest.tensors.iter().map(|entry| {
            tensors.remove(&entry.name).ok_or_else(|| BundleError::Tensor {
                name: entry.name.clone(),
                detail: why_missing(entry, &added),
            })
        });
        let tensors = listed.collect::<Result<_, _>>()?;
        Ok((manifest, tensors))
    }
}

/// Why there is no tensor (any more) for an entry, though all `shards` were read.
fn why_missing(entry: &TensorEntry, shards: &[String]) -> String {
    if shards.contains(&entry.shard) {
        "the manifest lists it twice".to_owned()
    } else {
        format!("the manifest lists no shard named {}", entry.shard)
    }
}

fn tensor_from_shard(file: &SafeTensors, entry: &TensorEntry) -> Result<NamedTensor, BundleError> {
    let wrong = |detail: String| BundleError::Tensor { name: entry.name.clone(), detail };
    let view =
        file.tensor(&entry.name).map_err(|_| wrong(format!("not in shard {}", entry.shard)))?;
    if view.shape() != entry.shape {
        return Err(wrong(format!(
            "its shape is {:?}, the manifest says {:?}",
            view.shape(),
            entry.shape
        )));
    }
    let dtype = format!("{:?}", view.dtype());
    if dtype != entry.dtype {
        return Err(wrong(format!("it is {dtype}, the manifest says {}", entry.dtype)));
    }
    let values = match view.dtype() {
        Dtype::I8 => {
            let scale_name = format!("{}.scale", entry.name);
            let scale = file.tensor(&scale_name).map_err(|_| wrong("it has no scale".into()))?;
            let scales = floats_from_bytes(&scale_name, scale.dtype(), scale.data())?;
            if entry.shape.first() != Some(&scales.len()) || !quantize::is_quantized(&entry.shape) {
                return Err(wrong(format!("{} scales for shape {:?}", scales.len(), entry.shape)));
            }
            let quantized: Vec<i8> = view.data().iter().map(|&byte| byte as i8).collect();
            floats_from_quantized(&quantized, &scales)
        }
        dtype => floats_from_bytes(&entry.name, dtype, view.data())?,
    };
    Ok(NamedTensor { name: entry.name.clone(), shape: entry.shape.clone(), values })
}

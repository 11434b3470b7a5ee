//! Files of named tensors as others write them: PyTorch's and safetensors. Names and shapes are read
//! at once, values when they are asked for.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::store::pytorch::PytorchReader;
use burn::store::pytorch_reader::DType;
use despoof::weights::floats_from_bytes;
use safetensors::{Dtype, SafeTensors};

/// Keys under which training scripts put the network beside other things.
const TOP_LEVEL_KEYS: [&str; 3] = ["state_dict.", "model_state_dict.", "model."];

/// What `DataParallel` puts in front of every name.
const DATA_PARALLEL: &str = "module.";

/// A checkpoint that was opened.
pub struct CheckpointFile {
    path: PathBuf,
    content: Content,
}

enum Content {
    Safetensors(Vec<u8>),
    Pytorch(Box<PytorchReader>),
}

/// A tensor of a checkpoint, without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The network's own name for it.
    pub name: String,
    /// Its name in the file.
    pub stored: String,
    /// Dimensions.
    pub shape: Vec<usize>,
}

impl CheckpointFile {
    /// Opens a file; its content decides which format it has.
    ///
    /// # Errors
    /// A file that cannot be read, is cut off, or is neither PyTorch's nor safetensors.
    pub fn open(path: &Path) -> Result<Self> {
        let context = || format!("cannot read {}", path.display());
        let content = if is_safetensors(path).with_context(context)? {
            let bytes = std::fs::read(path).with_context(context)?;
            SafeTensors::deserialize(&bytes)
                .with_context(|| format!("{} is no complete safetensors file", path.display()))?;
            Content::Safetensors(bytes)
        } else {
            Content::Pytorch(Box::new(PytorchReader::new(path).with_context(|| {
                format!("{} is neither a PyTorch checkpoint nor safetensors", path.display())
            })?))
        };
        Ok(Self { path: path.to_owned(), content })
    }

    /// The network's tensors, in the order of their names: those below a training script's key
    /// where there is one, else all.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = self.stored_entries();
        if let Some(key) = TOP_LEVEL_KEYS
            .into_iter()
            .find(|key| entries.iter().any(|entry| entry.stored.starts_with(key)))
        {
            entries.retain(|entry| entry.stored.starts_with(key));
            strip(&mut entries, key);
        }
        if entries.iter().all(|entry| entry.name.starts_with(DATA_PARALLEL)) {
            strip(&mut entries, DATA_PARALLEL);
        }
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        entries
    }

    fn stored_entries(&self) -> Vec<Entry> {
        let entry = |name: &str, shape: &[usize]| Entry {
            name: name.to_owned(),
            stored: name.to_owned(),
            shape: shape.to_vec(),
        };
        match &self.content {
            Content::Safetensors(bytes) => {
                parsed(bytes).iter().map(|(name, view)| entry(name, view.shape())).collect()
            }
            Content::Pytorch(reader) => {
                reader.tensors().values().map(|t| entry(&t.name, t.shape())).collect()
            }
        }
    }

    /// The values of a tensor, widened to 32 bits.
    ///
    /// # Errors
    /// Element types that weights never have, and a damaged file.
    pub fn floats(&self, entry: &Entry) -> Result<Vec<f32>> {
        self.floats_of(&entry.stored).with_context(|| format!("{}", self.path.display()))
    }

    fn floats_of(&self, stored: &str) -> Result<Vec<f32>> {
        match &self.content {
            Content::Safetensors(bytes) => {
                let view = parsed(bytes).tensor(stored)?;
                Ok(floats_from_bytes(stored, view.dtype(), view.data())?)
            }
            Content::Pytorch(reader) => {
                let tensor = reader.get(stored).with_context(|| format!("no tensor {stored}"))?;
                let dtype = match tensor.dtype() {
                    DType::F32 => Dtype::F32,
                    DType::F16 => Dtype::F16,
                    DType::BF16 => Dtype::BF16,
                    other => bail!(
                        "tensor {stored} has element type {other:?}, expected F32, F16 or BF16"
                    ),
                };
                Ok(floats_from_bytes(stored, dtype, &tensor.read()?)?)
            }
        }
    }
}

/// The tensors of bytes that were parsed before.
fn parsed(bytes: &[u8]) -> SafeTensors<'_> {
    SafeTensors::deserialize(bytes).expect("the bytes were parsed when the file was opened")
}

fn strip(entries: &mut [Entry], prefix: &str) {
    for entry in entries {
        entry.name.drain(..prefix.len());
    }
}

/// Whether the file starts like safetensors: eight bytes of length, then JSON.
fn is_safetensors(path: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(9).read_to_end(&mut start)?;
    Ok(start.get(8) == Some(&b'{'))
}

//! A checkpoint into a network, and from there into a file or a run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::module::Module;
use despoof::layout::layout_of_network;
use despoof::weights::{NamedTensor, load_part, tensors_from_network};
use despoof::weights_file::write_safetensors;

use super::checkpoint_file::CheckpointFile;
use super::fit::{Fit, Piece, Table};
use crate::training::checkpoint;

/// Where an imported network goes.
#[derive(Debug, Clone)]
pub enum Destination {
    /// One safetensors file.
    File(PathBuf),
    /// A run folder, which frozen networks are read from and training starts from.
    Run(PathBuf),
}

/// What [`import`] did.
#[derive(Debug)]
pub struct Imported {
    /// Tensors that were written.
    pub tensors: usize,
    /// Scalars in them.
    pub parameters: usize,
    /// The publisher's names that were left out.
    pub left_out: Vec<String>,
    /// Our names that stay as initialised.
    pub stays_initialised: Vec<String>,
}

impl Destination {
    /// A name that ends in `.safetensors` is a file, any other a run.
    pub fn from_path(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension == "safetensors" => Self::File(path.to_owned()),
            _ => Self::Run(path.to_owned()),
        }
    }
}

/// Fills `network` from a checkpoint and writes it; nothing is written unless all of it fits.
///
/// # Errors
/// A checkpoint that cannot be read, one of another network
/// ([`Misfit`](super::fit::Misfit)), a destination that cannot be written.
pub fn import<M: Module>(
    network: M,
    table: &Table,
    from: &Path,
    to: &Destination,
) -> Result<Imported> {
    let file = CheckpointFile::open(from)?;
    let fit = table
        .fit(&layout_of_network(&network), file.entries())
        .with_context(|| format!("{} does not fit", from.display()))?;
    let mut tensors =
        fit.pieces.iter().map(|piece| tensor(&file, piece)).collect::<Result<Vec<_>>>()?;
    drop(file);
    if fit.pieces.is_empty() {
        bail!("{} has no tensor for {}", from.display(), table.label);
    }
    match to {
        Destination::Run(run) => {
            checkpoint::save_imported(run, load_part(table.label, network, tensors.clone())?)?;
        }
        Destination::File(path) => {
            if !fit.stays_initialised.is_empty() {
                let network = load_part(table.label, network, tensors)?;
                tensors = tensors_from_network("", &network)?;
            }
            write_safetensors(path, &tensors)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(report(fit, &tensors))
}

fn tensor(file: &CheckpointFile, piece: &Piece) -> Result<NamedTensor> {
    let mut values = file.floats(&piece.source)?;
    let (index, count) = piece.part;
    if count > 1 {
        let length = values.len() / count;
        values = values[index * length..(index + 1) * length].to_vec();
    }
    Ok(NamedTensor { name: piece.target.name.clone(), shape: piece.target.shape.clone(), values })
}

fn report(fit: Fit, tensors: &[NamedTensor]) -> Imported {
    Imported {
        tensors: tensors.len(),
        parameters: tensors.iter().map(|tensor| tensor.values.len()).sum(),
        left_out: fit.left_out,
        stays_initialised: fit.stays_initialised,
    }
}

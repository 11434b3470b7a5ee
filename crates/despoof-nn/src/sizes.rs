//! What can be wrong with sizes that come out of a file: named before a network is made of them.

use thiserror::Error;

/// Sizes of which no network can be made, or of networks that do not fit together.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SizesError {
    /// A size or a count that has to be at least 1.
    #[error("{0} is 0")]
    Zero(&'static str),
    /// A width that groups or heads cannot share evenly.
    #[error("{name} of {whole} cannot be split into {parts} equal parts")]
    Indivisible {
        /// The width.
        name: &'static str,
        /// What it is.
        whole: usize,
        /// How many share it.
        parts: usize,
    },
    /// A size that something else determines.
    #[error("{name}: {found}, where {expected} fits")]
    Unequal {
        /// The size, or the list whose entries are counted.
        name: &'static str,
        /// What it is.
        found: usize,
        /// What it has to be.
        expected: usize,
    },
    /// An identity map that has more channels than the U-Net's context.
    #[error("the identity map has {found} channels, unet.context_width is {most}")]
    WideIdentity {
        /// Channels of the map.
        found: usize,
        /// Width of the context.
        most: usize,
    },
    /// A scale of latents that is no positive number.
    #[error("autoencoder.scaling_factor is {0}")]
    Scale(f64),
    /// A wider crop that nothing looks at, or a network that looks at one that nothing describes.
    #[error("AG-Net's wider crop is described in one of preset and preprocessing alone")]
    WiderCrop,
}

/// At least 1, each of them.
pub(crate) fn positive<const N: usize>(
    sizes: [(&'static str, usize); N],
) -> Result<(), SizesError> {
    match sizes.into_iter().find(|&(_, size)| size == 0) {
        Some((name, _)) => Err(SizesError::Zero(name)),
        None => Ok(()),
    }
}

/// `parts`, at least 1, share `whole` evenly.
pub(crate) fn divisible(name: &'static str, whole: usize, parts: usize) -> Result<(), SizesError> {
    if whole.is_multiple_of(parts) {
        Ok(())
    } else {
        Err(SizesError::Indivisible { name, whole, parts })
    }
}

/// As large, or as many, as something else says.
pub(crate) fn equal(name: &'static str, found: usize, expected: usize) -> Result<(), SizesError> {
    if found == expected { Ok(()) } else { Err(SizesError::Unequal { name, found, expected }) }
}

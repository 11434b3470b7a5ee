//! The weight bundle: `manifest.json` and int8 safetensors shards, verified before use.

pub mod load;
pub mod manifest;
pub mod quantize;
#[cfg(not(target_arch = "wasm32"))]
mod replacement;
#[cfg(not(target_arch = "wasm32"))]
pub mod write;

pub use load::BundleLoader;
pub use manifest::{Manifest, Preprocessing};

use thiserror::Error;

use crate::weights::WeightsError;

/// Why a bundle was refused.
#[derive(Debug, Error)]
pub enum BundleError {
    /// `manifest.json` is not the JSON that this version reads, or its settings make no sense.
    #[error("the manifest cannot be used: {0}")]
    Manifest(String),
    /// The manifest was altered, or made by another version.
    #[error("the manifest's digest is {found}, its content's is {expected}")]
    ManifestDigest {
        /// What the manifest says.
        found: String,
        /// What it should say.
        expected: String,
    },
    /// A shard that the manifest does not list.
    #[error("the manifest lists no shard named {0}")]
    UnknownShard(String),
    /// A shard is cut off or was altered.
    #[error("shard {name} does not match the manifest: {detail}")]
    ShardDigest {
        /// The shard.
        name: String,
        /// Its length or digest, and the expected one.
        detail: String,
    },
    /// A shard that the manifest lists was never added.
    #[error("shard {0} is missing")]
    MissingShard(String),
    /// A tensor is not there, has no scale, another shape or type than the manifest says, or a value
    /// that is not finite.
    #[error("tensor {name}: {detail}")]
    Tensor {
        /// The tensor.
        name: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The tensors do not fit the networks of the manifest's preset.
    #[error("the bundle does not fit its preset: {0}")]
    Weights(#[from] WeightsError),
    /// A file could not be read or written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: String,
        /// The system's message.
        message: String,
    },
}

impl BundleError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) | Self::Weights(_) | Self::UnknownShard(_) => "bundle_incompatible",
            Self::ManifestDigest { .. } | Self::ShardDigest { .. } | Self::Tensor { .. } => {
                "integrity_failed"
            }
            Self::MissingShard(_) | Self::File { .. } => "asset_fetch_failed",
        }
    }
}

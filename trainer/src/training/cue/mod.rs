//! `train cue`: the other sources of cues (paper section 4.6), on real faces alone.

pub mod anoddpm;
pub mod deep_svdd;
pub mod memae;
mod real_faces;

use clap::ValueEnum;
use serde::Serialize;

pub use real_faces::RealFaces;

/// A source that is trained here; the De-spoofing Face Generator is trained by `train dfg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainedSource {
    /// Memory-augmented autoencoder (Gong et al. 2019).
    Memae,
    /// Deep SVDD with a decoder (Ruff et al. 2018).
    DeepSvdd,
    /// Diffusion of images with simplex noise (Wyatt et al. 2022).
    Anoddpm,
}

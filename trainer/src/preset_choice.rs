//! `--preset`: which sizes the networks have.

use despoof_nn::presets::{Preset, PresetName};

/// The presets as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PresetChoice {
    /// Runs in a page.
    Web,
    /// The published sizes.
    Paper,
}

impl PresetChoice {
    /// The sizes.
    pub fn preset(self) -> Preset {
        Preset::named(match self {
            Self::Web => PresetName::Web,
            Self::Paper => PresetName::Paper,
        })
    }
}

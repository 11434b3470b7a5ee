//! `--preset`: which sizes the networks have.

use clap::ValueEnum;
use despoof_nn::presets::{Preset, PresetName};
use serde::{Deserialize, Serialize};

/// The presets as the command line names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PresetChoice {
    /// Runs in a page.
    #[default]
    Web,
    /// The published sizes.
    Paper,
}

impl From<PresetName> for PresetChoice {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::Web => Self::Web,
            PresetName::Paper => Self::Paper,
        }
    }
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

//! Which network of table 3 AG-Net is, and where its sizes differ from the preset's.

use anyhow::{Result, ensure};
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use despoof_nn::agnet::{AgNetConfig, Variant};
use serde::{Deserialize, Serialize};

/// The network, as `train agnet`, `protocol` and `params` take it and as runs keep it.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
pub struct AgNetSizes {
    /// How face and cue come together.
    #[arg(long, value_enum, default_value_t)]
    #[serde(default)]
    pub variant: VariantName,
    /// Look at the aligned face alone, as the paper does, and not at what is around it.
    #[arg(long)]
    // Runs of before there was a wider crop do not say.
    #[serde(default = "yes")]
    pub face_only: bool,
    /// Answer without the cue, too, by the same weights: both answers are trained, a score is their mean.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unguided_answer: bool,
    /// A second network that shares the first one's look at the cue; a score is the mean of both. It alone is
    /// trained, unless --both-networks says otherwise: the first one is that of --start-from and stays as it is.
    #[arg(long)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub companion: bool,
    /// Guided layers [default: the preset's].
    #[arg(long, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<usize>,
    /// Width of a token; the preset's heads share it [default: the preset's].
    #[arg(long, value_name = "CHANNELS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// Side of the squares of pixels that are averaged to one before AG-Net looks [default: the preset's].
    #[arg(long, value_name = "PIXELS", value_parser = RangedU64ValueParser::<usize>::new().range(1..=4))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrink: Option<usize>,
}

/// A variant, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariantName {
    /// The cue guides every layer.
    #[default]
    AgNet,
    /// The face alone.
    OnlyImage,
    /// The residual alone.
    OnlyResidual,
    /// Two networks beside each other.
    DualBranch,
}

fn yes() -> bool {
    true
}

impl AgNetSizes {
    /// Those of a network as it is.
    pub fn from_config(config: &AgNetConfig) -> Self {
        Self {
            variant: config.variant.into(),
            face_only: config.context_tokens.is_none(),
            unguided_answer: config.unguided_answer,
            companion: config.companion,
            layers: Some(config.layers),
            width: Some(config.width),
            shrink: Some(config.shrink),
        }
    }

    /// All sizes, out of the preset's.
    ///
    /// # Errors
    /// A width that the preset's heads cannot share; an answer without the cue, or a companion, of a network
    /// that the cue does not guide.
    pub fn config(&self, preset: AgNetConfig) -> Result<AgNetConfig> {
        let layers = self.layers.unwrap_or(preset.layers);
        let width = self.width.unwrap_or(preset.width);
        let heads = preset.heads;
        ensure!(
            width > 0 && width.is_multiple_of(heads),
            "{heads} heads cannot share a width of {width}"
        );
        for (asked, option) in
            [(self.unguided_answer, "--unguided-answer"), (self.companion, "--companion")]
        {
            ensure!(
                !asked || self.variant == VariantName::AgNet,
                "{option} is for the network that the cue guides, --variant ag-net"
            );
        }
        let shrink = self.shrink.unwrap_or(preset.shrink);
        let Self { unguided_answer, companion, .. } = *self;
        Ok(AgNetConfig { layers, width, shrink, unguided_answer, companion, ..preset }
            .with_variant(self.variant.into())
            .with_face_only(self.face_only))
    }
}

impl From<VariantName> for Variant {
    fn from(name: VariantName) -> Self {
        match name {
            VariantName::AgNet => Self::AgNet,
            VariantName::OnlyImage => Self::OnlyImage,
            VariantName::OnlyResidual => Self::OnlyResidual,
            VariantName::DualBranch => Self::DualBranch,
        }
    }
}

impl From<Variant> for VariantName {
    fn from(variant: Variant) -> Self {
        match variant {
            Variant::AgNet => Self::AgNet,
            Variant::OnlyImage => Self::OnlyImage,
            Variant::OnlyResidual => Self::OnlyResidual,
            Variant::DualBranch => Self::DualBranch,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_come_back_from_the_network_they_made() {
        let sizes = AgNetSizes {
            variant: VariantName::OnlyImage,
            layers: Some(2),
            width: Some(96),
            shrink: Some(2),
            ..AgNetSizes::default()
        };
        let config = sizes.config(AgNetConfig::web()).expect("three heads share 96");
        assert_eq!((config.layers, config.width, config.shrink), (2, 96, 2));
        let again = AgNetSizes::from_config(&config);
        assert_eq!(again.config(AgNetConfig::web()).expect("the same"), config);
        assert_eq!(AgNetSizes::default().config(config.clone()).expect("the same").shrink, 2);
        let odd = AgNetSizes { width: Some(100), ..sizes };
        assert!(odd.config(AgNetConfig::web()).is_err());
        let twice = AgNetSizes { unguided_answer: true, ..AgNetSizes::default() };
        let config = twice.config(AgNetConfig::web()).expect("the cue guides it");
        assert!(config.unguided_answer && AgNetSizes::from_config(&config).unguided_answer);
        let two = AgNetSizes { companion: true, ..AgNetSizes::default() };
        let config = two.config(AgNetConfig::web()).expect("the cue guides both");
        assert!(config.companion && AgNetSizes::from_config(&config).companion);
        for guided in [twice, two] {
            let image = AgNetSizes { variant: VariantName::OnlyImage, ..guided };
            assert!(image.config(AgNetConfig::web()).is_err(), "no cue to leave out or to share");
        }
    }

    #[test]
    fn a_run_that_says_nothing_has_the_presets_sizes_and_no_wider_crop() {
        let sizes: AgNetSizes = serde_json::from_str("{}").expect("all is optional");
        let config = sizes.config(AgNetConfig::web()).expect("the preset's");
        assert_eq!(config, AgNetConfig::web().with_face_only(true));
    }
}

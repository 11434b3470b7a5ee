//! The identity encoder F_id (paper eq. 4), whichever network a preset makes it of.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::iresnet::{IResNet, IResNetConfig};
use crate::mobilefacenet::{MobileFaceNet, MobileFaceNetConfig};
use crate::sizes::SizesError;

/// Sizes of an [`IdentityEncoder`]. Written as those of the network alone: their fields differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum IdentityConfig {
    /// Runs in a page.
    MobileFaceNet(MobileFaceNetConfig),
    /// The paper's.
    IResNet(IResNetConfig),
}

/// Face to identity map. Its tensors have the names of the network alone.
#[expect(clippy::large_enum_variant, reason = "there is one of it, and a Box is no module")]
#[derive(Module, Debug)]
pub enum IdentityEncoder {
    /// Runs in a page.
    MobileFaceNet(MobileFaceNet),
    /// The paper's.
    IResNet(IResNet),
}

impl IdentityConfig {
    pub(crate) fn check(&self) -> Result<(), SizesError> {
        match self {
            Self::MobileFaceNet(config) => config.check(),
            Self::IResNet(config) => config.check(),
        }
    }

    /// Channels of the map.
    pub fn width(&self) -> usize {
        match self {
            Self::MobileFaceNet(config) => config.map_width,
            Self::IResNet(config) => config.width(),
        }
    }

    /// An encoder with random weights.
    pub fn init(&self, device: &Device) -> IdentityEncoder {
        match self {
            Self::MobileFaceNet(config) => IdentityEncoder::MobileFaceNet(config.init(device)),
            Self::IResNet(config) => IdentityEncoder::IResNet(config.init(device)),
        }
    }
}

impl IdentityEncoder {
    /// F_id(x) as a map.
    ///
    /// `faces` is `[batch, 3, height, width]`, RGB in [−1, 1], made for 112×112. Returns
    /// `[batch, 512, height / 16, width / 16]` in both presets.
    pub fn forward(&self, faces: Tensor<4>) -> Tensor<4> {
        match self {
            Self::MobileFaceNet(network) => network.forward(faces),
            Self::IResNet(network) => network.forward(faces),
        }
    }
}

impl From<MobileFaceNet> for IdentityEncoder {
    fn from(network: MobileFaceNet) -> Self {
        Self::MobileFaceNet(network)
    }
}

impl From<IResNet> for IdentityEncoder {
    fn from(network: IResNet) -> Self {
        Self::IResNet(network)
    }
}

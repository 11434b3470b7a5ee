//! What tries to tell from a feature which domain a face is of.

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

use super::gradient_reversal::reversed;
use super::indices;

/// Share of units that the discriminator drops (published code of SSDG and of SSAN).
const DROPOUT: f64 = 0.5;

/// Two layers from a feature to logits of domains.
#[derive(Module, Debug)]
pub struct Discriminator {
    hidden: Linear,
    dropout: Dropout,
    output: Linear,
}

impl Discriminator {
    /// For features of `width`.
    pub fn new(width: usize, domains: usize, device: &Device) -> Self {
        Self {
            hidden: LinearConfig::new(width, width).init(device),
            dropout: DropoutConfig::new(DROPOUT).init(),
            output: LinearConfig::new(width, domains).init(device),
        }
    }

    /// Cross-entropy of the domains of features `[batch, width]` behind a gradient reversal of this
    /// strength.
    pub fn adversarial_loss(
        &self,
        features: Tensor<2>,
        domains: &[usize],
        strength: f64,
    ) -> Tensor<1> {
        let device = features.device();
        let hidden = activation::relu(self.hidden.forward(reversed(features, strength)));
        let logits = self.output.forward(self.dropout.forward(hidden));
        CrossEntropyLossConfig::new().init(&device).forward(logits, indices(domains, &device))
    }
}

//! The autoencoder, alone or beside its adversary, and how a run's settings say which it is.

use burn::module::Module;
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use despoof_nn::autoencoder::{Autoencoder, AutoencoderConfig};
use serde::{Deserialize, Serialize};

use super::discriminator::PatchDiscriminator;

/// What keeps the latent space small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Kullback–Leibler divergence from the standard normal.
    #[default]
    Kl,
    /// A codebook.
    Vq,
}

/// What distinguishes the networks of runs of `train autoencoder`; older runs keep none of it.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkOptions {
    /// Gaussian codes, or codes out of a codebook.
    #[arg(long, value_enum, default_value_t)]
    pub kind: Kind,
    /// Vectors of the codebook of `--kind vq` (16384 in latent diffusion's vq-f8).
    #[arg(long, default_value_t = NetworkOptions::default().codebook)]
    codebook: usize,
    /// Weight of what a patch discriminator says of decoded images; 0 trains none (0.5 in latent
    /// diffusion, which measures a further factor; start lower).
    #[arg(long, default_value_t = 0.0)]
    pub adversarial_weight: f64,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self { kind: Kind::Kl, codebook: 1024, adversarial_weight: 0.0 }
    }
}

impl NetworkOptions {
    /// `config` with this run's codebook.
    pub fn config(&self, config: AutoencoderConfig) -> AutoencoderConfig {
        let codebook_entries = (self.kind == Kind::Vq).then_some(self.codebook);
        AutoencoderConfig { codebook_entries, ..config }
    }

    /// Whether a discriminator is trained and kept beside the autoencoder.
    pub fn is_adversarial(&self) -> bool {
        self.adversarial_weight != 0.0
    }
}

/// An autoencoder in training.
pub trait Latents: Module {
    /// What is shipped.
    fn autoencoder(&self) -> &Autoencoder;

    /// What tells decoded images from photos, where that is trained, too.
    fn discriminator(&self) -> Option<&PatchDiscriminator>;
}

impl Latents for Autoencoder {
    fn autoencoder(&self) -> &Autoencoder {
        self
    }

    fn discriminator(&self) -> Option<&PatchDiscriminator> {
        None
    }
}

/// An autoencoder beside its adversary.
#[derive(Module, Debug)]
pub struct AdversarialAutoencoder {
    /// What is shipped.
    pub autoencoder: Autoencoder,
    discriminator: PatchDiscriminator,
}

impl AdversarialAutoencoder {
    /// With a discriminator of random weights.
    pub fn new(autoencoder: Autoencoder, device: &Device) -> Self {
        Self { autoencoder, discriminator: PatchDiscriminator::new(device) }
    }
}

impl Latents for AdversarialAutoencoder {
    fn autoencoder(&self) -> &Autoencoder {
        &self.autoencoder
    }

    fn discriminator(&self) -> Option<&PatchDiscriminator> {
        Some(&self.discriminator)
    }
}

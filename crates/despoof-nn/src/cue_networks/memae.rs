//! MemAE (Gong et al. 2019, "Memorizing Normality to Detect Anomaly"): an autoencoder whose codes are
//! mixtures of a few remembered ones, so that what no real face has cannot be drawn.
//!
//! As in the paper a position's code is compared with every item by its cosine (the published code
//! takes the plain product), and weights up to the mean weight are shrunk to nothing.

use burn::module::{Initializer, Module, Param};
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::autoencoder::{AutoencoderConfig, Decoder, Encoder, Upsampling};
use crate::cost;

/// Added below fractions (published code).
const EPSILON: f64 = 1e-12;
/// Lengths are at least this.
const SMALLEST_LENGTH: f64 = 1e-12;

/// Sizes of a [`MemAe`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemAeConfig {
    /// Encoder and decoder around the memory; a code has `latent_channels`.
    pub autoencoder: AutoencoderConfig,
    /// Items of the memory, N.
    pub items: usize,
    /// λ of the hard shrinkage, in multiples of 1 / N (paper: 1 to 3).
    pub shrinkage: f64,
}

/// An autoencoder with a memory.
#[derive(Module, Debug)]
pub struct MemAe {
    encoder: Encoder,
    memory: Memory,
    decoder: Decoder,
}

/// What is remembered of real faces.
#[derive(Module, Debug)]
pub struct Memory {
    items: Param<Tensor<2>>,
    threshold: f64,
}

/// A drawn face and how its codes were addressed.
#[derive(Clone, Debug)]
pub struct MemAeOutput {
    /// `[batch, 3, height, width]`.
    pub reconstruction: Tensor<4>,
    /// Weights of the items for every position, `[batch · positions, items]`.
    pub weights: Tensor<2>,
}

impl MemAeConfig {
    /// For faces of 224 pixels on a CPU: 14×14 positions of 64 channels, 500 items. The paper's own
    /// sizes are for other images.
    pub fn web() -> Self {
        Self {
            autoencoder: AutoencoderConfig {
                latent_channels: 64,
                block_out_channels: vec![32, 64, 96],
                encoder_layers: vec![1, 1, 1],
                decoder_layers: vec![1, 1, 1],
                upsampling: Upsampling::PixelShuffle,
                ..AutoencoderConfig::web()
            },
            items: 500,
            shrinkage: 1.0,
        }
    }

    /// A network with random weights and a random memory.
    pub fn init(&self, device: &Device) -> MemAe {
        let width = self.autoencoder.latent_channels;
        MemAe {
            encoder: Encoder::new(&self.autoencoder, width, device),
            memory: Memory::new(self.items, width, self.shrinkage, device),
            decoder: Decoder::new(&self.autoencoder, device),
        }
    }
}

impl MemAe {
    /// Faces `[batch, 3, height, width]` in [−1, 1], drawn from the memory.
    pub fn forward(&self, faces: Tensor<4>) -> MemAeOutput {
        let codes = self.encoder.forward(faces);
        let [batch, width, height, columns] = codes.dims();
        let queries = codes.permute([0, 2, 3, 1]).reshape([batch * height * columns, width]);
        let weights = self.memory.addressed_by(queries);
        let remembered = self.memory.read(weights.clone());
        let codes = remembered.reshape([batch, height, columns, width]).permute([0, 3, 1, 2]);
        MemAeOutput { reconstruction: self.decoder.forward(codes), weights }
    }
}

impl Memory {
    /// `count` random items of `width`.
    pub fn new(count: usize, width: usize, shrinkage: f64, device: &Device) -> Self {
        let bound = 1.0 / (width as f64).sqrt();
        let items = Initializer::Uniform { min: -bound, max: bound }.init([count, width], device);
        Self { items, threshold: shrinkage / count as f64 }
    }

    /// The same memory with other items `[items, width]`.
    #[must_use]
    pub fn with_items(self, items: Tensor<2>) -> Self {
        Self { items: Param::from_tensor(items), ..self }
    }

    /// Weights of the items for queries `[queries, width]` (paper eq. 4 to 7): softmax of the cosines,
    /// hard shrinkage, and again of sum 1. `[queries, items]`.
    pub fn addressed_by(&self, queries: Tensor<2>) -> Tensor<2> {
        let items = of_length_one(self.items.val());
        let cosines = of_length_one(queries).matmul(items.transpose());
        let [queries, count] = cosines.dims();
        cost::record((queries * count * self.items.val().dims()[1]) as u64);
        let weights = activation::softmax(cosines, 1);
        let above = weights.clone() - self.threshold;
        let shrunk = above.clone().clamp_min(0.0) * weights / (above.abs() + EPSILON);
        let sum = shrunk.clone().sum_dim(1).clamp_min(EPSILON);
        shrunk / sum
    }

    /// The mixtures of items that weights `[queries, items]` mean (paper eq. 3), `[queries, width]`.
    pub fn read(&self, weights: Tensor<2>) -> Tensor<2> {
        let items = self.items.val();
        cost::record((weights.dims()[0] * items.dims()[0] * items.dims()[1]) as u64);
        weights.matmul(items)
    }
}

/// Mean entropy of the weights, which training lowers (paper eq. 9), of `[queries, items]`.
pub fn entropy(weights: Tensor<2>) -> Tensor<1> {
    let logarithms = (weights.clone() + EPSILON).log();
    -(weights * logarithms).sum_dim(1).mean()
}

fn of_length_one(rows: Tensor<2>) -> Tensor<2> {
    let length = rows.clone().square().sum_dim(1).clamp_min(SMALLEST_LENGTH).sqrt();
    rows / length
}

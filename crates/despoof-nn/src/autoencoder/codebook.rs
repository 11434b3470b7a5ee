//! The codebook of the VQ autoencoder (van den Oord et al. 2017, "Neural Discrete Representation
//! Learning"), with the parameter name of diffusers' `VectorQuantizer`.

use burn::module::{Initializer, Module};
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Tensor};

use crate::cost;

/// The vectors that a code may consist of.
#[derive(Module, Debug)]
pub(super) struct Codebook {
    embedding: Embedding,
}

impl Codebook {
    /// Starts with small vectors, as the published code does.
    pub(super) fn new(entries: usize, width: usize, device: &Device) -> Self {
        let reach = 1.0 / entries as f64;
        let initializer = Initializer::Uniform { min: -reach, max: reach };
        let config = EmbeddingConfig::new(entries, width).with_initializer(initializer);
        Self { embedding: config.init(device) }
    }

    /// The nearest vector (Euclidean) at every position: `[batch, width, height, width']` to the
    /// same. Gradients reach the codebook and not the code.
    pub(super) fn nearest(&self, code: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = code.dims();
        let vectors = self.embedding.weight.val();
        let positions = code.permute([0, 2, 3, 1]).reshape([batch * height * width, channels]);
        cost::record((positions.dims()[0] * vectors.dims()[0] * channels) as u64);
        // ‖z − e‖² without ‖z‖², which is the same for every e.
        let squared_length = vectors.clone().square().sum_dim(1).transpose();
        let distance = squared_length - positions.matmul(vectors.clone().transpose()) * 2.0;
        vectors
            .select(0, distance.argmin(1).squeeze_dim(1))
            .reshape([batch, height, width, channels])
            .permute([0, 3, 1, 2])
    }
}

//! Sinusoidal time embedding (Ho et al. 2020) and the two layers behind it.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{DType, Device, Tensor};

use crate::layers;
use crate::trace::{self, Operation};

/// Longest period of the embedding, in time steps over 2π.
const MAX_PERIOD: f64 = 10_000.0;

/// Maps time steps to the vector that shifts every residual block.
#[derive(Module, Debug)]
pub(super) struct TimeEmbedding {
    linear_1: Linear,
    linear_2: Linear,
}

impl TimeEmbedding {
    pub(super) fn new(sinusoidal_width: usize, width: usize, device: &Device) -> Self {
        Self {
            linear_1: LinearConfig::new(sinusoidal_width, width).init(device),
            linear_2: LinearConfig::new(width, width).init(device),
        }
    }

    /// `[batch]` time steps to `[batch, width]` in the precision of the network.
    pub(super) fn forward(&self, timesteps: Tensor<1>, dtype: DType) -> Tensor<2> {
        let sinusoidal_width = self.linear_1.weight.lazy_shape().dims::<2>()[0];
        let embedding = sinusoidal_embedding(timesteps, sinusoidal_width).cast(dtype);
        let hidden = layers::silu(layers::linear(&self.linear_1, embedding));
        layers::linear(&self.linear_2, hidden)
    }
}

/// `[batch]` time steps to `[batch, width]`: cosines in the first half, sines in the second
/// (diffusers' `flip_sin_to_cos`), with periods in geometric progression up to 10 000 · 2π.
pub fn sinusoidal_embedding(timesteps: Tensor<1>, width: usize) -> Tensor<2> {
    let half = width / 2;
    let frequencies: Vec<f32> =
        (0..half).map(|index| MAX_PERIOD.powf(-(index as f64) / half as f64) as f32).collect();
    let noted = trace::inputs(&[&timesteps]);
    let row = Tensor::<1>::from_floats(frequencies.as_slice(), &timesteps.device());
    let angles = timesteps.unsqueeze_dim::<2>(1) * row.unsqueeze_dim::<2>(0);
    let embedding = Tensor::cat(vec![angles.clone().cos(), angles.sin()], 1);
    noted.gave(|| Operation::SinusoidalEmbedding { frequencies }, embedding)
}

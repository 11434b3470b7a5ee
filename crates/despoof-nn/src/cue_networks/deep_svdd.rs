//! Deep SVDD (Ruff et al. 2018, "Deep One-Class Classification") with a decoder, as the paper needs it
//! for a residual: codes of real faces are drawn to one centre, and decoded.
//!
//! The paper is silent on the decoder. Here it mirrors the encoder and both are trained together: Ruff
//! et al. train such an autoencoder first and then keep its encoder alone. The encoder has no biases
//! (their proposition 2: with them, one constant code for everything would be the best one).

use burn::module::{Module, Param};
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};
use serde::{Deserialize, Serialize};

use crate::layers;
use crate::resample::pixel_shuffle;
use crate::residual_block::conv3x3;

/// Slope of the leaky ReLUs below 0. Ours: the published code has PyTorch's 0.01.
const SLOPE: f64 = 0.1;
/// Coordinates of the centre are at least this far from 0: at 0 the encoder could give nothing
/// (published code).
const CENTRE_AWAY_FROM_ZERO: f32 = 0.1;

/// Sizes of a [`DeepSvdd`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeepSvddConfig {
    /// Side of the image in pixels.
    pub side: usize,
    /// Channels of every convolution of the encoder, each of which halves the resolution.
    pub channels: Vec<usize>,
    /// Numbers of a code.
    pub code_width: usize,
}

/// Encoder, centre, decoder.
#[derive(Module, Debug)]
pub struct DeepSvdd {
    encoder: Vec<Conv2d>,
    to_code: Linear,
    from_code: Linear,
    decoder: Vec<Conv2d>,
    centre: Param<Tensor<1>>,
    lowest_side: usize,
}

/// A drawn face and its code's place.
#[derive(Clone, Debug)]
pub struct DeepSvddOutput {
    /// `[batch, 3, side, side]`.
    pub reconstruction: Tensor<4>,
    /// Squared distance of the code from the centre, `[batch, 1]`.
    pub distance: Tensor<2>,
}

impl DeepSvddConfig {
    /// For faces of 224 pixels on a CPU.
    pub fn web() -> Self {
        Self { side: 224, channels: vec![16, 32, 64, 96, 128], code_width: 256 }
    }

    /// A network with random weights, whose centre is not yet placed.
    pub fn init(&self, device: &Device) -> DeepSvdd {
        let lowest_side = self.side >> self.channels.len();
        let lowest = self.channels[self.channels.len() - 1];
        let flat = lowest * lowest_side * lowest_side;
        let inputs = std::iter::once(3).chain(self.channels.iter().copied());
        let pairs: Vec<(usize, usize)> = inputs.zip(self.channels.iter().copied()).collect();
        let halving = |&(from, to): &(usize, usize)| {
            conv3x3(from, to).with_stride([2, 2]).with_bias(false).init(device)
        };
        let doubling = |&(to, from): &(usize, usize)| conv3x3(from, 4 * to).init(device);
        DeepSvdd {
            encoder: pairs.iter().map(halving).collect(),
            to_code: LinearConfig::new(flat, self.code_width).with_bias(false).init(device),
            from_code: LinearConfig::new(self.code_width, flat).init(device),
            decoder: pairs.iter().rev().map(doubling).collect(),
            centre: Param::from_tensor(Tensor::zeros([self.code_width], device)),
            lowest_side,
        }
    }
}

impl DeepSvdd {
    /// Codes `[batch, code width]` of faces `[batch, 3, side, side]` in [−1, 1].
    pub fn encode(&self, faces: Tensor<4>) -> Tensor<2> {
        let map = self.encoder.iter().fold(faces, |map, conv| leaky(layers::conv2d(conv, map)));
        layers::linear(&self.to_code, map.flatten(1, 3))
    }

    /// The faces drawn from their codes.
    pub fn forward(&self, faces: Tensor<4>) -> DeepSvddOutput {
        let code = self.encode(faces);
        let distance = (code.clone() - self.centre.val().detach().unsqueeze_dim::<2>(0)).square();
        DeepSvddOutput { reconstruction: self.decode(code), distance: distance.sum_dim(1) }
    }

    /// The same network around the mean of codes `[faces, code width]` of an untrained one, which stays
    /// where it is (Ruff et al. 2018, section 3.3).
    #[must_use]
    pub fn with_centre_of(self, codes: Tensor<2>) -> Self {
        let mean = codes.detach().mean_dim(0).squeeze_dim::<1>(0);
        let least = mean.clone().sign() * CENTRE_AWAY_FROM_ZERO;
        let near = mean.clone().abs().lower_elem(CENTRE_AWAY_FROM_ZERO);
        Self { centre: Param::from_tensor(mean.mask_where(near, least)), ..self }
    }

    fn decode(&self, code: Tensor<2>) -> Tensor<4> {
        let flat = layers::linear(&self.from_code, code);
        let [batch, width] = flat.dims();
        let side = self.lowest_side;
        let map = flat.reshape([batch, width / (side * side), side, side]);
        self.decoder
            .iter()
            .fold(map, |map, conv| pixel_shuffle(layers::conv2d(conv, leaky(map)), 2))
    }
}

fn leaky(map: Tensor<4>) -> Tensor<4> {
    activation::leaky_relu(map, SLOPE)
}

//! The Gaussian code of the KL-regularised autoencoder.

use burn::tensor::Tensor;

use crate::ops;

/// The Gaussian that the encoder gives for an image.
#[derive(Clone, Debug)]
pub struct Moments {
    /// `[batch, latent channels, height, width]`; the code itself at inference.
    pub mean: Tensor<4>,
    /// Of the same shape, in [−30, 20].
    pub log_variance: Tensor<4>,
}

impl Moments {
    pub(super) fn from_channels(moments: Tensor<4>) -> Self {
        let latent_channels = moments.dims()[1] / 2;
        let log_variance = ops::slice(moments.clone(), 1, latent_channels, latent_channels);
        Self {
            mean: ops::slice(moments, 1, 0, latent_channels),
            // diffusers' bounds: variances stay finite in f32.
            log_variance: log_variance.clamp(-30.0, 20.0),
        }
    }

    /// A draw from the Gaussian, given standard normal `noise` of the same shape.
    pub fn sample(&self, noise: Tensor<4>) -> Tensor<4> {
        self.mean.clone() + noise * (self.log_variance.clone() * 0.5).exp()
    }

    /// Kullback–Leibler divergence from the standard normal in nats, summed per sample: `[batch]`.
    pub fn kl_divergence(&self) -> Tensor<1> {
        let squared_mean = self.mean.clone().square();
        let variance = self.log_variance.clone().exp();
        let per_value = (squared_mean + variance - 1.0 - self.log_variance.clone()) * 0.5;
        per_value.sum_dims_squeeze(&[1, 2, 3])
    }
}

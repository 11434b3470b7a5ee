//! The patch discriminator of adversarial training (Isola et al. 2017, "PatchGAN"), with the hinge
//! loss as VQGAN and latent diffusion use it (Esser et al. 2021, Rombach et al. 2022).
//!
//! Differs from theirs: three halvings and a last 3×3 convolution, so that crops of 8 pixels still
//! have a patch; group normalisation, which keeps no statistics of the generator's outputs; and a
//! fixed weight instead of one measured on the decoder's last layer.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{GroupNorm, GroupNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation};
use despoof_nn::layers;

/// Channels behind each halving of the resolution.
const WIDTHS: [usize; 3] = [64, 128, 256];
/// Groups of the normalisations.
const GROUPS: usize = 16;
/// Slope of negative values.
const SLOPE: f64 = 0.2;

/// Says of every patch whether it is of a photo.
#[derive(Module, Debug)]
pub struct PatchDiscriminator {
    halvings: Vec<Conv2d>,
    norms: Vec<GroupNorm>,
    last: Conv2d,
}

impl PatchDiscriminator {
    /// With random weights.
    pub fn new(device: &Device) -> Self {
        let widths = |level: usize| [if level == 0 { 3 } else { WIDTHS[level - 1] }, WIDTHS[level]];
        let conv = |widths, kernel| {
            Conv2dConfig::new(widths, [kernel, kernel])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        };
        let halvings = (0..WIDTHS.len())
            .map(|level| conv(widths(level), 4).with_stride([2, 2]).init(device))
            .collect();
        // None behind the first convolution, as published.
        let norms = WIDTHS[1..]
            .iter()
            .map(|&width| GroupNormConfig::new(GROUPS, width).init(device))
            .collect();
        Self { halvings, norms, last: conv([WIDTHS[WIDTHS.len() - 1], 1], 3).init(device) }
    }

    /// Images `[batch, 3, height, width]` (multiples of 8) to a value a patch,
    /// `[batch, 1, height / 8, width / 8]`: above 0 for a photo.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let mut hidden = images;
        for (level, halving) in self.halvings.iter().enumerate() {
            hidden = layers::conv2d(halving, hidden);
            if level > 0 {
                hidden = layers::group_norm(&self.norms[level - 1], hidden);
            }
            hidden = activation::leaky_relu(hidden, SLOPE);
        }
        layers::conv2d(&self.last, hidden)
    }

    /// What the discriminator is to lower: the hinge loss of photos against decoded images, through
    /// which no gradient reaches the decoder.
    pub fn hinge_loss(&self, photos: Tensor<4>, decoded: Tensor<4>) -> Tensor<1> {
        let photo = activation::relu(1.0 - self.forward(photos)).mean();
        let decoded = activation::relu(self.forward(decoded.detach()) + 1.0).mean();
        (photo + decoded) * 0.5
    }

    /// What the autoencoder is to lower: minus what the discriminator says of decoded images,
    /// through which no gradient reaches the discriminator.
    pub fn generator_loss(&self, decoded: Tensor<4>) -> Tensor<1> {
        -self.clone().no_grad().forward(decoded).mean()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    fn noise(device: &Device) -> Tensor<4> {
        Tensor::random([2, 3, 16, 16], Distribution::Normal(0.0, 1.0), device)
    }

    #[test]
    fn each_loss_has_gradients_for_its_own_side_only() {
        let device = Device::flex().autodiff();
        let discriminator = PatchDiscriminator::new(&device);
        let weight = discriminator.last.weight.val();
        let decoded = noise(&device).require_grad();

        let gradients = discriminator.hinge_loss(noise(&device), decoded.clone()).backward();
        assert!(weight.grad(&gradients).is_some() && decoded.grad(&gradients).is_none());
        let gradients = discriminator.generator_loss(decoded.clone()).backward();
        assert!(weight.grad(&gradients).is_none() && decoded.grad(&gradients).is_some());
    }

    #[test]
    fn hinge_loss_is_that_of_the_formula() {
        let device = Device::flex();
        let discriminator = PatchDiscriminator::new(&device);
        let (photos, decoded) = (noise(&device), noise(&device));
        let patches = |images: &Tensor<4>| -> Vec<f32> {
            discriminator.forward(images.clone()).into_data().iter::<f32>().collect()
        };
        assert_eq!(patches(&photos).len(), 2 * 2 * 2, "a value for each 8×8 pixels");
        let mean = |values: Vec<f32>| values.iter().sum::<f32>() / values.len() as f32;
        let photo = mean(patches(&photos).iter().map(|value| (1.0 - value).max(0.0)).collect());
        let fake = mean(patches(&decoded).iter().map(|value| (1.0 + value).max(0.0)).collect());
        let actual = discriminator.hinge_loss(photos, decoded).into_scalar::<f32>();
        assert!((actual - (photo + fake) / 2.0).abs() < 1e-5);
    }

    #[test]
    fn the_smallest_crop_has_a_patch() {
        let device = Device::flex();
        let crop = Tensor::zeros([1, 3, 8, 8], &device);
        assert_eq!(PatchDiscriminator::new(&device).forward(crop).dims(), [1, 1, 1, 1]);
    }
}

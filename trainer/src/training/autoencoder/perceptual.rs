//! Perceptual distance: how far apart two images are for a network that knows photos.
//!
//! Latent diffusion measures LPIPS (Zhang et al. 2018) on VGG with weights learnt from people's
//! judgements. Those are not here: this is the same distance, normalised features compared at every
//! position, on the ImageNet EfficientNet-Lite0 of `models/pretrained`, without learnt weights.

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof_nn::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig};

use crate::import;

/// Stages looked through: to an eighth of the resolution, where edges and textures are.
const STAGES: usize = 3;
/// Added to a feature's length before it divides, as in LPIPS' code.
const EPSILON: f64 = 1e-10;

/// The frozen network.
pub struct PerceptualDistance {
    network: EfficientNetLite,
}

impl PerceptualDistance {
    /// Reads the pretrained weights.
    ///
    /// # Errors
    /// Weights that are missing or damaged.
    pub fn new(device: &Device) -> Result<Self> {
        let network = EfficientNetLiteConfig::lite0().truncated(STAGES).init(device);
        Ok(Self { network: import::pretrained_efficientnet(network)?.freeze() })
    }

    /// Mean over images and positions; both `[batch, 3, height, width]` in [−1, 1]. No gradient
    /// reaches `reference`.
    pub fn forward(&self, images: Tensor<4>, reference: Tensor<4>) -> Tensor<1> {
        let network = self.network.clone().to_device(&images.device());
        let error = features(&network, images) - features(&network, reference.detach());
        error.square().sum_dim(1).mean()
    }
}

/// Features of length 1 at every position, `[batch, width, height / 8, width / 8]`.
fn features(network: &EfficientNetLite, images: Tensor<4>) -> Tensor<4> {
    let features = network.forward(images);
    let length = features.clone().square().sum_dim(1).sqrt();
    features / (length + EPSILON)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, TensorData};

    use super::*;

    #[test]
    fn grows_with_the_distortion_and_only_images_get_gradients() {
        let device = Device::flex().autodiff();
        let distance = PerceptualDistance::new(&device).expect("the weights are in the repository");
        let ramp: Vec<f32> = (0..3 * 64 * 64).map(|at| ((at % 64) / 8 % 2) as f32 - 0.5).collect();
        let image = Tensor::<4>::from_data(TensorData::new(ramp, [1, 3, 64, 64]), &device);
        let noise = Tensor::random([1, 3, 64, 64], Distribution::Normal(0.0, 1.0), &device);
        let noisy = |share: f64| image.clone() + noise.clone() * share;
        let of = |share| distance.forward(noisy(share), image.clone()).into_scalar::<f32>();
        assert!(of(0.0).abs() < 1e-6);
        assert!(0.0 < of(0.05) && of(0.05) < of(0.3), "{} {}", of(0.05), of(0.3));

        let (distorted, reference) = (noisy(0.1).require_grad(), image.clone().require_grad());
        let gradients = distance.forward(distorted.clone(), reference.clone()).backward();
        assert!(distorted.grad(&gradients).is_some() && reference.grad(&gradients).is_none());
    }
}

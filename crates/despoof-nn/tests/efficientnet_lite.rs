//! EfficientNet-Lite: sizes, shapes, agreement with the PyTorch port, and frozen statistics.

mod golden;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Distribution, Tensor};
use despoof_nn::cost;
use despoof_nn::efficientnet_lite::{EfficientNetLite, EfficientNetLiteConfig, PYTORCH_KEYS};
use despoof_nn::layers::freeze_statistics;

#[test]
fn trunks_have_their_published_sizes() {
    let lite0 = EfficientNetLiteConfig::lite0();
    // Trainable parameters and running statistics.
    check_size(lite0.clone().to_stride_16(), [1, 112, 14, 14], 700_768 + 16_160, 243_268_928);
    check_size(lite0.clone().to_stride_32(), [1, 192, 7, 7], 2_353_408 + 34_208, 334_427_744);
    check_size(lite0, [1, 320, 7, 7], 2_958_848 + 39_456, 363_837_152);
}

fn check_size(
    config: EfficientNetLiteConfig,
    shape: [usize; 4],
    parameters: usize,
    multiply_accumulates: u64,
) {
    let network = config.init(&Device::flex());
    let image = Tensor::zeros([1, 3, 224, 224], &Device::flex());
    let (map, measured) = cost::multiply_accumulates(|| network.forward(image));
    assert_eq!(map.dims(), shape);
    assert_eq!(config.width(), shape[1]);
    assert_eq!(cost::parameters(&network), parameters);
    assert_eq!(measured, multiply_accumulates);
}

#[test]
fn agrees_with_the_pytorch_port_after_every_halving() {
    let expected = golden::repository("tests/goldens/efficientnet_lite0.safetensors");
    let stages_to_stride = [(1, 2), (2, 4), (3, 8), (5, 16), (7, 32)];
    for (stages, stride) in stages_to_stride {
        let network =
            pretrained(EfficientNetLiteConfig::lite0().truncated(stages), &Device::flex());
        let map = network.forward(golden::tensor(&expected, "input"));
        golden::assert_close(map, golden::tensor(&expected, &format!("stride{stride}")), 1e-5);
    }
}

#[test]
fn frozen_statistics_make_training_see_what_inference_sees() {
    let device = Device::flex().autodiff();
    let images = Tensor::random([2, 3, 32, 32], Distribution::Uniform(-1.0, 1.0), &Device::flex());
    let network = pretrained(EfficientNetLiteConfig::lite0().truncated(2), &device);
    let inference = network.valid().forward(images.clone());

    let frozen = freeze_statistics(network);
    let training = frozen.forward(Tensor::from_inner(images.clone()));
    golden::assert_close(training.clone().inner(), inference.clone(), 1e-6);
    golden::assert_close(frozen.valid().forward(images), inference, 0.0);

    let gradients = GradientsParams::from_grads(training.sum().backward(), &frozen);
    // A convolution with scale and shift behind it: in the stem, two in the block that does not
    // expand, three in each of the two that do.
    assert_eq!(gradients.len(), 3 * (1 + 2 + 2 * 3));
}

fn pretrained(config: EfficientNetLiteConfig, device: &Device) -> EfficientNetLite {
    let file = golden::repository("models/pretrained/efficientnet-lite0.safetensors");
    golden::load(config.init(device), &file, &PYTORCH_KEYS)
}

//! EfficientNet-Lite: sizes, shapes, agreement with the PyTorch port, and frozen statistics.

mod golden;

use burn::nn::BatchNormConfig;
use burn::tensor::{Device, Tensor};
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
        let network = pretrained(EfficientNetLiteConfig::lite0().truncated(stages));
        let map = network.forward(golden::tensor(&expected, "input"));
        golden::assert_close(map, golden::tensor(&expected, &format!("stride{stride}")), 1e-5);
    }
}

#[test]
fn frozen_statistics_switch_the_training_behaviour_off() {
    let norm = BatchNormConfig::new(4).init(&Device::flex());
    assert!(norm.training.is_enabled());
    assert!(!freeze_statistics(norm).training.is_enabled());
}

fn pretrained(config: EfficientNetLiteConfig) -> EfficientNetLite {
    let file = golden::repository("models/pretrained/efficientnet-lite0.safetensors");
    golden::load(config.init(&Device::flex()), &file, &PYTORCH_KEYS)
}

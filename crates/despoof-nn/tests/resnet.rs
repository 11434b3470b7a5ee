//! ResNet: sizes, shapes, and agreement with torchvision.

mod golden;

use burn::tensor::{Device, Tensor};
use despoof_nn::cost;
use despoof_nn::resnet::ResNetConfig;

#[test]
fn resnet18_has_its_published_size() {
    let network = ResNetConfig::resnet18().init(&Device::flex());
    let image = Tensor::zeros([1, 3, 224, 224], &Device::flex());
    let (map, multiply_accumulates) = cost::multiply_accumulates(|| network.forward(image));
    assert_eq!(map.dims(), [1, 512, 7, 7]);
    // Published with a classifier of 512 · 1000 weights and 1000 biases, and without counting the
    // running statistics.
    let running_statistics = 9_600;
    assert_eq!(cost::parameters(&network), 11_689_512 - 513_000 + running_statistics);
    assert_eq!(multiply_accumulates, 1_814_073_344 - 512_000);
}

#[test]
fn agrees_with_torchvision() {
    let expected = golden::repository("tests/goldens/resnet18.safetensors");
    let config = ResNetConfig { base_width: 8, ..ResNetConfig::resnet18() };
    let network = golden::load(config.init(&Device::flex()), &expected, &[(r"^weights\.", "")]);
    let map = network.forward(golden::tensor(&expected, "input"));
    golden::assert_close(map, golden::tensor(&expected, "layer4"), 1e-5);
}

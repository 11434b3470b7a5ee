//! iResNet: sizes, shapes, and agreement with a reference written after InsightFace's.

mod golden;

use burn::tensor::{Device, Tensor};
use despoof_nn::cost;
use despoof_nn::iresnet::{INSIGHTFACE_KEYS, IResNetConfig};

#[test]
fn iresnet18_gives_the_papers_map() {
    let network = IResNetConfig::iresnet18().init(&Device::flex());
    let faces = Tensor::zeros([1, 3, 112, 112], &Device::flex());
    let (map, multiply_accumulates) =
        cost::multiply_accumulates_uncomputed(|| network.forward(faces));
    assert_eq!(map.dims(), [1, 512, 7, 7]);
    let embedding = 512 * 49 * 512 + 512 + 4 * 512;
    assert_eq!(cost::parameters(&network), 24_040_351 - STEP_COUNTERS - embedding);
    assert_eq!(multiply_accumulates, 2_597_109_760);
}

/// One for each batch normalisation of the reference's state dict, of which none is a parameter.
const STEP_COUNTERS: usize = 31;

#[test]
fn published_network_has_its_size() {
    let network = IResNetConfig::arcface().init(&Device::flex());
    assert_eq!(cost::parameters(&network), 24_040_351 - STEP_COUNTERS);
}

#[test]
fn map_and_embedding_agree_with_the_reference() {
    let expected = golden::repository("tests/goldens/iresnet.safetensors");
    let config =
        IResNetConfig { base_width: 4, embedding_width: Some(16), ..IResNetConfig::arcface() };
    let keys = [&[(r"^weights\.", "")], &INSIGHTFACE_KEYS[..]].concat();
    let network = golden::load(config.init(&Device::flex()), &expected, &keys);
    let map = network.forward(golden::tensor(&expected, "input"));
    golden::assert_close(map.clone(), golden::tensor(&expected, "map"), 1e-5);
    golden::assert_close(network.embedding(map), golden::tensor(&expected, "embedding"), 1e-5);
}

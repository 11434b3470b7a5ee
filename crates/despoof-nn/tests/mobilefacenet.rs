//! The identity encoder: sizes, shapes, and agreement with the published ArcFace network.

mod golden;

use burn::tensor::{Device, Distribution, Int, Tensor};
use despoof_nn::cost;
use despoof_nn::mobilefacenet::{INSIGHTFACE_KEYS, MobileFaceNetConfig, tokens_from_map};

#[test]
fn web_encoder_fits_its_budget() {
    let device = Device::flex();
    let network = MobileFaceNetConfig::web().init(&device);
    let faces = Tensor::random([1, 3, 112, 112], Distribution::Uniform(-1.0, 1.0), &device);
    let (map, multiply_accumulates) = cost::multiply_accumulates(|| network.forward(faces));
    assert_eq!(map.dims(), [1, 512, 7, 7]);
    assert_eq!(tokens_from_map(map).dims(), [1, 49, 512]);
    let running_statistics = 18_304;
    assert_eq!(cost::parameters(&network), 911_232 + running_statistics);
    assert_eq!(multiply_accumulates, 220_874_752);
}

#[test]
fn published_network_embeds_faces() {
    let device = Device::flex();
    let network = MobileFaceNetConfig::arcface().init(&device);
    let map = Tensor::random([2, 512, 7, 7], Distribution::Default, &device);
    assert_eq!(network.embedding(map).dims(), [2, 128]);
}

#[test]
fn tokens_are_positions_row_by_row() {
    let map = Tensor::<1, Int>::arange(0..12, &Device::flex()).float().reshape([1, 2, 2, 3]);
    let expected = Tensor::from_floats(
        [[[0., 6.], [1., 7.], [2., 8.], [3., 9.], [4., 10.], [5., 11.]]],
        &Device::flex(),
    );
    golden::assert_close(tokens_from_map(map), expected, 0.0);
}

/// The weights are for research and not part of the project: without them nothing is tested.
#[test]
fn agrees_with_the_published_network() {
    let folder = golden::repository("../shared/weights");
    let expected = folder.join("mobilefacenet-arcface.golden.safetensors");
    if !expected.exists() {
        eprintln!("skipped: {} does not exist", expected.display());
        return;
    }
    let network = golden::load(
        MobileFaceNetConfig::arcface().init(&Device::flex()),
        &folder.join("mobilefacenet-arcface.safetensors"),
        &INSIGHTFACE_KEYS,
    );
    let faces = (golden::tensor::<4>(&expected, "input") - 127.5) / 128.0;
    let map = network.forward(faces);
    golden::assert_close(map.clone(), golden::tensor(&expected, "tap"), 1e-5);
    golden::assert_close(network.embedding(map), golden::tensor(&expected, "embedding"), 1e-5);
}

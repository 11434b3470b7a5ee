//! MTCNN: sizes, and agreement of each network with facenet-pytorch.

mod golden;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof_nn::cost;
use despoof_nn::mtcnn::{ONetConfig, PNetConfig, RNetConfig};

const TOLERANCE: f32 = 1e-5;

#[test]
fn networks_have_their_published_size() {
    let device = Device::flex();
    let rnet = RNetConfig::new().init(&device);
    assert_eq!(cost::parameters(&PNetConfig::new().init(&device)), 6_632);
    assert_eq!(cost::parameters(&rnet), 100_178);
    assert_eq!(cost::parameters(&ONetConfig::new().init(&device)), 389_040);
    let crop = Tensor::zeros([1, 3, 24, 24], &device);
    let (_, multiply_accumulates) = cost::multiply_accumulates(|| rnet.forward(crop));
    let convolutions = 22 * 22 * 28 * 27 + 9 * 9 * 48 * 28 * 9 + 3 * 3 * 64 * 48 * 4;
    assert_eq!(multiply_accumulates, convolutions + 576 * 128 + 128 * 6);
}

#[test]
fn pnet_agrees_with_facenet_pytorch() {
    let pnet = pretrained(PNetConfig::new().init(&Device::flex()), "pnet");
    let output = pnet.forward(golden("pnet.input"));
    golden::assert_close(output.offsets, golden::<4>("pnet.boxes"), TOLERANCE);
    let face = golden::<4>("pnet.probability").narrow(1, 1, 1).squeeze_dim::<3>(1);
    golden::assert_close(output.probability, face, TOLERANCE);
}

#[test]
fn rnet_agrees_with_facenet_pytorch() {
    let rnet = pretrained(RNetConfig::new().init(&Device::flex()), "rnet");
    let output = rnet.forward(golden("rnet.input"));
    golden::assert_close(output.offsets, golden::<2>("rnet.boxes"), TOLERANCE);
    golden::assert_close(output.probability, face_of_two("rnet.probability"), TOLERANCE);
}

#[test]
fn onet_agrees_with_facenet_pytorch() {
    let onet = pretrained(ONetConfig::new().init(&Device::flex()), "onet");
    let output = onet.forward(golden("onet.input"));
    golden::assert_close(output.offsets, golden::<2>("onet.boxes"), TOLERANCE);
    golden::assert_close(output.landmarks, golden::<2>("onet.landmarks"), TOLERANCE);
    golden::assert_close(output.probability, face_of_two("onet.probability"), TOLERANCE);
}

fn golden<const D: usize>(name: &str) -> Tensor<D> {
    golden::tensor(&golden::repository("tests/goldens/mtcnn.safetensors"), name)
}

/// `[batch, 2]` (no face, face) to `[batch]`.
fn face_of_two(name: &str) -> Tensor<1> {
    golden::<2>(name).narrow(1, 1, 1).squeeze_dim(1)
}

fn pretrained<M: Module>(network: M, prefix: &str) -> M {
    let below = format!(r"^{prefix}\.");
    // burn calls the slopes of a PReLU `alpha`.
    let keys = [(below.as_str(), ""), (r"^(prelu\d)\.weight$", "$1.alpha")];
    golden::load(network, &golden::repository("models/pretrained/mtcnn.safetensors"), &keys)
}

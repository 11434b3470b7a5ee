//! The layout of a network is that of the tensors it is written as.

use burn::tensor::Device;
use despoof::layout::{TensorLayout, layout_of_network};
use despoof::weights::tensors_from_network;
use despoof_nn::presets::Preset;

#[test]
fn layout_is_that_of_the_written_tensors() {
    let device = Device::flex();
    let web = Preset::web();
    let expected = |tensors: Vec<despoof::weights::NamedTensor>| -> Vec<TensorLayout> {
        tensors.into_iter().map(|t| TensorLayout { name: t.name, shape: t.shape }).collect()
    };
    let agnet = web.agnet.init(&device);
    let written = tensors_from_network("", &agnet).expect("the CPU can be read");
    assert_eq!(layout_of_network(&agnet), expected(written));
    let unet = web.unet.init(&device);
    let written = tensors_from_network("", &unet).expect("the CPU can be read");
    assert_eq!(layout_of_network(&unet), expected(written));
    let identity = web.identity.init(&device);
    let written = tensors_from_network("", &identity).expect("the CPU can be read");
    assert_eq!(layout_of_network(&identity), expected(written));
}

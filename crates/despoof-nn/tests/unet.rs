//! The U-Net: sizes, shapes, and agreement with diffusers.

mod awake;
mod golden;

use awake::awake;
use burn::tensor::{Device, Distribution, Tensor};
use despoof_nn::cost;
use despoof_nn::unet::{DIFFUSERS_KEYS, UnetConfig, sinusoidal_embedding};

fn web_input(batch: usize, device: &Device) -> (Tensor<4>, Tensor<1>, Tensor<3>) {
    let normal = Distribution::Normal(0.0, 1.0);
    (
        Tensor::random([batch, 4, 28, 28], normal, device),
        Tensor::full([batch], 801.0, device),
        Tensor::random([batch, 49, 512], normal, device),
    )
}

/// Parameters are initialised on first use, so that this allocates nothing.
#[test]
fn stable_diffusion_has_its_published_size() {
    let unet = UnetConfig::stable_diffusion().init(&Device::flex());
    assert_eq!(cost::parameters(&unet), 859_520_964);
}

#[test]
fn web_unet_fits_its_budget() {
    let device = Device::flex();
    let unet = UnetConfig::web().init(&device);
    let (latent, timesteps, context) = web_input(1, &device);
    let (output, multiply_accumulates) =
        cost::multiply_accumulates(|| unet.forward(latent, timesteps, context));
    assert_eq!(output.dims(), [1, 4, 28, 28]);
    assert_eq!(cost::parameters(&unet), 5_664_180);
    assert_eq!(multiply_accumulates, 499_400_704);
}

#[test]
fn output_agrees_with_diffusers() {
    let expected = golden::repository("tests/goldens/unet.safetensors");
    let config = UnetConfig {
        channels_in: 4,
        channels_out: 4,
        block_out_channels: vec![16, 32, 32],
        cross_attention: vec![false, true, true],
        layers_per_block: 1,
        heads: vec![4; 3],
        context_width: 24,
        norm_groups: 8,
    };
    let keys = [&[(r"^weights\.", "")], &DIFFUSERS_KEYS[..]].concat();
    let unet = golden::load(config.init(&Device::flex()), &expected, &keys);
    let output = unet.forward(
        golden::tensor(&expected, "sample"),
        golden::tensor(&expected, "timesteps"),
        golden::tensor(&expected, "context"),
    );
    golden::assert_close(output, golden::tensor(&expected, "output"), 1e-5);
    let output = unet.forward(
        golden::tensor(&expected, "odd.sample"),
        golden::tensor(&expected, "timesteps"),
        golden::tensor(&expected, "context"),
    );
    golden::assert_close(output, golden::tensor(&expected, "odd.output"), 1e-5);
}

#[test]
fn time_embedding_has_cosines_first() {
    let embedding = sinusoidal_embedding(Tensor::from_floats([0.0, 2.0], &Device::flex()), 4);
    let (fast, slow) = (2.0_f32, 2.0_f32 / 100.0);
    let expected = [1.0, 1.0, 0.0, 0.0, fast.cos(), slow.cos(), fast.sin(), slow.sin()];
    let expected = Tensor::<1>::from_floats(expected, &Device::flex()).reshape([2, 4]);
    golden::assert_close(embedding, expected, 1e-6);
}

/// The paper's section 4.2: 49×512 is "padded as 49×768".
#[test]
fn narrow_context_is_padded_with_zeros() {
    let device = Device::flex();
    let config = UnetConfig {
        block_out_channels: vec![8, 16],
        cross_attention: vec![false, true],
        heads: vec![1, 2],
        norm_groups: 4,
        context_width: 12,
        ..UnetConfig::web()
    };
    let unet = awake(config.init(&device));
    let normal = Distribution::Normal(0.0, 1.0);
    let latent = Tensor::random([2, 4, 8, 8], normal, &device);
    let timesteps = Tensor::full([2], 801.0, &device);
    let narrow = Tensor::random([2, 5, 8], normal, &device);
    let padded = Tensor::cat(vec![narrow.clone(), Tensor::zeros([2, 5, 4], &device)], 2);
    let output = |context| unet.forward(latent.clone(), timesteps.clone(), context);
    let without_identity = output(Tensor::zeros([2, 5, 12], &device));
    let with_identity = output(padded);
    assert!((without_identity - with_identity.clone()).abs().max().into_scalar::<f32>() > 1e-4);
    golden::assert_close(output(narrow), with_identity, 1e-6);
}

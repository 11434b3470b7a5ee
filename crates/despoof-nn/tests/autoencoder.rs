//! The autoencoder: sizes, shapes, pixel shuffle, and agreement of its blocks with diffusers.

mod golden;

use burn::tensor::{Device, Distribution, Int, Tensor};
use despoof_nn::autoencoder::{AutoencoderConfig, DIFFUSERS_KEYS, Moments, Upsampling};
use despoof_nn::cost;
use despoof_nn::resample::{pixel_shuffle, pixel_unshuffle};
use despoof_nn::residual_block::ResidualBlockConfig;

#[test]
fn web_autoencoder_fits_its_budget() {
    let device = Device::flex();
    let autoencoder = AutoencoderConfig::web().init(&device);
    let image = Tensor::random([1, 3, 224, 224], Distribution::Uniform(-1.0, 1.0), &device);
    let (moments, encoder_cost) = cost::multiply_accumulates(|| autoencoder.encode(image));
    assert_eq!(moments.mean.dims(), [1, 4, 28, 28]);
    assert_eq!(moments.log_variance.dims(), [1, 4, 28, 28]);
    let (image, decoder_cost) = cost::multiply_accumulates(|| autoencoder.decode(moments.mean));
    assert_eq!(image.dims(), [1, 3, 224, 224]);
    assert_eq!(cost::parameters(&autoencoder), 1_667_256);
    assert_eq!(encoder_cost, 533_872_640);
    assert_eq!(decoder_cost, 1_246_371_840);
}

#[test]
fn latents_are_scaled_codes() {
    let device = Device::flex();
    let config = AutoencoderConfig { scaling_factor: 0.5, ..AutoencoderConfig::web() };
    let autoencoder = config.init(&device);
    let image = Tensor::random([1, 3, 32, 32], Distribution::Uniform(-1.0, 1.0), &device);
    let code = autoencoder.encode(image.clone()).mean;
    let latent = autoencoder.latent_from_image(image);
    golden::assert_close(latent.clone() * 2.0, code.clone(), 1e-6);
    golden::assert_close(autoencoder.image_from_latent(latent), autoencoder.decode(code), 1e-6);
}

#[test]
fn pixel_shuffle_has_pytorchs_order() {
    let input = Tensor::<1, Int>::arange(0..8, &Device::flex()).float().reshape([1, 8, 1, 1]);
    let expected = [[[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.0]]]];
    let expected = Tensor::from_floats(expected, &Device::flex());
    golden::assert_close(pixel_shuffle(input, 2), expected, 0.0);
}

#[test]
fn pixel_unshuffle_is_the_inverse() {
    let image = Tensor::random([2, 3, 8, 12], Distribution::Default, &Device::flex());
    let patches = pixel_unshuffle(image.clone(), 4);
    assert_eq!(patches.dims(), [2, 48, 2, 3]);
    golden::assert_close(pixel_shuffle(patches, 4), image, 0.0);
}

#[test]
fn divergence_of_the_standard_normal_is_zero() {
    let zeros = Tensor::<4>::zeros([2, 4, 3, 3], &Device::flex());
    let divergence = |mean| {
        let moments = Moments { mean, log_variance: zeros.clone() };
        moments.kl_divergence().into_data().iter::<f32>().collect::<Vec<_>>()
    };
    assert_eq!(divergence(zeros.clone()), [0.0, 0.0]);
    assert_eq!(divergence(zeros.clone() + 1.0), [18.0, 18.0]);
}

#[test]
fn residual_block_agrees_with_diffusers() {
    let expected = golden::repository("tests/goldens/autoencoder_blocks.safetensors");
    let config = ResidualBlockConfig {
        channels_in: 8,
        channels_out: 16,
        time_embedding_width: None,
        norm_groups: 4,
        norm_epsilon: 1e-6,
    };
    let keys = [(r"^weights\.encoder\.down_blocks\.1\.resnets\.0\.", "")];
    let block = golden::load(config.init(&Device::flex()), &expected, &keys);
    let output = block.forward(golden::tensor(&expected, "resnet.input"), None);
    golden::assert_close(output, golden::tensor(&expected, "resnet.output"), 1e-5);
}

#[test]
fn moments_and_decoded_image_agree_with_diffusers() {
    let expected = golden::repository("tests/goldens/autoencoder_blocks.safetensors");
    let config = AutoencoderConfig {
        image_channels: 3,
        latent_channels: 4,
        patch: 1,
        block_out_channels: vec![8, 16],
        encoder_layers: vec![1, 1],
        decoder_layers: vec![2, 2],
        mid_attention: true,
        level_attention: false,
        upsampling: Upsampling::Nearest,
        norm_groups: 4,
        codebook_entries: None,
        scaling_factor: 1.0,
    };
    let keys = [&[(r"^weights\.", "")], &DIFFUSERS_KEYS[..]].concat();
    let autoencoder = golden::load(config.init(&Device::flex()), &expected, &keys);
    let moments = autoencoder.encode(golden::tensor(&expected, "input"));
    let both = Tensor::cat(vec![moments.mean.clone(), moments.log_variance], 1);
    golden::assert_close(both, golden::tensor(&expected, "moments"), 1e-5);
    let decoded = autoencoder.decode(moments.mean);
    golden::assert_close(decoded, golden::tensor(&expected, "decoded"), 1e-5);
}

#[test]
fn code_and_decoded_image_agree_with_diffusers_vq() {
    let expected = golden::repository("tests/goldens/vq_autoencoder.safetensors");
    let config = AutoencoderConfig {
        block_out_channels: vec![8, 16],
        encoder_layers: vec![1, 1],
        decoder_layers: vec![2, 2],
        norm_groups: 4,
        codebook_entries: Some(32),
        ..AutoencoderConfig::latent_diffusion_vq()
    };
    let keys = [&[(r"^weights\.", "")], &DIFFUSERS_KEYS[..]].concat();
    let autoencoder = golden::load(config.init(&Device::flex()), &expected, &keys);
    let code = autoencoder.code_from_image(golden::tensor(&expected, "input"));
    golden::assert_close(code.clone(), golden::tensor(&expected, "code"), 1e-5);
    let decoded = autoencoder.decode(code.clone());
    golden::assert_close(decoded, golden::tensor(&expected, "decoded"), 1e-5);
    let quantized = autoencoder.quantized(code);
    golden::assert_close(autoencoder.quantized(quantized.clone()), quantized, 0.0);
}

/// Straight through: the code gets the gradient that its quantised form gets.
#[test]
fn quantisation_lets_gradients_pass() {
    let device = Device::flex().autodiff();
    let config = AutoencoderConfig { codebook_entries: Some(8), ..AutoencoderConfig::web() };
    let autoencoder = config.init(&device);
    let code = Tensor::<4>::random([1, 4, 2, 2], Distribution::Default, &device).require_grad();
    let gradients = autoencoder.decode(code.clone()).sum().backward();
    let gradient = code.grad(&gradients).expect("the code has a gradient");
    assert!(gradient.abs().max().into_scalar::<f32>() > 0.0);
}

/// Parameters are initialised on first use, so that this allocates nothing.
#[test]
fn stable_diffusion_has_its_published_size() {
    let autoencoder = AutoencoderConfig::stable_diffusion().init(&Device::flex());
    assert_eq!(cost::parameters(&autoencoder), 83_653_863);
}

#[test]
fn latent_diffusions_vq_autoencoder_has_its_published_size() {
    let autoencoder = AutoencoderConfig::latent_diffusion_vq().init(&Device::flex());
    assert_eq!(cost::parameters(&autoencoder), 67_717_295);
}

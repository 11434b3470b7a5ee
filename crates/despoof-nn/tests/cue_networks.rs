//! The other sources of cues: agreement with torch, gradients included, and what each must not do.

mod golden;

use burn::tensor::{Device, Distribution, Tensor};
use despoof_nn::cost;
use despoof_nn::cue_networks::anoddpm::AnoDdpmConfig;
use despoof_nn::cue_networks::deep_svdd::DeepSvddConfig;
use despoof_nn::cue_networks::memae::{MemAeConfig, Memory, entropy};
use despoof_nn::diffusion::NoiseScheduleConfig;
use despoof_nn::unet::UnetConfig;

#[test]
fn memory_agrees_with_torch_and_so_do_its_gradients() {
    let file = golden::repository("tests/goldens/memory.safetensors");
    let device = Device::flex().autodiff();
    let leaf = |name| {
        let values: Tensor<2> = golden::tensor(&file, name);
        Tensor::<2>::from_data(values.into_data(), &device).require_grad()
    };
    let (queries, items) = (leaf("queries"), leaf("items"));
    let memory = Memory::new(8, 6, 1.0, &device).with_items(items.clone());
    let weights = memory.addressed_by(queries.clone());
    let read = memory.read(weights.clone());
    let entropy = entropy(weights.clone());
    golden::assert_close(weights.inner(), golden::tensor(&file, "weights"), 1e-5);
    golden::assert_close(read.clone().inner(), golden::tensor(&file, "read"), 1e-5);
    golden::assert_close(entropy.clone().inner(), golden::tensor(&file, "entropy"), 1e-5);
    let loss = (read * leaf("direction").detach()).sum() + entropy;
    let gradients = loss.backward();
    for (leaf, name) in [(queries, "queries.gradient"), (items, "items.gradient")] {
        let gradient = leaf.grad(&gradients).expect("it is a leaf");
        golden::assert_close(gradient, golden::tensor(&file, name), 1e-4);
    }
}

#[test]
fn a_memory_of_few_items_is_addressed_sparsely() {
    let device = Device::flex();
    let memory = Memory::new(40, 8, 1.0, &device);
    let queries = Tensor::<2>::random([16, 8], Distribution::Normal(0.0, 1.0), &device);
    let weights = memory.addressed_by(queries);
    let used: Vec<f32> =
        weights.clone().greater_elem(0.0).float().sum_dim(1).into_data().iter::<f32>().collect();
    assert!(used.iter().all(|used| (1.0..40.0).contains(used)), "{used:?}");
    golden::assert_close(weights.sum_dim(1), Tensor::ones([16, 1], &device), 1e-5);
}

#[test]
fn deep_svdd_agrees_with_torch_and_so_do_its_gradients() {
    let file = golden::repository("tests/goldens/deep_svdd.safetensors");
    let device = Device::flex().autodiff();
    let config = DeepSvddConfig { side: 16, channels: vec![4, 6], code_width: 5 };
    let keys = [(r"^weights\.", "")];
    let network = golden::load(config.init(&device), &file, &keys);
    let faces: Tensor<4> = golden::tensor(&file, "faces");
    let faces = Tensor::<4>::from_data(faces.into_data(), &device).require_grad();
    // The centre is placed anew, not the one that was loaded.
    let network = network.with_centre_of(Tensor::ones([1, 5], &device));
    let codes = network.encode(faces.clone());
    golden::assert_close(codes.clone().inner(), golden::tensor(&file, "codes"), 1e-4);
    let output = network.with_centre_of(codes).forward(faces.clone());
    let (drawn, distance) = (output.reconstruction, output.distance);
    golden::assert_close(distance.clone().inner(), golden::tensor(&file, "distance"), 1e-4);
    golden::assert_close(drawn.clone().inner(), golden::tensor(&file, "reconstruction"), 1e-4);
    let loss = distance.mean() + (faces.clone() - drawn).square().mean();
    let gradient = faces.grad(&loss.backward()).expect("it is a leaf");
    golden::assert_close(gradient, golden::tensor(&file, "gradient"), 1e-4);
}

#[test]
fn schedule_of_ddpm_agrees_with_diffusers() {
    let file = golden::repository("tests/goldens/ddpm.safetensors");
    let expected: Tensor<1> = golden::tensor(&file, "alphas_cumprod");
    let schedule = NoiseScheduleConfig::ddpm().init();
    let alphas: Vec<f32> = schedule.alphas_cumprod().iter().map(|&alpha| alpha as f32).collect();
    let alphas = Tensor::<1>::from_floats(alphas.as_slice(), &Device::flex());
    golden::assert_close(alphas, expected, 1e-5);
}

/// An untrained network predicts no noise: what is left of the face is what the schedule says, and the
/// noise of 200 steps stays in it.
#[test]
fn untrained_denoiser_leaves_face_and_noise() {
    let device = Device::flex();
    let config = AnoDdpmConfig {
        unet: UnetConfig {
            block_out_channels: vec![8, 8, 16],
            heads: vec![1; 3],
            ..AnoDdpmConfig::web().unet
        },
        ..AnoDdpmConfig::web()
    };
    let network = config.init(&device);
    let faces = Tensor::<4>::random([2, 3, 32, 32], Distribution::Uniform(-1.0, 1.0), &device);
    let alphas = config.schedule();
    let (first, last) = (alphas.alphas_cumprod()[199], alphas.alphas_cumprod()[0]);
    let noise = config.noise(7, [32, 32], &device).repeat_dim(0, 2);
    let expected = (faces.clone() + noise * ((1.0 - first) / first).sqrt()) * last.sqrt();
    golden::assert_close(network.reconstruct(&config, faces, 4, 7), expected, 1e-4);
}

#[test]
fn sizes_for_a_cpu() {
    let device = Device::flex();
    let face = || Tensor::<4>::zeros([1, 3, 224, 224], &device);
    let memae = MemAeConfig::web().init(&device);
    let (output, memae_cost) = cost::multiply_accumulates_uncomputed(|| memae.forward(face()));
    assert_eq!(output.reconstruction.dims(), [1, 3, 224, 224]);
    assert_eq!(output.weights.dims(), [196, 500]);
    let svdd = DeepSvddConfig::web().init(&device);
    let (output, svdd_cost) = cost::multiply_accumulates_uncomputed(|| svdd.forward(face()));
    assert_eq!(output.reconstruction.dims(), [1, 3, 224, 224]);
    let ddpm = AnoDdpmConfig::web().init(&device);
    let time = Tensor::<1>::zeros([1], &device);
    let (noise, ddpm_cost) = cost::multiply_accumulates_uncomputed(|| ddpm.forward(face(), time));
    assert_eq!(noise.dims(), [1, 3, 224, 224]);
    for cost in [memae_cost, svdd_cost, ddpm_cost] {
        assert!(cost < 1_100_000_000, "{memae_cost}, {svdd_cost}, {ddpm_cost} a pass");
    }
}

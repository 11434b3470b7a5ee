//! What a check behind the detector costs, counted by the code that runs it; weights are not drawn and
//! products not computed, so that the paper's billion is no burden.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use despoof::align::ContextCrop;
use despoof::identify::identity_input_from_aligned;
use despoof::score::LOOKS;
use despoof_nn::agnet::{AgNetConfig, Variant, Views};
use despoof_nn::cost::multiply_accumulates_uncomputed;
use despoof_nn::diffusion::NoiseScheduleConfig;
use despoof_nn::mobilefacenet::tokens_from_map;
use despoof_nn::presets::Preset;
use despoof_nn::sampler::Start;

/// A network's part in a check.
pub struct NetworkCost {
    /// Its name.
    pub name: &'static str,
    /// Number of its parameters.
    pub parameters: usize,
    /// Multiply-accumulates of one pass.
    pub multiply_accumulates: u64,
    /// Passes in a check.
    pub passes: u64,
}

/// Multiply-accumulates of these networks, as often as a check passes through them.
pub fn multiply_accumulates(costs: &[NetworkCost]) -> u64 {
    costs.iter().map(|cost| cost.multiply_accumulates * cost.passes).sum()
}

/// Every network that a check runs.
pub fn network_costs(preset: &Preset) -> Vec<NetworkCost> {
    let mut costs = Vec::new();
    // A network that looks at no cue needs no generator.
    if preset.agnet.variant.looks_at_cue() {
        costs.extend(generator_costs(preset));
    }
    costs.extend(agnet_costs(&preset.agnet));
    costs
}

fn generator_costs(preset: &Preset) -> [NetworkCost; 5] {
    let device = Device::flex();
    let identity = preset.identity.init(&device);
    let autoencoder = preset.autoencoder.init(&device);
    let unet = preset.unet.init(&device);
    let (map, identity_cost) = multiply_accumulates_uncomputed(|| {
        identity.forward(identity_input_from_aligned(face(&device)))
    });
    let (latent, encoder_cost) =
        multiply_accumulates_uncomputed(|| autoencoder.latent_from_image(face(&device)));
    let (context, context_cost) =
        multiply_accumulates_uncomputed(|| unet.context_tokens(tokens_from_map(map)));
    // Of the sampler's few time steps: once, when a bundle is loaded.
    let (time, _) = multiply_accumulates_uncomputed(|| {
        unet.time_shifts(Tensor::zeros([1], &device), latent.dtype())
    });
    let (_, unet_cost) =
        multiply_accumulates_uncomputed(|| unet.denoise(latent.clone(), &time, &context));
    let (_, decoder_cost) =
        multiply_accumulates_uncomputed(|| autoencoder.image_from_latent(latent));
    let encodes = u64::from(matches!(preset.sampler.start, Start::NoisedInput { .. }));
    let steps = preset.sampler.timesteps(&NoiseScheduleConfig::default().init()).len() as u64;
    let encoder = autoencoder.encoder_parameters();
    let context = unet.context_parameters();
    [
        cost_of("identity", identity.num_params(), identity_cost, 1),
        cost_of("autoencoder: encoder", encoder, encoder_cost, encodes),
        cost_of("unet: context", context, context_cost, 1),
        cost_of("unet: a step", unet.num_params() - context, unet_cost, steps),
        cost_of("autoencoder: decoder", autoencoder.num_params() - encoder, decoder_cost, 1),
    ]
}

fn agnet_costs(config: &AgNetConfig) -> Vec<NetworkCost> {
    let device = Device::flex();
    let agnet = config.init(&device);
    let side = ContextCrop::default().side as usize;
    let context = agnet.looks_at_context().then(|| Tensor::zeros([1, 3, side, side], &device));
    let views = Views { face: face(&device), context };
    let cue = config.variant.looks_at_cue().then(|| face(&device));
    let (_, whole) = multiply_accumulates_uncomputed(|| agnet.forward(views, cue));
    if config.variant != Variant::AgNet {
        return vec![cost_of("agnet", agnet.num_params(), whole, LOOKS)];
    }
    let cue_encoder = agnet.cue_encoder_parameters();
    let (_, cue_cost) = multiply_accumulates_uncomputed(|| agnet.cue_tokens(face(&device)));
    vec![
        cost_of("agnet: cue encoder", cue_encoder, cue_cost, LOOKS),
        cost_of("agnet: guided layers", agnet.num_params() - cue_encoder, whole - cue_cost, LOOKS),
    ]
}

fn face(device: &Device) -> Tensor<4> {
    Tensor::zeros([1, 3, 224, 224], device)
}

fn cost_of(
    name: &'static str,
    parameters: usize,
    multiply_accumulates: u64,
    passes: u64,
) -> NetworkCost {
    NetworkCost { name, parameters, multiply_accumulates, passes }
}

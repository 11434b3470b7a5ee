//! `despoof params`: parameters and multiply-accumulates of every network, counted by the code that
//! runs them; weights are not drawn and products not computed, so that the paper's billion is no burden.

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use clap::Args;
use despoof::align::ContextCrop;
use despoof::identify::identity_input_from_aligned;
use despoof_nn::agnet::Views;
use despoof_nn::cost::multiply_accumulates_uncomputed;
use despoof_nn::diffusion::NoiseScheduleConfig;
use despoof_nn::mobilefacenet::tokens_from_map;
use despoof_nn::presets::Preset;
use despoof_nn::sampler::Start;

use crate::preset_choice::PresetChoice;

/// Options of `despoof params`.
#[derive(Debug, Args)]
pub struct ParamsOptions {
    /// Which sizes.
    #[arg(long, value_enum, default_value = "web")]
    preset: PresetChoice,
}

/// Parameters, multiply-accumulates of one pass, passes in a check.
struct Row {
    name: &'static str,
    parameters: usize,
    multiply_accumulates: u64,
    passes: u64,
}

/// Runs `despoof params`.
pub fn run(options: &ParamsOptions) -> Result<()> {
    let rows = rows(&options.preset.preset());
    println!("{:<22}{:>14}{:>14}{:>8}", "network", "parameters", "MMAC a pass", "passes");
    for row in &rows {
        let millions = row.multiply_accumulates as f64 / 1e6;
        println!("{:<22}{:>14}{millions:>14.1}{:>8}", row.name, row.parameters, row.passes);
    }
    let parameters: usize = rows.iter().map(|row| row.parameters).sum();
    let check: u64 = rows.iter().map(|row| row.multiply_accumulates * row.passes).sum();
    println!("{:<22}{parameters:>14}{:>14.1}", "a check", check as f64 / 1e6);
    println!("MTCNN is not listed: its cost depends on the photo.");
    Ok(())
}

fn rows(preset: &Preset) -> Vec<Row> {
    let device = Device::flex();
    let face = Tensor::<4>::zeros([1, 3, 224, 224], &device);
    let identity = preset.identity.init(&device);
    let autoencoder = preset.autoencoder.init(&device);
    let unet = preset.unet.init(&device);
    let agnet = preset.agnet.init(&device);
    let (map, identity_cost) = multiply_accumulates_uncomputed(|| {
        identity.forward(identity_input_from_aligned(face.clone()))
    });
    let (latent, encoder_cost) =
        multiply_accumulates_uncomputed(|| autoencoder.latent_from_image(face.clone()));
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
    let (_, cue_cost) = multiply_accumulates_uncomputed(|| agnet.cue_tokens(face.clone()));
    let side = ContextCrop::default().side as usize;
    let context = agnet.looks_at_context().then(|| Tensor::zeros([1, 3, side, side], &device));
    let views = Views { face: face.clone(), context };
    let (_, agnet_cost) = multiply_accumulates_uncomputed(|| agnet.forward(views, Some(face)));
    let encodes = u64::from(matches!(preset.sampler.start, Start::NoisedInput { .. }));
    let steps = preset.sampler.timesteps(&NoiseScheduleConfig::default().init()).len() as u64;
    let encoder = autoencoder.encoder_parameters();
    let cue_encoder = agnet.cue_encoder_parameters();
    let context_parameters = unet.context_parameters();
    let row = |name, parameters, multiply_accumulates, passes| Row {
        name,
        parameters,
        multiply_accumulates,
        passes,
    };
    vec![
        row("identity", identity.num_params(), identity_cost, 1),
        row("autoencoder: encoder", encoder, encoder_cost, encodes),
        row("unet: context", context_parameters, context_cost, 1),
        row("unet: a step", unet.num_params() - context_parameters, unet_cost, steps),
        row("autoencoder: decoder", autoencoder.num_params() - encoder, decoder_cost, 1),
        row("agnet: cue encoder", cue_encoder, cue_cost, 1),
        row("agnet: guided layers", agnet.num_params() - cue_encoder, agnet_cost - cue_cost, 1),
    ]
}

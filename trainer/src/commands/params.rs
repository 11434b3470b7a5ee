//! `despoof params`: parameters and multiply-accumulates of every network, counted by running them.

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use clap::Args;
use despoof::identify::identity_input_from_aligned;
use despoof_nn::cost::multiply_accumulates;
use despoof_nn::presets::{Preset, PresetName};

/// Options of `despoof params`.
#[derive(Debug, Args)]
pub struct ParamsOptions {
    /// Which sizes.
    #[arg(long, value_enum, default_value = "web")]
    preset: PresetChoice,
}

/// The presets that can be printed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PresetChoice {
    Web,
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
    let name = match options.preset {
        PresetChoice::Web => PresetName::Web,
    };
    let rows = rows(&Preset::named(name));
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
    let (map, identity_cost) =
        multiply_accumulates(|| identity.forward(identity_input_from_aligned(face.clone())));
    let (latent, encoder_cost) =
        multiply_accumulates(|| autoencoder.latent_from_image(face.clone()));
    let context = despoof_nn::mobilefacenet::tokens_from_map(map);
    let (_, unet_cost) =
        multiply_accumulates(|| unet.forward(latent.clone(), Tensor::zeros([1], &device), context));
    let (_, decoder_cost) = multiply_accumulates(|| autoencoder.image_from_latent(latent));
    let (_, agnet_cost) = multiply_accumulates(|| agnet.forward(face.clone(), Some(face)));
    let from_input =
        matches!(preset.sampler.start, despoof_nn::diffusion::Start::NoisedInput { .. });
    let steps = preset
        .sampler
        .timesteps(&despoof_nn::diffusion::NoiseScheduleConfig::default().init())
        .len();
    let row = |name, parameters, multiply_accumulates, passes| Row {
        name,
        parameters,
        multiply_accumulates,
        passes,
    };
    vec![
        row("identity", identity.num_params(), identity_cost, 1),
        row(
            "autoencoder: encoder",
            autoencoder.encoder_parameters(),
            encoder_cost,
            u64::from(from_input),
        ),
        row("unet", unet.num_params(), unet_cost, steps as u64),
        row(
            "autoencoder: decoder",
            autoencoder.num_params() - autoencoder.encoder_parameters(),
            decoder_cost,
            1,
        ),
        row("agnet", agnet.num_params(), agnet_cost, 1),
    ]
}

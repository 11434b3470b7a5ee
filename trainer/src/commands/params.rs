//! `despoof params`: parameters and multiply-accumulates of every network.

use anyhow::Result;
use clap::Args;
use despoof_nn::presets::Preset;

use crate::evaluation::check_cost::{multiply_accumulates, network_costs};
use crate::preset_choice::PresetChoice;
use crate::training::agnet_sizes::AgNetSizes;

/// Options of `despoof params`.
#[derive(Debug, Args)]
pub struct ParamsOptions {
    /// Which sizes.
    #[arg(long, value_enum, default_value = "web")]
    preset: PresetChoice,
    #[command(flatten)]
    agnet: AgNetSizes,
}

/// Runs `despoof params`.
pub fn run(options: &ParamsOptions) -> Result<()> {
    let preset = options.preset.preset();
    let agnet = options.agnet.config(preset.agnet.clone())?;
    let preset = Preset { agnet, ..preset };
    let costs = network_costs(&preset);
    println!("{:<22}{:>14}{:>14}{:>8}", "network", "parameters", "MMAC a pass", "passes");
    for cost in &costs {
        let millions = cost.multiply_accumulates as f64 / 1e6;
        println!("{:<22}{:>14}{millions:>14.1}{:>8}", cost.name, cost.parameters, cost.passes);
    }
    let parameters: usize = costs.iter().map(|cost| cost.parameters).sum();
    let check = multiply_accumulates(&costs) as f64 / 1e6;
    println!("{:<22}{parameters:>14}{check:>14.1}", "a check");
    println!("MTCNN is not listed: its cost depends on the photo.");
    Ok(())
}

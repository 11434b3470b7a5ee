//! `despoof average`: the mean of several AG-Nets that went on from the same weights.
//!
//! Means of runs that share their start lie in the same flat valley and hold better on domains that
//! none of them saw than each alone (Wortsman et al. 2022, "Model soups").

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use despoof::weights::{NamedTensor, load_network};
use serde::Serialize;

use crate::runs::{self, AgNetSettings, Sizes};
use crate::training::checkpoint::save_imported;
use crate::training::options::{has_config, read_config, write_config};
use crate::training::strategy::StrategyName;

/// Options of `despoof average`.
#[derive(Debug, Args)]
pub struct AverageOptions {
    /// Runs of `train agnet` with the same sizes.
    #[arg(long, required = true, num_args = 2..)]
    agnet: Vec<PathBuf>,
    /// Folder of the run that is made, at step 0.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Serialize)]
struct OfRuns<'a> {
    #[serde(flatten)]
    sizes: Sizes,
    average_of: &'a [PathBuf],
    #[serde(flatten)]
    settings: AgNetSettings,
}

/// Runs `despoof average`.
pub fn run(options: &AverageOptions) -> Result<()> {
    let first = &options.agnet[0];
    let tensors: Vec<Vec<NamedTensor>> =
        options.agnet.iter().map(|run| runs::agnet_tensors(run)).collect::<Result<_>>()?;
    let settings: AgNetSettings = read_config(first)?;
    let own = runs::preset_choice(first)?.preset().sampler;
    for run in &options.agnet {
        let alike = !has_config(run) || runs::agnet_cue(run)?.is_made_like(&settings.cue, &own);
        ensure!(alike, "{} and {} were trained on different cues", first.display(), run.display());
    }
    let config = runs::agnet_config(first)?;
    let mean = mean(tensors)?;
    let network = load_network("agnet", config.init(&Device::flex()), mean)?;
    save_imported(&options.out, network)?;
    // What a strategy trains beside AG-Net is not averaged.
    let settings = AgNetSettings { strategy: StrategyName::CrossEntropy, domains: 0, ..settings };
    let sizes = Sizes { preset: runs::preset_choice(first)? };
    write_config(&options.out, &OfRuns { sizes, average_of: &options.agnet, settings })?;
    println!("the mean of {} runs in {}", options.agnet.len(), options.out.display());
    Ok(())
}

/// Mean of each tensor over networks.
///
/// # Errors
/// No networks, or networks that differ in a tensor's name or shape.
fn mean(networks: Vec<Vec<NamedTensor>>) -> Result<Vec<NamedTensor>> {
    let count = networks.len() as f32;
    let mut networks = networks.into_iter();
    let mut sum = networks.next().context("no runs")?;
    for network in networks {
        ensure!(network.len() == sum.len(), "the runs' networks have not the same tensors");
        for (sum, tensor) in sum.iter_mut().zip(network) {
            let alike = sum.name == tensor.name && sum.shape == tensor.shape;
            ensure!(alike, "{} and {} of two runs do not match", sum.name, tensor.name);
            sum.values.iter_mut().zip(tensor.values).for_each(|(sum, value)| *sum += value);
        }
    }
    for tensor in &mut sum {
        tensor.values.iter_mut().for_each(|value| *value /= count);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(name: &str, values: &[f32]) -> Vec<NamedTensor> {
        let shape = vec![values.len()];
        vec![NamedTensor { name: name.to_owned(), shape, values: values.to_vec() }]
    }

    #[test]
    fn networks_are_averaged_value_by_value() {
        let networks = [[0.0, 3.0], [1.0, 3.0], [5.0, -6.0]].map(|values| network("bias", &values));
        assert_eq!(mean(networks.to_vec()).expect("they match")[0].values, [2.0, 0.0]);
    }

    #[test]
    fn networks_that_do_not_match_are_named() {
        let error = mean(vec![network("bias", &[0.0]), network("bias", &[0.0, 1.0])]);
        let message = error.expect_err("other shapes").to_string();
        assert_eq!(message, "bias and bias of two runs do not match");
        assert!(mean(vec![network("bias", &[0.0]), network("weight", &[0.0])]).is_err());
    }
}

//! `cargo xtask bench`: our speed beside that of others, in one run on one machine.

mod chart;
mod load;
mod site;
mod table;
pub mod tests;
mod train;
mod waterfall;
mod web;

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

use crate::chromium;

/// What to measure.
#[derive(clap::Subcommand)]
pub enum Bench {
    /// Every network and the whole check in headless Chromium, beside onnxruntime-web.
    Web(web::Options),
    /// What happens between opening a page and its first verdict, on a line of a given speed.
    Load(load::Options),
    /// Forward passes and training steps of the web networks beside PyTorch.
    Train(train::Options),
}

/// Runs a benchmark. Times are reported, never asserted.
pub fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Web(options) => web::run(options),
        Bench::Load(options) => load::run(options),
        Bench::Train(options) => train::run(options),
    }
}

/// What a script of tests/bench, which drives Chromium, printed as JSON.
fn answer_of<T: DeserializeOwned>(script: &str, arguments: &[&str]) -> Result<T> {
    let output = Command::new("node")
        .arg(site::scripts()?.join(script))
        .args(arguments)
        .env(chromium::VARIABLE, chromium::find_or_install()?)
        .stderr(Stdio::inherit())
        .output()
        .context("starting node")?;
    if !output.status.success() {
        bail!("tests/bench/{script} failed: {}", output.status);
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("reading what {script} found"))
}

/// The middle of the times, between the middle two where their number is even; of none, no number.
fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    match times.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => times[length / 2],
        length => (times[length / 2 - 1] + times[length / 2]) / 2.0,
    }
}

#[cfg(test)]
mod test {
    use super::median;

    #[test]
    fn takes_the_middle() {
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
        assert!(median(&[]).is_nan());
    }
}

//! `cargo xtask bench`: our speed beside that of others, in one run on one machine.

mod chart;
mod site;
mod table;
pub mod tests;
mod web;

use anyhow::Result;

/// What to measure.
#[derive(clap::Subcommand)]
pub enum Bench {
    /// Every network and the whole check in headless Chromium, beside onnxruntime-web.
    Web(web::Options),
}

/// Runs a benchmark. Times are reported, never asserted.
pub fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Web(options) => web::run(options),
    }
}

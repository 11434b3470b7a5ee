//! `cargo xtask`: everything about this repository that is not a library: building the browser modules,
//! the demo, the tests, and the numbers the README quotes.

mod agreement;
mod bench;
mod browser_check;
mod chromium;
mod demo;
mod kernels;
mod node;
mod serve;
mod size;
mod tally;
mod test;
mod wasm;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, serves, tests and measures despoof")]
enum Command {
    /// Builds the three browser modules into web/wasm.
    Wasm,
    /// Builds the demo page with all it needs and serves it.
    Demo(demo::Options),
    /// Runs every test: Rust, npm, browser.
    Test,
    /// Checks photos with the built page in headless Chromium.
    BrowserCheck(browser_check::Options),
    /// Measures speed beside other runtimes.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Prints what a browser downloads and fails where that is more than we promise.
    Size,
}

fn main() -> Result<ExitCode> {
    match Command::parse() {
        Command::Wasm => wasm::build_all()?,
        Command::Demo(options) => demo::run(&options)?,
        Command::Test => return test::run(),
        Command::BrowserCheck(options) => return browser_check::run(&options),
        Command::Bench(bench) => bench::run(&bench)?,
        Command::Size => size::run()?,
    }
    Ok(ExitCode::SUCCESS)
}

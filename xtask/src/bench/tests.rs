//! The steps of `cargo xtask test` that belong to benchmarks: nothing in them depends on time.

use std::process::Command;

use anyhow::Result;

use super::site;
use crate::chromium;
use crate::serve::Site;
use crate::tally::Tally;
use crate::test::run_counted;
use crate::workspace::target_dir;

/// The exported networks in onnxruntime against our own passes.
pub fn exported_networks(tally: &mut Tally) -> Result<()> {
    let folder = target_dir()?.join("xtask/onnx");
    site::export_networks(&folder)?;
    run_counted(script("onnx.test.mjs")?.env("DESPOOF_ONNX", folder), tally)
}

/// What a check of the built WebGPU module asks of the GPU, against what it may.
pub fn budgets(tally: &mut Tally) -> Result<()> {
    let site = Site::start(&site::build_shipped()?, 0)?;
    let mut command = script("budget.test.mjs")?;
    command.env("DESPOOF_SITE", site.url()).env(chromium::VARIABLE, chromium::find_or_install()?);
    run_counted(&mut command, tally)
}

fn script(name: &str) -> Result<Command> {
    let mut command = Command::new("node");
    // Not the reporter for terminals, whose summary differs between versions.
    command.args(["--test", "--test-reporter", "tap"]).arg(site::scripts()?.join(name));
    Ok(command)
}

//! The kernels for WebGPU in a browser, against plain loops.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::tally::Tally;
use crate::test::run_counted;
use crate::workspace::target_dir;
use crate::{browser_check, chromium};

/// Names the file of the cases, to the Rust test that writes it and to the script that runs them.
pub const VARIABLE: &str = "DESPOOF_KERNEL_CASES";

/// Where the Rust tests write the cases.
pub fn cases() -> Result<PathBuf> {
    let folder = target_dir()?.join("xtask");
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join("kernel-cases.json"))
}

/// Runs `tests/browser/kernels.test.mjs` on what the Rust tests wrote.
pub fn test(tally: &mut Tally) -> Result<()> {
    let script = browser_check::scripts()?.join("kernels.test.mjs");
    run_counted(
        Command::new("node")
            // Not the reporter for terminals, whose summary differs between versions.
            .args(["--test", "--test-reporter", "tap"])
            .arg(script)
            .env(VARIABLE, cases()?)
            .env(chromium::VARIABLE, chromium::find_or_install()?),
        tally,
    )
}

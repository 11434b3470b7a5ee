//! `cargo xtask test`: every test there is, set-up included.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use crate::tally::Tally;
use crate::workspace::{cargo, show};
use crate::{agreement, bench, chromium, demo, kernels, node};

/// A step adds what its runner counted.
type Step = fn(&mut Tally) -> Result<()>;

/// Runs all steps, also after one has failed: a long run should report everything it can.
pub fn run() -> Result<ExitCode> {
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let steps: [(&str, Step); 9] = [
        ("Rust tests", rust_tests),
        ("WebGPU kernels", kernels::test),
        ("build of the page", |_| demo::build()),
        ("npm tests", |tally| run_counted(&mut node::npm(&["test"]), tally)),
        ("exported networks", bench::tests::exported_networks),
        ("budgets of GPU work", bench::tests::budgets),
        ("browser tests", browser_tests),
        ("consumers of the npm package", consumer_tests),
        ("browser against native", agreement::test),
    ];
    for (name, step) in steps {
        eprintln!("\n== {name}");
        let failed_before = tally.failed;
        if let Err(error) = step(&mut tally) {
            eprintln!("{name}: {error:#}");
            failures.push(name);
            // A step that broke before its runner could count is one failure.
            tally.failed = tally.failed.max(failed_before + 1);
        }
    }
    if !failures.is_empty() {
        println!("\nfailed: {}", failures.join(", "));
    }
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    Ok(ExitCode::from(u8::from(!failures.is_empty())))
}

fn rust_tests(tally: &mut Tally) -> Result<()> {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    run_counted(command.env(kernels::VARIABLE, kernels::cases()?), tally)
}

fn browser_tests(tally: &mut Tally) -> Result<()> {
    let chromium = chromium::find_or_install()?;
    run_counted(node::npm(&["run", "e2e"]).env(chromium::VARIABLE, chromium), tally)
}

/// Projects that install the packed package; the page's build has built it.
fn consumer_tests(tally: &mut Tally) -> Result<()> {
    let chromium = chromium::find_or_install()?;
    run_counted(node::npm(&["run", "consumers"]).env(chromium::VARIABLE, chromium), tally)
}

/// Runs a test runner, shows its output as it comes, and adds up what it reports.
pub fn run_counted(command: &mut Command, tally: &mut Tally) -> Result<()> {
    let shown = show(command);
    eprintln!("> {shown}");
    let mut child = command
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting `{shown}`"))?;
    let output = child.stdout.take().expect("stdout is piped");
    for line in BufReader::new(output).split(b'\n') {
        let line = line.with_context(|| format!("reading the output of `{shown}`"))?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        tally.add_line(&line);
    }
    let status = child.wait().with_context(|| format!("waiting for `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    Ok(())
}

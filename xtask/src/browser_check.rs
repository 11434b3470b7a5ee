//! `cargo xtask browser-check`: the built page's own code over photos, in headless Chromium.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::serve::Site;
use crate::workspace::root;
use crate::{chromium, demo, node};

#[derive(clap::Args)]
pub struct Options {
    /// The photos to check.
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    /// What the networks run on.
    #[arg(long, value_parser = ["cpu", "webgpu"], default_value = "cpu")]
    device: String,
    /// Prints one JSON object a line, like `despoof check --json`.
    #[arg(long)]
    json: bool,
    /// Takes www/dist as it is instead of building it first.
    #[arg(long)]
    built: bool,
}

/// Exit code 0 when every photo got an answer, 1 when some did not; clap exits with 2 on wrong usage.
pub fn run(options: &Options) -> Result<ExitCode> {
    if !options.built {
        demo::build()?;
    }
    let site = Site::start(&demo::site_folder(), 0)?;
    let mut child =
        command(options, &site)?.stdout(Stdio::piped()).spawn().context("starting node")?;
    let output = child.stdout.take().expect("stdout is piped");
    let mut unanswered = 0;
    for line in BufReader::new(output).lines() {
        let line = line.context("reading what the browser found")?;
        let answer: Value =
            serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))?;
        unanswered += usize::from(!answer["error"].is_null());
        println!("{}", if options.json { line } else { sentence(&answer) });
    }
    let status = child.wait().context("waiting for node")?;
    if !status.success() {
        bail!("tests/browser/check.mjs failed: {status}");
    }
    Ok(ExitCode::from(u8::from(unanswered > 0)))
}

fn command(options: &Options, site: &Site) -> Result<Command> {
    let folder = scripts()?;
    let mut command = Command::new("node");
    command
        .arg(folder.join("check.mjs"))
        .args(["--site", site.url(), "--backend", &options.device])
        .args(&options.photos)
        .env(chromium::VARIABLE, chromium::find_or_install()?);
    Ok(command)
}

/// The folder of the browser scripts, with the packages they need.
pub fn scripts() -> Result<PathBuf> {
    let folder = root().join("tests/browser");
    node::install(&folder)?;
    Ok(folder)
}

/// One answer for people, in the words of `despoof check`.
fn sentence(answer: &Value) -> String {
    let photo = answer["photo"].as_str().unwrap_or("?");
    if let Some(message) = answer["error"]["message"].as_str() {
        return format!("{photo}: no answer: {message}");
    }
    let number = |name: &str| answer[name].as_f64().unwrap_or(f64::NAN);
    let several = match answer["faces"].as_u64() {
        Some(faces) if faces > 1 => format!(", largest of {faces} faces"),
        _ => String::new(),
    };
    let outcome = answer["outcome"].as_str().unwrap_or("?");
    let (score, threshold) = (number("score"), number("threshold"));
    format!("{photo}: {outcome} (score {score:.3}, threshold {threshold:.3}{several})")
}

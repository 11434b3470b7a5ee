//! `cargo xtask bench train`: forward passes and training steps of the web networks beside PyTorch.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::median;
use crate::workspace::{cargo, root, run as run_command, show, target_dir};

/// Options of `cargo xtask bench train`.
#[derive(clap::Args)]
pub struct Options {
    /// Python with what tests/bench/requirements.txt lists.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Threads of each side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Timed runs of each pass, for each side.
    #[arg(long, default_value_t = 15)]
    repeats: usize,
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

const KINDS: [&str; 2] = ["forward", "step"];
/// Runs before the timed ones.
const WARM_UPS: usize = 2;

/// Measures, then prints.
pub fn run(options: &Options) -> Result<()> {
    let folder = target_dir()?.join("xtask/bench-train");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    // The whole workspace, so that cargo takes what the Rust tests compiled.
    run_command(&mut cargo(&["build", "--workspace", "--examples"]))?;
    let ours = target_dir()?.join("debug/examples/bench_train");
    let mut ours = Side::start(
        Command::new(ours).arg(&folder).env("RAYON_NUM_THREADS", options.threads.to_string()),
    )?;
    let mut theirs = Side::start(
        Command::new(&options.python)
            .arg(root().join("tests/bench/train.py"))
            .arg(&folder)
            .arg(options.threads.to_string()),
    )
    .context(
        "PyTorch's side did not start; does --python name one with tests/bench/requirements.txt?",
    )?;
    let mut rows = Vec::new();
    for (name, macs) in networks(&folder)? {
        for kind in KINDS {
            let times =
                measure(&mut ours, &mut theirs, &format!("{kind} {name}"), options.repeats)?;
            let [ours_ms, theirs_ms] = times.each_ref().map(|times| median(times));
            let fastest = times.map(|times| times.into_iter().fold(f64::INFINITY, f64::min));
            rows.push(json!({
                "name": name,
                "kind": kind,
                "macs": macs,
                "ours_ms": ours_ms,
                "theirs_ms": theirs_ms,
                "ratio": theirs_ms / ours_ms,
                "ours_fastest_ms": fastest[0],
                "theirs_fastest_ms": fastest[1],
                "ratio_fastest": fastest[1] / fastest[0],
            }));
            eprintln!("{kind} {name}");
        }
    }
    let report =
        json!({ "threads": options.threads, "repeats": options.repeats, "networks": rows });
    if options.json {
        println!("{report}");
    } else {
        print_table(&report);
    }
    Ok(())
}

/// Names, and multiply-accumulates of a forward pass.
fn networks(folder: &Path) -> Result<Vec<(String, Value)>> {
    let mut networks = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path)?;
            let mut description: Value = serde_json::from_str(&text)
                .with_context(|| format!("reading {}", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            networks.push((name, description["macs"].take()));
        }
    }
    networks.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(networks)
}

/// Times of ours and theirs. One run of each in turn: whatever else the machine does meets both.
fn measure(
    ours: &mut Side,
    theirs: &mut Side,
    what: &str,
    repeats: usize,
) -> Result<[Vec<f64>; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    for repeat in 0..WARM_UPS + repeats {
        let pair = [ours.time(what)?, theirs.time(what)?];
        if repeat >= WARM_UPS {
            times[0].push(pair[0]);
            times[1].push(pair[1]);
        }
    }
    Ok(times)
}

/// A process that times what it is told.
struct Side {
    process: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Side {
    fn start(command: &mut Command) -> Result<Self> {
        let shown = show(command);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting `{shown}`"))?;
        let requests = process.stdin.take().expect("stdin is piped");
        let output = process.stdout.take().expect("stdout is piped");
        let mut side = Self { process, requests, answers: BufReader::new(output).lines() };
        let answer = side.answer()?;
        ensure!(answer == "ready", "`{shown}` answered {answer}");
        Ok(side)
    }

    /// Milliseconds.
    fn time(&mut self, what: &str) -> Result<f64> {
        writeln!(self.requests, "{what}").context("asking for a run")?;
        let answer = self.answer()?;
        answer.parse().with_context(|| format!("`{answer}` is no time"))
    }

    fn answer(&mut self) -> Result<String> {
        match self.answers.next() {
            Some(line) => Ok(line?),
            None => bail!("the process ended: {}", self.process.wait()?),
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It may have ended by itself, and there is nothing left to do for it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The fastest runs are those that nothing else disturbed: on a busy machine PyTorch's threads wait for one
/// another, and its medians say little.
fn print_table(report: &Value) {
    println!(
        "{:<13}{:<9}{:>8}{:>11}{:>13}{:>8}{:>20}   threads: {}, runs: {}",
        "network",
        "",
        "MMAC",
        "ours ms",
        "PyTorch ms",
        "ratio",
        "ratio of fastest",
        report["threads"],
        report["repeats"]
    );
    for row in report["networks"].as_array().into_iter().flatten() {
        let number = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
        println!(
            "{:<13}{:<9}{:>8.0}{:>11.1}{:>13.1}{:>8.2}{:>20.2}",
            row["name"].as_str().unwrap_or("?"),
            row["kind"].as_str().unwrap_or("?"),
            number("macs") / 1e6,
            number("ours_ms"),
            number("theirs_ms"),
            number("ratio"),
            number("ratio_fastest"),
        );
    }
}

//! `metrics.jsonl` of a run: one JSON object a line.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::data::whole_file::write_whole;

/// Appends to a run's `metrics.jsonl`.
pub struct MetricsLog {
    file: File,
    /// The last step that a measurement was logged of.
    measured: Option<usize>,
}

impl MetricsLog {
    /// Opens the log and drops lines behind `step`: steps that were made after the checkpoint
    /// from which the run goes on.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn open(run: &Path, step: usize) -> Result<Self> {
        let path = run.join("metrics.jsonl");
        let mut measured = None;
        if path.exists() {
            let kept = lines_up_to(&path, step)?;
            measured = last_measured(&kept);
            // A run that is killed here loses no line.
            write_whole(&path, kept.as_bytes())?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { file, measured })
    }

    /// Whether the measurement of this step is there.
    pub fn is_measured(&self, step: usize) -> bool {
        self.measured == Some(step)
    }

    /// Logs a training step.
    ///
    /// # Errors
    /// A full disk.
    pub fn step(
        &mut self,
        step: usize,
        loss: f64,
        rate: f64,
        took: Duration,
        parts: &[(&str, f64)],
    ) -> Result<()> {
        let fixed = [("loss", loss), ("learning_rate", rate), ("seconds", took.as_secs_f64())];
        self.line(step, fixed.iter().chain(parts))
    }

    /// Logs a measurement on held-out data.
    ///
    /// # Errors
    /// A full disk.
    pub fn evaluation(&mut self, step: usize, measured: &[(&str, f64)]) -> Result<()> {
        self.measured = Some(step);
        if measured.is_empty() { Ok(()) } else { self.line(step, measured.iter()) }
    }

    fn line<'a>(
        &mut self,
        step: usize,
        numbers: impl Iterator<Item = &'a (&'a str, f64)>,
    ) -> Result<()> {
        let mut object = Map::from_iter([("step".to_owned(), json!(step))]);
        object.extend(numbers.map(|(name, value)| ((*name).to_owned(), json!(value))));
        writeln!(self.file, "{}", Value::Object(object)).context("cannot write metrics.jsonl")
    }
}

/// The step of the last line that is a measurement: those of steps have a loss.
fn last_measured(lines: &str) -> Option<usize> {
    let values = lines.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let measurement = values.into_iter().find(|value| value.get("loss").is_none())?;
    measurement["step"].as_u64().map(|step| step as usize)
}

fn lines_up_to(path: &Path, step: usize) -> Result<String> {
    let mut kept = String::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let logged =
            serde_json::from_str::<Value>(&line).ok().and_then(|value| value["step"].as_u64());
        if logged.is_some_and(|logged| logged as usize <= step) {
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    Ok(kept)
}

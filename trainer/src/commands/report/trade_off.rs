//! `despoof report trade-off`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::evaluation::table::{name_width, percent, with_interval};
use crate::report::trade_off::{self, TradeOff};
use crate::revision::revision;

/// Options of `despoof report trade-off`.
#[derive(Debug, Args)]
pub struct TradeOffOptions {
    /// Results as `protocol --steps … --json` printed them, as NAME=FILE.
    #[arg(long, required = true, num_args = 1.., value_delimiter = ',', value_parser = named_file)]
    results: Vec<(String, PathBuf)>,
    /// Also draw them into this file (SVG).
    #[arg(long)]
    chart: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What `report trade-off --json` prints.
#[derive(Serialize)]
struct Printed {
    rows: Vec<TradeOff>,
    revision: String,
}

fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) =
        text.split_once('=').ok_or_else(|| format!("{text:?} is no result; write NAME=FILE"))?;
    Ok((name.to_owned(), file.into()))
}

/// Runs `despoof report trade-off`.
pub fn run(options: &TradeOffOptions) -> Result<()> {
    let read = |(name, file): &(String, PathBuf)| trade_off::read(name, file);
    let mut rows: Vec<TradeOff> = options.results.iter().map(read).collect::<Result<_>>()?;
    rows.sort_by_key(|row| row.multiply_accumulates);
    if let Some(path) = &options.chart {
        std::fs::write(path, trade_off::plot(&rows).standalone_svg())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if options.json {
        println!("{}", serde_json::to_string(&Printed { rows, revision: revision() })?);
        return Ok(());
    }
    let width = name_width(rows.iter().map(|row| row.name.as_str()), 24);
    println!(
        "{:<width$}{:>14}{:>22}{:>17}",
        "network", "MMAC a check", "AUC, % [95 %]", "HTER honest, %"
    );
    for TradeOff { name, multiply_accumulates, auc, auc_interval, hter } in rows {
        let millions = multiply_accumulates as f64 / 1e6;
        let auc = with_interval(Some(auc), auc_interval);
        println!("{name:<width$}{millions:>14.1}{auc:>22}{:>17}", percent(hter));
    }
    Ok(())
}

//! `cargo xtask bench load`: what happens between opening a page and its first verdict.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{answer_of, site, waterfall};
use crate::demo;
use crate::serve::{Pace, Site};

/// Options of `cargo xtask bench load`.
#[derive(clap::Args)]
pub struct Options {
    /// The module to load.
    #[arg(long, default_value = "cpu", value_parser = ["cpu", "webgpu"])]
    backend: String,
    /// Speed of the line in megabits a second; files go over it uncompressed.
    #[arg(long, default_value_t = 20.0)]
    megabits: f64,
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Also draws the first visit into this file (SVG).
    #[arg(long)]
    chart: Option<PathBuf>,
}

/// Two visits of one browser: the second finds the shards in the cache.
#[derive(Serialize, Deserialize)]
pub struct Visits {
    /// With an empty cache.
    pub first: Visit,
    /// After it.
    pub second: Visit,
}

/// From the page's script to the first verdict.
#[derive(Serialize, Deserialize)]
pub struct Visit {
    /// Milliseconds until checks could be made.
    pub ready: f64,
    /// By their start.
    pub rows: Vec<Row>,
}

/// Something that took time.
#[derive(Serialize, Deserialize)]
pub struct Row {
    /// A file's name, or that of a part of the work.
    pub name: String,
    /// What took it.
    pub kind: Kind,
    /// Milliseconds from the visit's start.
    pub start: f64,
    /// The same.
    pub end: f64,
}

/// What a [`Row`] waited for.
#[derive(Serialize, Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The line.
    Network,
    /// The processor.
    Work,
}

/// Rows shorter than this, in milliseconds, are left out of table and picture.
pub const SHORTEST: f64 = 20.0;

/// Measures, then prints.
pub fn run(options: &Options) -> Result<()> {
    demo::build()?;
    let pace = Pace::of_megabits(options.megabits);
    let site = Site::start_paced(&site::build_package()?, 0, Some(pace))?;
    let arguments = ["--site", site.url(), "--backend", &options.backend];
    let visits: Visits = answer_of("loading.mjs", &arguments)?;
    if let Some(path) = &options.chart {
        std::fs::write(path, waterfall::svg(&visits.first))
            .with_context(|| format!("writing {}", path.display()))?;
    }
    if options.json {
        println!("{}", serde_json::to_string(&visits)?);
        return Ok(());
    }
    for (name, visit) in [("first visit", &visits.first), ("second visit", &visits.second)] {
        println!("{name}, ready after {:.0} ms", visit.ready);
        println!("{:<40}{:>9}{:>9}", "", "from ms", "to ms");
        for Row { name, start, end, .. } in visit.rows.iter().filter(|row| row.is_shown()) {
            println!("{name:<40}{start:>9.0}{end:>9.0}");
        }
    }
    Ok(())
}

impl Row {
    /// Whether it took long enough to be seen.
    pub fn is_shown(&self) -> bool {
        self.end - self.start >= SHORTEST
    }
}

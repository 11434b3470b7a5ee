//! `despoof data`: shards from photos, videos and data sets, and what is in them.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::data::layouts::{self, Listing, Request};
use crate::data::prepare::{
    Ffmpeg, Manifest, Plan, PlannedShard, Settings, Tools, finished_shards, prepare,
};
use crate::data::stats::Statistics;
use crate::pretrained;

/// What to do with data.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Find and cut out the faces of a set, split it by person, write shards and a manifest.
    Prepare(PrepareOptions),
    /// Contact sheet, histograms and the short-cuts that a network would take.
    Stats(StatsOptions),
}

/// Options of `despoof data prepare`.
#[derive(Debug, Args)]
pub struct PrepareOptions {
    /// Folders of the set (or shards).
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Folder for the shards; an interrupted run in it goes on.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    settings: Settings,
    /// Program that reads videos.
    #[arg(long, default_value = "ffmpeg")]
    ffmpeg: PathBuf,
    /// Only print what would be prepared.
    #[arg(long)]
    dry_run: bool,
}

/// Options of `despoof data stats`.
#[derive(Debug, Args)]
pub struct StatsOptions {
    /// WebDataset shards, or folders of them.
    #[arg(long, required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Folder for `report.html`, `stats.json` and the faces.
    #[arg(long)]
    out: PathBuf,
    /// At most this many photos of each domain and label.
    #[arg(long)]
    limit: Option<usize>,
}

/// Runs `despoof data`.
pub fn run(command: &DataCommand) -> Result<()> {
    match command {
        DataCommand::Prepare(options) => run_prepare(options),
        DataCommand::Stats(options) => run_stats(options),
    }
}

fn run_prepare(options: &PrepareOptions) -> Result<()> {
    let plan = plan(options)?;
    println!(
        "{} photos and {} videos in {} shards to make, {} files not used",
        plan.items() - plan.videos(),
        plan.videos(),
        plan.shards.len(),
        plan.skipped.len()
    );
    if options.dry_run {
        print_warnings(&plan.warnings);
        return Ok(());
    }
    print_manifest(&made(options, &plan)?, &options.out);
    Ok(())
}

/// Prepares a set as `data prepare` does, silently; returns its shards.
///
/// # Errors
/// As [`prepare`].
pub fn prepared_shards(options: &PrepareOptions) -> Result<Vec<PathBuf>> {
    let plan = plan(options)?;
    made(options, &plan)?;
    let name = |shard: &PlannedShard| options.out.join(format!("{}.tar", shard.name));
    Ok(plan.shards.iter().map(name).filter(|path| path.exists()).collect())
}

fn plan(options: &PrepareOptions) -> Result<Plan> {
    Plan::new(listed(&options.data, &options.settings)?, &options.settings)
}

fn made(options: &PrepareOptions, plan: &Plan) -> Result<Manifest> {
    let ffmpeg = if plan.videos() > 0 { Some(Ffmpeg::new(&options.ffmpeg)?) } else { None };
    let before = finished_shards(&options.out, plan)?;
    if before > 0 {
        eprintln!("{before} shards were finished before");
    }
    let tools = Tools { detector: pretrained::detector()?, ffmpeg };
    prepare(&options.out, plan, &options.settings, &tools)
}

fn listed(roots: &[PathBuf], settings: &Settings) -> Result<Listing> {
    let layout = layouts::by_name(&settings.layout)?;
    let mut all = Listing::default();
    for root in roots {
        let listing = layout.read(&Request {
            root,
            domain: settings.domain.as_deref(),
            protocol: settings.protocol.as_deref(),
        })?;
        all.items.extend(listing.items);
        all.skipped.extend(listing.skipped);
    }
    Ok(all)
}

fn print_manifest(manifest: &Manifest, out: &Path) {
    print_warnings(&manifest.warnings);
    for (domain, splits) in &manifest.splits {
        for (split, labels) in splits {
            let labels: Vec<String> =
                labels.iter().map(|(label, photos)| format!("{photos} {label}")).collect();
            println!("{domain} {split}: {}", labels.join(", "));
        }
    }
    for (reason, files) in &manifest.rejected_by_reason {
        println!("rejected: {files} × {reason}");
    }
    println!(
        "{} photos in {} shards, see {}",
        manifest.photos,
        manifest.shards.len(),
        out.join("manifest.json").display()
    );
}

fn print_warnings(warnings: &[String]) {
    for warning in warnings {
        println!("warning: {warning}");
    }
}

fn run_stats(options: &StatsOptions) -> Result<()> {
    let statistics = Statistics::of_shards(&options.data, options.limit)?;
    statistics.write(&options.out)?;
    let (counts, unreadable) = statistics.counts();
    for ((domain, label), photos) in counts {
        println!("{domain} {label}: {photos} photos");
    }
    if unreadable > 0 {
        println!("{unreadable} photos cannot be read");
    }
    for statement in statistics.statements() {
        println!("- {statement}");
    }
    println!("see {}", options.out.join("report.html").display());
    Ok(())
}

//! The `despoof` command: prepares data, trains, measures, exports, checks photos.

mod calibrate;
mod commands;
mod data;
mod import;
mod pretrained;
mod runs;
mod training;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Face liveness: train, measure, export, check.
#[derive(Debug, Parser)]
#[command(name = "despoof", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check photos: live, spoof or uncertain.
    Check(commands::check::CheckOptions),
    /// Print parameters and multiply-accumulates of every network.
    Params(commands::params::ParamsOptions),
    /// Make shards from photos, videos and data sets, and see what is in them.
    #[command(subcommand)]
    Data(commands::data::DataCommand),
    /// Find and align the faces of WebDataset shards, once.
    Align(commands::align::AlignOptions),
    /// Make presentation attacks from live photos.
    #[command(subcommand)]
    Simulate(commands::simulate::SimulateCommand),
    /// Run what is frozen over prepared faces, once.
    #[command(subcommand)]
    Cache(commands::cache::CacheCommand),
    /// Train a network.
    #[command(subcommand)]
    Train(commands::train::TrainCommand),
    /// Make a bundle from runs.
    Export(commands::export::ExportOptions),
    /// Measure a bundle on photos.
    Eval(commands::eval::EvalOptions),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(options) => return commands::check::run(&options),
        Command::Params(options) => commands::params::run(&options)?,
        Command::Data(command) => commands::data::run(&command)?,
        Command::Align(options) => commands::align::run(&options)?,
        Command::Simulate(command) => commands::simulate::run(&command)?,
        Command::Cache(command) => commands::cache::run(&command)?,
        Command::Train(command) => commands::train::run(&command)?,
        Command::Export(options) => commands::export::run(&options)?,
        Command::Eval(options) => commands::eval::run(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

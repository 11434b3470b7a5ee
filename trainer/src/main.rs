//! The `despoof` command: prepares data, trains, measures, exports, checks photos.

mod calibrate;
mod commands;
mod config;
mod cue_source;
mod data;
mod device;
mod evaluation;
mod import;
mod onnx;
mod preset_choice;
mod pretrained;
mod report;
mod revision;
mod runs;
mod training;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use config::arguments_with_config;

/// Face liveness: train, measure, export, check.
///
/// Every command takes `--config FILE.toml`: its options under their long names, overridden by what
/// stands on the command line.
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
    /// Read a checkpoint that others made into our names.
    Import(commands::import::ImportOptions),
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
    /// Distil a generator of many steps to the sampler's few.
    Distill(commands::distill::DistillOptions),
    /// Generate the faces that cues are the residuals of, shared between processes.
    Cues(commands::cues::CuesOptions),
    /// Make a run of several AG-Nets' mean weights.
    Average(commands::average::AverageOptions),
    /// Make a bundle from runs.
    Export(commands::export::ExportOptions),
    /// Make runs of a bundle's networks, to go on from.
    Unpack(commands::unpack::UnpackOptions),
    /// Make an int8 bundle of one in 32 bits, and measure what that loses.
    Quantize(commands::quantize::QuantizeOptions),
    /// Check that a bundle is whole, and print what is in it.
    Verify(commands::verify::VerifyOptions),
    /// Measure a bundle, a run, or anybody's scores.
    Eval(commands::eval::EvalOptions),
    /// Measure over held-out domains.
    #[command(subcommand)]
    Protocol(commands::protocol::ProtocolCommand),
    /// Draw the paper's figure 3, measure what its noise does.
    #[command(subcommand)]
    Report(commands::report::ReportCommand),
}

fn main() -> ExitCode {
    // `despoof eval | head` ends when `head` does, instead of in a panic.
    sigpipe::reset();
    let result = arguments_with_config(std::env::args_os().collect())
        .and_then(|arguments| run(Arguments::parse_from(arguments).command));
    match result {
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
        Command::Import(options) => commands::import::run(&options)?,
        Command::Data(command) => commands::data::run(&command)?,
        Command::Align(options) => commands::align::run(&options)?,
        Command::Simulate(command) => commands::simulate::run(&command)?,
        Command::Cache(command) => commands::cache::run(&command)?,
        Command::Train(command) => commands::train::run(&command)?,
        Command::Distill(options) => commands::distill::run(&options)?,
        Command::Cues(options) => commands::cues::run(&options)?,
        Command::Average(options) => commands::average::run(&options)?,
        Command::Export(options) => commands::export::run(&options)?,
        Command::Unpack(options) => commands::unpack::run(&options)?,
        Command::Quantize(options) => commands::quantize::run(&options)?,
        Command::Verify(options) => commands::verify::run(&options)?,
        Command::Eval(options) => commands::eval::run(&options)?,
        Command::Protocol(command) => commands::protocol::run(&command)?,
        Command::Report(command) => commands::report::run(&command)?,
    }
    Ok(ExitCode::SUCCESS)
}

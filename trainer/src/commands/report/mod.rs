//! `despoof report`: figures of the paper, and what it leaves open.

mod cost;
mod cue_use;
mod figure3;
mod identity;
mod noise;
mod quality;
mod residual;
mod trade_off;

use anyhow::Result;
use clap::Subcommand;

/// Figures.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Faces of every kind beside their reconstructions and residuals by several sources (figure 3).
    /// The picture shows people.
    Figure3(figure3::Figure3Options),
    /// How much a bundle's score hangs on its generator's noise, of one sample and of averages.
    Noise(noise::NoiseOptions),
    /// What a check costs and how well it tells, by the steps of its sampler.
    Cost(cost::CostOptions),
    /// What an AG-Net's scores become without its cue, and with another face's.
    CueUse(cue_use::CueUseOptions),
    /// How well identity maps tell persons apart that nobody trained on.
    Identity(identity::IdentityReportOptions),
    /// Error rates by how bright, sharp and frontal the photos are: where the widget's gates belong.
    Quality(quality::QualityOptions),
    /// Strength of the residuals by domain and instrument, and how much it tells alone.
    Residual(residual::ResidualOptions),
    /// Accuracy against cost of networks that protocols have trained.
    TradeOff(trade_off::TradeOffOptions),
}

/// Runs `despoof report`.
pub fn run(command: &ReportCommand) -> Result<()> {
    match command {
        ReportCommand::Figure3(options) => figure3::run(options),
        ReportCommand::Noise(options) => noise::run(options),
        ReportCommand::Cost(options) => cost::run(options),
        ReportCommand::CueUse(options) => cue_use::run(options),
        ReportCommand::Identity(options) => identity::run(options),
        ReportCommand::Quality(options) => quality::run(options),
        ReportCommand::Residual(options) => residual::run(options),
        ReportCommand::TradeOff(options) => trade_off::run(options),
    }
}

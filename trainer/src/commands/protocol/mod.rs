//! `despoof protocol`: the paper's experiments over any list of domains.

mod domains;
mod held_out;
mod leave_one_out;
mod trained;

use anyhow::Result;
use clap::Subcommand;

/// Protocols.
#[derive(Debug, Subcommand)]
pub enum ProtocolCommand {
    /// Every domain once the target: AUC and HTER of each, and their means (paper tables 1, 3, 4, 5).
    LeaveOneOut(leave_one_out::LeaveOneOutOptions),
    /// Train on some domains, test each of the others (paper tables 2 and 6).
    #[command(visible_alias = "many-targets")]
    LimitedSource(held_out::LimitedSourceOptions),
    /// Every attack family once unseen: trained on the others, tested on held-out persons.
    LeaveOneFamilyOut(held_out::FamilyOptions),
}

/// Runs `despoof protocol`.
pub fn run(command: &ProtocolCommand) -> Result<()> {
    match command {
        ProtocolCommand::LeaveOneOut(options) => leave_one_out::run(options),
        ProtocolCommand::LimitedSource(options) => held_out::limited_source(options),
        ProtocolCommand::LeaveOneFamilyOut(options) => held_out::families(options),
    }
}

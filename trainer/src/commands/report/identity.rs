//! `despoof report identity`.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use serde::Serialize;

use crate::data::face_store::FaceStore;
use crate::evaluation::verification::Verification;
use crate::import;
use crate::report::identity::{self, HeldOutPairs, IdentityRow};
use crate::revision::revision;
use crate::runs;

/// Options of `despoof report identity`.
#[derive(Debug, Args)]
pub struct IdentityReportOptions {
    /// Folder of prepared faces whose persons are known.
    #[arg(long)]
    faces: PathBuf,
    /// Run of `train identity`.
    #[arg(long)]
    identity: PathBuf,
    /// The teacher's weights; with them its embedding is measured on both maps. The faces need its crops
    /// (`align --teacher`).
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// Decides which pairs of two persons.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What `report identity --json` prints.
#[derive(Serialize)]
struct IdentityTable {
    rows: Vec<IdentityRow>,
    pairs: usize,
    seed: u64,
    revision: String,
}

/// Runs `despoof report identity`.
pub fn run(options: &IdentityReportOptions) -> Result<()> {
    let device = Device::flex();
    let store = FaceStore::open(&options.faces)?;
    let encoder = runs::identity_encoder(&options.identity, &device)?;
    let teacher = options.teacher.as_deref();
    let teacher = teacher.map(|file| import::identity_teacher(file, &device)).transpose()?;
    let held_out = HeldOutPairs::of(&store, options.seed)?;
    let rows = identity::rows(&store, &held_out, &encoder, teacher.as_ref(), &device)?;
    let pairs = held_out.pairs.len();
    if options.json {
        let printed = IdentityTable { rows, pairs, seed: options.seed, revision: revision() };
        println!("{}", serde_json::to_string(&printed)?);
        return Ok(());
    }
    println!("{pairs} pairs, half of them of one person, in ten folds");
    println!("{:<32}{:>12}{:>8}{:>9}", "vector", "accuracy, %", "error", "AUC, %");
    for IdentityRow { vector, verification } in rows {
        let Verification { accuracy, error, auc } = verification;
        println!("{vector:<32}{accuracy:>12.2}{error:>8.2}{auc:>9.2}");
    }
    Ok(())
}

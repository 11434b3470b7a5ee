//! `despoof quantize`: an int8 bundle of one in 32 bits, and what that loses.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use despoof::bundle::BundleLoader;
use despoof::bundle::write::{Precision, write_bundle};
use despoof::metrics::{Label, area_under_curve};
use serde_json::{Value, json};

use crate::evaluation::pipeline::Pipeline;
use crate::evaluation::scored::ScoredSet;
use crate::evaluation::shards::{Choice, names, score_shards};

/// Options of `despoof quantize`.
#[derive(Debug, Args)]
pub struct QuantizeOptions {
    /// Folder of a bundle in 32 bits (`despoof export --float32`).
    #[arg(long)]
    bundle: PathBuf,
    /// Folder of the int8 bundle; made if missing.
    #[arg(long)]
    out: PathBuf,
    /// Shards of photos on which both are compared, one by one.
    #[arg(long, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Share of the photos to take, chosen by their key.
    #[arg(long, default_value_t = 1.0)]
    share: f64,
    /// Print a JSON object a shard.
    #[arg(long)]
    json: bool,
}

/// How far two bundles are apart on a set.
struct Loss {
    set: String,
    photos: usize,
    largest: f64,
    mean: f64,
    /// In percent, in 32 bits and in int8; nothing where the set has one class only.
    areas: Option<[f64; 2]>,
}

/// Runs `despoof quantize`.
pub fn run(options: &QuantizeOptions) -> Result<()> {
    let digest = write_quantized(&options.bundle, &options.out)?;
    eprintln!("{}: digest {digest}", options.out.display());
    if options.data.is_empty() {
        return Ok(());
    }
    let full = Pipeline::open(&options.bundle, None)?;
    let quantized = Pipeline::open(&options.out, None)?;
    let choice = Choice { share: options.share, held_out: false };
    for shard in options.data.chunks(1) {
        let before = score_shards(&full, shard, choice)?;
        let after = score_shards(&quantized, shard, choice)?;
        let loss = loss(names(shard).join(", "), &before, &after)?;
        println!("{}", if options.json { loss.json().to_string() } else { loss.text() });
    }
    Ok(())
}

/// Returns the new bundle's digest.
fn write_quantized(bundle: &Path, out: &Path) -> Result<String> {
    let (manifest, tensors) = BundleLoader::from_folder(bundle)
        .and_then(BundleLoader::into_tensors)
        .with_context(|| format!("cannot use the bundle in {}", bundle.display()))?;
    ensure!(
        manifest.tensors.iter().all(|tensor| tensor.dtype == "F32"),
        "{} is not in 32 bits; `despoof export --float32` makes such a bundle",
        bundle.display()
    );
    let made = write_bundle(
        out,
        manifest.preset,
        manifest.preprocessing,
        manifest.decision,
        &tensors,
        Precision::Int8,
    )?;
    Ok(made.digest)
}

fn loss(set: String, full: &ScoredSet, quantized: &ScoredSet) -> Result<Loss> {
    let after: HashMap<&str, f64> =
        quantized.scored.iter().map(|item| (item.name.as_str(), item.sample.score)).collect();
    // The detector's weights are quantised, too: a photo may get an answer from one of the two only.
    let pairs: Vec<(bool, f64, f64)> = full
        .scored
        .iter()
        .filter_map(|item| {
            let after = after.get(item.name.as_str())?;
            Some((item.sample.label == Label::Live, item.sample.score, *after))
        })
        .collect();
    ensure!(!pairs.is_empty(), "{set}: no photo got an answer from both bundles");
    let live: Vec<bool> = pairs.iter().map(|pair| pair.0).collect();
    let area = |score: fn(&(bool, f64, f64)) -> f64| {
        let scores: Vec<f32> = pairs.iter().map(|pair| score(pair) as f32).collect();
        area_under_curve(&scores, &live).map(|area| area * 100.0)
    };
    let differences: Vec<f64> = pairs.iter().map(|pair| (pair.1 - pair.2).abs()).collect();
    Ok(Loss {
        set,
        photos: pairs.len(),
        largest: differences.iter().copied().fold(0.0, f64::max),
        mean: differences.iter().sum::<f64>() / differences.len() as f64,
        areas: area(|pair| pair.1).zip(area(|pair| pair.2)).map(<[f64; 2]>::from),
    })
}

impl Loss {
    fn text(&self) -> String {
        let areas = self.areas.map_or("AUC not defined".to_owned(), |[before, after]| {
            format!("AUC {before:.2} in 32 bits, {after:.2} in int8")
        });
        format!(
            "{}: {} photos, scores differ by {:.4} at most, {:.4} on average; {areas}",
            self.set, self.photos, self.largest, self.mean
        )
    }

    fn json(&self) -> Value {
        json!({
            "set": self.set,
            "photos": self.photos,
            "score_difference": { "largest": self.largest, "mean": self.mean },
            "auc": self.areas.map(|[float32, int8]| json!({ "float32": float32, "int8": int8 })),
        })
    }
}

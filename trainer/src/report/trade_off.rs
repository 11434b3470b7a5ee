//! Accuracy against cost of networks that protocols have trained, each with other sizes or another cue.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::cost::auc_against_cost;
use super::plot::{Plot, Shape};

/// A protocol's result.
#[derive(Debug, Clone, Serialize)]
pub struct TradeOff {
    /// What it is called here.
    pub name: String,
    /// Multiply-accumulates of a check behind the detector.
    pub multiply_accumulates: u64,
    /// Mean area under the curve over the targets, in percent.
    pub auc: f64,
    /// Its 95 % interval over seeds; none of one seed.
    pub auc_interval: Option<[f64; 2]>,
    /// Mean HTER at the sources' threshold, in percent.
    pub hter: Option<f64>,
}

/// What is read of a file that `protocol --json` printed.
#[derive(Deserialize)]
struct Printed {
    mean: Mean,
    multiply_accumulates: Option<u64>,
}

#[derive(Deserialize)]
struct Mean {
    auc: Option<f64>,
    honest: Honest,
    intervals: Intervals,
}

#[derive(Deserialize)]
struct Honest {
    hter: Option<f64>,
}

#[derive(Deserialize)]
struct Intervals {
    auc: Option<[f64; 2]>,
}

/// Reads what a protocol printed.
///
/// # Errors
/// A file that cannot be read, or is no result of a trained protocol; one without cost or AUC.
pub fn read(name: &str, path: &Path) -> Result<TradeOff> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let Printed { mean, multiply_accumulates } = serde_json::from_str(&text)
        .with_context(|| format!("{shown} is nothing that `protocol --steps … --json` printed"))?;
    Ok(TradeOff {
        name: name.to_owned(),
        multiply_accumulates: multiply_accumulates
            .with_context(|| format!("{shown} does not say what a check costs"))?,
        auc: mean.auc.with_context(|| format!("{shown} has no AUC"))?,
        auc_interval: mean.intervals.auc,
        hter: mean.honest.hter,
    })
}

/// A named point for each result.
pub fn plot(rows: &[TradeOff]) -> Plot {
    let measured: Vec<(u64, f64)> =
        rows.iter().map(|row| (row.multiply_accumulates, row.auc)).collect();
    let lowest = rows.iter().map(|row| row.auc).fold(100.0, f64::min);
    let names = rows.iter().map(|row| row.name.clone());
    let least = 10.0 * (lowest / 10.0).floor();
    auc_against_cost("mean AUC over targets, %", least, &measured, |places| {
        Shape::Points(places.into_iter().zip(names).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_lie_between_the_axes() {
        let row = |name: &str, multiply_accumulates, auc| TradeOff {
            name: name.to_owned(),
            multiply_accumulates,
            auc,
            auc_interval: None,
            hter: None,
        };
        let rows = [row("small", 1_000_000_000, 62.0), row("large", 4_000_000_000, 80.0)];
        let Shape::Points(points) = &plot(&rows).series[0].shape else { panic!("points") };
        assert_eq!(points[0], ([0.25, 0.05], "small".to_owned()));
        assert_eq!(points[1], ([1.0, 0.5], "large".to_owned()));
    }
}

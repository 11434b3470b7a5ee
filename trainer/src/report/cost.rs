//! What a check costs and how well it tells, by the steps of its sampler: the bundle's AG-Net on the same
//! held-out faces, with no cue, and with cues of few to many steps. AG-Net is not trained anew, so that the
//! curve shows what more steps are worth to the weights that ship.

use anyhow::Result;
use burn::tensor::{Device, Tensor};
use despoof::Checker;
use despoof::align::Crops;
use despoof::metrics::area_under_curve;
use despoof_nn::agnet::Views;
use despoof_nn::cost::multiply_accumulates_uncomputed;
use serde::Serialize;

use super::crop_scores::scores;
use super::cue_use::mean_distance;
use super::plot::{Axis, Plot, Series, Shape};
use crate::cue_source::{CueChoice, CueSource, Dfg};
use crate::data::crop_planes::CropPlanes;
use crate::data::face_store::FaceStore;
use crate::training::labelled_faces::is_live;

/// One way to sample.
#[derive(Debug, Clone, Serialize)]
pub struct CostRow {
    /// Calls of the U-Net; 0 has no cue (a residual of zero) and runs no generator.
    pub steps: usize,
    /// Multiply-accumulates of a check behind the detector.
    pub multiply_accumulates: u64,
    /// Area under the curve, in percent; none of one class.
    pub auc: Option<f64>,
    /// Mean distance of a score from that with the most steps.
    pub change: f64,
}

/// Held-out faces with their labels.
pub struct LabelledCrops {
    crops: Vec<Crops>,
    live: Vec<bool>,
}

impl LabelledCrops {
    /// At most `count` faces that training may not look at, those that the seed puts first.
    ///
    /// # Errors
    /// A face that cannot be read.
    pub fn held_out(store: &FaceStore, count: usize, seed: u64) -> Result<Self> {
        let chosen = store.chosen_of(|entry| !entry.metadata.is_for_training(), seed, count);
        let planes = CropPlanes::open(store)?;
        let live = chosen.iter().map(|&index| is_live(&store.entries[index])).collect();
        let crops = chosen.into_iter().map(|index| planes.read(index)).collect::<Result<_>>()?;
        Ok(Self { crops, live })
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.live.len()
    }
}

/// A row for each number of steps.
///
/// # Errors
/// More steps than the bundle's sampler can make.
pub fn rows(
    checker: &Checker,
    faces: &LabelledCrops,
    steps: &[usize],
    device: &Device,
) -> Result<Vec<CostRow>> {
    let scored: Vec<(usize, u64, Vec<f32>)> = steps
        .iter()
        .map(|&steps| {
            let source = of_steps(checker, steps)?;
            let generated = |aligned: &Tensor<4>| generated(source.as_ref(), aligned);
            let cost = cost(checker, &generated, device);
            let scores = scores(checker, &faces.crops, device, generated);
            Ok((steps, cost, scores.into_iter().map(|score| score as f32).collect()))
        })
        .collect::<Result<_>>()?;
    let most = scored.iter().max_by_key(|(steps, ..)| *steps);
    let most = most.map_or(&[][..], |(_, _, scores)| scores);
    let row = |(steps, multiply_accumulates, scores): &(usize, u64, Vec<f32>)| CostRow {
        steps: *steps,
        multiply_accumulates: *multiply_accumulates,
        auc: area_under_curve(scores, &faces.live).map(|auc| 100.0 * auc),
        change: mean_distance(scores, most),
    };
    Ok(scored.iter().map(row).collect())
}

fn of_steps(checker: &Checker, steps: usize) -> Result<Option<Dfg>> {
    let choice = CueChoice { sampler_steps: Some(steps), ..CueChoice::default() };
    (steps > 0).then(|| Dfg::of_bundle(checker, &choice)).transpose()
}

/// Without a source the face itself, of which the residual is zero.
fn generated(source: Option<&Dfg>, aligned: &Tensor<4>) -> Tensor<4> {
    match source {
        Some(source) => source.reconstruct(aligned.clone()),
        None => aligned.clone(),
    }
}

/// Of the generated version and of AG-Net on one face.
fn cost(checker: &Checker, generated: &impl Fn(&Tensor<4>) -> Tensor<4>, device: &Device) -> u64 {
    let preprocessing = &checker.manifest().preprocessing;
    let grey = |side: u32| Tensor::<4>::zeros([1, 3, side as usize, side as usize], device);
    let face = grey(preprocessing.side);
    let context = preprocessing.context.map(|context| grey(context.side));
    let views = Views { face: face.clone(), context };
    multiply_accumulates_uncomputed(|| checker.scores(views, generated(&face))).1
}

/// Area under the curve against cost, one mark a row.
pub fn plot(rows: &[CostRow]) -> Plot {
    let measured: Vec<(u64, f64)> =
        rows.iter().filter_map(|row| Some((row.multiply_accumulates, row.auc?))).collect();
    let lowest = measured.iter().map(|(_, auc)| *auc).fold(100.0, f64::min);
    auc_against_cost("AUC, %", (lowest - 0.5).floor(), &measured, Shape::Line)
}

/// AUCs in percent from `least` on against multiply-accumulates; `shape` draws their places, in their
/// order.
pub fn auc_against_cost(
    label: &str,
    least: f64,
    measured: &[(u64, f64)],
    shape: impl FnOnce(Vec<[f64; 2]>) -> Shape,
) -> Plot {
    let giga = |cost: u64| cost as f64 / 1e9;
    let most = measured.iter().map(|(cost, _)| giga(*cost)).fold(1.0, f64::max).ceil();
    let place = |&(cost, auc): &(u64, f64)| [giga(cost) / most, (auc - least) / (100.0 - least)];
    let shape = shape(measured.iter().map(place).collect());
    Plot {
        title: "AUC against cost".to_owned(),
        x: Axis::even("giga multiply-accumulates a check", [0.0, most]),
        y: Axis::even(label, [least, 100.0]),
        series: vec![Series { name: String::new(), colour: 0, shape }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_lies_between_its_axes() {
        let row = |steps, multiply_accumulates, auc| CostRow {
            steps,
            multiply_accumulates,
            auc: Some(auc),
            change: 0.0,
        };
        let plot = plot(&[row(0, 2_000_000_000, 97.6), row(2, 4_000_000_000, 99.0)]);
        assert_eq!(plot.y.ticks[0].1, "97.0");
        assert_eq!(plot.x.ticks[5].1, "4.0");
        let Shape::Line(points) = &plot.series[0].shape else { panic!("a line") };
        assert_eq!(points[0][0], 0.5);
        assert!((points[1][1] - 2.0 / 3.0).abs() < 1e-9);
    }
}

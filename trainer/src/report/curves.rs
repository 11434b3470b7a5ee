//! ROC, DET and histogram of a set of scores.

use despoof::metrics::{CurvePoint, Scores};

use super::plot::{Axis, Plot, Series, Shape};

/// Bars of a histogram.
const BINS: usize = 40;
/// Error rates at the ends of a DET plot's axes, and its ticks.
const DET_TICKS: [f64; 9] = [0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95];

/// The plots that a set allows: ROC and DET need both kinds of presentations.
///
/// `thresholds` are drawn into the histogram, with their names.
pub fn plots(scores: &Scores, thresholds: &[(&str, f64)]) -> Vec<String> {
    let curve = scores.curve().unwrap_or_default();
    let mut plots = Vec::new();
    if !curve.is_empty() {
        plots.push(roc(&curve));
        plots.push(det(&curve));
    }
    plots.push(histogram(scores, thresholds));
    plots.iter().map(Plot::svg).collect()
}

fn roc(curve: &[CurvePoint]) -> Plot {
    let points = curve.iter().map(|point| [point.attacks_accepted, point.live_accepted]).collect();
    let ticks = || (0..=5).map(|fifth| (f64::from(fifth) / 5.0, format!("{}", fifth * 20)));
    Plot {
        title: "ROC".to_owned(),
        x: Axis { label: "attacks accepted, %".to_owned(), ticks: ticks().collect() },
        y: Axis { label: "live accepted, %".to_owned(), ticks: ticks().collect() },
        series: vec![diagonal(), curve_through(points)],
    }
}

fn det(curve: &[CurvePoint]) -> Plot {
    let points = curve
        .iter()
        .map(|point| {
            [det_position(point.attacks_accepted), det_position(1.0 - point.live_accepted)]
        })
        .collect();
    let ticks = || DET_TICKS.map(|rate| (det_position(rate), format!("{}", rate * 100.0))).into();
    Plot {
        title: "DET".to_owned(),
        x: Axis { label: "attacks accepted, % (normal deviates)".to_owned(), ticks: ticks() },
        y: Axis { label: "BPCER, % (normal deviates)".to_owned(), ticks: ticks() },
        series: vec![diagonal(), curve_through(points)],
    }
}

fn histogram(scores: &Scores, thresholds: &[(&str, f64)]) -> Plot {
    let live = (!scores.live().is_empty()).then(|| ("live", scores.live()));
    let kinds: Vec<(&str, &[f64])> = scores.attacks().chain(live).collect();
    let shares: Vec<Vec<f64>> = kinds.iter().map(|(_, scores)| shares_of_bins(scores)).collect();
    let highest = shares.iter().flatten().copied().fold(1e-9, f64::max);
    let bars = kinds.iter().zip(shares).enumerate().map(|(index, ((name, _), shares))| Series {
        name: (*name).to_owned(),
        colour: if *name == "live" { 0 } else { index + 1 },
        shape: Shape::Bars(shares.iter().map(|share| share / highest).collect()),
    });
    let marks = thresholds.iter().enumerate().map(|(index, (name, threshold))| Series {
        name: (*name).to_owned(),
        colour: index + 2,
        shape: Shape::Mark(*threshold),
    });
    let tick = |fifth: u32| (f64::from(fifth) / 5.0, format!("{:.1}", f64::from(fifth) / 5.0));
    let high = |quarter: u32| {
        let position = f64::from(quarter) / 4.0;
        (position, format!("{:.0}", position * highest * 100.0))
    };
    Plot {
        title: "Scores".to_owned(),
        x: Axis { label: "probability of live".to_owned(), ticks: (0..=5).map(tick).collect() },
        y: Axis { label: "share of its kind, %".to_owned(), ticks: (0..=4).map(high).collect() },
        series: bars.chain(marks).collect(),
    }
}

/// Chance on a ROC plot, equal errors on a DET plot.
fn diagonal() -> Series {
    Series { name: String::new(), colour: 0, shape: Shape::Diagonal }
}

fn curve_through(points: Vec<[f64; 2]>) -> Series {
    Series { name: String::new(), colour: 0, shape: Shape::Line(points) }
}

fn shares_of_bins(scores: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; BINS];
    for score in scores {
        let bin = (score.clamp(0.0, 1.0) * BINS as f64) as usize;
        shares[bin.min(BINS - 1)] += 1.0 / scores.len() as f64;
    }
    shares
}

/// Position of an error rate on a DET axis, 0 to 1 between its outer ticks.
fn det_position(rate: f64) -> f64 {
    let [first, last] = [DET_TICKS[0], DET_TICKS[DET_TICKS.len() - 1]].map(normal_deviate);
    (normal_deviate(rate) - first) / (last - first)
}

/// Inverse of the normal distribution, to 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23).
fn normal_deviate(share: f64) -> f64 {
    let share = share.clamp(1e-6, 1.0 - 1e-6);
    let t = (-2.0 * share.min(1.0 - share).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let deviate = t - above / below;
    if share < 0.5 { -deviate } else { deviate }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviates_are_those_of_the_tables() {
        for (share, deviate) in
            [(0.5, 0.0), (0.975, 1.959_964), (0.01, -2.326_348), (0.2, -0.841_621)]
        {
            assert!((normal_deviate(share) - deviate).abs() < 5e-4, "{share}");
        }
    }

    #[test]
    fn a_set_of_one_kind_has_a_histogram_only() {
        let live = Scores::new(vec![0.1, 1.0], []);
        assert_eq!(plots(&live, &[("honest", 0.5)]).len(), 1);
        let both = Scores::new(vec![0.1, 1.0], [("print", vec![0.0, 0.4])]);
        assert_eq!(plots(&both, &[]).len(), 3);
    }

    #[test]
    fn every_score_is_in_a_bin() {
        let shares = shares_of_bins(&[0.0, 1.0, 0.5, f64::NEG_INFINITY]);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

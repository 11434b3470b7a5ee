//! `report.html` of a training run: loss, measurements, sample pictures.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::page::{self, escaped, picture, row_of, section, table};
use super::plot::{Axis, Plot, Series, Shape};

/// Points of a drawn curve: more are averaged together.
const POINTS: usize = 300;
/// Sample pictures shown; the others stay in their folder.
const PICTURES: usize = 6;

/// Numbers of a run by name, each with its step.
type Curves = BTreeMap<String, Vec<(f64, f64)>>;

/// Writes the report of a run beside its `metrics.jsonl`; a run may still be going on.
///
/// # Errors
/// A log that cannot be read, a report that cannot be written.
pub fn write(run: &Path) -> Result<()> {
    let log = run.join("metrics.jsonl");
    let text =
        std::fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
    let curves = curves_from_log(&text);
    let (first, others): (Vec<_>, Vec<_>) = curves.iter().partition(|(name, _)| *name == "loss");
    let plots: Vec<String> =
        first.into_iter().chain(others).map(|(name, points)| plot(name, points).svg()).collect();
    let mut body = row_of("plots", &plots);
    body += &section("Last and best", &last_and_best(&curves));
    let pictures = pictures(run)?;
    if !pictures.is_empty() {
        body += &section("Last samples", &row_of("pictures", &pictures));
    }
    if let Ok(config) = std::fs::read_to_string(run.join("config.toml")) {
        body += &section("Configuration", &format!("<pre>{}</pre>", escaped(&config)));
    }
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    page::write(run, &format!("Training run {name}"), &body)
}

/// A line that is no JSON object is passed over: a running training may be writing it.
fn curves_from_log(text: &str) -> Curves {
    let mut curves = Curves::new();
    for line in text.lines() {
        let Ok(numbers) = serde_json::from_str::<Map<String, Value>>(line) else { continue };
        let Some(step) = numbers.get("step").and_then(Value::as_f64) else { continue };
        for (name, value) in numbers {
            if let Some(value) = value.as_f64().filter(|_| name != "step") {
                curves.entry(name).or_default().push((step, value));
            }
        }
    }
    curves
}

fn plot(name: &str, points: &[(f64, f64)]) -> Plot {
    let drawn = averaged(points);
    let last_step = points.last().map_or(1.0, |(step, _)| step.max(1.0));
    let low = drawn.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let high = drawn.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { high.abs().max(1.0) };
    let placed = drawn.iter().map(|(step, value)| [step / last_step, (value - low) / span]);
    let quarters = || (0..=4).map(|quarter| f64::from(quarter) / 4.0);
    let steps = quarters().map(|share| (share, format!("{:.0}", share * last_step)));
    let values = quarters().map(|share| (share, short(low + share * span)));
    Plot {
        title: name.replace('_', " "),
        x: Axis { label: "step".to_owned(), ticks: steps.collect() },
        y: Axis { label: String::new(), ticks: values.collect() },
        series: vec![Series {
            name: String::new(),
            colour: 0,
            shape: Shape::Line(placed.collect()),
        }],
    }
}

/// At most [`POINTS`] points, each the mean of as many neighbours.
fn averaged(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let together = points.len().div_ceil(POINTS).max(1);
    let mean = |chunk: &[(f64, f64)]| {
        let sum = chunk.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (sum.0 / chunk.len() as f64, sum.1 / chunk.len() as f64)
    };
    points.chunks(together).map(mean).collect()
}

/// Three digits that count.
fn short(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        return format!("{value:.1e}");
    }
    format!(
        "{value:.*}",
        if size >= 100.0 {
            0
        } else if size >= 1.0 {
            2
        } else {
            4
        }
    )
}

fn last_and_best(curves: &Curves) -> String {
    let extreme = |points: &[(f64, f64)], better: fn(f64, f64) -> bool| {
        let best = points.iter().copied().reduce(|a, b| if better(b.1, a.1) { b } else { a });
        best.map_or_else(String::new, |(step, value)| format!("{} at {step}", short(value)))
    };
    let row = |(name, points): (&String, &Vec<(f64, f64)>)| {
        let last = points.last().map_or_else(String::new, |(_, value)| short(*value));
        let (lowest, highest) = (extreme(points, |b, a| b < a), extreme(points, |b, a| b > a));
        vec![name.clone(), points.len().to_string(), last, lowest, highest]
    };
    let rows: Vec<Vec<String>> = curves.iter().map(row).collect();
    table(&["number", "times logged", "last", "lowest", "highest"], &rows)
}

fn pictures(run: &Path) -> Result<Vec<String>> {
    let folder = run.join("samples");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".png"))
        .collect();
    names.sort();
    names.reverse();
    names.truncate(PICTURES);
    let shown = |name: &String| picture(&format!("samples/{name}"), name.trim_end_matches(".png"));
    Ok(names.iter().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_a_run_shows_every_number() {
        let run = std::env::temp_dir().join(format!("despoof-run-{}", std::process::id()));
        std::fs::create_dir_all(run.join("samples")).expect("a folder");
        std::fs::write(run.join("samples/step-000002.png"), []).expect("a picture");
        let log = "{\"step\":1,\"loss\":2.0}\n{\"step\":2,\"loss\":1.0}\n{\"step\":2,\"held_out_auc\":0.75}\n{\"st";
        std::fs::write(run.join("metrics.jsonl"), log).expect("a log");
        write(&run).expect("a report");
        let html = std::fs::read_to_string(run.join(page::FILE)).expect("a report");
        std::fs::remove_dir_all(&run).expect("removed");
        assert_eq!(html.matches("<svg").count(), 2);
        assert!(html.contains("samples/step-000002.png") && html.contains("0.7500"));
        assert!(html.find("aria-label=\"loss\"") < html.find("aria-label=\"held out auc\""));
    }

    #[test]
    fn a_long_curve_is_averaged() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|step| (f64::from(step), 2.0)).collect();
        let drawn = averaged(&points);
        assert!(drawn.len() <= POINTS && drawn.iter().all(|(_, value)| *value == 2.0));
    }
}

//! The ratios of `bench web` as a bar chart.

use std::fmt::Write;

use serde_json::Value;

use super::web::BACKENDS;

/// Pixels.
const LABELS: f64 = 110.0;
const BARS: f64 = 420.0;
const BAR: f64 = 12.0;
const ROW: f64 = BACKENDS.len() as f64 * BAR + 12.0;
const HEADER: f64 = 44.0;
/// A ratio beyond this is drawn as this, with its number beside it.
const LARGEST: f64 = 4.0;
const COLOURS: [&str; BACKENDS.len()] = ["#4f7cac", "#7fb3a2", "#c06c54"];

/// Onnxruntime-web's time over ours: bars beyond the line at 1 are networks where we are faster.
pub fn svg(report: &Value) -> String {
    let rows: Vec<&Value> = report["networks"]
        .as_array()
        .into_iter()
        .flatten()
        .chain([&report["check"]])
        .filter(|row| !row.is_null())
        .collect();
    let width = LABELS + BARS + 60.0;
    let height = HEADER + ROW * rows.len() as f64 + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"8\" y=\"18\">onnxruntime-web’s time ÷ ours, median of one run</text>\n"
    );
    for (index, backend) in BACKENDS.iter().enumerate() {
        let x = LABELS + 120.0 * index as f64;
        let colour = COLOURS[index];
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"26\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"35\">{backend}</text>",
            x + 14.0
        );
    }
    for (index, row) in rows.iter().enumerate() {
        svg += &row_svg(row, HEADER + ROW * index as f64);
    }
    let one = LABELS + BARS / LARGEST;
    let _ = writeln!(
        svg,
        "<line x1=\"{one}\" x2=\"{one}\" y1=\"{HEADER}\" y2=\"{height}\" stroke=\"#333\" \
         stroke-dasharray=\"4 3\"/>\n</svg>"
    );
    svg
}

fn row_svg(row: &Value, top: f64) -> String {
    let mut svg = format!(
        "<text x=\"8\" y=\"{}\">{}</text>\n",
        top + BAR + 4.0,
        row["name"].as_str().unwrap_or("?")
    );
    for (index, backend) in BACKENDS.iter().enumerate() {
        let Some(ratio) = row[format!("ratio_{backend}")].as_f64() else { continue };
        let (y, length) = (top + BAR * index as f64, BARS * ratio.min(LARGEST) / LARGEST);
        let _ = writeln!(
            svg,
            "<rect x=\"{LABELS}\" y=\"{y}\" width=\"{length:.1}\" height=\"{}\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{}\" font-size=\"10\">{ratio:.2}</text>",
            BAR - 1.0,
            COLOURS[index],
            LABELS + length + 4.0,
            y + BAR - 2.5,
        );
    }
    svg
}

//! The report of `bench web` as text.

use std::fmt::Write;

use serde_json::Value;

use super::web::BACKENDS;

/// A table for each backend that was measured.
pub fn text(report: &Value) -> String {
    BACKENDS
        .into_iter()
        .filter(|backend| !report["runtimes"][backend].is_null())
        .map(|backend| backend_text(report, backend))
        .collect()
}

fn backend_text(report: &Value, backend: &str) -> String {
    let mut text = format!(
        "{:<13}{:>8}{:>11}{:>11}{:>8}{:>9}{:>13}{:>13}{:>5}\n",
        backend, "MMAC", "ours ms", "ort ms", "ratio", "fastest", "ours first", "ort first", "n"
    );
    let rows = report["networks"].as_array().into_iter().flatten().chain([&report["check"]]);
    let rows: Vec<&Value> = rows.filter(|row| !row[format!("ratio_{backend}")].is_null()).collect();
    for row in &rows {
        let field = |name: &str| row[format!("{name}_{backend}")].as_f64().unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "{:<13}{:>8.1}{:>11.1}{:>11.1}{:>8.2}{:>9.2}{:>13.1}{:>13.1}{:>5}",
            row["name"].as_str().unwrap_or("?"),
            row["macs"].as_f64().unwrap_or(f64::NAN) / 1e6,
            field("ours_ms"),
            field("theirs_ms"),
            field("ratio"),
            field("ratio_fastest"),
            field("ours_first_ms"),
            field("theirs_first_ms"),
            field("repeats"),
        );
    }
    if backend == "webgpu" {
        text += &counts_text(&rows);
    }
    text + &runtimes_text(&report["runtimes"][backend])
}

/// What does not depend on the machine.
fn counts_text(rows: &[&Value]) -> String {
    let mut text = format!(
        "\n{:<13}{:>16}{:>16}{:>16}{:>20}\n",
        "ours / ort", "dispatches", "submits", "read-backs", "bytes moved"
    );
    for row in rows {
        let pair = |name: &str| {
            let of = |whose: &str| row[format!("{whose}_{name}_webgpu")].as_u64().unwrap_or(0);
            format!("{} / {}", of("ours"), of("theirs"))
        };
        let _ = writeln!(
            text,
            "{:<13}{:>16}{:>16}{:>16}{:>20}",
            row["name"].as_str().unwrap_or("?"),
            pair("dispatches"),
            pair("submits"),
            pair("read_backs"),
            pair("moved_bytes"),
        );
    }
    text
}

fn runtimes_text(runtimes: &Value) -> String {
    let mut text = String::from("\n");
    for (whose, name) in [("ours", "despoof"), ("theirs", "onnxruntime-web")] {
        let runtime = &runtimes[whose];
        let number = |field: &str| runtime[field].as_f64().unwrap_or(f64::NAN);
        // Where the whole check was not measured there is no answer.
        let answer = runtime["first_answer_ms"].as_f64();
        let answer =
            answer.map_or(String::new(), |after| format!(" first answer after {after:.0} ms,"));
        let _ = writeln!(
            text,
            "{name:<16} loaded in {:.0} ms,{answer} {:.1} MB transferred, {:.0} MB of wasm memory, \
             {:.0} MB of GPU buffers",
            number("load_ms"),
            number("loaded_bytes") / 1e6,
            number("wasm_memory_bytes") / 1e6,
            number("gpu_bytes") / 1e6,
        );
    }
    text + "\n"
}

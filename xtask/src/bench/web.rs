//! `cargo xtask bench web`: the modules beside onnxruntime-web, in the same headless Chromium.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::{answer_of, chart, median, site, table};
use crate::serve::Site;

/// Options of `cargo xtask bench web`.
#[derive(clap::Args)]
pub struct Options {
    /// Timed runs of each network on the CPU, for each runtime.
    #[arg(long, default_value_t = 15)]
    repeats: usize,
    /// The same on WebGPU, which is slow where it has no GPU.
    #[arg(long, default_value_t = 5)]
    webgpu_repeats: usize,
    /// Only these modules.
    #[arg(long, value_parser = BACKENDS, value_delimiter = ',')]
    backend: Vec<String>,
    /// Only these networks.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Prints one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Also draws the ratios into this file (SVG).
    #[arg(long)]
    chart: Option<PathBuf>,
}

pub const BACKENDS: [&str; 3] = ["cpu", "cpu_relaxed", "webgpu"];
/// The part that is the whole check behind the aligned face.
const CHECK: &str = "check";

/// Measures, then prints.
pub fn run(options: &Options) -> Result<()> {
    let chosen = |name: &&str| {
        options.backend.is_empty() || options.backend.iter().any(|backend| backend == *name)
    };
    let backends: Vec<&str> = BACKENDS.into_iter().filter(chosen).collect();
    let folder = site::build(&backends)?;
    let site = Site::start(&folder, 0)?;
    let mut measured = BTreeMap::new();
    for backend in backends {
        measured.insert(backend, measure(options, backend, &site)?);
    }
    let report = report(&measured);
    if let Some(path) = &options.chart {
        std::fs::write(path, chart::svg(&report))
            .with_context(|| format!("writing {}", path.display()))?;
    }
    if options.json {
        println!("{report}");
    } else {
        print!("{}", table::text(&report));
    }
    Ok(())
}

/// What the page found out about a backend.
fn measure(options: &Options, backend: &str, site: &Site) -> Result<Value> {
    let repeats = if backend == "webgpu" { options.webgpu_repeats } else { options.repeats };
    let repeats = repeats.to_string();
    let mut arguments = vec!["--site", site.url(), "--backend", backend, "--repeats", &repeats];
    let only = options.only.join(",");
    if !only.is_empty() {
        arguments.extend(["--only", &only]);
    }
    answer_of("bench.mjs", &arguments)
}

/// One entry for each network, with every field once for each backend.
fn report(measured: &BTreeMap<&str, Value>) -> Value {
    let mut entries: Vec<Map<String, Value>> = Vec::new();
    for (&backend, found) in measured {
        for network in found["networks"].as_array().into_iter().flatten() {
            let name = &network["name"];
            let known = entries.iter().position(|entry| entry["name"] == *name);
            let index = known.unwrap_or_else(|| {
                let mut entry = Map::new();
                entry.insert("name".into(), name.clone());
                entry.insert("macs".into(), network["macs"].clone());
                entries.push(entry);
                entries.len() - 1
            });
            add_fields(&mut entries[index], backend, network);
        }
    }
    let check = entries.iter().position(|entry| entry["name"] == CHECK);
    let check = check.map(|index| entries.remove(index));
    let runtimes: Map<String, Value> = measured
        .iter()
        .map(|(&backend, found)| (backend.to_owned(), runtimes(backend, found, check.as_ref())))
        .collect();
    json!({ "networks": entries, "check": check, "runtimes": runtimes })
}

/// Adds `ratio_cpu`, `ours_ms_cpu`, … of a network.
fn add_fields(entry: &mut Map<String, Value>, backend: &str, network: &Value) {
    let (ours, theirs) = (&network["despoof"], &network["onnxruntime"]);
    let (our_time, their_time) = (median_of(&ours["times_ms"]), median_of(&theirs["times_ms"]));
    let mut add = |name: &str, value: Value| {
        entry.insert(format!("{name}_{backend}"), value);
    };
    add("ratio", (their_time / our_time).into());
    // Of the runs that nothing else on the machine disturbed.
    add("ratio_fastest", (fastest_of(&theirs["times_ms"]) / fastest_of(&ours["times_ms"])).into());
    add("ours_ms", our_time.into());
    add("theirs_ms", their_time.into());
    add("repeats", ours["times_ms"].as_array().map_or(0, Vec::len).into());
    add("ours_first_ms", ours["first_ms"].clone());
    add("theirs_first_ms", theirs["first_ms"].clone());
    add("ours_difference", ours["difference"].clone());
    add("theirs_difference", theirs["difference"].clone());
    if backend == "webgpu" {
        for count in ["dispatches", "submits", "read_backs", "moved_bytes"] {
            add(&format!("ours_{count}"), ours[count].clone());
            add(&format!("theirs_{count}"), theirs[count].clone());
        }
    }
}

/// Of each runtime: milliseconds until it was ready and until it gave its first answer, bytes loaded,
/// and the most memory of its wasm module
/// and of its GPU buffers.
fn runtimes(backend: &str, found: &Value, check: Option<&Map<String, Value>>) -> Value {
    let field = |name: String| check.and_then(|check| check.get(&name)).and_then(Value::as_f64);
    let of = |name: &str, prefix: &str, loaded: u64| {
        let runtime = &found["runtimes"][name];
        let ready = runtime["load_ms"].as_f64();
        let first = field(format!("{prefix}_first_ms_{backend}"));
        json!({
            "load_ms": ready,
            "first_answer_ms": ready.zip(first).map(|(ready, first)| ready + first),
            "loaded_bytes": loaded,
            "wasm_memory_bytes": runtime["wasm_bytes"],
            "gpu_bytes": runtime["gpu_bytes"],
        })
    };
    let loaded = |wanted: &dyn Fn(&str) -> bool| -> u64 {
        let received = found["received"].as_object().into_iter().flatten();
        received.filter(|(path, _)| wanted(path)).filter_map(|(_, bytes)| bytes.as_u64()).sum()
    };
    let check_file = format!("/onnx/{CHECK}.onnx");
    json!({
        "ours": of("despoof", "ours", loaded(&|path| path.starts_with("/wasm/") || path.starts_with("/models/"))),
        "theirs": of("onnxruntime", "theirs", loaded(&|path| path.starts_with("/ort/") || path == check_file)),
    })
}

fn median_of(times: &Value) -> f64 {
    median(&numbers(times))
}

fn fastest_of(times: &Value) -> f64 {
    numbers(times).into_iter().fold(f64::INFINITY, f64::min)
}

fn numbers(times: &Value) -> Vec<f64> {
    times.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::report;

    #[test]
    fn a_ratio_is_their_time_over_ours() {
        let runtime = |time: f64| json!({ "times_ms": [time], "first_ms": 10.0 });
        let network = |name| json!({ "name": name, "macs": 7, "despoof": runtime(2.0), "onnxruntime": runtime(3.0) });
        let received =
            json!({ "/wasm/cpu/a.wasm": 1, "/models/b": 2, "/ort/c": 4, "/onnx/check.onnx": 8 });
        let runtimes = json!({ "despoof": { "load_ms": 5.0 }, "onnxruntime": { "load_ms": 6.0 } });
        let networks = [network("unet"), network("check")];
        let found = json!({ "networks": networks, "runtimes": runtimes, "received": received });
        let report = report(&BTreeMap::from([("cpu", found)]));
        assert_eq!(report["networks"].as_array().unwrap().len(), 1);
        assert_eq!(report["networks"][0]["ratio_cpu"], 1.5);
        assert_eq!(report["check"]["ratio_cpu"], 1.5);
        assert_eq!(report["runtimes"]["cpu"]["ours"]["loaded_bytes"], 3);
        assert_eq!(report["runtimes"]["cpu"]["theirs"]["first_answer_ms"], 16.0);
    }
}

//! `cargo xtask size`: what a browser downloads, as it is transferred.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::node::{install, npm};
use crate::wasm;
use crate::workspace::{self, root, show};

/// Kilobytes and megabytes as network people count them.
const KB: usize = 1_000;
const MB: usize = 1_000_000;
const WASM_LIMIT: usize = 5 * MB / 2;
const WEIGHTS_LIMIT: usize = 16 * MB;
const FIRST_LOAD_LIMIT: usize = 30 * KB;
const SUPPORT_LIMIT: usize = 5 * KB;

/// Prints a table; fails where something is larger than promised.
pub fn run() -> Result<()> {
    let mut table = Table::new();
    for (entry, bytes) in first_loads()? {
        let limit = if entry == "despoof/support" { SUPPORT_LIMIT } else { FIRST_LOAD_LIMIT };
        table.add(&format!("JavaScript first load of {entry}"), "gzip", bytes, limit);
    }
    for module in wasm::MODULES {
        let bytes = brotli_sizes(&[wasm::path(module)]).context("run `cargo xtask wasm` first")?;
        table.add(&format!("wasm {module}"), "brotli", bytes, WASM_LIMIT);
    }
    let weights = brotli_sizes(&bundle_files(&root().join("models/web"))?)?;
    table.add("weights (models/web)", "brotli", weights, WEIGHTS_LIMIT);
    table.finish()
}

/// Prints lines as they come, and remembers what is over its limit.
struct Table {
    too_large: Vec<String>,
}

impl Table {
    fn new() -> Self {
        println!("{:<42} {:>12} {:>12}", "", "bytes", "limit");
        Self { too_large: Vec::new() }
    }

    fn add(&mut self, name: &str, compression: &str, bytes: usize, limit: usize) {
        println!("{name:<42} {bytes:>12} {limit:>12}  {compression}");
        if bytes > limit {
            self.too_large.push(name.to_owned());
        }
    }

    fn finish(self) -> Result<()> {
        if !self.too_large.is_empty() {
            bail!("too large: {}", self.too_large.join(", "));
        }
        Ok(())
    }
}

/// Entries of the npm package with the bytes a page loads of them first.
fn first_loads() -> Result<Vec<(String, usize)>> {
    install(root())?;
    workspace::run(&mut npm(&["run", "build", "--silent", "--workspace", "despoof"]))?;
    let mut script = Command::new("node");
    script.arg(root().join("web/scripts/first-load.mjs")).current_dir(root());
    let shown = show(&script);
    let output = script.output().with_context(|| format!("starting `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let sizes: std::collections::BTreeMap<String, usize> =
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("reading the output of `{shown}`"))?;
    Ok(sizes.into_iter().collect())
}

/// The files together, each compressed for itself, as a server does it.
fn brotli_sizes(files: &[PathBuf]) -> Result<usize> {
    let mut sum = 0;
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        sum += brotli_size(&bytes)?;
    }
    Ok(sum)
}

/// Best quality and the largest window browsers accept: what a static host stores.
fn brotli_size(bytes: &[u8]) -> Result<usize> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 1 << 16, 11, 24);
    writer.write_all(bytes).context("compressing")?;
    Ok(writer.into_inner().len())
}

/// The manifest and the shards beside it.
fn bundle_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if matches!(extension, Some("json" | "safetensors")) {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("{} holds no bundle: `despoof export` writes it", folder.display());
    }
    Ok(files)
}

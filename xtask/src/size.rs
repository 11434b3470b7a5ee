//! `cargo xtask size`: what a browser downloads, as it is transferred.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::wasm;
use crate::workspace::root;

/// Megabytes as network people count them.
const MB: usize = 1_000_000;
const WASM_LIMIT: usize = 5 * MB / 2;
const WEIGHTS_LIMIT: usize = 16 * MB;

/// Prints a table; fails where a module or the weights are larger than promised.
pub fn run() -> Result<()> {
    let mut too_large = Vec::new();
    println!("{:<34} {:>12} {:>12} {:>12}", "", "raw", "brotli", "limit");
    for module in wasm::MODULES {
        let size = Size::of(&[wasm::path(module)]).context("run `cargo xtask wasm` first")?;
        size.report(&format!("wasm {module}"), WASM_LIMIT, &mut too_large);
    }
    let bundle = bundle_files(&root().join("models/web"))?;
    Size::of(&bundle)?.report("weights (models/web)", WEIGHTS_LIMIT, &mut too_large);
    if !too_large.is_empty() {
        bail!("too large: {}", too_large.join(", "));
    }
    Ok(())
}

struct Size {
    raw: usize,
    brotli: usize,
}

impl Size {
    /// The files together, each compressed for itself, as a server does it.
    fn of(files: &[PathBuf]) -> Result<Self> {
        let mut size = Self { raw: 0, brotli: 0 };
        for file in files {
            let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
            size.raw += bytes.len();
            size.brotli += brotli_size(&bytes)?;
        }
        Ok(size)
    }

    fn report(&self, name: &str, limit: usize, too_large: &mut Vec<String>) {
        println!("{name:<34} {:>12} {:>12} {limit:>12}", self.raw, self.brotli);
        if self.brotli > limit {
            too_large.push(name.to_owned());
        }
    }
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

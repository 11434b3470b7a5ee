//! The folder that the benchmark's page and everything it loads is served from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::node;
use crate::wasm;
use crate::workspace::{cargo, root, run, target_dir};

/// What the page needs of onnxruntime-web: the entries for wasm and for WebGPU, and their modules.
const RUNTIME_FILES: [&str; 6] = [
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
];

/// The folder of the scripts, with the packages they need.
pub fn scripts() -> Result<PathBuf> {
    let folder = root().join("tests/bench");
    node::install(&folder)?;
    Ok(folder)
}

/// Builds and gathers what these backends need; returns the folder.
pub fn build(backends: &[&str]) -> Result<PathBuf> {
    let folder = target_dir()?.join("xtask/bench");
    let scripts = scripts()?;
    copy_all(&scripts.join("page"), &folder)?;
    let runtime = scripts.join("node_modules/onnxruntime-web/dist");
    copy(&runtime, &folder.join("ort"), &RUNTIME_FILES)?;
    copy_all(&root().join("models/web"), &folder.join("models"))?;
    export_networks(&folder.join("onnx"))?;
    wasm::build_for_bench(backends, &folder.join("wasm"))?;
    Ok(folder)
}

/// The shipped modules and bundle, and a photo to check; returns the folder.
pub fn build_shipped() -> Result<PathBuf> {
    let folder = target_dir()?.join("xtask/budget");
    copy_all(&scripts()?.join("page"), &folder)?;
    copy_all(&root().join("models/web"), &folder.join("models"))?;
    for module in wasm::MODULES {
        let built = wasm::path(module);
        let built = built.parent().expect("a module lies in a folder");
        copy_all(built, &folder.join("wasm").join(module))?;
    }
    copy(&root().join("tests/photos"), &folder, &["astronaut.png"])?;
    Ok(folder)
}

/// The package as it is installed, its own model with it, and a photo to check; returns the folder.
pub fn build_package() -> Result<PathBuf> {
    let folder = target_dir()?.join("xtask/load");
    copy_all(&scripts()?.join("page"), &folder)?;
    let package = root().join("web");
    for part in ["dist", "wasm", "models"] {
        copy_tree(&package.join(part), &folder.join("despoof").join(part))?;
    }
    copy(&root().join("tests/photos"), &folder, &["astronaut.png"])?;
    Ok(folder)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    copy_all(from, to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Every network of the shipped bundle as an ONNX file.
pub fn export_networks(folder: &Path) -> Result<()> {
    // The whole workspace, so that cargo takes what the Rust tests compiled.
    run(&mut cargo(&["build", "--workspace"]))?;
    let despoof = target_dir()?.join("debug/despoof");
    run(std::process::Command::new(despoof)
        .args(["export", "--bundle"])
        .arg(root().join("models/web"))
        .arg("--onnx")
        .arg(folder))
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).with_context(|| format!("reading {}", from.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    copy(from, to, &names)
}

fn copy(from: &Path, to: &Path, names: &[impl AsRef<Path>]) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("making {}", to.display()))?;
    for name in names {
        let file = from.join(name);
        fs::copy(&file, to.join(name)).with_context(|| format!("copying {}", file.display()))?;
    }
    Ok(())
}

//! The two browser modules: compiled by cargo, bound by wasm-bindgen, shrunk by wasm-opt.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::node;
use crate::workspace::{cargo, root, run, target_dir};

const TARGET: &str = "wasm32-unknown-unknown";

/// The modules; each name is also the feature of despoof-wasm that makes it.
pub const MODULES: [&str; 2] = ["cpu", "webgpu"];

/// The proposals rustc uses for this target, and `simd` which `.cargo/config.toml` adds. wasm-opt has to be
/// told: `strip` takes the section away that it would read them from.
const WASM_OPT_FLAGS: &[&str] = &[
    "-O3",
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds both modules into `web/wasm`.
pub fn build_all() -> Result<()> {
    add_target()?;
    node::install(&node_folder())?;
    // One after the other: both compile to the same file name, and cargo locks the folder anyway.
    for module in MODULES {
        build(module).with_context(|| format!("building the {module} module"))?;
    }
    Ok(())
}

/// The finished `.wasm` of a module.
pub fn path(module: &str) -> PathBuf {
    out_folder(module).join(format!("despoof_{module}_bg.wasm"))
}

fn out_folder(module: &str) -> PathBuf {
    root().join("web/wasm").join(module)
}

fn node_folder() -> PathBuf {
    root().join("xtask/node")
}

/// rustup adds the target by itself where it reads rust-toolchain.toml, but not for an older installation.
fn add_target() -> Result<()> {
    let listed =
        Command::new("rustup").args(["target", "list", "--installed"]).current_dir(root()).output();
    match listed {
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains(TARGET) => Ok(()),
        Ok(_) => run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(root())),
        // Rust without rustup, as distributions package it: cargo says what is missing, if anything is.
        Err(_) => Ok(()),
    }
}

fn build(module: &str) -> Result<()> {
    run(&mut cargo(&[
        "build",
        "--profile",
        "wasm",
        "--target",
        TARGET,
        "--package",
        "despoof-wasm",
        "--no-default-features",
        "--features",
        module,
    ]))?;
    let target = target_dir()?;
    let compiled = fs::read(target.join(TARGET).join("wasm/despoof_wasm.wasm"))
        .context("reading what cargo compiled")?;
    let stamp = Stamp::new(&target, module, &compiled);
    if stamp.is_current() && path(module).exists() {
        return Ok(());
    }
    let bound = target.join("xtask/bindgen").join(module);
    bind(module, compiled, &bound)?;
    publish(module, &bound)?;
    stamp.write()
}

/// Writes the JavaScript, the typings and the wasm they go with into `bound`.
fn bind(module: &str, compiled: Vec<u8>, bound: &Path) -> Result<()> {
    // Names are a third of the file and serve only stack traces.
    Bindgen::new()
        .input_bytes(&format!("despoof_{module}"), compiled)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .typescript(true)
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate(bound)
        })
        .map_err(|error| anyhow!("wasm-bindgen: {error:#}"))
}

/// Moves the bindings to `web/wasm`, the wasm through wasm-opt.
fn publish(module: &str, bound: &Path) -> Result<()> {
    let out = out_folder(module);
    fs::create_dir_all(&out).with_context(|| format!("creating {}", out.display()))?;
    for name in [format!("despoof_{module}.js"), format!("despoof_{module}.d.ts")] {
        fs::copy(bound.join(&name), out.join(&name)).with_context(|| format!("copying {name}"))?;
    }
    // Through `node`, not through `npx` or the `.bin` link, which differ between systems.
    run(Command::new("node")
        .arg(node_folder().join("node_modules/binaryen/bin/wasm-opt"))
        .args(WASM_OPT_FLAGS)
        .arg(bound.join(format!("despoof_{module}_bg.wasm")))
        .arg("--output")
        .arg(path(module)))
}

/// Remembers what a module was made from: wasm-opt takes a minute, and cargo cannot know that it is not needed.
struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    fn new(target: &Path, module: &str, compiled: &[u8]) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(compiled);
        hasher.update(WASM_OPT_FLAGS.concat());
        hasher.update(include_str!("../node/package.json"));
        let digest = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: target.join("xtask").join(format!("{module}.sha256")), digest }
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|digest| digest == self.digest)
    }

    fn write(&self) -> Result<()> {
        fs::write(&self.file, &self.digest)
            .with_context(|| format!("writing {}", self.file.display()))
    }
}

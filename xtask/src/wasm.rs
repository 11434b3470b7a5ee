//! The browser modules: compiled by cargo, bound by wasm-bindgen.
//!
//! Without wasm-opt, which was measured (binaryen 132): `-O3` made `cpu` and `webgpu` 4–7 % larger as
//! transferred, `-O1` less than 1 % smaller, and a check took the same time with either. rustc has
//! optimised them already.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use crate::workspace::{cargo, root, run, target_dir};

const TARGET: &str = "wasm32-unknown-unknown";

/// The modules; each name is also the feature of despoof-wasm that makes it.
pub const MODULES: [&str; 3] = ["cpu", "cpu_relaxed", "webgpu"];

/// Builds all modules into `web/wasm`.
pub fn build_all() -> Result<()> {
    add_target()?;
    // One after the other: all compile to the same file name, and cargo locks the folder anyway.
    for module in MODULES {
        Build { module, features: module, folder: out_folder(module) }.run()?;
    }
    Ok(())
}

/// Builds modules with what only benchmarks need, each into a folder of its name below `folder`.
pub fn build_for_bench(modules: &[&str], folder: &Path) -> Result<()> {
    add_target()?;
    for module in modules {
        Build { module, features: &format!("{module},bench"), folder: folder.join(module) }
            .run()?;
    }
    Ok(())
}

/// A module, and how and where to it is built.
struct Build<'a> {
    module: &'a str,
    features: &'a str,
    folder: PathBuf,
}

/// The finished `.wasm` of a module.
pub fn path(module: &str) -> PathBuf {
    out_folder(module).join(file_name(module))
}

fn file_name(module: &str) -> String {
    format!("despoof_{module}_bg.wasm")
}

fn out_folder(module: &str) -> PathBuf {
    root().join("web/wasm").join(module)
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

impl Build<'_> {
    fn run(&self) -> Result<()> {
        self.build().with_context(|| format!("building the {} module", self.features))
    }

    fn build(&self) -> Result<()> {
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
            self.features,
        ]))?;
        let target = target_dir()?;
        let compiled = fs::read(target.join(TARGET).join("wasm/despoof_wasm.wasm"))
            .context("reading what cargo compiled")?;
        let stamp = Stamp::new(&target, self.features, &compiled);
        if stamp.is_current() && self.path().exists() {
            return Ok(());
        }
        self.bind(compiled)?;
        stamp.write()
    }

    /// The finished `.wasm`.
    fn path(&self) -> PathBuf {
        self.folder.join(file_name(self.module))
    }

    /// Writes the JavaScript, the typings and the wasm they go with.
    fn bind(&self, compiled: Vec<u8>) -> Result<()> {
        Bindgen::new()
            .input_bytes(&format!("despoof_{}", self.module), compiled)
            .web(true)
            .and_then(|bindgen| {
                bindgen
                    .typescript(true)
                    // Names serve only stack traces, and the worker would download them.
                    .remove_name_section(true)
                    .remove_producers_section(true)
                    .generate(&self.folder)
            })
            .map_err(|error| anyhow!("wasm-bindgen: {error:#}"))
    }
}

/// Remembers what a module was bound from: binding the larger one takes many seconds, and cargo cannot know
/// that it is not needed.
struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    fn new(target: &Path, module: &str, compiled: &[u8]) -> Self {
        let digest = Sha256::digest(compiled).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file: target.join("xtask").join(format!("{module}.sha256")), digest }
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|digest| digest == self.digest)
    }

    fn write(&self) -> Result<()> {
        fs::create_dir_all(self.file.parent().expect("the stamp lies in a folder"))
            .and_then(|()| fs::write(&self.file, &self.digest))
            .with_context(|| format!("writing {}", self.file.display()))
    }
}

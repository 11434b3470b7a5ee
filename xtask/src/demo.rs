//! `cargo xtask demo`: from a fresh checkout to the page in a browser.

use std::path::PathBuf;

use anyhow::Result;

use crate::node::{install, npm};
use crate::serve::Site;
use crate::wasm;
use crate::workspace::{self, root};

#[derive(clap::Args)]
pub struct Options {
    /// The port to serve on; 0 takes a free one.
    #[arg(long, default_value_t = 4173)]
    port: u16,
    /// Only builds www/dist, which any static file server can serve.
    #[arg(long)]
    no_serve: bool,
}

/// Builds the page and serves it until the process is stopped.
pub fn run(options: &Options) -> Result<()> {
    build()?;
    if options.no_serve {
        return Ok(());
    }
    let site = Site::start(&site_folder(), options.port)?;
    println!("\ndespoof runs at {}/  (Ctrl-C stops it)", site.url());
    site.wait();
    Ok(())
}

/// The browser modules, the npm packages and the page, in the order they need each other.
pub fn build() -> Result<()> {
    install(root())?;
    wasm::build_all()?;
    workspace::run(&mut npm(&["run", "build"]))
}

/// Where the built page lies.
pub fn site_folder() -> PathBuf {
    root().join("www/dist")
}

//! The browser the tests drive: the system's own Chromium, whose path everything else is told.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::run;

/// Overrides the search, and is how the path reaches the scripts under tests/ and web/.
pub const VARIABLE: &str = "DESPOOF_CHROMIUM";

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PLACES: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/// The path of Chromium, installed on the way where that is possible.
pub fn find_or_install() -> Result<PathBuf> {
    if let Some(path) = find() {
        return Ok(path);
    }
    if can_install() {
        run(Command::new("apt-get").args(["update", "--quiet"]))?;
        run(Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends", "chromium"])
            .env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    match find() {
        Some(path) => Ok(path),
        None => bail!(
            "the browser tests need Chromium or Chrome: install it \
             (Debian: `apt-get install chromium`; elsewhere https://www.google.com/chrome) \
             or set {VARIABLE} to its path"
        ),
    }
}

fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return Some(path.into());
    }
    let in_path = std::env::var_os("PATH").into_iter().flat_map(|path| {
        std::env::split_paths(&path)
            .flat_map(|folder| NAMES.map(|name| folder.join(name)))
            .collect::<Vec<_>>()
    });
    in_path.chain(PLACES.map(PathBuf::from)).find(|path| path.is_file())
}

/// Only on Debian itself: Ubuntu's package of this name is a snap, which does not run in a container.
fn can_install() -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    is_root && Path::new("/etc/debian_version").exists() && !is_ubuntu()
}

fn is_ubuntu() -> bool {
    std::fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("ID=ubuntu"))
}

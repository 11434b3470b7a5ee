//! Node and npm packages.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{root, run};

/// The oldest Node the web packages and their bundler support.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Checks Node's version, so that the user reads this message and not a syntax error of some package.
pub fn require_node() -> Result<()> {
    let (major, minor) = OLDEST_NODE;
    let output = Command::new("node").arg("--version").output().with_context(|| {
        format!("node was not found: install Node.js {major}.{minor} or newer (https://nodejs.org)")
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    if version(&text).is_none_or(|version| version < OLDEST_NODE) {
        bail!("node {} is too old: install Node.js {major}.{minor} or newer", text.trim());
    }
    Ok(())
}

/// Major and minor.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Installs a folder's locked npm packages unless they are there already.
pub fn install(folder: &Path) -> Result<()> {
    require_node()?;
    if is_installed(folder) {
        return Ok(());
    }
    run(npm(&["ci", "--no-audit", "--no-fund"])
        .current_dir(folder)
        // Chromium comes from the system; a second download of it would be 150 MB for nothing.
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
}

/// npm writes `.package-lock.json` last, so an older one means a changed lock file or a broken install.
fn is_installed(folder: &Path) -> bool {
    let modified = |name: &str| fs::metadata(folder.join(name)).and_then(|meta| meta.modified());
    match (modified("node_modules/.package-lock.json"), modified("package-lock.json")) {
        (Ok(installed), Ok(locked)) => installed >= locked,
        _ => false,
    }
}

/// An npm command in the repository's root.
pub fn npm(args: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(args).current_dir(root());
    command
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn reads_versions() {
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(version("nonsense"), None);
    }
}

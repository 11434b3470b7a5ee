//! Which source a result comes from.

use std::process::Command;

/// Git revision of the source folder this program was built from, `-dirty` behind it where files
/// were changed; its version where there is no such folder any more.
pub fn revision() -> String {
    let described = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty", "--abbrev=12"])
        .output();
    match described {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        _ => format!("version {}", env!("CARGO_PKG_VERSION")),
    }
}

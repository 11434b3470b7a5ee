//! Which state of the repository a number comes from.

use std::process::Command;

/// The git revision of the checkout this program was built in, as that checkout is now (a program older
/// than its last commit says the commit's), with `-dirty` where files differ from it; `unknown`
/// outside a checkout.
pub fn revision() -> String {
    let described = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty", "--abbrev=12"])
        .output();
    match described {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        }
        // No git, or an unpacked archive: the run goes on without.
        _ => "unknown".to_owned(),
    }
}

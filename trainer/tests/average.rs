//! `average` on runs of the shipped bundle's AG-Net.

mod scratch;

use std::process::{Command, Output};

use scratch::Scratch;

fn despoof(scratch: &Scratch, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_despoof"));
    command.current_dir(scratch.join("")).args(line.split(' '));
    command.output().expect("it starts")
}

fn succeed(scratch: &Scratch, line: &str) -> String {
    let output = despoof(scratch, line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Digest of a bundle of the run's AG-Net: that of its weights.
fn digest(scratch: &Scratch, agnet: &str) -> String {
    let generator = "--identity runs/identity --autoencoder runs/autoencoder --dfg runs/dfg";
    let said = succeed(scratch, &format!("export {generator} --agnet {agnet} --out bundle"));
    said.rsplit("digest ").next().expect("split gives a part").trim().to_owned()
}

#[test]
fn a_network_is_its_own_mean_and_no_run_is_overwritten() {
    let scratch = Scratch::new("average");
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/web");
    succeed(&scratch, &format!("unpack --bundle {bundle} --out runs"));
    let line = "average --agnet runs/agnet runs/agnet --out mean";
    succeed(&scratch, line);
    assert_eq!(digest(&scratch, "mean"), digest(&scratch, "runs/agnet"));
    let config = std::fs::read_to_string(scratch.join("mean/config.toml")).expect("it is there");
    assert!(config.contains("average_of = ["), "{config}");

    let again = despoof(&scratch, line);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && said.contains("has checkpoints already"), "{said}");
}

//! `average` on runs of the shipped bundle's AG-Net.

mod scratch;

use std::path::Path;
use std::process::{Command, Output};

use scratch::Scratch;

fn despoof(scratch: &Scratch, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_despoof"));
    command.current_dir(scratch.join("")).args(line.split(' '));
    command.output().expect("it starts")
}

fn weights(run: &Path) -> Vec<u8> {
    std::fs::read(run.join("checkpoint-00000000/network.bpk")).expect("the run has a checkpoint")
}

#[test]
fn a_network_is_its_own_mean_and_no_run_is_overwritten() {
    let scratch = Scratch::new("average");
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/web");
    let unpacked = despoof(&scratch, &format!("unpack --bundle {bundle} --out runs"));
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    let line = "average --agnet runs/agnet runs/agnet --out mean";
    let averaged = despoof(&scratch, line);
    assert!(averaged.status.success(), "{}", String::from_utf8_lossy(&averaged.stderr));
    assert!(weights(&scratch.join("mean")) == weights(&scratch.join("runs/agnet")));
    let config = std::fs::read_to_string(scratch.join("mean/config.toml")).expect("it is there");
    assert!(config.contains("average_of = ["), "{config}");

    let again = despoof(&scratch, line);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && said.contains("has checkpoints already"), "{said}");
}

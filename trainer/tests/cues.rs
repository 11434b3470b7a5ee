//! `despoof cues` by two processes: what they join is what one process makes.

mod scratch;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use burn::module::Module;
use burn::tensor::Device;
use despoof_nn::identity::IdentityConfig;
use despoof_nn::presets::Preset;
use image::imageops::crop_imm;

use scratch::Scratch;

const SIDE: u32 = 224;
/// More than a batch, and no whole number of them.
const FACES: u32 = 10;

/// A store of patches of one photo.
fn write_store(folder: &Path) {
    let photo = scratch::astronaut();
    let (mut index, mut aligned) = (String::new(), Vec::new());
    for face in 0..FACES {
        aligned.extend(crop_imm(&photo, face * 20, face * 16, SIDE, SIDE).to_image().into_raw());
        index += &format!(
            "{{\"key\": \"{face}\", \"metadata\": {{\"label\": \"live\"}}, \
             \"landmarks\": [[0,0],[0,0],[0,0],[0,0],[0,0]]}}\n"
        );
    }
    std::fs::create_dir_all(folder).expect("it can be made");
    std::fs::write(folder.join("index.jsonl"), index).expect("it can be written");
    std::fs::write(folder.join("aligned.u8"), aligned).expect("it can be written");
}

/// A run of random weights.
fn write_run(run: &Path, network: impl Module) {
    let checkpoint = run.join("checkpoint-00000000");
    std::fs::create_dir_all(&checkpoint).expect("it can be made");
    network.save_file(checkpoint.join("network.bpk")).expect("it can be written");
    std::fs::write(checkpoint.join("step.json"), r#"{"step":0}"#).expect("it can be written");
}

fn write_runs(scratch: &Scratch) {
    let (preset, device) = (Preset::web(), Device::flex());
    let IdentityConfig::MobileFaceNet(identity) = preset.identity else { panic!("of web") };
    write_run(&scratch.join("identity"), identity.init(&device));
    write_run(&scratch.join("autoencoder"), preset.autoencoder.init(&device));
    write_run(&scratch.join("dfg"), preset.unet.init(&device));
    let scaling = scratch.join("autoencoder/scaling.json");
    std::fs::write(scaling, r#"{"scaling_factor":1.0}"#).expect("it can be written");
}

fn start(scratch: &Scratch, faces: &str, part: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_despoof"));
    command.arg("cues").arg("--faces").arg(scratch.join(faces)).args(["--part", part]);
    for run in ["identity", "autoencoder", "dfg"] {
        command.arg(format!("--{run}")).arg(scratch.join(run));
    }
    let command = command.env("RAYON_NUM_THREADS", "1");
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

/// What the process printed.
fn succeed(process: Child) -> String {
    let output = process.wait_with_output().expect("it is ours");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn two_processes_make_what_one_makes() {
    let scratch = Scratch::new("cues");
    write_runs(&scratch);
    for faces in ["one", "two"] {
        write_store(&scratch.join(faces));
    }
    succeed(start(&scratch, "one", "1/1"));
    let expected = std::fs::read(scratch.join("one/generated.u8")).expect("it was written");
    assert_eq!(expected.len(), (FACES * SIDE * SIDE * 3) as usize);

    // The first part was interrupted in the middle of a face: that batch is made anew.
    let interrupted = scratch.join("two/generated.u8.part-1-of-2");
    std::fs::write(&interrupted, vec![0; (SIDE * SIDE * 3) as usize * 3 / 2]).expect("it can be");
    let parts = ["1/2", "2/2"].map(|part| start(&scratch, "two", part));
    let said = parts.map(succeed).concat();
    assert!(said.contains("generated faces of all 10 faces"), "{said}");
    let joined = std::fs::read(scratch.join("two/generated.u8")).expect("they were joined");
    assert!(joined == expected, "the bytes differ");
    assert!(!interrupted.exists(), "the parts are gone");
    let again = succeed(start(&scratch, "two", "2/2"));
    assert!(again.contains("are there"), "{again}");
}

#[test]
fn a_part_that_is_none_is_refused() {
    let scratch = Scratch::new("cues-part");
    for part in ["0/2", "3/2", "1", "1/0", "a/b"] {
        let output = start(&scratch, "none", part).wait_with_output().expect("it is ours");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains("1/4 to 4/4"), "{part}: {error}");
    }
}

//! `despoof train` killed for real, and resumed: the run that comes out is the one that was never
//! interrupted. What kills: SIGKILL at several points, and a limit on the size of files, which ends
//! the process while it writes a checkpoint, or fails the write as a full disk does.

mod scratch;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use despoof_nn::presets::Preset;
use image::{ImageFormat, RgbImage};

use scratch::Scratch;

const STEPS: usize = 6;
/// In units of 512 bytes: above the run's small files, below a checkpoint's network.
const FILE_LIMIT: usize = 1024;
/// How long a process may take to come to the point where it is killed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A shard of two photos of one face, one for training and one held out.
fn write_shard(path: &Path) {
    let photo = scratch::astronaut();
    let mirrored: RgbImage = image::imageops::flip_horizontal(&photo);
    let mut shard = tar::Builder::new(std::fs::File::create(path).expect("it can be written"));
    for (key, photo, split) in [("a", photo, "train"), ("b", mirrored, "dev")] {
        let mut encoded = Vec::new();
        photo.write_to(&mut Cursor::new(&mut encoded), ImageFormat::Png).expect("it encodes");
        let json = format!(r#"{{"label": "live", "domain": "test", "split": "{split}"}}"#);
        for (name, bytes) in [(format!("{key}.png"), encoded), (format!("{key}.json"), json.into())]
        {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            shard.append_data(&mut header, name, &bytes[..]).expect("it can be written");
        }
    }
    shard.finish().expect("it can be written");
}

/// Two prepared faces.
fn prepared_faces(scratch: &Scratch) -> PathBuf {
    let (shard, faces) = (scratch.join("photos.tar"), scratch.join("faces"));
    write_shard(&shard);
    let mut align = Command::new(env!("CARGO_BIN_EXE_despoof"));
    align.arg("align").arg("--data").arg(shard).arg("--out").arg(&faces);
    succeed(align.env("RAYON_NUM_THREADS", "1").output());
    faces
}

/// `despoof train autoencoder` behind some shell commands.
fn training(before: &str, faces: &Path, run: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{before} exec \"$@\"")).arg("sh");
    command.arg(env!("CARGO_BIN_EXE_despoof")).args(["train", "autoencoder"]);
    command.arg("--faces").arg(faces).arg("--run").arg(run);
    command.args(["--steps", &STEPS.to_string(), "--crop", "8", "--batch", "1", "--warm-up", "1"]);
    command.args(["--checkpoint-every", "2", "--ema", "0.9", "--resume"]);
    command.env("RAYON_NUM_THREADS", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn succeed(output: std::io::Result<Output>) {
    let output = output.expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the process said before it failed.
fn failure(mut command: Command) -> String {
    let output = command.output().expect("it starts");
    assert!(!output.status.success(), "it should have failed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Starts the training and kills it as soon as `is_reached` holds.
fn kill_when(mut command: Command, is_reached: impl Fn() -> bool) {
    let mut process = command.spawn().expect("it starts");
    let started = Instant::now();
    while !is_reached() && started.elapsed() < PATIENCE {
        assert!(process.try_wait().expect("it is ours").is_none(), "it ended before the kill");
        std::thread::sleep(Duration::from_micros(200));
    }
    process.kill().expect("it runs");
    process.wait().expect("it was killed");
    assert!(is_reached(), "it never came to the point of the kill");
}

fn logged_steps(run: &Path) -> usize {
    let log = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap_or_default();
    log.lines().filter(|line| line.contains("\"loss\"")).count()
}

/// Whether a file was cut off at the limit.
fn holds_half_a_file(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).expect("a checkpoint was begun");
    files.flatten().any(|file| file.metadata().is_ok_and(|file| file.len() > 0))
}

fn checkpoint(run: &Path, step: usize) -> PathBuf {
    run.join(format!("checkpoint-{step:08}"))
}

/// Every weight of a checkpoint's file. Not the file's bytes: the names that burn gives parameters in
/// it are random in every process.
fn weights(file: &Path) -> Vec<f32> {
    struct Values(Vec<f32>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().iter::<f32>());
        }
    }
    let mut values = Values(Vec::new());
    Preset::web()
        .autoencoder
        .init(&Device::flex())
        .try_load_file(file)
        .expect("the checkpoint is whole")
        .visit(&mut values);
    values.0
}

#[test]
fn a_killed_run_resumes_to_the_same_weights() {
    let scratch = Scratch::new("killed");
    let faces = prepared_faces(&scratch);
    let (whole, killed) = (scratch.join("whole"), scratch.join("killed"));
    succeed(training("", &faces, &whole).output());

    // Before any checkpoint: the next start begins anew.
    kill_when(training("", &faces, &killed), || logged_steps(&killed) == 1);
    assert!(!checkpoint(&killed, 2).exists());
    // While the first checkpoint is written: the process dies at the limit.
    let output = training(&format!("ulimit -f {FILE_LIMIT};"), &faces, &killed).output();
    assert!(output.expect("it starts").status.code().is_none(), "a signal ended it");
    assert!(holds_half_a_file(&killed.join("checkpoint-unfinished")));
    assert!(!checkpoint(&killed, 2).exists());
    // Behind the first checkpoint, with a step that is lost.
    kill_when(training("", &faces, &killed), || logged_steps(&killed) == 3);
    assert!(checkpoint(&killed, 2).exists());
    // As soon as the second checkpoint is begun, by the clock: during it or a little later.
    kill_when(training("", &faces, &killed), || {
        killed.join("checkpoint-unfinished/optimizer.bpk").exists()
            || checkpoint(&killed, 4).exists()
    });
    succeed(training("", &faces, &killed).output());

    assert_eq!(logged_steps(&killed), STEPS, "every step is logged once");
    for file in ["network.bpk", "average.bpk"] {
        let last = |run| weights(&checkpoint(run, STEPS).join(file));
        let (expected, resumed) = (last(&whole), last(&killed));
        assert!(expected.len() > 100_000, "it is the whole network");
        assert!(
            expected.iter().zip(&resumed).all(|(a, b)| a.to_bits() == b.to_bits())
                && expected.len() == resumed.len(),
            "{file} differs"
        );
    }
}

#[test]
fn what_cannot_be_written_or_read_is_named_and_loses_nothing() {
    let scratch = Scratch::new("unwritable");
    let faces = prepared_faces(&scratch);
    let run = scratch.join("run");

    // A full disk: writing fails, and the run goes on once there is room.
    let full = format!("trap '' XFSZ; ulimit -f {FILE_LIMIT};");
    let error = failure(training(&full, &faces, &run));
    assert!(error.contains("cannot write a checkpoint into") && error.contains("run"), "{error}");
    succeed(training("", &faces, &run).output());

    // A run folder below a file.
    std::fs::write(scratch.join("file"), "").expect("it can be written");
    let error = failure(training("", &faces, &scratch.join("file/run")));
    assert!(error.contains("cannot make") && error.contains("file/run"), "{error}");

    // A checkpoint that is cut off: the one before is named, and serves.
    let file = checkpoint(&run, STEPS).join("network.bpk");
    let expected = weights(&file);
    let bytes = std::fs::read(&file).expect("it was written");
    std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("it can be written");
    let error = failure(training("", &faces, &run));
    assert!(error.contains("checkpoint-00000006 is damaged"), "{error}");
    assert!(error.contains("checkpoint-00000004 is intact"), "{error}");
    std::fs::remove_dir_all(checkpoint(&run, STEPS)).expect("it is there");
    succeed(training("", &faces, &run).output());
    assert_eq!(logged_steps(&run), STEPS);
    assert_eq!(weights(&file), expected, "the lost steps are made again, the same");

    // Checkpoints of another network.
    for step in [STEPS - 2, STEPS] {
        let other = Preset::web().identity.init(&Device::flex());
        other.save_file(checkpoint(&run, step).join("network.bpk")).expect("it can be written");
    }
    let error = failure(training("", &faces, &run));
    assert!(error.contains("checkpoint-00000006 is damaged or of another network"), "{error}");
}

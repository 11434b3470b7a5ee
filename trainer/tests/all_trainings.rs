//! Every training of the generator in its less usual form, on a miniature store, each run read by the
//! next verb: ArcFace, a codebook with an adversary, noise prediction, distillation, then `cues`. And the mean
//! of runs.

mod scratch;

use std::path::Path;
use std::process::Command;

use image::imageops::crop_imm;

use scratch::Scratch;

const SIDE: u32 = 224;
const FACES: u32 = 4;

/// Patches of one photo, each a person's; the first `training` are trained on, the others held out.
fn write_store(folder: &Path, training: u32) {
    let photo = scratch::astronaut();
    let (mut index, mut aligned) = (String::new(), Vec::new());
    for face in 0..FACES {
        aligned.extend(crop_imm(&photo, face * 50, face * 40, SIDE, SIDE).to_image().into_raw());
        let split = if face < training { "train" } else { "dev" };
        index += &format!(
            "{{\"key\": \"{face}\", \"metadata\": {{\"label\": \"live\", \"split\": \"{split}\", \
             \"subject\": \"{face}\"}}, \"landmarks\": [[0,0],[0,0],[0,0],[0,0],[0,0]]}}\n"
        );
    }
    std::fs::create_dir_all(folder).expect("it can be made");
    std::fs::write(folder.join("index.jsonl"), index).expect("it can be written");
    std::fs::write(folder.join("aligned.u8"), aligned).expect("it can be written");
}

fn despoof(scratch: &Scratch, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_despoof"));
    command.current_dir(scratch.join("")).env("RAYON_NUM_THREADS", "1").args(line.split(' '));
    command
}

fn succeed(scratch: &Scratch, line: &str) -> String {
    let output = despoof(scratch, line).output().expect("it starts");
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn fail(scratch: &Scratch, line: &str) -> String {
    let output = despoof(scratch, line).output().expect("it starts");
    assert!(!output.status.success(), "{line} should have failed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Numbers of a run's log by name, in order of steps.
fn logged(scratch: &Scratch, run: &str, name: &str) -> Vec<f64> {
    let log =
        std::fs::read_to_string(scratch.join(run).join("metrics.jsonl")).expect("it is there");
    let lines = log.lines().map(|line| serde_json::from_str(line).expect("it is JSON"));
    lines.filter_map(|line: serde_json::Value| line[name].as_f64()).collect()
}

#[test]
fn each_run_is_read_by_the_next_verb() {
    let scratch = Scratch::new("all-trainings");
    write_store(&scratch.join("faces"), 2);
    succeed(&scratch, "train identity --faces faces --arcface --run identity --steps 2 --batch 2");
    assert!(logged(&scratch, "identity", "loss").iter().all(|loss| *loss > 0.0));

    succeed(
        &scratch,
        "train autoencoder --faces faces --run autoencoder --steps 3 --batch 2 --crop 16 --kind vq \
         --codebook 32 --adversarial-weight 0.1 --adversarial-from 1 --perceptual-weight 0.5",
    );
    for (term, steps) in
        [("codebook", 3), ("commitment", 3), ("perceptual", 3), ("discriminator", 2)]
    {
        assert_eq!(logged(&scratch, "autoencoder", term).len(), steps, "{term}");
    }
    let runs = "--identity identity --autoencoder autoencoder";
    let cache = format!("cache latents --faces faces {runs}");
    succeed(&scratch, &cache);
    let scaling = scratch.join("autoencoder/scaling.json");
    std::fs::write(&scaling, "{\"scaling_factor\":0.5}").expect("it can be written");
    let said = fail(&scratch, &cache);
    assert!(said.contains("latents.f32 was made by other weights"), "{said}");
    std::fs::remove_file(scratch.join("faces/latents.f32")).expect("it is there");
    succeed(&scratch, &cache);
    let kept = std::fs::read_to_string(&scaling).expect("it is there");
    assert!(kept.contains("0.5"), "generators may be trained with it: {kept}");

    succeed(
        &scratch,
        "train dfg --faces faces --autoencoder autoencoder --run dfg --steps 2 --batch 2 \
         --prediction epsilon --min-snr-gamma 5 --flip",
    );
    let distill = "distill --faces faces --autoencoder autoencoder --dfg dfg --run few --batch 2";
    succeed(&scratch, &format!("{distill} --steps 2 --learning-rate 1e-5"));
    let config = std::fs::read_to_string(scratch.join("few/config.toml")).expect("it is there");
    assert!(config.contains("prediction = \"epsilon\""), "{config}");
    assert_eq!(logged(&scratch, "few", "held_out_distance").len(), 1);

    let said = succeed(&scratch, &format!("cues --faces faces {runs} --dfg few"));
    assert!(said.contains("generated faces of all 4 faces"), "{said}");
}

#[test]
fn without_held_out_faces_training_goes_on_and_says_that_nothing_is_measured() {
    let scratch = Scratch::new("none-held-out");
    write_store(&scratch.join("faces"), FACES);
    let train = |line: &str| {
        let output = despoof(&scratch, line).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line}: {said}");
        assert!(said.contains("no face is held out"), "{line}: {said}");
    };
    let short = "--faces faces --steps 1 --batch 2 --warm-up 0";
    train(&format!("train autoencoder {short} --run autoencoder --crop 16"));
    train(&format!("train identity --arcface {short} --run identity"));
    let runs = "--identity identity --autoencoder autoencoder";
    succeed(&scratch, &format!("cache latents --faces faces {runs}"));
    train(&format!("train dfg {short} --autoencoder autoencoder --run dfg"));
    let distill = format!("distill {short} --autoencoder autoencoder --dfg dfg --run few");
    let said = fail(&scratch, &distill);
    assert!(said.contains("none of the cached faces is held out to measure on"), "{said}");
    assert!(logged(&scratch, "dfg", "held_out_loss").is_empty());
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
    let average = "average --agnet runs/agnet runs/agnet --out mean";
    succeed(&scratch, average);
    assert_eq!(digest(&scratch, "mean"), digest(&scratch, "runs/agnet"));
    let said = fail(&scratch, average);
    assert!(said.contains("has checkpoints already"), "{said}");
}

#[test]
fn a_bundle_makes_the_cues_that_its_network_was_trained_on() {
    let scratch = Scratch::new("cues-of-run");
    let bundle = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/web");
    succeed(&scratch, &format!("unpack --bundle {bundle} --out runs"));
    let config = scratch.join("runs/agnet/config.toml");
    let unpacked = std::fs::read_to_string(&config).expect("it is there");
    assert!(unpacked.contains("standardised_cue = false"), "{unpacked}");
    let trained = unpacked.replace("standardised_cue = false", "standardised_cue = true")
        + "noise_seed = 5\n";
    std::fs::write(&config, &trained).expect("it can be written");
    succeed(&scratch, "average --agnet runs/agnet runs/agnet --out mean");
    digest(&scratch, "mean");
    let manifest = std::fs::read_to_string(scratch.join("bundle/manifest.json")).expect("a bundle");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("it is JSON");
    assert_eq!(manifest["preprocessing"]["standardised_cue"], true);
    assert_eq!(manifest["preset"]["sampler"]["seed"], 5);

    let trained = trained.replace("cue = \"dfg\"", "cue = \"memae\"");
    std::fs::write(&config, trained).expect("it can be written");
    let generator = "--identity runs/identity --autoencoder runs/autoencoder --dfg runs/dfg";
    let export = format!("export {generator} --agnet runs/agnet --out other");
    let said = fail(&scratch, &export);
    assert!(said.contains("cues of memae"), "{said}");
    let said = fail(&scratch, "average --agnet mean runs/agnet --out other");
    assert!(said.contains("trained on different cues"), "{said}");
    assert!(!scratch.join("other").exists(), "nothing is made of them");
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let scratch = Scratch::new("no-sense");
    write_store(&scratch.join("faces"), 2);
    let training = "--faces faces --run run --steps 1";
    let identity = fail(&scratch, &format!("train identity {training}"));
    assert!(identity.contains("--teacher"), "{identity}");
    let crop = fail(&scratch, &format!("train autoencoder {training} --crop 12"));
    assert!(crop.contains("multiple of 8"), "{crop}");
    let gamma = format!("train dfg {training} --autoencoder a --min-snr-gamma 0");
    let gamma = fail(&scratch, &gamma);
    assert!(gamma.contains("above 0"), "{gamma}");
    let batch = fail(&scratch, &format!("train agnet {training} --batch 0"));
    assert!(batch.contains("--batch"), "{batch}");
    let alone = fail(&scratch, &format!("train agnet {training} --companion"));
    assert!(alone.contains("--start-from"), "{alone}");
    let start = fail(&scratch, &format!("train agnet {training} --noised-to 1000"));
    assert!(start.contains("--noised-to"), "{start}");
    let wider = vec![0; FACES as usize * 112 * 112 * 3];
    std::fs::write(scratch.join("faces/context.u8"), wider).expect("it can be written");
    let crops = fail(&scratch, "align --data none.tar --teacher --out faces");
    assert!(crops.contains("teacher.u8"), "{crops}");
    let caches = fail(&scratch, &format!("distill {training} --dfg d --autoencoder a"));
    assert!(caches.contains("despoof cache latents"), "{caches}");
}

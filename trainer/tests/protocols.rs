//! The paper's experiments on miniature domains: every source of cues trained and drawn, protocols with
//! variants and strategies, interrupted and continued, and the figure.

mod scratch;

use std::path::Path;
use std::process::Command;

use image::imageops::{crop_imm, thumbnail};
use serde_json::Value;

use scratch::Scratch;

const SIDE: u32 = 224;
const FACES: u32 = 4;
const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/web");

/// Live faces and attacks of `kind`, some of them held out: patches of one photo, attacks inverted.
fn write_store(folder: &Path, kind: &str, offset: u32) {
    let photo = scratch::astronaut();
    let (mut index, mut aligned, mut context) = (String::new(), Vec::new(), Vec::new());
    for face in 0..FACES {
        let mut patch = crop_imm(&photo, offset + face * 30, face * 40, SIDE, SIDE).to_image();
        let label = if face % 2 == 0 { "live" } else { kind };
        if label != "live" {
            image::imageops::invert(&mut patch);
        }
        context.extend(thumbnail(&patch, SIDE / 2, SIDE / 2).into_raw());
        aligned.extend(patch.into_raw());
        let split = if face < 2 { "train" } else { "dev" };
        index += &format!(
            "{{\"key\": \"{face}\", \"metadata\": {{\"label\": \"{label}\", \"split\": \"{split}\", \
             \"subject\": \"{face}\"}}, \"landmarks\": [[0,0],[0,0],[0,0],[0,0],[0,0]]}}\n"
        );
    }
    std::fs::create_dir_all(folder).expect("it can be made");
    std::fs::write(folder.join("index.jsonl"), index).expect("it can be written");
    std::fs::write(folder.join("aligned.u8"), aligned).expect("it can be written");
    std::fs::write(folder.join("context.u8"), context).expect("it can be written");
}

fn despoof(scratch: &Scratch, line: &str) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_despoof"));
    command.current_dir(scratch.join("")).env("RAYON_NUM_THREADS", "1").args(line.split(' '));
    command.output().expect("it starts")
}

fn succeed(scratch: &Scratch, line: &str) -> String {
    let output = despoof(scratch, line);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json(scratch: &Scratch, line: &str) -> Value {
    serde_json::from_str(&succeed(scratch, line)).expect("one JSON object")
}

fn three_domains(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    for (domain, kind, offset) in [("a", "print", 0), ("b", "replay", 40), ("c", "mask", 80)] {
        write_store(&scratch.join(domain), kind, offset);
    }
    scratch
}

#[test]
fn every_source_is_trained_drawn_and_shown() {
    let scratch = three_domains("cue-sources");
    for source in ["memae", "deep-svdd", "anoddpm"] {
        let training = format!("train cue --source {source} --faces a --run {source}");
        succeed(&scratch, &format!("{training} --steps 2 --batch 2"));
        let steps = if source == "anoddpm" { " --sampler-steps 2" } else { "" };
        succeed(&scratch, &format!("cues --faces a --cue {source} --{source} {source}{steps}"));
    }
    for plane in ["generated-memae.u8", "generated-deep-svdd.u8", "generated-anoddpm-steps-2.u8"] {
        let bytes = std::fs::metadata(scratch.join("a").join(plane)).expect(plane).len();
        assert_eq!(bytes, u64::from(FACES * SIDE * SIDE * 3), "{plane}");
    }
    let refused = despoof(&scratch, "cues --faces b --cue memae");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--memae"));

    let figure = format!(
        "report figure3 --faces a b c --cues dfg,memae,deep-svdd,anoddpm@2 --bundle {BUNDLE} \
         --memae memae --deep-svdd deep-svdd --anoddpm anoddpm"
    );
    for out in ["once", "again"] {
        succeed(&scratch, &format!("{figure} --out {out}"));
    }
    let picture =
        |out: &str| image::open(scratch.join(out).join("figure3.png")).expect("a picture");
    // Live, mask, print, replay; input and two pictures for each of four sources.
    assert_eq!((picture("once").width(), picture("once").height()), (9 * SIDE, 4 * SIDE));
    assert!(picture("once") == picture("again"), "the same seed draws the same figure");
}

#[test]
fn one_domain_left_out_is_printed_as_the_paper_has_it() {
    let scratch = three_domains("leave-one-out");
    let line = format!(
        "protocol leave-one-out --domains a=a,b=b,c=c --bundle {BUNDLE} --steps 2 --batch 2 \
         --checkpoint-every 1 --resamples 20 --out out --strategy ssdg --json"
    );
    let printed = json(&scratch, &format!("{line} --seed 3"));
    let rows = printed["rows"].as_array().expect("rows");
    let targets: Vec<&str> = rows.iter().filter_map(|row| row["target"].as_str()).collect();
    assert_eq!(targets, ["a", "b", "c"]);
    for row in rows {
        let numbers =
            [&row["auc"], &row["oracle"]["hter"], &row["honest"]["hter"]].map(Value::as_f64);
        assert!(numbers.iter().all(|it| it.is_some_and(|it| (0.0..=100.0).contains(&it))), "{row}");
        assert!(row["honest"]["threshold"].is_f64());
        assert_eq!(row["counts"]["live"], 2);
    }
    assert_eq!(rows[2]["attacks"]["mask"]["unseen"], true);
    assert_eq!(printed["seed"], 3);
    assert_eq!(printed["config"]["strategy"], "ssdg");
    assert!(printed["mean"]["oracle"]["hter"].is_f64() && printed["revision"].is_string());

    // Killed behind the last checkpoint, before it was scored; then all of it again with another seed.
    let runs = std::fs::read_dir(scratch.join("out")).expect("runs");
    let run = runs
        .filter_map(|run| Some(run.ok()?.path()))
        .find(|run| run.to_string_lossy().contains("without-b"))
        .expect("a run");
    std::fs::remove_dir_all(run.join("scores/step-000002")).expect("it was written");
    let log = run.join("metrics.jsonl");
    let logged = std::fs::read_to_string(&log).expect("it was written");
    let kept = logged.trim_end().rsplit_once('\n').expect("the measurement is the last line").0;
    std::fs::write(&log, format!("{kept}\n")).expect("it can be written");
    let again = json(&scratch, &format!("{line} --seed 3,4"));
    assert!(run.join("scores/step-000002").exists(), "the checkpoint is scored again");
    for (row, before) in again["rows"].as_array().expect("rows").iter().zip(rows) {
        assert_eq!(row["seeds"][0], before["seeds"][0]);
        assert!(row["intervals"]["auc"].is_array(), "two seeds have an interval");
    }
    assert_eq!(again["seed"], serde_json::json!([3, 4]));
}

#[test]
fn variants_families_and_many_targets() {
    let scratch = three_domains("variants");
    write_store(&scratch.join("more"), "print", 20);
    let common = format!("--bundle {BUNDLE} --steps 1 --batch 4 --resamples 0 --out out --json");
    for options in [
        "--variant only-image --strategy sa-fas",
        "--variant only-residual --strategy ssan",
        "--variant dual-branch --extra-real more",
    ] {
        let printed = json(
            &scratch,
            &format!("protocol many-targets --domains a=a,b=b,c=c --sources a {common} {options}"),
        );
        let rows = printed["rows"].as_array().expect("rows");
        assert_eq!((rows.len(), &rows[0]["target"]), (2, &Value::from("b")));
        assert_eq!(rows[1]["attacks"]["mask"]["unseen"], true, "{options}");
    }
    let line = "protocol leave-one-out --domains a=a,b=b,c=c --held-out-family print";
    let printed = json(&scratch, &format!("{line} {common}"));
    let rows = printed["rows"].as_array().expect("rows");
    assert_eq!(rows[0]["attacks"]["print"]["unseen"], true);
    assert!(rows[1]["auc"].is_null(), "b has no print to be tested with");
}

#[test]
fn smaller_networks_stand_beside_the_whole_one() {
    let scratch = three_domains("sizes");
    let line = format!(
        "protocol leave-one-out --domains a=a,b=b --bundle {BUNDLE} --steps 1 --batch 2 --resamples 0 \
         --out out --json --cue dfg-noised-input --noised-to 201 --sampler-steps 1"
    );
    let small = "--shrink 2 --layers 1 --width 96 --face-only";
    for (file, sizes) in [("small.json", small), ("whole.json", "--shrink 1 --layers 1")] {
        let printed = succeed(&scratch, &format!("{line} {sizes}"));
        std::fs::write(scratch.join(file), printed).expect("it can be written");
    }
    let results = "small=small.json,whole=whole.json";
    let drawn =
        json(&scratch, &format!("report trade-off --results {results} --chart c.svg --json"));
    let rows = drawn["rows"].as_array().expect("rows");
    assert_eq!((&rows[0]["name"], &rows[1]["name"]), (&"small".into(), &"whole".into()));
    let cost = |row: &Value| row["multiply_accumulates"].as_u64().expect("a number");
    // Face, cue and what is around them are most of what AG-Net costs; the generator is neither's.
    assert!(cost(&rows[1]) - cost(&rows[0]) > 600_000_000, "{rows:?}");
    let chart = std::fs::read_to_string(scratch.join("c.svg")).expect("it was drawn");
    assert!(chart.contains(">small</text>") && chart.contains(">whole</text>"));

    let refused = despoof(&scratch, &format!("{line} --width 100"));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("3 heads cannot share a width of 100")
    );
    let refused = despoof(&scratch, "report trade-off --results a/index.jsonl");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("write NAME=FILE"));
    let refused = despoof(&scratch, "report trade-off --results a=a/index.jsonl");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is nothing that `protocol"));
}

#[test]
fn noise_is_measured_on_a_bundle() {
    let scratch = three_domains("noise");
    let line = format!("report noise --faces a --bundle {BUNDLE} --count 2 --repeats 2 --json");
    let printed = json(&scratch, &format!("{line} --cues dfg-noise@1 --noise-samples 1,2"));
    let rows = printed["rows"].as_array().expect("rows");
    assert_eq!(rows[1]["cue"], "dfg-noise-steps-1-mean-of-2");
    assert!(
        rows.iter().all(|row| row["deviation"].as_f64().is_some_and(|it| it > 0.0)),
        "{rows:?}"
    );
    let refused = despoof(&scratch, &format!("{line} --cues memae"));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("memae is no start"));
}

/// Where every generated face is the face itself, no cue says anything.
#[test]
fn reports_on_cues_see_that_there_is_none() {
    let scratch = three_domains("cue-reports");
    let refused = despoof(&scratch, "report residual --faces a");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("despoof cache generated"));
    std::fs::copy(scratch.join("a/aligned.u8"), scratch.join("a/generated.u8")).expect("copied");

    let residual = json(&scratch, "report residual --faces a --json");
    let rows = residual["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "live faces and one instrument");
    assert!(rows.iter().all(|row| row["energy"] == 0.0), "{rows:?}");
    assert_eq!((&rows[1]["auc"], &rows[1]["above"]), (&50.0.into(), &0.0.into()));

    let line = format!("report cue-use --faces a --bundle {BUNDLE} --count 4 --json");
    let used = json(&scratch, &line);
    let rows = used["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_eq!((&row["change"], &row["auc"]), (&0.0.into(), &rows[0]["auc"]), "{row}");
    }
}

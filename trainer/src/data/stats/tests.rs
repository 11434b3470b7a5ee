//! Statistics of a shard made for the purpose.

use image::codecs::jpeg::JpegEncoder;

use super::*;
use crate::data::scratch::Scratch;

/// Live photos are large, bright and fine, replays small, dark and coarse; all of one person.
fn shard(folder: &Path) -> PathBuf {
    let path = folder.join("made.tar");
    let mut archive = tar::Builder::new(std::fs::File::create(&path).expect("file"));
    let mut add = |name: String, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, name, bytes).expect("it is written");
    };
    for number in 0..24_u32 {
        let live = number % 2 == 0;
        let side = if live { 100 } else { 60 } + number;
        let grey = if live { 180 } else { 60 } + number as u8;
        let image = RgbImage::from_fn(side, side, |x, y| {
            image::Rgb([grey + (x * 7 % 5) as u8, grey, grey + (y * 3 % 7) as u8])
        });
        let mut bytes = Vec::new();
        let quality = if live { 95 } else { 60 };
        image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).expect("jpeg");
        let label = if live { "live" } else { "replay" };
        let box_ = [side as f32 * 0.25, 0.0, side as f32 * 0.75, side as f32];
        let json = serde_json::json!({
            "domain": "made<b>", "label": label, "subject": "anna", "face": box_,
        });
        add(format!("{number}.jpg"), if number == 23 { b"broken" } else { &bytes });
        add(format!("{number}.json"), json.to_string().as_bytes());
    }
    archive.into_inner().expect("it is closed");
    path
}

#[test]
fn short_cuts_are_named_and_broken_photos_counted() {
    let scratch = Scratch::new("stats");
    let statistics = Statistics::of_shards(&[shard(scratch.path())], None).expect("statistics");
    let statements = statistics.statements().join("\n");
    for word in ["face_side", "brightness", "jpeg_quality", "show one person, anna"] {
        assert!(statements.contains(word), "{word}: {statements}");
    }
    let (counts, unreadable) = statistics.counts();
    assert_eq!(counts.map(|(_, photos)| photos).collect::<Vec<_>>(), [12, 11]);
    assert_eq!(unreadable, 1);

    let out = scratch.path().join("out");
    statistics.write(&out).expect("it is written");
    let page = std::fs::read_to_string(out.join("report.html")).expect("page");
    assert!(page.contains("made&lt;b&gt;") && !page.contains("made<b>"));
    assert!(page.contains("faces-001.png") && out.join("faces-001.png").exists());
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("stats.json")).unwrap()).unwrap();
    assert_eq!(summary["classes"][0]["photos"], 12);
}

#[test]
fn a_limit_takes_as_many_of_each_class() {
    let scratch = Scratch::new("stats-limit");
    let statistics = Statistics::of_shards(&[shard(scratch.path())], Some(3)).expect("statistics");
    let (counts, unreadable) = statistics.counts();
    let counts: Vec<usize> = counts.map(|(_, photos)| photos).collect();
    assert_eq!(counts.iter().sum::<usize>() + unreadable, 6, "{counts:?}");
}

#[test]
fn no_shard_is_an_error_that_names_the_path() {
    let error = Statistics::of_shards(&["/nowhere.tar".into()], None).expect_err("an error");
    assert!(error.to_string().contains("/nowhere.tar"), "{error}");
}

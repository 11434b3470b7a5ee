//! Preparation of generated sets, with the browser's detector on a public-domain portrait.

use std::path::PathBuf;

use image::{RgbImage, imageops};

use super::settings::{Form, Splits};
use super::*;
use crate::data::layouts::{self, Request};
use crate::data::scratch::Scratch;
use crate::data::shard::for_each_photo;
use crate::pretrained;

const PORTRAIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/photos/astronaut.png");

fn settings() -> Settings {
    Settings {
        layout: "folder".into(),
        domain: Some("made".into()),
        protocol: None,
        splits: Splits::Given,
        allow_overlap: false,
        form: Form::Crop,
        context: 2.2,
        face_side: Some(64),
        smallest_face: 32,
        jpeg_quality: 80,
        frames: 3,
        shard_photos: 2,
        turn: false,
        limit: None,
    }
}

fn portrait() -> RgbImage {
    let photo = image::open(PORTRAIT).expect("the portrait is there").into_rgb8();
    imageops::crop_imm(&photo, 100, 0, 256, 256).to_image()
}

/// Two persons in two classes, a photo without a face, one cut off, one that is no photo.
fn photo_tree(root: &Path) {
    let save = |file: &str, photo: &RgbImage| {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folder");
        photo.save(path).expect("it is written");
    };
    save("train/live/anna/1.png", &portrait());
    save("train/print/anna/1.jpg", &portrait());
    save("test/live/ben/1.jpg", &portrait());
    save("test/print/ben/1.png", &portrait());
    save("train/live/anna/grey.png", &RgbImage::new(80, 80));
    let whole = std::fs::read(root.join("train/print/anna/1.jpg")).expect("it is there");
    std::fs::write(root.join("train/print/anna/cut.jpg"), &whole[..whole.len() / 2]).expect("file");
    std::fs::write(root.join("train/print/anna/text.jpg"), "no photo").expect("file");
    std::fs::write(root.join("train/print/anna/empty.jpg"), "").expect("file");
}

fn plan(root: &Path, settings: &Settings) -> Result<Plan> {
    let request = Request {
        root,
        domain: settings.domain.as_deref(),
        protocol: settings.protocol.as_deref(),
    };
    Plan::new(layouts::by_name(&settings.layout)?.read(&request)?, settings)
}

fn tools(ffmpeg: Option<Ffmpeg>) -> Tools {
    Tools { detector: pretrained::detector().expect("its weights are in the repository"), ffmpeg }
}

#[test]
fn a_tree_becomes_shards_and_a_manifest_and_is_not_made_twice() {
    let scratch = Scratch::new("prepare");
    let (root, out) = (scratch.path().join("set"), scratch.path().join("out"));
    photo_tree(&root);
    let (settings, tools) = (settings(), tools(None));
    let plan = plan(&root, &settings).expect("it is planned");
    let manifest = prepare(&out, &plan, &settings, &tools).expect("it is prepared");
    assert_eq!(manifest.photos, 4);
    assert_eq!(manifest.domains["made"]["live"], 2);
    assert_eq!(manifest.subjects["made"]["made-anna"]["print"], 1);
    let reasons: Vec<&str> = manifest.rejected_by_reason.keys().map(String::as_str).collect();
    assert_eq!(
        reasons,
        [
            "no face found",
            "the file is cut off",
            "the file is empty",
            "the file is no PNG, JPEG, GIF or WebP picture"
        ]
    );
    let test_shard = out.join("made-test-0000.tar");
    let mut seen = 0;
    for_each_photo(&test_shard, |photo| {
        seen += 1;
        let [left, top, right, bottom] = photo.metadata.face.expect("a box");
        let side = ((right - left) * (bottom - top)).sqrt();
        assert!((side - 64.0).abs() < 1.5, "{side}");
        assert_eq!(photo.metadata.split.as_deref(), Some("test"));
        // What was prepared is found again by what reads shards.
        let hint = photo.metadata.face;
        crate::data::found_face::face_in_photo(&tools.detector, &photo.bytes, hint).expect("face");
        Ok(())
    })
    .expect("the shard is read");
    assert_eq!(seen, 2);

    // As if it had been interrupted in the other split: the finished shard stays as it is.
    let first = std::fs::read(out.join("made-train-0000.tar")).expect("shard");
    std::fs::remove_file(out.join("made-train-0000.tar")).expect("it is removed");
    let made_at = std::fs::metadata(&test_shard).unwrap().modified().unwrap();
    assert_eq!(finished_shards(&out, &plan).unwrap(), plan.shards.len() - 1);
    prepare(&out, &plan, &settings, &tools).expect("it goes on");
    assert_eq!(std::fs::metadata(&test_shard).unwrap().modified().unwrap(), made_at);
    assert_eq!(std::fs::read(out.join("made-train-0000.tar")).unwrap(), first);

    // Other settings do not mix with it.
    let other = Settings { jpeg_quality: 50, ..settings };
    let error = prepare(&out, &plan, &other, &tools).expect_err("it is refused").to_string();
    assert!(error.contains("other settings"), "{error}");
}

#[test]
fn persons_on_both_sides_are_refused_by_name() {
    let scratch = Scratch::new("overlap");
    photo_tree(scratch.path());
    let both = scratch.path().join("test/live/anna");
    std::fs::create_dir_all(&both).unwrap();
    portrait().save(both.join("2.png")).unwrap();
    let error = plan(scratch.path(), &settings()).expect_err("it is refused").to_string();
    assert!(error.contains("made-anna") && error.contains("--splits by-subject"), "{error}");
    let allowed = Settings { allow_overlap: true, ..settings() };
    let plan_ = plan(scratch.path(), &allowed).expect("it is allowed");
    assert!(plan_.warnings.iter().any(|warning| warning.contains("made-anna")));
    let anew = Settings { splits: Splits::BySubject, ..settings() };
    assert!(plan(scratch.path(), &anew).is_ok());
}

#[test]
fn empty_classes_and_lonely_persons_are_warned_of() {
    let scratch = Scratch::new("lonely");
    let folder = scratch.path().join("live/anna");
    std::fs::create_dir_all(&folder).unwrap();
    portrait().save(folder.join("1.png")).unwrap();
    let warnings = plan(scratch.path(), &settings()).expect("it is planned").warnings.join("\n");
    assert!(warnings.contains("one person") && warnings.contains("no attacks"), "{warnings}");
}

#[test]
fn a_photo_upside_down_is_turned_and_its_crop_is_aligned() {
    let settings = Settings { form: Form::Aligned, ..settings() };
    let metadata = crate::data::metadata::PhotoMetadata {
        label: "live".into(),
        domain: "made".into(),
        subject: None,
        video: None,
        recording: None,
        face: None,
        split: None,
        attack: None,
        group: Default::default(),
    };
    let turned = imageops::rotate180(&portrait());
    let tools = tools(None);
    let prepare = |settings: &Settings| {
        face_picture::face_picture(turned.clone(), None, &metadata, settings, &tools.detector)
    };
    assert!(prepare(&settings).is_err(), "a face upside down is no face unless it is turned");
    let picture = prepare(&Settings { turn: true, ..settings }).expect("the face is found");
    assert_eq!(picture.metadata.rotated, 180);
    // Least squares: what is aligned already would not be moved, scaled or turned again.
    let landmarks = picture.metadata.landmarks;
    let template = despoof::align::Template::PIPELINE.landmarks(224.0);
    let again = despoof::align::similarity_from_points(&landmarks, &template);
    for point in landmarks {
        let [x, y] = again.apply(point);
        assert!((x - point[0]).hypot(y - point[1]) < 0.1, "{point:?} goes to {x}, {y}");
    }
    assert_eq!(photo_size(&picture.jpeg), (224, 224));
}

fn photo_size(jpeg: &[u8]) -> (u32, u32) {
    image::load_from_memory(jpeg).expect("it decodes").into_rgb8().dimensions()
}

/// A stand-in for ffmpeg: counts seven frames, gives as many portraits as are asked for, fails on
/// files called `broken`.
fn fake_ffmpeg(folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let png = folder.join("frame.png");
    portrait().save(&png).expect("it is written");
    let program = folder.join("fake-ffmpeg");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n*-version*) echo fake; exit 0;;\n*broken*) echo 'moov atom not found' >&2; exit 1;;\n*-progress*) echo frame=7; exit 0;;\n*short*) cat {0}; exit 0;;\n*) cat {0} {0} {0};;\nesac\n",
        png.display()
    );
    std::fs::write(&program, script).expect("it is written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("mode");
    program
}

#[test]
fn videos_give_frames_and_broken_ones_a_reason() {
    let scratch = Scratch::new("videos");
    let (root, out) = (scratch.path().join("set"), scratch.path().join("out"));
    for file in ["live/anna/a.mp4", "replay/ben/broken.mov", "replay/ben/short.avi"] {
        std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        std::fs::write(root.join(file), "not looked at").unwrap();
    }
    let settings = Settings { shard_photos: 100, ..settings() };
    let plan = plan(&root, &settings).expect("it is planned");
    assert_eq!(plan.videos(), 3);
    let program = fake_ffmpeg(scratch.path());
    let ffmpeg = Ffmpeg::new(&program).expect("it runs");
    let manifest = prepare(&out, &plan, &settings, &tools(Some(ffmpeg))).expect("it is prepared");
    assert_eq!(manifest.domains["made"]["live"], 3);
    assert_eq!(manifest.domains["made"]["replay"], 1);
    let reasons: Vec<&str> =
        manifest.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert!(reasons.contains(&"ffmpeg: moov atom not found"), "{reasons:?}");
    assert!(reasons.contains(&"only 1 of 3 frames can be decoded"), "{reasons:?}");
}

#[test]
fn a_missing_ffmpeg_and_a_folder_that_cannot_be_written_are_clear_errors() {
    let error = Ffmpeg::new(Path::new("/nowhere/ffmpeg")).expect_err("it is missing").to_string();
    assert!(error.contains("/nowhere/ffmpeg") && error.contains("install it"), "{error}");
    let scratch = Scratch::new("unwritable");
    photo_tree(&scratch.path().join("set"));
    let plan = plan(&scratch.path().join("set"), &settings()).expect("it is planned");
    let file = scratch.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let error = prepare(&file.join("out"), &plan, &settings(), &tools(None));
    let error = format!("{:#}", error.expect_err("it is refused"));
    assert!(error.contains("cannot make the folder") && error.contains("a-file"), "{error}");
}

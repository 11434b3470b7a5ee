//! Each layout on a miniature tree of generated files.

use std::path::{Path, PathBuf};

use super::*;
use crate::data::scratch::Scratch;

/// A folder with these files, each with a few bytes in it.
fn tree(name: &str, files: &[&str]) -> Scratch {
    let scratch = Scratch::new(name);
    for file in files {
        write(scratch.path(), file, "bytes");
    }
    scratch
}

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("folder");
    std::fs::write(path, text).expect("file");
}

/// `file: label/attack subject split` a line, sorted.
fn described(layout: &str, root: &Path, protocol: Option<&str>) -> Vec<String> {
    let layout = by_name(layout).expect("the layout exists");
    let listing = layout.read(&Request { root, domain: None, protocol }).expect("it is read");
    let mut lines: Vec<String> = listing.items.iter().map(line).collect();
    lines.sort();
    lines
}

fn line(item: &Item) -> String {
    let metadata = &item.metadata;
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{}: {}/{} {} {}",
        item.file,
        metadata.label,
        or_none(&metadata.attack),
        or_none(&metadata.subject),
        or_none(&metadata.split)
    )
}

#[test]
fn oulu_npu() {
    let root = tree(
        "oulu",
        &[
            "Train_files/1_1_01_1.avi",
            "Train_files/1_1_01_1.txt",
            "Train_files/2_3_20_2.avi",
            "Dev_files/6_2_21_5.avi",
            "Test_files/4_1_36_4.avi",
        ],
    );
    assert_eq!(
        described("oulu-npu", root.path(), None),
        [
            "Dev_files/6_2_21_5.avi: replay/display-2 oulu-npu-21 dev",
            "Test_files/4_1_36_4.avi: replay/display-1 oulu-npu-36 test",
            "Train_files/1_1_01_1.avi: live/- oulu-npu-01 train",
            "Train_files/2_3_20_2.avi: print/printer-1 oulu-npu-20 train",
        ]
    );
    write(root.path(), "Protocols/Protocol_3/Train_1.txt", "+1,1_1_01_1\r\n");
    write(root.path(), "Protocols/Protocol_3/Dev_1.txt", "-2,6_2_21_5\n");
    write(root.path(), "Protocols/Protocol_3/Test_1.txt", "");
    assert_eq!(described("oulu-npu", root.path(), Some("3_1")).len(), 2);
    let wrong = Request { root: root.path(), domain: None, protocol: Some("9") };
    assert!(by_name("oulu-npu").unwrap().read(&wrong).is_err());
}

#[test]
fn casia_fasd() {
    let root = tree(
        "casia",
        &[
            "train_release/1/1.avi",
            "train_release/1/HR_2.avi",
            "test_release/1/6.avi",
            "test_release/1/HR_4.avi",
        ],
    );
    assert_eq!(
        described("casia-fasd", root.path(), None),
        [
            "test_release/1/6.avi: print/cut-photo casia-fasd-test-1 test",
            "test_release/1/HR_4.avi: replay/tablet-video casia-fasd-test-1 test",
            "train_release/1/1.avi: live/- casia-fasd-train-1 train",
            "train_release/1/HR_2.avi: print/warped-photo casia-fasd-train-1 train",
        ]
    );
}

#[test]
fn replay_attack() {
    let root = tree(
        "replay",
        &[
            "train/real/client001_session01_webcam_authenticate_adverse_1.mov",
            "devel/attack/fixed/attack_print_client003_session01_highdef_photo_adverse.mov",
            "test/attack/hand/attack_mobile_client009_session01_mobile_video_controlled.mov",
            "enroll/train/client001_session01_webcam_enroll_adverse_1.mov",
        ],
    );
    assert_eq!(
        described("replay-attack", root.path(), None),
        [
            "devel/attack/fixed/attack_print_client003_session01_highdef_photo_adverse.mov: print/print-photo replay-attack-003 dev",
            "test/attack/hand/attack_mobile_client009_session01_mobile_video_controlled.mov: replay/mobile-video replay-attack-009 test",
            "train/real/client001_session01_webcam_authenticate_adverse_1.mov: live/- replay-attack-001 train",
        ]
    );
}

#[test]
fn msu_mfsd() {
    let root = tree(
        "msu",
        &[
            "scene01/real/real_client001_android_SD_scene01.mp4",
            "scene01/real/real_client001_android_SD_scene01.face",
            "scene01/attack/attack_client002_laptop_SD_ipad_video_scene01.mov",
            "scene01/attack/attack_client002_android_SD_printed_photo_scene01.mp4",
            "scene01/attack/attack_client077_android_SD_printed_photo_scene01.mp4",
        ],
    );
    write(root.path(), "train_sub_list.txt", "02\n");
    write(root.path(), "test_sub_list.txt", "01\n");
    assert_eq!(
        described("msu-mfsd", root.path(), None),
        [
            "scene01/attack/attack_client002_android_SD_printed_photo_scene01.mp4: print/printed-photo msu-mfsd-002 train",
            "scene01/attack/attack_client002_laptop_SD_ipad_video_scene01.mov: replay/ipad-video msu-mfsd-002 train",
            "scene01/real/real_client001_android_SD_scene01.mp4: live/- msu-mfsd-001 test",
        ]
    );
}

#[test]
fn celeba_spoof() {
    let files = ["Data/train/7/live/1.jpg", "Data/train/7/spoof/2.png", "Data/test/9/spoof/3.png"];
    let root = tree("celeba", &files);
    write(root.path(), "Data/train/7/live/1_BB.txt", "56 28 112 140 0.99\n");
    let annotations = |kind: i64| {
        let mut annotations = vec![0; 44];
        annotations[SPOOF_TYPE_OF_TESTS] = kind;
        annotations
    };
    let train = serde_json::json!({
        files[0]: annotations(0), files[1]: annotations(3), "Data/train/8/live/gone.jpg": annotations(0),
    });
    write(root.path(), "metas/intra_test/train_label.json", &train.to_string());
    let test = serde_json::json!({ files[2]: annotations(9), "Data/test/9/spoof/4.png": [1, 2] });
    write(root.path(), "metas/intra_test/test_label.json", &test.to_string());
    assert_eq!(
        described("celeba-spoof", root.path(), None),
        [
            "Data/test/9/spoof/3.png: replay/phone celeba-spoof-9 test",
            "Data/train/7/live/1.jpg: live/- celeba-spoof-7 train",
            "Data/train/7/spoof/2.png: print/a4 celeba-spoof-7 train",
        ]
    );
    let request = Request { root: root.path(), domain: None, protocol: None };
    let listing = by_name("celeba-spoof").unwrap().read(&request).unwrap();
    assert_eq!(listing.skipped.len(), 2, "{:?}", listing.skipped);
    let live = listing.items.iter().find(|item| item.metadata.is_live()).unwrap();
    let face = scaled_box(live.box_file.as_deref().unwrap(), 448, 224);
    assert_eq!(face, Some([112.0, 28.0, 336.0, 168.0]));
}

/// The published place of the spoof type, written down a second time on purpose.
const SPOOF_TYPE_OF_TESTS: usize = 40;

#[test]
fn hkbu_mars() {
    let root = tree(
        "hkbu",
        &["HKBU_MARs_V2/real/01_C920/a.avi", "HKBU_MARs_V2/attack/02_M510/b.avi", "s3/04_1.avi"],
    );
    assert_eq!(
        described("hkbu-mars", root.path(), None),
        [
            "HKBU_MARs_V2/attack/02_M510/b.avi: mask/3d hkbu-mars-02 -",
            "HKBU_MARs_V2/real/01_C920/a.avi: live/- hkbu-mars-01 -",
            "s3/04_1.avi: mask/3d hkbu-mars-04 -",
        ]
    );
}

#[test]
fn wffd() {
    let root = tree(
        "wffd",
        &[
            "Protocol3/Train/real/12.jpg",
            "Protocol3/Test/wax_12.jpg",
            "Protocol1/Train/real/12.jpg",
            "Wax/Test/08/0001.jpg",
        ],
    );
    assert_eq!(
        described("wffd", root.path(), None),
        [
            "Protocol3/Test/wax_12.jpg: wax/wax-figure - test",
            "Protocol3/Train/real/12.jpg: live/- - train",
            "Wax/Test/08/0001.jpg: wax/wax-figure wffd-wax-test-08 test",
        ]
    );
}

#[test]
fn rose_youtu() {
    let root = tree("rose", &["2/G_NT_5s_g_E_2_1.mp4", "2/Vm_T_HW_wg_E_2_140.mp4", "2/other.mp4"]);
    assert_eq!(
        described("rose-youtu", root.path(), None),
        [
            "2/G_NT_5s_g_E_2_1.mp4: live/- rose-youtu-2 -",
            "2/Vm_T_HW_wg_E_2_140.mp4: replay/mac rose-youtu-2 -",
        ]
    );
}

#[test]
fn siw() {
    let root = tree(
        "siw",
        &[
            "Train/live/003/003-1-1-1-1.mov",
            "Test/spoof/005/005-1-3-2-1.mov",
            "Train/live/003/a.face",
        ],
    );
    assert_eq!(
        described("siw", root.path(), None),
        [
            "Test/spoof/005/005-1-3-2-1.mov: replay/replay-2 siw-005 test",
            "Train/live/003/003-1-1-1-1.mov: live/- siw-003 train",
        ]
    );
}

#[test]
fn nuaa() {
    let root = tree(
        "nuaa",
        &["raw/ClientRaw/0001/0001_00_00_01_0.jpg", "raw/ImposterRaw/0002/0002_00_00_01_3.jpg"],
    );
    write(
        root.path(),
        "raw/client_train_raw.txt",
        "0001\\0001_00_00_01_0.jpg\r\n0001\\gone.jpg\r\n",
    );
    write(root.path(), "raw/imposter_train_raw.txt", "");
    write(root.path(), "raw/client_test_raw.txt", "");
    write(root.path(), "raw/imposter_test_raw.txt", "0002\\0002_00_00_01_3.jpg\n");
    assert_eq!(
        described("nuaa", root.path(), None),
        [
            "ClientRaw/0001/0001_00_00_01_0.jpg: live/- nuaa-0001 train",
            "ImposterRaw/0002/0002_00_00_01_3.jpg: print/printed-photo nuaa-0002 test",
        ]
    );
}

#[test]
fn folder() {
    let root = tree(
        "folder",
        &["real/anna/1.jpg", "val/Print/ben/2.png", "replay/3.mp4", "lost.jpg", "live/readme.txt"],
    );
    let lines = described("folder", root.path(), None);
    let domain = root.path().file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(
        lines,
        [
            format!("real/anna/1.jpg: live/- {domain}-anna -"),
            "replay/3.mp4: replay/- - -".to_owned(),
            format!("val/Print/ben/2.png: print/- {domain}-ben dev"),
        ]
    );
}

#[test]
fn a_wrong_root_is_told_what_was_expected() {
    let root = tree("wrong", &["a/b/c.jpg", "notes.txt"]);
    for layout in LAYOUTS.iter().filter(|layout| layout.name() != "folder") {
        for root in [root.path().to_owned(), PathBuf::from("/nowhere")] {
            let request = Request { root: &root, domain: None, protocol: None };
            let error = layout.read(&request).expect_err(layout.name()).to_string();
            assert!(error.contains("Expected:\n"), "{}: {error}", layout.name());
            assert!(error.contains(root.to_str().unwrap()), "{}: {error}", layout.name());
        }
    }
    assert!(by_name("lfw").err().unwrap().to_string().contains("casia-fasd"));
}

//! The detector against facenet-pytorch, and photos that are no portraits.

mod close;
mod golden;

use burn::tensor::Device;
use close::assert_close;
use despoof::detect::{DetectError, Detector, DetectorConfig, Face};
use despoof::photo;
use despoof::weights::tensors_from_safetensors;
use image::{Rgb, RgbImage, imageops};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Pixels; facenet-pytorch differs from itself by 4e-5 in double precision.
const TOLERANCE: f32 = 0.01;

#[test]
fn a_face_is_where_facenet_pytorch_finds_it() {
    assert_agrees(&astronaut(), "photo");
}

#[test]
fn a_face_at_the_border_is_where_facenet_pytorch_finds_it() {
    let photo = imageops::crop_imm(&astronaut(), 190, 70, 250, 250).to_image();
    assert_agrees(&photo, "border");
}

#[test]
fn two_faces_are_where_facenet_pytorch_finds_them() {
    let astronaut = astronaut();
    let mut pair = RgbImage::new(512, 256);
    for (x, y, pixel) in pair.enumerate_pixels_mut() {
        let (x, y) = if x < 256 { (2 * x, 2 * y) } else { (x - 256 + 120, y + 40) };
        *pixel = *astronaut.get_pixel(x, y);
    }
    assert_agrees(&pair, "pair");
}

#[test]
fn the_products_settings_find_the_same_face_in_a_large_photo() {
    let photo = imageops::resize(&astronaut(), 1536, 1536, imageops::FilterType::Triangle);
    let faces = detect(&photo, DetectorConfig::default()).expect("detection");
    let expected: Vec<f32> = golden::values("mtcnn", "photo.landmarks");
    assert_eq!(faces.len(), 1);
    for (ours, expected) in faces[0].landmarks.iter().flatten().zip(&expected) {
        assert!((ours - 3.0 * expected).abs() < 8.0, "{ours} is far from {}", 3.0 * expected);
    }
    assert_eq!(faces[0].inside(1536, 1536), 1.0);
}

#[test]
fn a_face_cut_by_the_border_says_so() {
    let photo = imageops::crop_imm(&astronaut(), 180, 0, 332, 512).to_image();
    let faces = detect(&photo, DetectorConfig::default()).expect("detection");
    let inside = faces.first().expect("a face").inside(332, 512);
    assert!((0.7..0.95).contains(&inside), "{inside}");
}

/// The border is put around the reduced photo: a resampling later, the same picture.
#[test]
fn a_border_around_a_large_photo_finds_what_the_photo_with_a_border_does() {
    let face = imageops::crop_imm(&astronaut(), 175, 65, 95, 110).to_image();
    let photo = imageops::resize(&face, 950, 1100, imageops::FilterType::Triangle);
    let border = 385;
    let mut bordered = RgbImage::new(950 + 2 * border, 1100 + 2 * border);
    imageops::replace(&mut bordered, &photo, border.into(), border.into());

    let without = DetectorConfig { border: 0.0, ..DetectorConfig::default() };
    let first = detect(&photo, without.clone()).expect("detection");
    assert!(first.iter().all(|face| face.inside(950, 1100) < 0.6), "it needs no border: {first:?}");
    let ours = detect(&photo, DetectorConfig::default()).expect("detection");
    let expected = detect(&bordered, without).expect("detection");
    assert_eq!((ours.len(), expected.len()), (1, 1));
    let pairs = ours[0].landmarks.iter().flatten().zip(expected[0].landmarks.iter().flatten());
    let worst = pairs.map(|(ours, there)| (ours + border as f32 - there).abs()).fold(0.0, f32::max);
    // Two pixels of what is searched, of which each is 2.9 of the photo.
    assert!(worst < 5.8, "{worst} pixels apart");
}

#[test]
fn a_photo_without_a_face_has_none() {
    for (width, height) in [(640, 480), (11, 11), (3000, 4), (1, 1), (0, 0)] {
        let grey = RgbImage::from_pixel(width, height, Rgb([128; 3]));
        assert_eq!(detect(&grey, DetectorConfig::default()).expect("detection"), []);
    }
}

#[test]
fn noise_does_not_overwhelm() {
    let mut random = StdRng::seed_from_u64(1);
    let noise = RgbImage::from_fn(640, 640, |_, _| Rgb(random.random()));
    let config = DetectorConfig { thresholds: [0.0, 0.0, 1.0], ..DetectorConfig::default() };
    assert_eq!(detect(&noise, config).expect("detection"), []);
}

#[test]
fn settings_outside_their_range_are_refused() {
    let usual = DetectorConfig::default;
    let refused = [
        DetectorConfig { longest_side: Some(0), ..usual() },
        DetectorConfig { minimum_face: 0.0, ..usual() },
        DetectorConfig { minimum_face_share: f32::NAN, ..usual() },
        DetectorConfig { thresholds: [0.6, 0.7, 1.5], ..usual() },
        DetectorConfig { pyramid_factor: 1.0, ..usual() },
    ];
    for config in refused {
        let error = detect(&RgbImage::new(64, 64), config).expect_err("a wrong setting");
        assert!(matches!(error, DetectError::Config(_)));
    }
}

fn astronaut() -> RgbImage {
    let bytes = std::fs::read(golden::repository("tests/photos/astronaut.png")).expect("a photo");
    photo::decode(&bytes).expect("a PNG")
}

fn detect(photo: &RgbImage, config: DetectorConfig) -> Result<Vec<Face>, DetectError> {
    let path = golden::repository("models/pretrained/mtcnn.safetensors");
    let tensors = tensors_from_safetensors(&std::fs::read(path).expect("weights"));
    let tensors = tensors.expect("a safetensors file");
    let detector = Detector::from_tensors(&tensors, config, &Device::flex()).expect("MTCNN");
    pollster::block_on(detector.detect(photo))
}

fn assert_agrees(photo: &RgbImage, name: &str) {
    let faces = detect(photo, DetectorConfig::facenet()).expect("detection");
    let boxes: Vec<f32> = faces.iter().flat_map(|face| face.box_).collect();
    let landmarks: Vec<f32> = faces.iter().flat_map(|face| face.landmarks).flatten().collect();
    let probability: Vec<f32> = faces.iter().map(|face| face.probability).collect();
    assert_close(&boxes, &golden::values("mtcnn", &format!("{name}.boxes")), TOLERANCE);
    assert_close(&landmarks, &golden::values("mtcnn", &format!("{name}.landmarks")), TOLERANCE);
    assert_close(&probability, &golden::values("mtcnn", &format!("{name}.probability")), 1e-4);
}

//! Temporary timing.
use despoof::align::*; use despoof::detect::*; use burn::tensor::Device; use std::time::Instant;
#[test]
fn time() {
    let root = std::path::Path::new("/work/main");
    let t = despoof::weights::tensors_from_safetensors(&std::fs::read(root.join("models/pretrained/mtcnn.safetensors")).unwrap()).unwrap();
    let d = Detector::from_tensors(&t, DetectorConfig::default(), &Device::flex()).unwrap();
    let a = despoof::photo::decode(&std::fs::read(root.join("tests/photos/astronaut.png")).unwrap()).unwrap();
    let face = image::imageops::crop_imm(&a, 80, 20, 384, 216).to_image();
    let frame = image::imageops::resize(&face, 1280, 720, image::imageops::FilterType::Triangle);
    for _ in 0..5 {
        let s = Instant::now(); let f = pollster::block_on(d.detect(&frame)).unwrap(); let e = s.elapsed();
        println!("detect {:?} faces {} {:?} inside {}", e, f.len(), f.first().map(|f| (f.box_, f.probability)), f[0].inside(1280,720));
        let (_, m) = despoof_nn::cost::multiply_accumulates(|| pollster::block_on(d.detect(&frame)).unwrap());
        println!("MMAC {}", m / 1_000_000);
        let s = Instant::now(); let c = aligned_from_photo(&frame, &f[0].landmarks, &Template::PIPELINE, 224); println!("align 224 {:?} {}", s.elapsed(), c.width());
    }
    let mut noise = image::RgbImage::new(640, 640); let mut x = 1u32;
    for p in noise.pixels_mut() { x = x.wrapping_mul(1664525).wrapping_add(1013904223); *p = image::Rgb([(x>>24) as u8, (x>>16) as u8, (x>>8) as u8]); }
    let worst = DetectorConfig { thresholds: [0.0, 0.0, 0.7], ..DetectorConfig::default() };
    let dw = Detector::from_tensors(&t, worst, &Device::flex()).unwrap();
    let s = Instant::now(); let f = pollster::block_on(dw.detect(&noise)).unwrap(); println!("worst case {:?} {}", s.elapsed(), f.len());
    let s = Instant::now(); let f = pollster::block_on(d.detect(&noise)).unwrap(); println!("noise {:?} {}", s.elapsed(), f.len());
}

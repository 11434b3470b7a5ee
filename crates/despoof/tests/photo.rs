//! Photos as users hand them over: good, odd, broken and hostile.

use std::io::Cursor;
use std::path::Path;

use despoof::photo::{PhotoError, decode};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, ExtendedColorType, Frame, ImageBuffer, ImageEncoder, ImageFormat, Luma, LumaA,
    Rgb, RgbImage, Rgba, RgbaImage,
};

const RED: Rgb<u8> = Rgb([200, 30, 30]);
const BLUE: Rgb<u8> = Rgb([30, 30, 200]);

#[test]
fn every_format_decodes_to_the_same_photo() {
    let photo = two_halves();
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Jpeg] {
        let decoded = decode(&encoded(photo.clone(), format)).expect("a photo");
        assert_two_halves(&decoded);
    }
}

#[test]
fn what_is_no_photo_is_refused_with_a_code() {
    assert_eq!(code_of(b""), "photo_empty");
    assert_eq!(code_of(b"a text that calls itself photo.png"), "photo_format_unknown");
    assert_eq!(code_of(b"\xFF"), "photo_format_unknown");
    assert_eq!(code_of(b"BM a bitmap, a format that is not read"), "photo_format_unknown");
    assert_eq!(code_of(b"\x89PNG\r\n\x1a\n"), "photo_truncated");
    assert_eq!(code_of(b"\x89PNG\r\n\x1a\nand then nonsense, not a chunk"), "photo_unreadable");
}

#[test]
fn a_single_pixel_is_too_small() {
    let dot = encoded(RgbImage::new(1, 1), ImageFormat::Png);
    assert_eq!(decode(&dot), Err(PhotoError::TooSmall { width: 1, height: 1 }));
    assert_eq!(code_of(&encoded(RgbImage::new(31, 500), ImageFormat::Png)), "photo_too_small");
    assert!(decode(&encoded(RgbImage::new(32, 32), ImageFormat::Png)).is_ok());
}

#[test]
fn huge_photos_are_refused_by_their_header() {
    let refused = |width, height| {
        let expected = Err(PhotoError::TooLarge { width, height });
        assert_eq!(decode(&png_of_size(width, height)), expected);
    };
    refused(20_000, 20_000);
    refused(10_001, 100);
    refused(7_100, 7_100);
    assert_eq!(code_of(&png_of_size(0x7FFF_FFFF, 0x7FFF_FFFF)), "photo_too_large");
    assert_ne!(code_of(&png_of_size(10_000, 5_000)), "photo_too_large");
}

#[test]
fn a_huge_jpeg_is_refused_by_its_header() {
    let mut bytes = encoded(two_halves(), ImageFormat::Jpeg);
    let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame header");
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x4E, 0x20, 0x4E, 0x20]);
    assert_eq!(decode(&bytes), Err(PhotoError::TooLarge { width: 20_000, height: 20_000 }));
}

#[test]
fn a_photo_cut_off_anywhere_is_an_error() {
    let progressive = bad_input("progressive.jpg");
    let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP];
    let photos = formats.map(|format| encoded(two_halves(), format));
    for whole in photos.iter().chain([&progressive]) {
        assert!(decode(whole).is_ok());
        for length in (0..whole.len() - 16).step_by(7) {
            let error = decode(&whole[..length]).expect_err("half a photo");
            assert!(!error.code().is_empty() && !error.to_string().is_empty());
        }
    }
    for whole in [&photos[0], &photos[1], &progressive] {
        assert_eq!(code_of(&whole[..whole.len() * 3 / 4]), "photo_truncated");
    }
}

/// Motion photos are a JPEG with a film behind it, whose bytes may look like anything.
#[test]
fn what_follows_a_jpeg_is_not_looked_at() {
    let thumbnailed = jpeg_with_thumbnail();
    for whole in
        [encoded(two_halves(), ImageFormat::Jpeg), bad_input("progressive.jpg"), thumbnailed]
    {
        for tail in [b"\xFF\xDA".as_slice(), b"\0\0\0\x18ftypmp42\xFF\xDA\0\0", &whole] {
            assert_two_halves(&decode(&[&whole, tail].concat()).expect("a photo"));
        }
        let cut = &whole[..whole.len() - 2];
        assert_eq!(code_of(cut), "photo_truncated");
        assert_eq!(code_of(&[cut, b"\xFF\xDA"].concat()), "photo_truncated");
    }
}

/// The end of the thumbnail is not that of the photo.
#[test]
fn a_jpeg_cut_off_behind_its_thumbnail_is_an_error() {
    let whole = jpeg_with_thumbnail();
    assert_eq!(code_of(&whole[..whole.len() * 3 / 4]), "photo_truncated");
}

#[test]
fn flipped_bits_never_panic() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = encoded(two_halves(), format);
        for position in 0..whole.len() {
            let mut broken = whole.clone();
            broken[position] ^= 0x5A;
            // Either outcome is right: many bytes are pixels or comments.
            let _ = decode(&broken);
        }
    }
}

#[test]
fn sixteen_bit_grey_becomes_rgb() {
    let grey = ImageBuffer::from_pixel(40, 40, Luma([0x8000u16]));
    let decoded = decode(&encoded(grey, ImageFormat::Png)).expect("a photo");
    assert_eq!(decoded.get_pixel(20, 20), &Rgb([128; 3]));
}

#[test]
fn transparency_is_laid_over_white() {
    let clear = RgbaImage::from_pixel(40, 40, Rgba([200, 0, 0, 0]));
    let decoded = decode(&encoded(clear, ImageFormat::Png)).expect("a photo");
    assert_eq!(decoded.get_pixel(0, 0), &Rgb([255; 3]));
    let half = ImageBuffer::from_pixel(40, 40, LumaA([0u8, 128]));
    let decoded = decode(&encoded(half, ImageFormat::Png)).expect("a photo");
    assert_eq!(decoded.get_pixel(0, 0), &Rgb([127; 3]));
}

#[test]
fn exif_orientation_is_applied() {
    // 6: the first row of the file is the right side of the scene.
    let upright = decode(&jpeg_with_orientation(6)).expect("a photo");
    assert_eq!(upright.dimensions(), (48, 64));
    assert_near(&upright, (24, 10), RED);
    assert_near(&upright, (24, 54), BLUE);
    let turned = decode(&jpeg_with_orientation(3)).expect("a photo");
    assert_near(&turned, (10, 24), BLUE);
    let nonsense = decode(&jpeg_with_orientation(99)).expect("a photo");
    assert_eq!(nonsense.dimensions(), (64, 48));
}

#[test]
fn cmyk_and_progressive_jpegs_decode() {
    assert_two_halves(&decode(&bad_input("cmyk.jpg")).expect("a photo"));
    assert_two_halves(&decode(&bad_input("progressive.jpg")).expect("a photo"));
}

#[test]
fn an_animation_gives_its_first_frame() {
    assert_two_halves(&decode(&bad_input("animated.webp")).expect("a photo"));
    assert_two_halves(&decode(&bad_input("animated.png")).expect("a photo"));
    assert_two_halves(&decode(&animated_gif()).expect("a photo"));
}

fn two_halves() -> RgbImage {
    RgbImage::from_fn(64, 48, |x, _| if x < 32 { RED } else { BLUE })
}

fn assert_two_halves(photo: &RgbImage) {
    assert_eq!(photo.dimensions(), (64, 48));
    assert_near(photo, (10, 24), RED);
    assert_near(photo, (54, 24), BLUE);
}

fn assert_near(photo: &RgbImage, (x, y): (u32, u32), expected: Rgb<u8>) {
    let pixel = photo.get_pixel(x, y);
    let worst = pixel.0.iter().zip(expected.0).map(|(a, b)| a.abs_diff(b)).max();
    assert!(worst <= Some(6), "{pixel:?} at {x}, {y} is not {expected:?}");
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).expect("an encoder");
    bytes.into_inner()
}

fn code_of(bytes: &[u8]) -> &'static str {
    decode(bytes).expect_err("no photo").code()
}

fn bad_input(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bad-input");
    std::fs::read(folder.join(name)).expect("a test photo")
}

/// A PNG whose header claims a size that its data does not have.
fn png_of_size(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = encoded(RgbImage::new(32, 32), ImageFormat::Png);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// The checksum of PNG chunks.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

fn jpeg_with_orientation(orientation: u8) -> Vec<u8> {
    // Little-endian TIFF with one entry: tag 0x0112, one 16-bit value.
    let exif = [
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
        &[orientation, 0, 0, 0],
        &[0; 4],
    ];
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder.set_exif_metadata(exif.concat()).expect("metadata");
    encoder.write_image(&two_halves(), 64, 48, ExtendedColorType::Rgb8).expect("an encoder");
    bytes
}

/// A JPEG with another one in its metadata.
fn jpeg_with_thumbnail() -> Vec<u8> {
    let whole = encoded(two_halves(), ImageFormat::Jpeg);
    let length = (whole.len() as u16 + 2).to_be_bytes();
    [&whole[..2], &[0xFF, 0xE5], &length, &whole, &whole[2..]].concat()
}

fn animated_gif() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    let second = RgbaImage::from_pixel(64, 48, Rgba([0, 255, 0, 255]));
    for frame in [DynamicImage::from(two_halves()).into_rgba8(), second] {
        encoder.encode_frame(Frame::new(frame)).expect("an encoder");
    }
    drop(encoder);
    bytes
}

//! Alignment: agreement with scikit-image, and faces that lie badly.

mod golden;

use despoof::align::{
    Landmarks, Similarity, Template, aligned_from_photo, share_inside, similarity_from_points,
};
use despoof::photo;
use image::{Rgb, RgbImage, imageops};

#[test]
fn similarities_agree_with_scikit_image() {
    let template = landmarks(&golden::values("similarity", "template"));
    let points: Vec<f32> = golden::values("similarity", "points");
    let matrices: Vec<f32> = golden::values("similarity", "matrices");
    for (points, matrix) in points.chunks(10).zip(matrices.chunks(6)) {
        assert_matrix(similarity_from_points(&landmarks(points), &template), matrix);
    }
}

#[test]
fn the_pipelines_template_is_the_goldens() {
    let expected = landmarks(&golden::values("similarity", "template"));
    for (ours, expected) in Template::PIPELINE.landmarks(224.0).iter().zip(expected) {
        assert!(distance(*ours, expected) < 1e-4);
    }
}

#[test]
fn an_aligned_face_agrees_with_scikit_image() {
    let points = landmarks(&golden::values("similarity", "photo.landmarks"));
    let expected: Vec<u8> = golden::values("similarity", "photo.crop");
    let crop = aligned_from_photo(&astronaut(), &points, &Template::PIPELINE, 224);
    let differences = crop.as_raw().iter().zip(&expected).map(|(a, b)| a.abs_diff(*b));
    assert!(differences.max() <= Some(1), "one level, from rounding");
}

/// The wider crop is the aligned one seen from twice as far.
#[test]
fn the_wider_crop_has_the_aligned_face_in_its_middle() {
    let points = landmarks(&golden::values("similarity", "photo.landmarks"));
    let photo = astronaut();
    let wide = aligned_from_photo(&photo, &points, &Template::CONTEXT, 112);
    let middle = imageops::crop_imm(&wide, 28, 28, 56, 56).to_image();
    let face = aligned_from_photo(&photo, &points, &Template::PIPELINE, 56);
    let differences = middle.as_raw().iter().zip(face.as_raw()).map(|(a, b)| a.abs_diff(*b));
    assert!(differences.max() <= Some(1), "one level, from rounding");
}

#[test]
fn an_inverse_leads_back() {
    let points = [[10.0, 20.0], [60.0, 25.0], [30.0, 50.0], [15.0, 70.0], [55.0, 72.0]];
    let similarity = similarity_from_points(&points, &Template::ARCFACE.landmarks(112.0));
    for point in points {
        assert!(distance(similarity.inverse().apply(similarity.apply(point)), point) < 1e-3);
    }
    assert!((similarity.scale() * similarity.inverse().scale() - 1.0).abs() < 1e-5);
}

#[test]
fn points_without_extent_give_a_shift() {
    let target = Template::PIPELINE.landmarks(100.0);
    for value in [7.0, f32::NAN, f32::INFINITY] {
        let similarity = similarity_from_points(&[[value; 2]; 5], &target);
        assert_eq!(similarity.scale(), 1.0);
        let crop =
            aligned_from_photo(&striped(40, 40, 4), &[[value; 2]; 5], &Template::PIPELINE, 16);
        assert_eq!(crop.dimensions(), (16, 16));
    }
}

#[test]
fn beyond_the_border_the_photos_edge_is_repeated() {
    let photo = RgbImage::from_pixel(50, 50, Rgb([9, 8, 7]));
    let points = Template::PIPELINE.landmarks(60.0).map(|[x, y]| [x - 30.0, y - 30.0]);
    let crop = aligned_from_photo(&photo, &points, &Template::PIPELINE, 60);
    assert!(crop.pixels().all(|pixel| pixel == &Rgb([9, 8, 7])));
    let share = share_inside(&points, &Template::PIPELINE, 50, 50);
    assert!((share - 0.25).abs() < 0.01, "{share}");
}

#[test]
fn the_share_inside_is_exact_for_a_turned_square() {
    // Turned by 45°, the square of side 100 around the corner of a large photo: a quarter.
    let turn = |[x, y]: [f32; 2]| {
        let (x, y, half) = (x - 50.0, y - 50.0, 0.5f32.sqrt());
        [half * (x - y), half * (x + y)]
    };
    let points = Template::PIPELINE.landmarks(100.0).map(turn);
    let share = share_inside(&points, &Template::PIPELINE, 10_000, 10_000);
    assert!((share - 0.25).abs() < 1e-3, "{share}");
    assert_eq!(share_inside(&[[-900.0, 5.0]; 5], &Template::PIPELINE, 10, 10), 0.0);
}

#[test]
fn fine_texture_is_averaged_when_a_face_is_reduced() {
    let photo = striped(800, 800, 1);
    let points = Template::PIPELINE.landmarks(799.0);
    let crop = aligned_from_photo(&photo, &points, &Template::PIPELINE, 100);
    // Half of the outermost crop pixels' area is the repeated border.
    let within = crop.enumerate_pixels().filter(|(x, _, _)| (1..99).contains(x));
    let worst = within.map(|(_, _, pixel)| pixel.0[0].abs_diff(128)).max();
    assert!(worst <= Some(4), "moiré of {worst:?} levels");
}

#[test]
fn an_empty_photo_gives_a_black_crop() {
    let points = Template::PIPELINE.landmarks(10.0);
    let crop = aligned_from_photo(&RgbImage::new(0, 5), &points, &Template::PIPELINE, 8);
    assert!(crop.pixels().all(|pixel| pixel == &Rgb([0, 0, 0])));
    assert_eq!(share_inside(&points, &Template::PIPELINE, 0, 5), 0.0);
}

/// Vertical black and white stripes.
fn striped(width: u32, height: u32, stripe: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        Rgb([if (x / stripe).is_multiple_of(2) { 0 } else { 255 }; 3])
    })
}

fn astronaut() -> RgbImage {
    let bytes = std::fs::read(golden::repository("tests/photos/astronaut.png")).expect("a photo");
    photo::decode(&bytes).expect("a PNG")
}

fn landmarks(values: &[f32]) -> Landmarks {
    std::array::from_fn(|point| [values[2 * point], values[2 * point + 1]])
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// `expected`: the upper two rows of the homogeneous matrix, as scikit-image writes them.
fn assert_matrix(similarity: Similarity, expected: &[f32]) {
    let shift = similarity.apply([0.0, 0.0]);
    let column = |unit| std::array::from_fn(|row| similarity.apply(unit)[row] - shift[row]);
    let columns: [[f32; 2]; 3] = [column([1.0, 0.0]), column([0.0, 1.0]), shift];
    let ours = [0, 1].into_iter().flat_map(|row| columns.map(|column| column[row]));
    for (ours, expected) in ours.zip(expected) {
        let tolerance = 1e-4 * expected.abs().max(1.0);
        assert!((ours - expected).abs() <= tolerance, "{ours} is not {expected}");
    }
}

//! The simulator as its users see it.

use despoof_simulate::{
    Edge, Medium, Parameters, Simulated, Species, Subject, recapture_live, rendered, simulate,
};
use image::{Rgb, RgbImage};

/// A smooth portrait-like picture: a bright oval on a coloured gradient.
fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let oval = ((u - 0.5) / 0.25).powi(2) + ((v - 0.5) / 0.35).powi(2);
        if oval < 1.0 {
            Rgb([205, 160, 135])
        } else {
            Rgb([(60.0 + 90.0 * u) as u8, 90, (70.0 + 80.0 * v) as u8])
        }
    })
}

/// The same with a dark dot of that radius, in pixels.
fn dotted(width: u32, height: u32, [x, y]: [f32; 2], radius: f32) -> RgbImage {
    let mut picture = photo(width, height);
    for (column, row, pixel) in picture.enumerate_pixels_mut() {
        if (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y) < radius {
            *pixel = Rgb([15, 15, 20]);
        }
    }
    picture
}

fn difference(a: &Rgb<u8>, b: &Rgb<u8>) -> f32 {
    (0..3).map(|c| f32::from(a[c].abs_diff(b[c]))).sum()
}

/// How much darker `b` is than `a` around every pixel, over 7×7 pixels: noise does not matter.
fn darkening(a: &RgbImage, b: &RgbImage) -> Vec<f32> {
    let (width, height) = a.dimensions();
    let grey = |pixel: &Rgb<u8>| pixel.0.map(f32::from).iter().sum::<f32>();
    let single: Vec<f32> = a.pixels().zip(b.pixels()).map(|(a, b)| grey(a) - grey(b)).collect();
    let around = |index: u32| {
        let (x, y) = (index % width, index / width);
        let (mut sum, mut count) = (0.0, 0.0);
        for row in y.saturating_sub(3)..(y + 4).min(height) {
            for column in x.saturating_sub(3)..(x + 4).min(width) {
                sum += single[(row * width + column) as usize];
                count += 1.0;
            }
        }
        sum / count
    };
    (0..width * height).map(around).collect()
}

/// Where `b` has a dark dot that `a` has not, within 30 pixels of `near`: the centre of all that is
/// darker by half as much as any pixel is; none if it hardly shows. Farther off, a mirrored scene
/// behind the medium may show the dot again.
fn dot_centre(a: &RgbImage, b: &RgbImage, near: [f32; 2]) -> Option<[f32; 2]> {
    let place = |index: usize| {
        let index = index as u32;
        [(index % a.width()) as f32 + 0.5, (index / a.width()) as f32 + 0.5]
    };
    let darker: Vec<([f32; 2], f32)> = darkening(a, b)
        .into_iter()
        .enumerate()
        .map(|(index, weight)| (place(index), weight))
        .filter(|([x, y], _)| (x - near[0]).hypot(y - near[1]) < 30.0)
        .collect();
    let most = darker.iter().fold(0.0f32, |most, (_, weight)| most.max(*weight));
    if most < 60.0 {
        return None;
    }
    let (mut sum, mut centre) = (0.0, [0.0; 2]);
    for ([x, y], weight) in darker {
        if weight > most / 2.0 {
            sum += weight;
            centre[0] += weight * x;
            centre[1] += weight * y;
        }
    }
    Some(centre.map(|total| total / sum))
}

/// Checks that a dot drawn into the photo is found where the transform says, for many seeds.
fn follows_the_dot(name: &str, picture: impl Fn(&RgbImage, u64) -> Simulated) {
    let (width, height) = (180, 220);
    let mut found = 0;
    for seed in 0..24 {
        let dot = [70.0 + (seed % 5) as f32 * 10.0, 80.0 + (seed % 7) as f32 * 10.0];
        let without = picture(&photo(width, height), seed);
        let with = picture(&dotted(width, height, dot, 9.0), seed);
        let [x, y] = with.transform.apply(dot);
        let Some([seen_x, seen_y]) = dot_centre(&without.image, &with.image, [x, y]) else {
            continue;
        };
        let error = (seen_x - x).hypot(seen_y - y);
        assert!(error < 2.5, "{name} {seed}: at {seen_x} {seen_y}, not {x} {y}");
        found += 1;
    }
    assert!(found >= 16, "{name}: only {found} dots were seen");
}

#[test]
fn landmarks_follow_every_attack() {
    for species in Species::all() {
        follows_the_dot(species.name(), |photo, seed| simulate(photo, species, seed));
    }
}

#[test]
fn landmarks_follow_a_live_recapture() {
    follows_the_dot("live", recapture_live);
}

#[test]
fn transforms_lead_back() {
    let live = photo(160, 120);
    for seed in 0..10 {
        for species in Species::all() {
            let transform = simulate(&live, species, seed).transform;
            for point in [[80.0, 60.0], [50.0, 40.0], [120.0, 90.0]] {
                let back = transform.invert(transform.apply(point));
                let [x, y] = back.expect("what is in sight can be traced back");
                assert!((x - point[0]).hypot(y - point[1]) < 0.1);
            }
        }
    }
}

#[test]
fn a_seed_gives_the_same_picture_and_another_seed_another() {
    let live = photo(96, 80);
    for species in Species::all() {
        let [one, again, other] = [3, 3, 4].map(|seed| simulate(&live, species, seed));
        assert_eq!(one, again);
        assert_ne!(one.image, other.image);
        assert_ne!(one.parameters, other.parameters);
    }
    let [one, again, other] = [3, 3, 4].map(|seed| recapture_live(&live, seed));
    assert_eq!(one, again);
    assert_ne!(one.image, other.image);
}

#[test]
fn every_species_changes_the_picture_beyond_what_the_camera_does() {
    let live = photo(128, 128);
    let mut pictures: Vec<RgbImage> =
        Species::all().map(|species| simulate(&live, species, 7).image).into();
    pictures.push(recapture_live(&live, 7).image);
    pictures.push(live);
    for (index, one) in pictures.iter().enumerate() {
        for other in &pictures[..index] {
            let sum: f32 = one.pixels().zip(other.pixels()).map(|(a, b)| difference(a, b)).sum();
            assert!(sum / (128.0 * 128.0) > 1.0, "{index}");
        }
    }
}

#[test]
fn attack_and_live_recapture_of_a_seed_share_their_camera() {
    let live = photo(64, 64);
    for seed in 0..8 {
        let camera = recapture_live(&live, seed).parameters.camera;
        for species in Species::all() {
            assert_eq!(simulate(&live, species, seed).parameters.camera, camera);
        }
    }
}

#[test]
fn any_size_is_kept() {
    for (width, height) in [(1, 1), (2, 3), (32, 32), (33, 57), (101, 40), (320, 240)] {
        let live = photo(width, height);
        for seed in 0..6 {
            for species in Species::all() {
                let image = simulate(&live, species, seed).image;
                assert_eq!(image.dimensions(), (width, height));
            }
            let image = recapture_live(&live, seed).image;
            assert_eq!(image.dimensions(), (width, height));
        }
    }
}

#[test]
fn large_photos_work() {
    let live = photo(1280, 1279);
    for species in [Species::PrintBent, Species::ScreenPhone] {
        assert_eq!(simulate(&live, species, 1).image.dimensions(), (1280, 1279));
    }
}

#[test]
fn written_parameters_give_the_same_picture() {
    let live = photo(90, 90);
    for species in Species::all() {
        let simulated = simulate(&live, species, 11);
        let json = serde_json::to_string(&simulated.parameters).unwrap();
        let read: Parameters = serde_json::from_str(&json).unwrap();
        assert_eq!(rendered(&live, read), simulated);
    }
}

#[test]
fn parameters_tell_what_was_presented() {
    let live = photo(64, 64);
    let mut cut_edges = 0;
    for seed in 0..20 {
        for species in Species::all() {
            let parameters = simulate(&live, species, seed).parameters;
            let bent = parameters.framing.bend.is_some();
            assert_eq!(bent, species == Species::PrintBent);
            let edge = parameters.framing.edge;
            if species == Species::PrintCut {
                assert_ne!(edge, Edge::Hidden);
                cut_edges += usize::from(matches!(edge, Edge::Cutout { .. }));
            }
            assert!(
                matches!(parameters.subject, Subject::Attack { species: s, .. } if s == species)
            );
        }
        assert_eq!(recapture_live(&live, seed).parameters.subject, Subject::Live);
    }
    assert!((1..20).contains(&cut_edges));
}

#[test]
fn overexposed_displays_burn_out() {
    let live = photo(96, 96);
    let drawn = simulate(&live, Species::ScreenPhone, 5).parameters;
    let brightness = |stops: f32| {
        let mut parameters = drawn.clone();
        parameters.camera.levels = 0.0;
        let Subject::Attack { medium: Medium::Screen(screen), .. } = &mut parameters.subject else {
            panic!("a replay is shown by a screen");
        };
        screen.overexposure = stops;
        let picture = rendered(&live, parameters).image;
        picture.iter().map(|&byte| f64::from(byte)).sum::<f64>() / picture.len() as f64
    };
    let [right, over, far_over] = [0.0, 1.0, 2.5].map(brightness);
    assert!(right + 10.0 < over && over + 10.0 < far_over, "{right} {over} {far_over}");
}

//! Simplex noise: agreement with the package `noise`, and the variance that the octaves count on.

#[expect(dead_code, reason = "no network here")]
mod golden;

use std::path::Path;

use burn::store::{ModuleStore, SafetensorsStore, bridge};
use burn::tensor::DType;
use despoof_nn::simplex::{OctavesConfig, Permutation, octaves, simplex};

/// A tensor in the precision in which it was written.
fn doubles(file: &Path, name: &str) -> Vec<f64> {
    let mut store = SafetensorsStore::from_file(file);
    let found = store.get_tensor(name).expect("a safetensors file").expect(name);
    let data = bridge::to_data(found).expect("readable data").convert_dtype(DType::F64);
    data.iter::<f64>().collect()
}

#[test]
fn agrees_with_a_published_implementation() {
    let file = golden::repository("tests/goldens/simplex.safetensors");
    let places = doubles(&file, "places");
    for prefix in ["", "perlin."] {
        let table = doubles(&file, &format!("{prefix}table"));
        let table = Permutation::new(std::array::from_fn(|at| table[at] as u8));
        let expected = doubles(&file, &format!("{prefix}noise"));
        for (place, expected) in places.chunks_exact(3).zip(expected) {
            let actual = simplex(&table, [place[0], place[1], place[2]]);
            assert!((actual - expected).abs() < 1e-9, "{place:?}: {actual}, not {expected}");
        }
    }
}

#[test]
fn octaves_have_variance_one_and_depend_on_the_seed_alone() {
    let config = OctavesConfig { octaves: 6, persistence: 0.8, period: 64.0 };
    let pictures: Vec<Vec<f32>> = (0..40).map(|seed| octaves(&config, seed, 96, 96)).collect();
    let values = || pictures.iter().flatten().map(|&value| f64::from(value));
    let count = values().count() as f64;
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    assert!(mean.abs() < 0.1 && (variance - 1.0).abs() < 0.1, "mean {mean}, variance {variance}");
    assert_eq!(pictures[3], octaves(&config, 3, 96, 96));
    assert_ne!(pictures[3], pictures[4]);
}

#[test]
fn a_seeds_table_has_every_number_once() {
    let table = format!("{:?}", Permutation::seeded(5));
    let mut numbers: Vec<u32> = table
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    assert_ne!(numbers, (0..256).collect::<Vec<_>>());
    numbers.sort_unstable();
    assert_eq!(numbers, (0..256).collect::<Vec<_>>());
}

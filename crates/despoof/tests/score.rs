//! A score looks at a face's pictures and their mirror images alike, and at each face alone.

mod close;

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use despoof::Checker;
use despoof::bundle::BundleLoader;
use despoof::look::{LookConfig, look};
use despoof::score::score;
use despoof_nn::agnet::Views;

use close::assert_close;

const SIDES: [usize; 3] = [224, 112, 224];

/// The bundle that ships: drawn weights give every face nearly the same logits.
fn shipped() -> Checker {
    let device = Device::flex();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/web");
    let loader = BundleLoader::from_folder(&folder).expect("it ships");
    loader.finish(&device, &device).expect("it is intact")
}

/// Face, wider crop and generated version of two faces: waves that are not their own mirror images.
fn two_faces() -> [Tensor<4>; 3] {
    SIDES.map(|side| {
        let wave = |index: usize| {
            let (x, y) = (index % side, index / side % side);
            let (channel, face) = (index / side / side % 3, index / side / side / 3);
            let across = (x as f32 * (face + 1) as f32 / side as f32).powi(2);
            (9.0 * across + channel as f32 + 4.0 * y as f32 / side as f32).sin()
        };
        let values: Vec<f32> = (0..6 * side * side).map(wave).collect();
        Tensor::from_data(TensorData::new(values, [2, 3, side, side]), &Device::flex())
    })
}

fn scores(checker: &Checker, [face, context, generated]: [Tensor<4>; 3]) -> Vec<f32> {
    let views = Views { face, context: Some(context) };
    let look = look(views, Some(generated), LookConfig::default());
    score(&checker.networks().agnet, look, 1.0).into_data().iter().collect()
}

#[test]
fn a_face_and_its_mirror_image_score_alike_and_a_batch_as_its_faces() {
    let checker = shipped();
    let together = scores(&checker, two_faces());
    assert!((together[0] - together[1]).abs() > 1e-3, "other faces, other scores: {together:?}");
    let mirrored = two_faces().map(|picture| picture.flip([3]));
    assert_close(&scores(&checker, mirrored), &together, 5e-5);
    let alone = [0, 1].map(|face| scores(&checker, two_faces().map(|all| all.narrow(0, face, 1))));
    assert_close(&alone.concat(), &together, 5e-5);
}

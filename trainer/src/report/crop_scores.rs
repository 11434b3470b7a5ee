//! Scores of prepared faces with generated versions made on the way.

use burn::tensor::{Device, Tensor};
use despoof::Checker;
use despoof::align::Crops;
use despoof::images::batch_from_images;
use despoof_nn::agnet::Views;
use image::RgbImage;

use crate::training::in_batches::BATCH;

/// Scores of `faces`, in their order; `generated` makes the generated versions of aligned faces `[batch, 3, side, side]`.
pub fn scores(
    checker: &Checker,
    faces: &[Crops],
    device: &Device,
    generated: impl Fn(&Tensor<4>) -> Tensor<4>,
) -> Vec<f64> {
    let agnet = &checker.networks().agnet;
    let of_batch = |faces: &[Crops]| -> Vec<f64> {
        let aligned: Vec<&RgbImage> = faces.iter().map(|crops| &crops.aligned).collect();
        let aligned = batch_from_images(&aligned, device);
        let context: Vec<&RgbImage> =
            faces.iter().filter_map(|crops| crops.context.as_ref()).collect();
        let context = agnet.looks_at_context().then(|| batch_from_images(&context, device));
        let generated = generated(&aligned);
        let scores = checker.scores(Views { face: aligned, context }, generated);
        scores.into_data().iter::<f32>().map(f64::from).collect()
    };
    faces.chunks(BATCH).flat_map(of_batch).collect()
}

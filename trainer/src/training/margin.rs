//! ArcFace: an additive angular margin between persons (Deng et al. 2019, "ArcFace", eq. 3).

use std::f64::consts::PI;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{IndexingUpdateOp, Int, Tensor};

/// Length of the embeddings in the logits, s (section 3.1).
pub const SCALE: f64 = 64.0;
/// Angle added between an embedding and its own person's centre in radians, m (section 3.1).
pub const MARGIN: f64 = 0.5;

/// Rows of length 1.
pub fn normalised(rows: Tensor<2>) -> Tensor<2> {
    let length = rows.clone().square().sum_dim(1).sqrt();
    rows / length.clamp_min(1e-12)
}

/// Cross-entropy over `SCALE · cos θ` between every embedding and every centre, `[batch, persons]`,
/// where `MARGIN` is added to the angle to the own person's centre.
///
/// An angle that the margin would carry beyond π is charged linearly instead, as the published code
/// does: cos would fall and rise again.
pub fn arcface_loss(cosines: Tensor<2>, persons: Tensor<1, Int>) -> Tensor<1> {
    let own = persons.clone().unsqueeze_dim::<2>(1);
    let cosine = cosines.clone().gather(1, own.clone());
    let with_margin = cosine_with_margin(cosine.clone());
    let logits = cosines.scatter(1, own, with_margin - cosine, IndexingUpdateOp::Add) * SCALE;
    CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, persons)
}

/// cos(θ + m) out of cos θ.
fn cosine_with_margin(cosine: Tensor<2>) -> Tensor<2> {
    // The root's slope is infinite at an angle of 0.
    let sine = (cosine.clone().square().neg() + 1.0).clamp_min(1e-9).sqrt();
    let rotated = cosine.clone() * MARGIN.cos() - sine * MARGIN.sin();
    let beyond = cosine.clone().lower_equal_elem((PI - MARGIN).cos());
    rotated.mask_where(beyond, cosine - MARGIN * MARGIN.sin())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    const EMBEDDINGS: [[f64; 2]; 3] = [[3.0, 0.2], [-0.5, 2.0], [-1.0, -0.05]];
    const CENTRES: [[f64; 2]; 3] = [[1.0, 0.0], [0.6, 0.8], [1.0, 0.1]];
    const PERSONS: [usize; 3] = [0, 1, 2];

    fn rows(values: [[f64; 2]; 3], device: &Device) -> Tensor<2> {
        let values: Vec<f32> = values.iter().flatten().map(|&value| value as f32).collect();
        Tensor::from_data(TensorData::new(values, [3, 2]), device)
    }

    fn persons(device: &Device) -> Tensor<1, Int> {
        Tensor::from_data(TensorData::from([0i64, 1, 2]), device)
    }

    /// By angles in the plane: no cosine is rotated by a formula for sums of angles.
    fn by_angles() -> f64 {
        let angle = |at: [f64; 2]| at[1].atan2(at[0]);
        let between = |a: [f64; 2], b: [f64; 2]| {
            let difference = (angle(a) - angle(b)).abs();
            difference.min(2.0 * PI - difference)
        };
        let loss = |(embedding, person): (&[f64; 2], usize)| {
            let logits: Vec<f64> = (0..3)
                .map(|centre| {
                    let theta = between(*embedding, CENTRES[centre]);
                    SCALE
                        * match centre == person {
                            false => theta.cos(),
                            true if theta + MARGIN < PI => (theta + MARGIN).cos(),
                            true => theta.cos() - MARGIN * MARGIN.sin(),
                        }
                })
                .collect();
            let highest = logits.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = logits.iter().map(|logit| (logit - highest).exp()).sum();
            highest + sum.ln() - logits[person]
        };
        EMBEDDINGS.iter().zip(PERSONS).map(loss).sum::<f64>() / 3.0
    }

    #[test]
    fn equals_the_formula_in_angles() {
        let device = Device::flex();
        let cosines = normalised(rows(EMBEDDINGS, &device))
            .matmul(normalised(rows(CENTRES, &device)).transpose());
        let loss = f64::from(arcface_loss(cosines, persons(&device)).into_scalar::<f32>());
        assert!((loss - by_angles()).abs() < 1e-3 * by_angles(), "{loss} {}", by_angles());
    }

    #[test]
    fn slopes_are_finite_where_an_embedding_meets_its_centre() {
        let device = Device::flex().autodiff();
        let centres = rows(CENTRES, &device).require_grad();
        let cosines =
            normalised(rows(CENTRES, &device)).matmul(normalised(centres.clone()).transpose());
        let gradients = arcface_loss(cosines, persons(&device)).backward();
        let slopes = centres.grad(&gradients).expect("the loss depends on it");
        assert!(slopes.into_data().iter::<f32>().all(f32::is_finite));
    }
}

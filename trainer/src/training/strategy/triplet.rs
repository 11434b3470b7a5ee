//! The triplet loss over all triplets of a batch (Hermans et al. 2017, "batch all"; only triplets that
//! cost something count in the mean).

use burn::tensor::{Bool, Device, Tensor, TensorData};

/// Squared distances are at least this: the root has no slope at 0.
const SMALLEST_SQUARE: f64 = 1e-12;

/// Mean over the triplets (anchor, positive of its group, negative of another) with a cost of
/// `distance to the positive − distance to the negative + margin`; 0 where there is none.
///
/// `embeddings` are `[batch, width]`, `groups` has one entry a row.
pub fn triplet_loss(embeddings: Tensor<2>, groups: &[usize], margin: f64) -> Tensor<1> {
    let (count, device) = (groups.len(), embeddings.device());
    let distances = pairwise_distances(embeddings);
    let to_positive = distances.clone().reshape([count, count, 1]);
    let to_negative = distances.reshape([count, 1, count]);
    let costs = (to_positive - to_negative + margin)
        .clamp_min(0.0)
        .mask_fill(no_triplets(groups, &device), 0.0);
    let counted = costs.clone().detach().greater_elem(0.0).float().sum().clamp_min(1.0);
    costs.sum() / counted
}

/// Euclidean distances of all rows from all rows.
fn pairwise_distances(rows: Tensor<2>) -> Tensor<2> {
    let [count, width] = rows.dims();
    let differences = rows.clone().reshape([count, 1, width]) - rows.reshape([1, count, width]);
    differences.square().sum_dim(2).reshape([count, count]).clamp_min(SMALLEST_SQUARE).sqrt()
}

/// True at (anchor, positive, negative) where these are not a triplet.
fn no_triplets(groups: &[usize], device: &Device) -> Tensor<3, Bool> {
    let count = groups.len();
    let mut mask = Vec::with_capacity(count * count * count);
    for anchor in 0..count {
        for positive in 0..count {
            for negative in 0..count {
                let valid = anchor != positive
                    && groups[anchor] == groups[positive]
                    && groups[anchor] != groups[negative];
                mask.push(!valid);
            }
        }
    }
    Tensor::from_data(TensorData::new(mask, [count, count, count]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, loop by loop.
    fn by_hand(rows: &[[f64; 2]], groups: &[usize], margin: f64) -> f64 {
        let distance = |a: usize, b: usize| {
            ((rows[a][0] - rows[b][0]).powi(2) + (rows[a][1] - rows[b][1]).powi(2)).sqrt()
        };
        let (mut sum, mut counted) = (0.0, 0.0);
        for anchor in 0..rows.len() {
            for positive in (0..rows.len()).filter(|&at| at != anchor) {
                for negative in 0..rows.len() {
                    let cost = distance(anchor, positive) - distance(anchor, negative) + margin;
                    let valid =
                        groups[anchor] == groups[positive] && groups[anchor] != groups[negative];
                    if valid && cost > 0.0 {
                        sum += cost;
                        counted += 1.0;
                    }
                }
            }
        }
        if counted > 0.0 { sum / counted } else { 0.0 }
    }

    const ROWS: [[f64; 2]; 5] = [[0.0, 1.0], [0.3, 0.9], [1.0, 0.0], [0.8, 0.2], [-0.4, 0.5]];
    const GROUPS: [usize; 5] = [0, 0, 1, 1, 0];

    fn loss_of(rows: &[[f64; 2]], device: &Device) -> (Tensor<2>, Tensor<1>) {
        let values: Vec<f32> = rows.iter().flatten().map(|&value| value as f32).collect();
        let rows = Tensor::<2>::from_data(TensorData::new(values, [rows.len(), 2]), device);
        let rows = rows.require_grad();
        (rows.clone(), triplet_loss(rows, &GROUPS, 0.5))
    }

    #[test]
    fn equals_the_definition_and_its_slopes() {
        let device = Device::flex().autodiff();
        let (rows, loss) = loss_of(&ROWS, &device);
        let expected = by_hand(&ROWS, &GROUPS, 0.5);
        assert!((f64::from(loss.clone().into_scalar::<f32>()) - expected).abs() < 1e-5);
        let gradient = rows.grad(&loss.backward()).expect("it is a leaf");
        let gradient: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        let step = 1e-5;
        for (at, &slope) in gradient.iter().enumerate() {
            let moved = |by: f64| {
                let mut rows = ROWS;
                rows[at / 2][at % 2] += by;
                by_hand(&rows, &GROUPS, 0.5)
            };
            let expected = (moved(step) - moved(-step)) / (2.0 * step);
            assert!((f64::from(slope) - expected).abs() < 1e-3, "{at}: {slope}, not {expected}");
        }
    }

    #[test]
    fn coinciding_rows_have_finite_slopes() {
        let device = Device::flex().autodiff();
        let (rows, loss) = loss_of(&[[0.5, 0.5]; 5], &device);
        let gradient = rows.grad(&loss.backward()).expect("it is a leaf");
        assert!(gradient.into_data().iter::<f32>().all(f32::is_finite));
    }

    #[test]
    fn one_group_costs_nothing() {
        let rows = Tensor::<2>::ones([3, 2], &Device::flex());
        assert_eq!(triplet_loss(rows, &[7, 7, 7], 0.1).into_scalar::<f32>(), 0.0);
    }
}

//! Losses that compare directions: supervised contrastive, and of pairs.

use burn::tensor::{Bool, Device, Tensor, TensorData, activation};

/// Lengths are at least this.
const SMALLEST_LENGTH: f64 = 1e-12;
/// Stands for minus infinity among logarithms of similarities.
const NEVER: f32 = -1e9;

/// Supervised contrastive loss (Khosla et al. 2020, eq. 2, L_out): a row is to be more similar to the
/// rows of its group than to all others. Mean over the rows that are not alone in their group; 0 where
/// all are.
///
/// `rows` are `[batch, width]` of any length, `groups` has one entry a row.
pub fn supervised_contrastive(rows: Tensor<2>, groups: &[usize], temperature: f64) -> Tensor<1> {
    let (count, device) = (groups.len(), rows.device());
    let rows = of_length_one(rows);
    let similarity = rows.clone().matmul(rows.transpose()) / temperature;
    let others = similarity.mask_fill(mask(count, &device, |row, other| row == other), NEVER);
    let log_share = activation::log_softmax(others, 1);
    let (weights, anchors) = weights_of_positives(groups);
    if anchors == 0 {
        return Tensor::zeros([1], &device);
    }
    let weights = Tensor::from_data(TensorData::new(weights, [count, count]), &device);
    -(log_share * weights).sum() / anchors as f64
}

/// One over the number of a row's positives at each of them, and the number of rows that have some.
fn weights_of_positives(groups: &[usize]) -> (Vec<f32>, usize) {
    let count = groups.len();
    let positive = |row: usize, other: usize| row != other && groups[row] == groups[other];
    let positives: Vec<usize> =
        (0..count).map(|row| (0..count).filter(|&other| positive(row, other)).count()).collect();
    let weights = (0..count * count)
        .map(|at| (at / count, at % count))
        .map(|(row, other)| if positive(row, other) { 1.0 / positives[row] as f32 } else { 0.0 })
        .collect();
    (weights, positives.iter().filter(|&&positives| positives > 0).count())
}

/// Mean cosine of pairs of rows, those `alike` with a minus, so that lowering it turns them towards each
/// other (Wang et al. 2022, eq. 5 and 6). Both `[batch, width]`.
pub fn pair_loss(first: Tensor<2>, second: Tensor<2>, alike: &[bool]) -> Tensor<1> {
    let signs: Vec<f32> = alike.iter().map(|&alike| if alike { -1.0 } else { 1.0 }).collect();
    let signs = Tensor::<1>::from_floats(signs.as_slice(), &first.device()).unsqueeze_dim::<2>(1);
    let cosines = (of_length_one(first) * of_length_one(second)).sum_dim(1);
    (cosines * signs).mean()
}

fn of_length_one(rows: Tensor<2>) -> Tensor<2> {
    let length = rows.clone().square().sum_dim(1).clamp_min(SMALLEST_LENGTH).sqrt();
    rows / length
}

fn mask(count: usize, device: &Device, at: impl Fn(usize, usize) -> bool) -> Tensor<2, Bool> {
    let flags: Vec<bool> = (0..count * count).map(|it| at(it / count, it % count)).collect();
    Tensor::from_data(TensorData::new(flags, [count, count]), device)
}

#[cfg(test)]
mod tests {
    use super::super::finite_differences::{assert_slopes, leaf};
    use super::*;

    const ROWS: [f64; 10] = [0.2, 1.0, 0.4, 0.9, 1.0, 0.1, 0.8, 0.3, -0.4, 0.5];
    const GROUPS: [usize; 5] = [0, 0, 1, 1, 2];

    fn cosine(rows: &[f64], a: usize, b: usize) -> f64 {
        let at = |row: usize| (rows[2 * row], rows[2 * row + 1]);
        let ((x, y), (u, v)) = (at(a), at(b));
        (x * u + y * v) / (x.hypot(y) * u.hypot(v))
    }

    /// The definition, loop by loop.
    fn contrastive_by_hand(rows: &[f64], temperature: f64) -> f64 {
        let (mut sum, mut anchors) = (0.0, 0.0);
        for (anchor, group) in GROUPS.iter().enumerate() {
            let term = |other| (cosine(rows, anchor, other) / temperature).exp();
            let all: f64 = (0..5).filter(|&other| other != anchor).map(term).sum();
            let positives: Vec<usize> =
                (0..5).filter(|&other| other != anchor && GROUPS[other] == *group).collect();
            if positives.is_empty() {
                continue;
            }
            let logs: f64 = positives.iter().map(|&other| (term(other) / all).ln()).sum();
            sum -= logs / positives.len() as f64;
            anchors += 1.0;
        }
        sum / anchors
    }

    #[test]
    fn contrastive_loss_equals_its_definition_and_slopes() {
        let rows = leaf(&ROWS, [5, 2]);
        let loss = supervised_contrastive(rows.clone(), &GROUPS, 0.5);
        assert_slopes(&rows, loss, &ROWS, |rows| contrastive_by_hand(rows, 0.5));
    }

    #[test]
    fn pairs_equal_their_definition_and_slopes() {
        let rows = leaf(&ROWS, [5, 2]);
        let others = rows.clone().flip([0]).detach();
        let alike = [true, false, true, true, false];
        let loss = pair_loss(rows.clone(), others, &alike);
        let by_hand = |moved: &[f64]| {
            let pair = |row: usize| {
                let four =
                    [moved[2 * row], moved[2 * row + 1], ROWS[8 - 2 * row], ROWS[9 - 2 * row]];
                cosine(&four, 0, 1) * if alike[row] { -1.0 } else { 1.0 }
            };
            (0..5).map(pair).sum::<f64>() / 5.0
        };
        assert_slopes(&rows, loss, &ROWS, by_hand);
    }

    #[test]
    fn rows_that_are_all_alone_cost_nothing() {
        let rows = leaf(&ROWS, [5, 2]);
        let loss = supervised_contrastive(rows, &[0, 1, 2, 3, 4], 0.1);
        assert_eq!(loss.into_scalar::<f32>(), 0.0);
    }
}

//! Invariant risk minimisation (Arjovsky et al. 2019): one classifier that is the best one in every
//! domain.

use burn::tensor::{Tensor, activation};
use despoof::score::LIVE;

use super::{Labels, indices};

/// IRMv1's penalty, over a whole linear classifier instead of one scale: the mean over domains of the
/// squared length of the gradient of a domain's cross-entropy by the classifier's weights, which is 0
/// where the hyperplane is the best one for that domain.
///
/// The gradient of the mean cross-entropy by the weights is `(p − y)ᵀ f / n`, so no second derivatives
/// are taken. `features` are `[batch, width]`, `logits` the classifier's, `[batch, 2]`.
pub fn hyperplane_penalty(features: Tensor<2>, logits: Tensor<2>, labels: &Labels) -> Tensor<1> {
    let device = features.device();
    let targets: Vec<f32> = labels
        .live
        .iter()
        .flat_map(|&live| (0..2).map(move |class| f32::from((class == LIVE) == live)))
        .collect();
    let targets = Tensor::<1>::from_floats(targets.as_slice(), &device).reshape([-1, 2]);
    let errors = activation::softmax(logits, 1) - targets;
    let mut domains = labels.domains.clone();
    domains.sort_unstable();
    domains.dedup();
    let penalties = domains.iter().map(|domain| {
        let faces: Vec<usize> =
            (0..labels.domains.len()).filter(|&face| labels.domains[face] == *domain).collect();
        let of = |rows: &Tensor<2>| rows.clone().select(0, indices(&faces, &device));
        let gradient = of(&errors).transpose().matmul(of(&features)) / faces.len() as f64;
        gradient.square().sum()
    });
    penalties.fold(Tensor::zeros([1], &device), |sum, penalty| sum + penalty) / domains.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::finite_differences::{assert_slopes, leaf};
    use super::*;

    const FEATURES: [f64; 8] = [0.2, 1.0, 0.4, -0.9, 1.0, 0.1, -0.8, 0.3];
    const WEIGHTS: [f64; 4] = [0.3, -0.2, 0.5, 0.7];

    fn labels() -> Labels {
        Labels::new(vec![true, false, true, false], vec![0, 0, 1, 1])
    }

    fn cross_entropy(features: &[f64], weights: &[f64], domain: usize) -> f64 {
        let labels = labels();
        let of_face = |face: usize| {
            let logit = |class: usize| {
                features[2 * face] * weights[class] + features[2 * face + 1] * weights[2 + class]
            };
            let truth = usize::from(labels.live[face]);
            (logit(0).exp() + logit(1).exp()).ln() - logit(truth)
        };
        (0..4).filter(|&face| labels.domains[face] == domain).map(of_face).sum::<f64>() / 2.0
    }

    /// The gradient by the classifier's weights by differences.
    fn penalty_by_hand(features: &[f64]) -> f64 {
        let of_domain = |domain: usize| -> f64 {
            let slope = |at: usize| {
                let moved = |by: f64| {
                    let mut weights = WEIGHTS;
                    weights[at] += by;
                    cross_entropy(features, &weights, domain)
                };
                (moved(1e-4) - moved(-1e-4)) / 2e-4
            };
            (0..4).map(|at| slope(at).powi(2)).sum()
        };
        (of_domain(0) + of_domain(1)) / 2.0
    }

    #[test]
    fn penalty_is_the_squared_gradient_by_the_classifier() {
        let features = leaf(&FEATURES, [4, 2]);
        let logits = features.clone().matmul(leaf(&WEIGHTS, [2, 2]).detach());
        let penalty = hyperplane_penalty(features.clone(), logits, &labels());
        assert_slopes(&features, penalty, &FEATURES, penalty_by_hand);
    }
}

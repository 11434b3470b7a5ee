//! Gradient reversal (Ganin and Lempitsky 2015, eq. 13): what is behind learns to tell domains apart,
//! what is in front learns to make that impossible.

use burn::tensor::Tensor;

/// The same values; gradients come back times `−strength`.
pub fn reversed<const D: usize>(values: Tensor<D>, strength: f64) -> Tensor<D> {
    values.clone().detach() * (1.0 + strength) - values * strength
}

/// How strong the reversal is after `progress` (0 to 1) of the training: from 0 towards 1 along
/// `2 / (1 + e^(−10 p)) − 1` (Ganin and Lempitsky 2015, section 5.2.2).
pub fn strength_at(progress: f64) -> f64 {
    2.0 / (1.0 + (-10.0 * progress).exp()) - 1.0
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn values_stay_and_gradients_turn() {
        let device = Device::flex().autodiff();
        let input = Tensor::<1>::from_floats([1.5, -2.0], &device).require_grad();
        let output = reversed(input.clone(), 0.25);
        assert_eq!(output.to_data().iter::<f32>().collect::<Vec<_>>(), [1.5, -2.0]);
        let weights = Tensor::<1>::from_floats([4.0, 8.0], &device);
        let gradient = input.grad(&(output * weights).sum().backward()).expect("it is a leaf");
        assert_eq!(gradient.into_data().iter::<f32>().collect::<Vec<_>>(), [-1.0, -2.0]);
    }

    #[test]
    fn strength_rises_from_nothing_to_all() {
        assert_eq!(strength_at(0.0), 0.0);
        assert!((strength_at(0.5) - 0.986_614_298_151).abs() < 1e-9);
        assert!(strength_at(1.0) > 0.999);
    }
}

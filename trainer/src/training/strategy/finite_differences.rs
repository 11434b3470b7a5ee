//! For tests: a loss against an independent formula, its gradient against differences of that.

use burn::tensor::{Device, Tensor, TensorData};

/// A tensor that gradients are wanted of.
pub fn leaf<const D: usize>(values: &[f64], shape: [usize; D]) -> Tensor<D> {
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    let device = Device::flex().autodiff();
    Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
}

/// `loss` of `leaf` is what `formula` says at `values`, and changes with them as that does.
pub fn assert_slopes<const D: usize>(
    leaf: &Tensor<D>,
    loss: Tensor<1>,
    values: &[f64],
    formula: impl Fn(&[f64]) -> f64,
) {
    let (actual, expected) = (f64::from(loss.clone().into_scalar::<f32>()), formula(values));
    assert!((actual - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{actual}, not {expected}");
    let gradient = leaf.grad(&loss.backward()).expect("it is a leaf");
    let step = 1e-5;
    for (at, slope) in gradient.into_data().iter::<f32>().enumerate() {
        let moved = |by: f64| {
            let mut values = values.to_vec();
            values[at] += by;
            formula(&values)
        };
        let expected = (moved(step) - moved(-step)) / (2.0 * step);
        let close = (f64::from(slope) - expected).abs() < 2e-3 * (1.0 + expected.abs());
        assert!(close, "{at}: {slope}, not {expected}");
    }
}

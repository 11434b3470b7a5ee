//! Gradients of [`super::affine`].

use super::affine::{Activation, Affine, Function, Gelu, Identity, Relu6, Silu, normal};
use super::simd::{LANES, mul_add, sigmoid, vectorised};

/// The derivative of an activation.
trait Slope: Function {
    fn slope<const FMA: bool>(x: f32) -> f32;
}

impl Slope for Identity {
    #[inline(always)]
    fn slope<const FMA: bool>(_: f32) -> f32 {
        1.0
    }
}

impl Slope for Silu {
    #[inline(always)]
    fn slope<const FMA: bool>(x: f32) -> f32 {
        let sigmoid = sigmoid::<FMA>(x);
        mul_add::<FMA>(x * sigmoid, 1.0 - sigmoid, sigmoid)
    }
}

impl Slope for Relu6 {
    #[inline(always)]
    fn slope<const FMA: bool>(x: f32) -> f32 {
        if (0.0..=6.0).contains(&x) { 1.0 } else { 0.0 }
    }
}

impl Slope for Gelu {
    #[inline(always)]
    fn slope<const FMA: bool>(x: f32) -> f32 {
        const INVERSE_ROOT_2_PI: f32 = 0.398_942_3;
        let (distribution, exp) = normal::<FMA>(x);
        mul_add::<FMA>(x * INVERSE_ROOT_2_PI, exp, distribution)
    }
}

/// Sums over a channel of the gradient d after scale and shift: Σ d and Σ d · (x − mean).
#[derive(Clone, Copy, Default)]
pub struct GradientSums {
    /// Σ d.
    pub plain: f32,
    /// Σ d · (x − mean).
    pub centred: f32,
}

vectorised! {
    /// The sums over one channel that the gradients of scale, shift and statistics are made of.
    pub fn gradient_sums<FMA>(
        affine: Affine,
        activation: Activation,
        mean: f32,
        input: &[f32],
        output_gradient: &[f32],
    ) -> GradientSums {
        match activation {
            Activation::Identity => sums_with::<FMA, Identity>(affine, mean, input, output_gradient),
            Activation::Silu => sums_with::<FMA, Silu>(affine, mean, input, output_gradient),
            Activation::Relu6 => sums_with::<FMA, Relu6>(affine, mean, input, output_gradient),
            Activation::Gelu => sums_with::<FMA, Gelu>(affine, mean, input, output_gradient),
        }
    }
}

#[inline(always)]
fn sums_with<const FMA: bool, F: Slope>(
    affine: Affine,
    mean: f32,
    input: &[f32],
    output_gradient: &[f32],
) -> GradientSums {
    let mut plain = [0.0; LANES];
    let mut centred = [0.0; LANES];
    let (inputs, input_rest) = input.as_chunks::<LANES>();
    let (gradients, gradient_rest) = output_gradient.as_chunks::<LANES>();
    for (x, gradient) in inputs.iter().zip(gradients) {
        for lane in 0..LANES {
            let d = gradient[lane] * F::slope::<FMA>(affine.at::<FMA>(x[lane]));
            plain[lane] += d;
            centred[lane] = mul_add::<FMA>(d, x[lane] - mean, centred[lane]);
        }
    }
    let mut sums = GradientSums { plain: plain.iter().sum(), centred: centred.iter().sum() };
    for (&x, gradient) in input_rest.iter().zip(gradient_rest) {
        let d = gradient * F::slope::<FMA>(affine.at::<FMA>(x));
        sums.plain += d;
        sums.centred += d * (x - mean);
    }
    sums
}

/// How the gradient of the input follows from d, the gradient after scale and shift:
/// `scale · d − offset − slope · (x − mean)`.
#[derive(Clone, Copy, Default)]
pub struct InputGradient {
    /// Mean of x.
    pub mean: f32,
    /// What the mean's dependence on x takes away.
    pub offset: f32,
    /// What the variance's dependence on x takes away.
    pub slope: f32,
}

vectorised! {
    /// The gradient of the input of one channel.
    pub fn input_gradient<FMA>(
        affine: Affine,
        activation: Activation,
        terms: InputGradient,
        input: &[f32],
        output_gradient: &[f32],
        gradient: &mut [f32],
    ) {
        match activation {
            Activation::Identity => {
                gradient_with::<FMA, Identity>(affine, terms, input, output_gradient, gradient)
            }
            Activation::Silu => {
                gradient_with::<FMA, Silu>(affine, terms, input, output_gradient, gradient)
            }
            Activation::Relu6 => {
                gradient_with::<FMA, Relu6>(affine, terms, input, output_gradient, gradient)
            }
            Activation::Gelu => {
                gradient_with::<FMA, Gelu>(affine, terms, input, output_gradient, gradient)
            }
        }
    }
}

#[inline(always)]
fn gradient_with<const FMA: bool, F: Slope>(
    affine: Affine,
    terms: InputGradient,
    input: &[f32],
    output_gradient: &[f32],
    gradient: &mut [f32],
) {
    for ((value, &x), output) in gradient.iter_mut().zip(input).zip(output_gradient) {
        let d = output * F::slope::<FMA>(affine.at::<FMA>(x));
        let statistics = mul_add::<FMA>(terms.slope, x - terms.mean, terms.offset);
        *value = mul_add::<FMA>(affine.scale, d, -statistics);
    }
}

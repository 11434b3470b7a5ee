//! The pass every normalisation ends with: one channel scaled, shifted and put through an activation,
//! and its backward.

use super::simd::{self, LANES, mul_add, sigmoid, vectorised};

/// What follows the scale and shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// x · sigmoid(x).
    Silu,
    /// x cut to 0..6.
    Relu6,
    /// x · Φ(x), Φ the normal distribution function (exact GELU).
    Gelu,
}

/// An activation known at compile time, so that the loops contain no branch on it.
trait Function {
    fn value<const FMA: bool>(x: f32) -> f32;
    fn slope<const FMA: bool>(x: f32) -> f32;
}

struct Identity;

impl Function for Identity {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn slope<const FMA: bool>(_: f32) -> f32 {
        1.0
    }
}

struct Silu;

impl Function for Silu {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        x * sigmoid::<FMA>(x)
    }
    #[inline(always)]
    fn slope<const FMA: bool>(x: f32) -> f32 {
        let sigmoid = sigmoid::<FMA>(x);
        mul_add::<FMA>(x * sigmoid, 1.0 - sigmoid, sigmoid)
    }
}

struct Relu6;

impl Function for Relu6 {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        // Comparisons instead of `clamp`, so that a NaN stays one.
        let x = if x < 0.0 { 0.0 } else { x };
        if x > 6.0 { 6.0 } else { x }
    }
    #[inline(always)]
    fn slope<const FMA: bool>(x: f32) -> f32 {
        if x < 0.0 || x > 6.0 { 0.0 } else { 1.0 }
    }
}

struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        x * normal::<FMA>(x).0
    }
    #[inline(always)]
    fn slope<const FMA: bool>(x: f32) -> f32 {
        const INVERSE_ROOT_2_PI: f32 = 0.398_942_3;
        let (distribution, exp) = normal::<FMA>(x);
        mul_add::<FMA>(x * INVERSE_ROOT_2_PI, exp, distribution)
    }
}

/// The normal distribution function Φ(x), and the e^(−x²/2) it is made of. Abramowitz and Stegun
/// 7.1.26, off by 10⁻⁷ at most.
#[inline(always)]
fn normal<const FMA: bool>(x: f32) -> (f32, f32) {
    const DECAY: f32 = 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2;
    let exp = simd::exp::<FMA>(-0.5 * x * x);
    let t = 1.0 / mul_add::<FMA>(DECAY, x.abs(), 1.0);
    let mut polynomial = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        polynomial = mul_add::<FMA>(polynomial, t, coefficient);
    }
    let tail = 0.5 * polynomial * t * exp;
    (if x < 0.0 { tail } else { 1.0 - tail }, exp)
}

/// `scale · x + shift` of one channel.
#[derive(Clone, Copy)]
pub struct Affine {
    /// Factor.
    pub scale: f32,
    /// Addend.
    pub shift: f32,
}

impl Affine {
    /// x itself.
    pub const IDENTITY: Self = Self { scale: 1.0, shift: 0.0 };

    /// γ (x − mean) / deviation + β.
    pub fn normalise(mean: f32, inverse_deviation: f32, gamma: f32, beta: f32) -> Self {
        let scale = gamma * inverse_deviation;
        Self { scale, shift: beta - mean * scale }
    }

    #[inline(always)]
    fn at<const FMA: bool>(self, x: f32) -> f32 {
        mul_add::<FMA>(x, self.scale, self.shift)
    }
}

vectorised! {
    /// `activation(affine(x))`.
    pub fn apply<FMA>(affine: Affine, activation: Activation, input: &[f32], output: &mut [f32]) {
        match activation {
            Activation::Identity => apply_with::<FMA, Identity>(affine, input, output),
            Activation::Silu => apply_with::<FMA, Silu>(affine, input, output),
            Activation::Relu6 => apply_with::<FMA, Relu6>(affine, input, output),
            Activation::Gelu => apply_with::<FMA, Gelu>(affine, input, output),
        }
    }
}

#[inline(always)]
fn apply_with<const FMA: bool, F: Function>(affine: Affine, input: &[f32], output: &mut [f32]) {
    for (value, &x) in output.iter_mut().zip(input) {
        *value = F::value::<FMA>(affine.at::<FMA>(x));
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
fn sums_with<const FMA: bool, F: Function>(
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
fn gradient_with<const FMA: bool, F: Function>(
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

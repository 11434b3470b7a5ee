//! The pass every normalisation ends with: one channel scaled, shifted and put through an activation.

use super::simd::{self, mul_add, sigmoid, vectorised};

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
pub trait Function {
    /// The activation at x.
    fn value<const FMA: bool>(x: f32) -> f32;
}

/// [`Activation::Identity`].
pub struct Identity;

impl Function for Identity {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        x
    }
}

/// [`Activation::Silu`].
pub struct Silu;

impl Function for Silu {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        x * sigmoid::<FMA>(x)
    }
}

/// [`Activation::Relu6`].
pub struct Relu6;

impl Function for Relu6 {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        // Comparisons instead of `clamp`, so that a NaN stays one.
        let x = if x < 0.0 { 0.0 } else { x };
        if x > 6.0 { 6.0 } else { x }
    }
}

/// [`Activation::Gelu`].
pub struct Gelu;

impl Function for Gelu {
    #[inline(always)]
    fn value<const FMA: bool>(x: f32) -> f32 {
        x * normal::<FMA>(x).0
    }
}

/// The normal distribution function Φ(x), and the e^(−x²/2) it is made of. Abramowitz and Stegun
/// 7.1.26, off by 10⁻⁷ at most.
#[inline(always)]
pub fn normal<const FMA: bool>(x: f32) -> (f32, f32) {
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

    /// At x.
    #[inline(always)]
    pub fn at<const FMA: bool>(self, x: f32) -> f32 {
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

//! Loops that the compiler vectorises: one body, compiled for the processor's baseline and once more
//! for AVX2 with fused multiply-add, chosen at run time.

/// Floats handled together in a reduction, so that sums run in as many independent lanes.
pub const LANES: usize = 16;

/// Defines a function whose body is compiled for several instruction sets. `FMA` is a constant in
/// the body, to be handed on to [`mul_add`].
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$fma:ident>($($arg:ident: $type:ty),* $(,)?) $(-> $return:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $type),*) $(-> $return)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn body<const $fma: bool>($($arg: $type),*) $(-> $return)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx2($($arg: $type),*) $(-> $return)? {
                    body::<true>($($arg),*)
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: the processor was just asked for both features.
                    return unsafe { avx2($($arg),*) };
                }
            }
            body::<false>($($arg),*)
        }
    };
}
pub(crate) use vectorised;

/// `a · b + c`, fused where the processor does that in hardware (in software it is very slow).
#[inline(always)]
pub fn mul_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// eˣ within 2 units in the last place, for x clamped to where the result is a normal number.
/// Range reduction and polynomial are Cephes' `expf` (S. Moshier).
#[inline(always)]
pub fn exp<const FMA: bool>(x: f32) -> f32 {
    const LOWEST: f32 = -87.0;
    const HIGHEST: f32 = 88.0;
    // Adding and subtracting 1.5·2²³ rounds to an integer, which also ends up in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    // Comparisons instead of `clamp`, so that a NaN stays one.
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let shifted = mul_add::<FMA>(x, std::f32::consts::LOG2_E, ROUND);
    let exponent = shifted - ROUND;
    let rest = mul_add::<FMA>(exponent, -LN_2_HIGH, x);
    let rest = mul_add::<FMA>(exponent, -LN_2_LOW, rest);
    let mut polynomial = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        polynomial = mul_add::<FMA>(polynomial, rest, coefficient);
    }
    let mantissa = mul_add::<FMA>(polynomial, rest * rest, rest + 1.0);
    f32::from_bits(mantissa.to_bits().wrapping_add(shifted.to_bits() << 23))
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid<const FMA: bool>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<FMA>(-x))
}

/// Σ f(aᵢ), summed in [`LANES`] lanes.
#[inline(always)]
pub fn sum_by(a: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = a.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += f(value);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&value| f(value)).sum::<f32>()
}

vectorised! {
    /// Σ aᵢ.
    pub fn sum<FMA>(a: &[f32]) -> f32 {
        sum_by(a, |value| value)
    }
}

vectorised! {
    /// Σ (aᵢ − mean)².
    pub fn sum_of_squares<FMA>(a: &[f32], mean: f32) -> f32 {
        sum_by(a, |value| (value - mean) * (value - mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate_over_its_range() {
        for step in -8_700..8_800 {
            let x = step as f32 * 0.01;
            let expected = f64::from(x).exp();
            for value in [exp::<true>(x), exp::<false>(x)] {
                let error = (f64::from(value) - expected).abs() / expected;
                assert!(error < 2.5e-7, "exp({x}): relative error {error:e}");
            }
        }
    }

    #[test]
    fn exp_saturates_and_keeps_nan() {
        assert!(exp::<false>(f32::NEG_INFINITY) < 1e-37);
        assert!(exp::<false>(f32::INFINITY) > 1e38);
        assert!(exp::<false>(f32::NAN).is_nan());
    }
}

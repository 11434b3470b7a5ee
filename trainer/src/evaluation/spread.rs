//! A number measured with several seeds.

/// Two-sided 95 % points of Student's t for 1 to 10 degrees of freedom.
const T: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
/// The same for more.
const T_OF_MORE: f64 = 2.2;

/// Mean of what is defined; `None` where nothing is.
pub fn mean(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let defined: Vec<f64> = values.into_iter().flatten().collect();
    (!defined.is_empty()).then(|| rounded(defined.iter().sum::<f64>() / defined.len() as f64))
}

/// The 95 % interval of the mean of percentages, by Student's t, cut to 0 and 100; `None` of fewer than
/// two values.
pub fn interval(values: impl IntoIterator<Item = Option<f64>>) -> Option<[f64; 2]> {
    let defined: Vec<f64> = values.into_iter().flatten().collect();
    let count = defined.len() as f64;
    if defined.len() < 2 {
        return None;
    }
    let mean = defined.iter().sum::<f64>() / count;
    let reach = T.get(defined.len() - 2).copied().unwrap_or(T_OF_MORE) * standard_error(&defined);
    Some([mean - reach, mean + reach].map(|end| rounded(end.clamp(0.0, 100.0))))
}

/// Of the mean of at least two values.
pub fn standard_error(values: &[f64]) -> f64 {
    deviation(values) / (values.len() as f64).sqrt()
}

/// Standard deviation, of a sample; 0 of one value.
pub fn deviation(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (count - 1.0).max(1.0)).sqrt()
}

/// Six digits behind the point: fewer than rounding errors need, more than any count gives.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviation_by_hand() {
        assert!((deviation(&[1.0, 2.0, 3.0, 4.0]) - (5.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(deviation(&[0.5]), 0.0);
    }

    #[test]
    fn interval_of_three_by_hand() {
        let values = [Some(10.0), Some(12.0), Some(14.0), None];
        assert_eq!(mean(values), Some(12.0));
        // Deviation 2, error 2 / √3, times 4.303.
        let [low, high] = interval(values).expect("three values");
        assert!((low - 7.031_328).abs() < 1e-3 && (high - 16.968_672).abs() < 1e-3);
        assert_eq!(interval([Some(1.0), Some(99.0)]), Some([0.0, 100.0]));
        assert_eq!(interval([Some(1.0)]), None);
        assert_eq!(mean([None]), None);
    }
}

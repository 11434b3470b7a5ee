//! A histogram as a small SVG picture.

use std::fmt::Write;

const BINS: usize = 24;
const WIDTH: usize = 168;
const HEIGHT: usize = 44;

/// Limits of an axis: of all values but the outermost hundredth on either side.
pub fn axis<'a>(values: impl Iterator<Item = &'a f32>) -> Option<[f32; 2]> {
    let mut sorted: Vec<f32> = values.copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    let at = |share: f32| sorted.get(((sorted.len().max(1) - 1) as f32 * share) as usize).copied();
    let (low, high) = (at(0.01)?, at(0.99)?);
    Some(if high > low { [low, high] } else { [low - 0.5, low + 0.5] })
}

/// Bars of the shares of `values` along `axis`; what lies beyond is in the outermost bars.
pub fn svg(values: &[f32], [low, high]: [f32; 2]) -> String {
    let mut bins = [0; BINS];
    for value in values {
        let place = (value - low) / (high - low) * BINS as f32;
        bins[(place as usize).min(BINS - 1)] += 1;
    }
    let highest = bins.iter().copied().max().unwrap_or(0).max(1);
    let bar = WIDTH / BINS;
    let mut picture = format!("<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">");
    for (place, count) in bins.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        let tall = (count * HEIGHT).div_ceil(highest);
        let _ = write!(
            picture,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{tall}\"/>",
            place * bar,
            HEIGHT - tall,
            bar - 1
        );
    }
    picture.push_str("</svg>");
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_bar() {
        let picture = svg(&[-5.0, 0.0, 1.0, 99.0], [0.0, 1.0]);
        assert_eq!(picture.matches("<rect").count(), 2, "{picture}");
        assert_eq!(axis([3.0, 3.0].iter()), Some([2.5, 3.5]));
        assert_eq!(axis([].iter()), None);
    }
}

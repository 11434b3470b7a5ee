//! What happens to the light before the sensor: lens blur and camera shake.

use crate::linear::{Colour, LinearImage, zip};

/// Smeared by a Gaussian of deviation `sigma` pixels, in both directions.
pub(crate) fn defocused(image: &LinearImage, sigma: f32) -> LinearImage {
    let weights = gaussian(sigma);
    if weights.len() == 1 {
        return image.clone();
    }
    let across = weighted(image, &weights, 1, 0);
    weighted(&across, &weights, 0, 1)
}

/// Smeared along a straight way of so many pixels.
pub(crate) fn shaken(image: LinearImage, way: [f32; 2]) -> LinearImage {
    let length = way[0].hypot(way[1]);
    if length < 0.5 {
        return image;
    }
    let steps = length.ceil() as usize + 1;
    let offsets: Vec<[f32; 2]> = (0..steps)
        .map(|step| step as f32 / (steps - 1) as f32 - 0.5)
        .map(|share| [way[0] * share, way[1] * share])
        .collect();
    LinearImage::from_fn(image.width, image.height, |x, y| {
        let sum = offsets.iter().fold([0.0; 3], |sum, [u, v]| {
            let seen = image.bilinear(x as f32 + 0.5 + u, y as f32 + 0.5 + v);
            zip(sum, seen, |a, b| a + b)
        });
        sum.map(|light| light / steps as f32)
    })
}

/// Weights of sum 1, symmetric, cut where they fall below 2 %.
fn gaussian(sigma: f32) -> Vec<f32> {
    let reach = (2.5 * sigma).floor() as i32;
    let bell = |offset: i32| (-0.5 * (offset as f32 / sigma.max(1e-3)).powi(2)).exp();
    let weights: Vec<f32> = (-reach..=reach).map(bell).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Each pixel the weighted sum of those in a row along (`dx`, `dy`) around it.
fn weighted(image: &LinearImage, weights: &[f32], dx: isize, dy: isize) -> LinearImage {
    let reach = (weights.len() / 2) as isize;
    let (width, height) = (image.width as isize, image.height as isize);
    let stride = dx + dy * width;
    LinearImage::from_fn(image.width, image.height, |x, y| {
        let (x, y) = (x as isize, y as isize);
        let inside =
            x >= reach * dx && x + reach * dx < width && y >= reach * dy && y + reach * dy < height;
        let add = |sum: Colour, pixel: Colour, weight: f32| zip(sum, pixel, |s, p| s + p * weight);
        if inside {
            let first = y * width + x - reach * stride;
            (0..).zip(weights).fold([0.0; 3], |sum, (step, &weight)| {
                add(sum, image.pixels[(first + step * stride) as usize], weight)
            })
        } else {
            (-reach..).zip(weights).fold([0.0; 3], |sum, (step, &weight)| {
                add(sum, image.clamped(x + step * dx, y + step * dy), weight)
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point_of_light() -> LinearImage {
        LinearImage::from_fn(31, 31, |x, y| [f32::from(u8::from((x, y) == (15, 15))); 3])
    }

    fn deviation(image: &LinearImage, axis: usize) -> f32 {
        let mut variance = 0.0;
        for (index, pixel) in image.pixels.iter().enumerate() {
            let position = [index % 31, index / 31][axis] as f32 - 15.0;
            variance += pixel[0] * position * position;
        }
        variance.sqrt()
    }

    #[test]
    fn blur_spreads_light_as_far_as_asked_and_loses_none() {
        for sigma in [0.8, 1.5, 2.0] {
            let blurred = defocused(&point_of_light(), sigma);
            let sum: f32 = blurred.pixels.iter().map(|p| p[0]).sum();
            assert!((sum - 1.0).abs() < 1e-4);
            assert!((deviation(&blurred, 0) / sigma - 1.0).abs() < 0.12);
            assert!((deviation(&blurred, 1) / sigma - 1.0).abs() < 0.12);
        }
    }

    #[test]
    fn shake_smears_along_its_way_only() {
        let shaken = shaken(point_of_light(), [6.0, 0.0]);
        assert!(deviation(&shaken, 0) > 1.5 && deviation(&shaken, 1) < 0.1);
    }
}

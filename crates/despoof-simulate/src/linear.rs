//! Pictures in linear light, where lenses blur, inks multiply and lights add.

use std::sync::LazyLock;

use image::{Rgb, RgbImage};

/// Linear red, green and blue; 1 is the brightest a display shows.
pub(crate) type Colour = [f32; 3];

/// Rec. 709 weights of a linear colour's luminance.
pub(crate) const LUMINANCE: Colour = [0.2126, 0.7152, 0.0722];

/// Linear light of each sRGB byte.
static DECODED: LazyLock<[f32; 256]> =
    LazyLock::new(|| std::array::from_fn(|byte| decode(byte as f32 / 255.0)));

/// Entries of [`ENCODED`] less one.
const ENCODED_STEPS: usize = 1024;

/// sRGB value by the square root of linear light, which is nearly a straight line and so
/// interpolates to within 1/4000.
static ENCODED: LazyLock<[f32; ENCODED_STEPS + 2]> = LazyLock::new(|| {
    std::array::from_fn(|step| encode((step as f32 / ENCODED_STEPS as f32).powi(2)))
});

/// Linear light of an sRGB value, both 0–1.
fn decode(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// sRGB value of linear light, both 0–1.
fn encode(light: f32) -> f32 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// sRGB value 0–1 of linear light, which is clipped to 0–1; from a table.
pub(crate) fn srgb_from_linear(light: f32) -> f32 {
    let position = light.clamp(0.0, 1.0).sqrt() * ENCODED_STEPS as f32;
    let step = position as usize;
    let share = position - step as f32;
    ENCODED[step] * (1.0 - share) + ENCODED[step + 1] * share
}

/// Linear light 0–1 of an sRGB byte; from a table.
pub(crate) fn linear_from_srgb(byte: u8) -> f32 {
    DECODED[byte as usize]
}

/// `f` on each channel.
pub(crate) fn map(colour: Colour, f: impl FnMut(f32) -> f32) -> Colour {
    colour.map(f)
}

/// `f` on the channels of two colours.
pub(crate) fn zip(a: Colour, b: Colour, mut f: impl FnMut(f32, f32) -> f32) -> Colour {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2])]
}

/// From `a` (share 0) to `b` (share 1).
pub(crate) fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    zip(a, b, |a, b| a + (b - a) * share)
}

/// Luminance of a linear colour.
pub(crate) fn luminance(colour: Colour) -> f32 {
    colour[0] * LUMINANCE[0] + colour[1] * LUMINANCE[1] + colour[2] * LUMINANCE[2]
}

/// A picture of linear colours, row by row.
///
/// Positions are continuous: the pixel in column `i` covers `i..i + 1`, its centre is `i + 0.5`.
#[derive(Clone)]
pub(crate) struct LinearImage {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Colour>,
}

impl LinearImage {
    /// `width × height` pixels, each from its column and row.
    pub(crate) fn from_fn(
        width: usize,
        height: usize,
        mut pixel: impl FnMut(usize, usize) -> Colour,
    ) -> Self {
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                pixels.push(pixel(x, y));
            }
        }
        Self { width, height, pixels }
    }

    /// The linear light of an sRGB photo.
    pub(crate) fn from_photo(photo: &RgbImage) -> Self {
        let decoded = &*DECODED;
        Self {
            width: photo.width() as usize,
            height: photo.height() as usize,
            pixels: photo
                .pixels()
                .map(|Rgb(bytes)| bytes.map(|byte| decoded[byte as usize]))
                .collect(),
        }
    }

    /// The pixel in that column and row, or the nearest one at the border.
    pub(crate) fn clamped(&self, x: isize, y: isize) -> Colour {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        self.pixels[y * self.width + x]
    }

    /// The colour at a continuous position, between the four pixel centres around it.
    pub(crate) fn bilinear(&self, x: f32, y: f32) -> Colour {
        let x = (x - 0.5).clamp(0.0, (self.width - 1) as f32);
        let y = (y - 0.5).clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let right = (left + 1).min(self.width - 1);
        let (above, below) = (top * self.width, (top + 1).min(self.height - 1) * self.width);
        let (u, v) = (x - left as f32, y - top as f32);
        mix(
            mix(self.pixels[above + left], self.pixels[above + right], u),
            mix(self.pixels[below + left], self.pixels[below + right], u),
            v,
        )
    }

    /// Mean of all pixels.
    pub(crate) fn mean(&self) -> Colour {
        let mut sum = [0.0f64; 3];
        for pixel in &self.pixels {
            for (sum, &light) in sum.iter_mut().zip(pixel) {
                *sum += f64::from(light);
            }
        }
        sum.map(|sum| (sum / self.pixels.len() as f64) as f32)
    }

    /// Halved in both directions (a side of 1 stays) by the mean of 2×2 pixels.
    pub(crate) fn halved(&self) -> Self {
        let (width, height) = ((self.width / 2).max(1), (self.height / 2).max(1));
        Self::from_fn(width, height, |x, y| {
            let (x, y) = (2 * x as isize, 2 * y as isize);
            let above = mix(self.clamped(x, y), self.clamped(x + 1, y), 0.5);
            let below = mix(self.clamped(x, y + 1), self.clamped(x + 1, y + 1), 0.5);
            mix(above, below, 0.5)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_way_to_linear_light_and_back() {
        for byte in 0..=255u8 {
            let back = srgb_from_linear(DECODED[byte as usize]) * 255.0;
            assert!((back - f32::from(byte)).abs() < 0.1, "{byte} became {back}");
        }
    }

    #[test]
    fn bilinear_hits_pixel_centres_and_clamps_outside() {
        let image = LinearImage::from_fn(3, 2, |x, y| [x as f32, y as f32, 0.0]);
        assert_eq!(image.bilinear(1.5, 1.5), [1.0, 1.0, 0.0]);
        assert_eq!(image.bilinear(-9.0, 9.0), [0.0, 1.0, 0.0]);
        assert_eq!(image.bilinear(2.0, 1.0), [1.5, 0.5, 0.0]);
    }
}

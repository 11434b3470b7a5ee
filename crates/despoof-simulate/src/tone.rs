//! Tones of encoded colours.

/// Rec. 601 luma of an encoded colour, which JPEG keeps apart from colour.
#[must_use]
pub fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// A colour of 0–255 with its distance from grey multiplied by `saturation`, as bytes.
#[must_use]
pub fn saturated(colour: [f32; 3], saturation: f32) -> [u8; 3] {
    let grey = luma(colour);
    // The cast clips to 0–255.
    colour.map(|value| (grey + (value - grey) * saturation + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_saturation_is_grey_and_all_of_it_the_colour() {
        assert_eq!(saturated([200.0, 100.0, 0.0], 1.0), [200, 100, 0]);
        let grey = luma([200.0, 100.0, 0.0]).round() as u8;
        assert_eq!(saturated([200.0, 100.0, 0.0], 0.0), [grey; 3]);
        assert_eq!(saturated([255.0, 0.0, 0.0], 2.0), [255, 0, 0]);
    }
}

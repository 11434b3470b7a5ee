//! Quality of a JPEG file from its table of luminance quantisers, as the IJG encoder counts it.

/// Sum of the standard luminance table (ITU-T T.81, table K.1), which is quality 50.
const STANDARD_SUM: f32 = 3688.0;
const VALUES: usize = 64;

/// 1 to 100; none for a file that is no JPEG. Encoders with tables of their own get the quality
/// whose table is as coarse on the whole.
pub fn jpeg_quality(bytes: &[u8]) -> Option<f32> {
    let percent = luminance_sum(bytes)? / STANDARD_SUM * 100.0;
    let quality = if percent <= 100.0 { (200.0 - percent) / 2.0 } else { 5000.0 / percent };
    Some(quality.clamp(1.0, 100.0))
}

/// Sum of table 0 of the first quantisation segment that has it.
fn luminance_sum(bytes: &[u8]) -> Option<f32> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length)?;
        match marker {
            0xDB => {
                if let Some(sum) = sum_of_table_0(segment) {
                    return Some(sum);
                }
            }
            // Start of scan: the tables are behind us.
            0xDA => return None,
            _ => {}
        }
        rest = &rest[2 + length..];
    }
}

fn sum_of_table_0(mut segment: &[u8]) -> Option<f32> {
    while let [head, values @ ..] = segment {
        let bytes_each = if head >> 4 == 0 { 1 } else { 2 };
        let table = values.get(..VALUES * bytes_each)?;
        if head & 0x0F == 0 {
            let value =
                |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
            return Some(table.chunks(bytes_each).map(value).sum::<u32>() as f32);
        }
        segment = &values[VALUES * bytes_each..];
    }
    None
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    #[test]
    fn the_quality_that_was_asked_for_is_found_again() {
        let image = image::RgbImage::new(16, 16);
        for quality in [30, 50, 75, 90, 95] {
            let mut bytes = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
            image.write_with_encoder(encoder).expect("it encodes");
            let found = jpeg_quality(&bytes).expect("it is a JPEG");
            assert!((found - f32::from(quality)).abs() < 1.5, "{found} for {quality}");
        }
    }

    #[test]
    fn what_is_no_jpeg_has_no_quality() {
        assert_eq!(jpeg_quality(b"\x89PNG"), None);
        assert_eq!(jpeg_quality(&[0xFF, 0xD8, 0xFF, 0xDB, 0xFF]), None);
        assert_eq!(jpeg_quality(&[0xFF, 0xD8, 0xFF, 0xDB, 0, 0]), None);
    }
}

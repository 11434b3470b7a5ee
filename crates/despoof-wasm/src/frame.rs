//! Camera frames.

use image::RgbImage;

use crate::error::CodedError;

/// A picture from canvas pixels; alpha is dropped, since a camera's frame has none.
pub fn photo_from_rgba(rgba: &[u8], width: u32, height: u32) -> Result<RgbImage, CodedError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || !rgba.len().is_multiple_of(4) || rgba.len() as u64 / 4 != pixels {
        let message = format!("{} bytes are no RGBA frame of {width} × {height}", rgba.len());
        return Err(CodedError::misuse(&message));
    }
    let rgb = rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    Ok(RgbImage::from_raw(width, height, rgb).expect("three bytes for each pixel"))
}

#[cfg(test)]
mod tests {
    use super::photo_from_rgba;

    #[test]
    fn drops_alpha() {
        let photo = photo_from_rgba(&[1, 2, 3, 4, 5, 6, 7, 8], 2, 1).unwrap();
        assert_eq!(photo.into_raw(), [1, 2, 3, 5, 6, 7]);
    }

    #[test]
    fn refuses_frames_of_another_size() {
        assert!(photo_from_rgba(&[0; 8], 1, 1).is_err());
        assert!(photo_from_rgba(&[], 0, 0).is_err());
        assert!(photo_from_rgba(&[0; 8], u32::MAX, u32::MAX).is_err());
    }
}

//! Decodes a photo of unknown origin: everything that can be wrong with it is a [`PhotoError`].

mod jpeg;

use std::io::{Cursor, ErrorKind};

use image::metadata::Orientation;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage, RgbaImage,
};

/// Fewest pixels a side; a smaller photo cannot hold a face that the networks would recognise.
pub const SMALLEST_SIDE: u32 = 32;
/// Most pixels a side.
pub const LARGEST_SIDE: u32 = 10_000;
/// Most pixels altogether.
pub const MOST_PIXELS: u64 = 50_000_000;
/// 16-bit RGBA, the widest pixel of the formats read here.
const WIDEST_PIXEL_BYTES: u64 = 8;

/// Why a photo was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhotoError {
    /// There are no bytes.
    #[error("the file is empty")]
    Empty,
    /// The content is none of PNG, JPEG, GIF or WebP, whatever the file is called.
    #[error("the file is no PNG, JPEG, GIF or WebP picture")]
    UnknownFormat,
    /// Fewer than [`SMALLEST_SIDE`] pixels a side.
    #[error("{width} × {height} pixels are too few; the smallest side is {SMALLEST_SIDE} pixels")]
    TooSmall {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// More than [`LARGEST_SIDE`] pixels a side or [`MOST_PIXELS`] altogether; not decoded.
    #[error(
        "{width} × {height} pixels are too many; the largest side is {LARGEST_SIDE} pixels, \
         and {} megapixels the most", MOST_PIXELS / 1_000_000
    )]
    TooLarge {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Decoding would take more memory than the largest photo does.
    #[error("the picture takes too much memory")]
    TooMuchMemory,
    /// The file stops before the picture does.
    #[error("the file is cut off")]
    Truncated,
    /// The decoder gave up.
    #[error("the picture cannot be decoded: {0}")]
    Unreadable(String),
}

impl PhotoError {
    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "photo_empty",
            Self::UnknownFormat => "photo_format_unknown",
            Self::TooSmall { .. } => "photo_too_small",
            Self::TooLarge { .. } | Self::TooMuchMemory => "photo_too_large",
            Self::Truncated => "photo_truncated",
            Self::Unreadable(_) => "photo_unreadable",
        }
    }
}

/// Decodes PNG, JPEG, GIF or WebP, recognised by content, to 8-bit RGB, upright.
///
/// EXIF orientation is applied, transparency is laid over white, an animation gives its first
/// frame, 16 bits are reduced to 8; colour profiles are not applied.
///
/// # Errors
/// [`PhotoError`]; size is judged from the header, before anything is decoded.
pub fn decode(bytes: &[u8]) -> Result<RgbImage, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    let guessed = image::guess_format(bytes).ok();
    let format = guessed.filter(ImageFormat::reading_enabled).ok_or(PhotoError::UnknownFormat)?;
    if format == ImageFormat::Jpeg && !jpeg::is_complete(bytes) {
        return Err(PhotoError::Truncated);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(memory_limit());
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    check_size(decoder.dimensions())?;
    // A photo with damaged metadata is still a photo; it is taken as it lies.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    image.apply_orientation(orientation);
    Ok(opaque(image))
}

fn memory_limit() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_PIXELS * WIDEST_PIXEL_BYTES);
    limits
}

fn check_size((width, height): (u32, u32)) -> Result<(), PhotoError> {
    if width.min(height) < SMALLEST_SIDE {
        return Err(PhotoError::TooSmall { width, height });
    }
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > LARGEST_SIDE || pixels > MOST_PIXELS {
        return Err(PhotoError::TooLarge { width, height });
    }
    Ok(())
}

fn unreadable(error: ImageError) -> PhotoError {
    match error {
        ImageError::Limits(_) => PhotoError::TooMuchMemory,
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            PhotoError::Truncated
        }
        error => PhotoError::Unreadable(error.to_string()),
    }
}

fn opaque(image: DynamicImage) -> RgbImage {
    if image.color().has_alpha() { over_white(&image.into_rgba8()) } else { image.into_rgb8() }
}

fn over_white(image: &RgbaImage) -> RgbImage {
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (target, source) in opaque.pixels_mut().zip(image.pixels()) {
        let [colour @ .., alpha] = source.0.map(u32::from);
        target.0 = colour.map(|value| ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    opaque
}

//! Sample pictures of a run: a grid with a row a face.

use std::path::Path;

use anyhow::{Context, Result};
use image::{RgbImage, imageops};

/// Writes a grid of equally large pictures, a row for each element of `rows`.
///
/// # Errors
/// A file that cannot be written.
pub fn write_grid(path: &Path, rows: &[Vec<RgbImage>]) -> Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let Some(first) = rows.first().and_then(|row| row.first()) else { return Ok(()) };
    let (width, height) = first.dimensions();
    let mut grid = RgbImage::new(columns * width, rows.len() as u32 * height);
    for (row, pictures) in rows.iter().enumerate() {
        for (column, picture) in pictures.iter().enumerate() {
            imageops::replace(
                &mut grid,
                picture,
                i64::from(column as u32 * width),
                i64::from(row as u32 * height),
            );
        }
    }
    grid.save(path).with_context(|| format!("cannot write {}", path.display()))
}

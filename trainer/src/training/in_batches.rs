//! Runs over the faces of a store in order, a batch at a time, for networks that are frozen.

use std::ops::Range;

use anyhow::{Context, Result};
use burn::tensor::{Device, Tensor};
use indicatif::ProgressBar;

use super::batch;
use crate::data::face_store::ImagePlane;

/// Faces in one pass.
pub const BATCH: usize = 8;

/// Faces of a plane as a tensor `[faces, 3, side, side]` in [−1, 1].
///
/// # Errors
/// A face that is not there.
pub fn read(plane: &ImagePlane, indices: &[usize], device: &Device) -> Result<Tensor<4>> {
    Ok(batch::tensor(&batch::images(plane, indices, &vec![false; indices.len()])?, device))
}

/// Visits indices a batch at a time.
///
/// # Errors
/// The first error of `visit`, with the faces at which it came.
pub fn for_each_batch(
    faces: Range<usize>,
    mut visit: impl FnMut(&[usize]) -> Result<()>,
) -> Result<()> {
    let progress = ProgressBar::new(faces.len() as u64);
    let indices: Vec<usize> = faces.collect();
    for batch in indices.chunks(BATCH) {
        visit(batch)
            .with_context(|| format!("faces {} to {}", batch[0], batch[batch.len() - 1]))?;
        progress.inc(batch.len() as u64);
    }
    progress.finish_and_clear();
    Ok(())
}

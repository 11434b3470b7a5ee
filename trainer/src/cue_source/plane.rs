//! Generated faces of a store, written as a plane that training reads.

use std::ops::Range;

use anyhow::Result;
use burn::tensor::Device;
use despoof::images::images_from_batch;

use super::CueSource;
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore};
use crate::training::in_batches::{BATCH, for_each_batch, read};

/// Generates `faces` of a store into the plane `name`, from where an interrupted process stopped.
///
/// # Errors
/// Files that cannot be read or written.
pub fn fill(
    store: &FaceStore,
    name: &str,
    faces: Range<usize>,
    source: &dyn CueSource,
    device: &Device,
) -> Result<()> {
    let aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
    let mut generated = store.image_plane(name, ALIGNED_SIDE)?;
    // Whole batches: the faces behind come out as they would have without the interruption. A plane
    // that is complete keeps its last, shorter batch.
    let records = generated.plane.records()?;
    let done = if records >= faces.len() { faces.len() } else { records / BATCH * BATCH };
    generated.plane.trim(done)?;
    for_each_batch(faces.start + done..faces.end, |indices| {
        let drawn = source.reconstruct(read(&aligned, indices, device)?);
        for image in pollster::block_on(images_from_batch(drawn))? {
            generated.plane.append(image.as_raw())?;
        }
        Ok(())
    })
}

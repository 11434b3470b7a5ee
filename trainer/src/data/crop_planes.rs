//! The crops of prepared faces: aligned, and from farther for what is around the face.

use anyhow::Result;
use despoof::align::{ContextCrop, Crops, Landmarks};
use despoof::bundle::Preprocessing;
use image::RgbImage;

use super::face_store::{ALIGNED, ALIGNED_SIDE, CONTEXT, CONTEXT_SIDE, FaceStore, ImagePlane};

/// Both planes of a store; they grow together.
pub struct CropPlanes {
    aligned: ImagePlane,
    context: ImagePlane,
}

/// A face cut out of its photo as every store keeps it.
pub fn crops_from_photo(photo: &RgbImage, landmarks: &Landmarks) -> Crops {
    let preprocessing =
        Preprocessing { context: Some(ContextCrop::default()), ..Preprocessing::default() };
    preprocessing.crops_from_photo(photo, landmarks)
}

impl CropPlanes {
    /// Opens the planes of a store.
    ///
    /// # Errors
    /// A file that cannot be opened, or a store that was made without the wider crops.
    pub fn open(store: &FaceStore) -> Result<Self> {
        Ok(Self {
            aligned: store.whole_image_plane(ALIGNED, ALIGNED_SIDE)?,
            context: store.whole_image_plane(CONTEXT, CONTEXT_SIDE)?,
        })
    }

    /// Opens the planes of a store that is going to grow: cuts off what an interrupted append has
    /// left.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_to_append(store: &FaceStore) -> Result<Self> {
        let planes = Self::open(store)?;
        planes.aligned.plane.trim(store.entries.len())?;
        planes.context.plane.trim(store.entries.len())?;
        Ok(planes)
    }

    /// Appends the crops of a face.
    ///
    /// # Errors
    /// A file that cannot be written.
    ///
    /// # Panics
    /// On crops that [`crops_from_photo`] did not make.
    pub fn append(&mut self, crops: &Crops) -> Result<()> {
        let context = crops.context.as_ref().expect("stores keep the wider crop");
        self.aligned.plane.append(crops.aligned.as_raw())?;
        self.context.plane.append(context.as_raw())
    }

    /// The crops of a face.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn read(&self, index: usize) -> Result<Crops> {
        Ok(Crops { aligned: self.aligned.read(index)?, context: Some(self.context.read(index)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::face_store::FaceEntry;
    use crate::data::metadata::PhotoMetadata;
    use crate::data::scratch::Scratch;

    const LANDMARKS: Landmarks =
        [[30.0, 40.0], [60.0, 40.0], [45.0, 60.0], [34.0, 80.0], [57.0, 80.0]];

    fn entry() -> FaceEntry {
        let metadata: PhotoMetadata =
            serde_json::from_str(r#"{"label": "live"}"#).expect("it is metadata");
        FaceEntry { key: "face".to_owned(), metadata, landmarks: LANDMARKS, simulated: None }
    }

    #[test]
    fn both_crops_of_a_face_come_back_and_surplus_ones_go() {
        let scratch = Scratch::new("crop-planes");
        let mut store = FaceStore::open_or_create(scratch.path()).expect("it can be made");
        let mut planes = CropPlanes::open_to_append(&store).expect("it is empty");
        let photo = RgbImage::from_fn(100, 120, |x, y| image::Rgb([x as u8, y as u8, 7]));
        let crops = crops_from_photo(&photo, &LANDMARKS);
        for _ in 0..2 {
            planes.append(&crops).expect("it can be written");
        }
        store.append(entry()).expect("it can be written");
        let planes = CropPlanes::open_to_append(&store).expect("it is whole");
        assert_eq!(planes.read(0).expect("it is there"), crops);
        assert!(planes.read(1).is_err(), "the interrupted append is gone");
    }

    #[test]
    fn a_store_without_wider_crops_is_refused() {
        let scratch = Scratch::new("no-wider-crops");
        let mut store = FaceStore::open_or_create(scratch.path()).expect("it can be made");
        let mut aligned = store.image_plane(ALIGNED, ALIGNED_SIDE).expect("it can be made");
        let face = RgbImage::new(ALIGNED_SIDE, ALIGNED_SIDE);
        aligned.plane.append(face.as_raw()).expect("it can be written");
        store.append(entry()).expect("it can be written");
        let error = CropPlanes::open(&store).map(drop).expect_err("there is no context.u8");
        assert!(error.to_string().contains("prepare them anew"), "{error}");
    }
}

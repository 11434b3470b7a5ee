//! Faces with cached latents and identity maps: what the generator is trained on.

use anyhow::{Result, ensure};
use burn::tensor::{Bool, Device, Tensor, TensorData};
use image::RgbImage;

use super::batch;
use crate::data::face_store::{
    ALIGNED, ALIGNED_SIDE, FaceStore, IDENTITY, ImagePlane, LATENTS, Plane,
};

/// Shape of a latent.
pub const LATENT_SHAPE: [usize; 3] = [4, 28, 28];
/// Shape of an identity map as tokens.
pub const IDENTITY_SHAPE: [usize; 2] = [49, 512];
/// Side of the map that the tokens are read from row by row.
const IDENTITY_SIDE: usize = 7;

/// A store with cached latents and identity maps.
pub struct CachedFaces {
    latents: Plane,
    identity: Plane,
    aligned: ImagePlane,
    /// Real faces to train on.
    pub train: Vec<usize>,
    /// Real faces to measure on.
    pub held_out: Vec<usize>,
}

impl CachedFaces {
    /// Opens the caches; those of an interrupted `despoof cache latents` are used as far as they go.
    ///
    /// # Errors
    /// A store without caches, or without real faces for training.
    pub fn open(store: &FaceStore) -> Result<Self> {
        let latents = store.plane(LATENTS, LATENT_SHAPE.iter().product::<usize>() * 4)?;
        let identity = store.plane(IDENTITY, IDENTITY_SHAPE.iter().product::<usize>() * 2)?;
        let cached = latents.records()?.min(identity.records()?);
        ensure!(
            cached > 0,
            "no latents and identity maps are cached; run `despoof cache latents` first"
        );
        println!("latents and identity maps of {cached} of {} faces", store.entries.len());
        let of_split = |training: bool| {
            let mut indices = store.real_faces(training);
            indices.retain(|&index| index < cached);
            indices
        };
        let train = of_split(true);
        ensure!(!train.is_empty(), "none of the cached faces is a real one for training");
        let aligned = store.image_plane(ALIGNED, ALIGNED_SIDE)?;
        Ok(Self { latents, identity, aligned, train, held_out: of_split(false) })
    }

    /// Latents `[faces, 4, 28, 28]`, those flagged in `mirrored` left-right reversed.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn latents(
        &self,
        indices: &[usize],
        mirrored: &[bool],
        device: &Device,
    ) -> Result<Tensor<4>> {
        let [channels, height, width] = LATENT_SHAPE;
        let shape = [indices.len(), channels, height, width];
        Ok(mirrored_along(3, batch::floats(&self.latents, indices, shape, device)?, mirrored))
    }

    /// Identity tokens `[faces, 49, 512]`, mirrored as the faces are.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn context(
        &self,
        indices: &[usize],
        mirrored: &[bool],
        device: &Device,
    ) -> Result<Tensor<3>> {
        let [tokens, width] = IDENTITY_SHAPE;
        let shape = [indices.len(), tokens, width];
        Ok(mirrored_tokens(batch::half_floats(&self.identity, indices, shape, device)?, mirrored))
    }

    /// The aligned faces themselves.
    ///
    /// # Errors
    /// A record that is not there.
    pub fn images(&self, indices: &[usize]) -> Result<Vec<RgbImage>> {
        batch::images(&self.aligned, indices, &no_mirror(indices))
    }
}

/// No face of a batch is mirrored.
pub fn no_mirror(indices: &[usize]) -> Vec<bool> {
    vec![false; indices.len()]
}

/// The tokens of the mirrored map. The encoder would see a mirrored face almost, not exactly, so.
fn mirrored_tokens(tokens: Tensor<3>, mirrored: &[bool]) -> Tensor<3> {
    let [batch, count, width] = tokens.dims();
    let map = tokens.reshape([batch, IDENTITY_SIDE, IDENTITY_SIDE, width]);
    mirrored_along(2, map, mirrored).reshape([batch, count, width])
}

/// Reverses dimension `dim` of the flagged samples.
fn mirrored_along(dim: usize, values: Tensor<4>, mirrored: &[bool]) -> Tensor<4> {
    if !mirrored.contains(&true) {
        return values;
    }
    let flags = TensorData::new(mirrored.to_vec(), [mirrored.len(), 1, 1, 1]);
    let mask = Tensor::<4, Bool>::from_data(flags, &values.device()).expand(values.dims());
    let reversed = values.clone().flip([dim]);
    values.mask_where(mask, reversed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(shape: [usize; 4]) -> Tensor<4> {
        let values: Vec<f32> = (0..shape.iter().product()).map(|value| value as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    #[test]
    fn only_flagged_latents_are_reversed_along_the_width() {
        let mirrored = mirrored_along(3, counting([2, 1, 2, 3]), &[false, true]);
        let values: Vec<f32> = mirrored.into_data().iter::<f32>().collect();
        assert_eq!(values, [0., 1., 2., 3., 4., 5., 8., 7., 6., 11., 10., 9.]);
    }

    #[test]
    fn a_mirrored_map_gives_mirrored_tokens() {
        use despoof_nn::mobilefacenet::tokens_from_map;
        let map = counting([2, 3, IDENTITY_SIDE, IDENTITY_SIDE]);
        let expected = tokens_from_map(mirrored_along(3, map.clone(), &[true, false]));
        let actual = mirrored_tokens(tokens_from_map(map), &[true, false]);
        actual.into_data().assert_eq(&expected.into_data(), true);
    }
}

//! Batches for training: images and cached floats from a face store to tensors.

use anyhow::Result;
use burn::tensor::{Device, Tensor, TensorData};
use despoof::images::batch_from_images;
use image::RgbImage;
use image::imageops;
use rand::Rng;
use rand::rngs::StdRng;
use rand_distr::StandardNormal;

use crate::data::face_store::{ImagePlane, Plane};

/// `count` random members of `indices`, with repetition.
pub fn draw(indices: &[usize], count: usize, rng: &mut StdRng) -> Vec<usize> {
    (0..count).map(|_| indices[rng.random_range(0..indices.len())]).collect()
}

/// Reads images of a plane, those flagged in `mirrored` left-right reversed.
///
/// # Errors
/// A record that is not there.
pub fn images(plane: &ImagePlane, indices: &[usize], mirrored: &[bool]) -> Result<Vec<RgbImage>> {
    let read = indices.iter().zip(mirrored).map(|(&index, &mirror)| {
        let image = plane.read(index)?;
        Ok(if mirror { imageops::flip_horizontal(&image) } else { image })
    });
    read.collect()
}

/// Images as a tensor `[images, 3, side, side]` in [−1, 1].
pub fn tensor(images: &[RgbImage], device: &Device) -> Tensor<4> {
    batch_from_images(&images.iter().collect::<Vec<_>>(), device)
}

/// A coin for each face of a batch.
pub fn coins(count: usize, rng: &mut StdRng) -> Vec<bool> {
    (0..count).map(|_| rng.random()).collect()
}

/// Reads records of 32-bit floats of shape `[rows, …]` into a tensor with the batch in front.
///
/// # Errors
/// A record that is not there.
pub fn floats<const D: usize>(
    plane: &Plane,
    indices: &[usize],
    shape: [usize; D],
    device: &Device,
) -> Result<Tensor<D>> {
    let mut values = Vec::new();
    for &index in indices {
        let record = plane.read(index)?;
        values.extend(
            record
                .chunks_exact(4)
                .map(|quad| f32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]])),
        );
    }
    Ok(Tensor::from_data(TensorData::new(values, shape), device))
}

/// Reads records of 16-bit floats into a 32-bit tensor with the batch in front.
///
/// # Errors
/// A record that is not there.
pub fn half_floats<const D: usize>(
    plane: &Plane,
    indices: &[usize],
    shape: [usize; D],
    device: &Device,
) -> Result<Tensor<D>> {
    let mut values = Vec::new();
    for &index in indices {
        let record = plane.read(index)?;
        let widened = record
            .chunks_exact(2)
            .map(|pair| half::f16::from_bits(u16::from_le_bytes([pair[0], pair[1]])).to_f32());
        values.extend(widened);
    }
    Ok(Tensor::from_data(TensorData::new(values, shape), device))
}

/// Standard normal values.
pub fn normal_noise(shape: [usize; 4], rng: &mut StdRng, device: &Device) -> Tensor<4> {
    let values: Vec<f32> =
        (0..shape.iter().product()).map(|_| rng.sample(StandardNormal)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Time steps as the U-Net takes them, `[batch]`.
pub fn timesteps(timesteps: &[usize], device: &Device) -> Tensor<1> {
    let timesteps: Vec<f32> = timesteps.iter().map(|&timestep| timestep as f32).collect();
    Tensor::from_floats(timesteps.as_slice(), device)
}

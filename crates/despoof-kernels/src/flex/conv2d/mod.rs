//! Dense convolution as a matrix product: `output = weight · columns`, where `columns` holds under
//! every output position the patch it reads (im2col). A 1×1 convolution needs no columns, its input
//! is them. The columns exist only for a tile of the output at a time, small enough for the cache. 3×3
//! kernels with steps of one mostly take fewer products in [`winograd`].

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, tensor, values};
use super::geometry::Geometry;
use super::matrix::{Matrix, Spread, Update, multiply};
use super::{parallel, scratch};
use tiling::{Tile, Tiling};

#[cfg(feature = "autodiff")]
pub mod backward;
mod columns;
mod tiling;
mod winograd;

/// Dense convolution.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait Conv2dKernel: Backend {
    /// `input` `[batch, in, height, width]`, `weight` `[out, in, height, width]`, `bias` `[out]`.
    fn conv2d_dense(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [(usize, usize); 2],
    ) -> FloatTensor<Self>;
}

impl Conv2dKernel for Flex {
    fn conv2d_dense(
        input: FlexTensor,
        weight: FlexTensor,
        bias: FlexTensor,
        stride: [usize; 2],
        padding: [(usize, usize); 2],
    ) -> FlexTensor {
        let geometry = Geometry::new(dims(&input), dims(&weight), stride, padding);
        let (input, weight, bias) = (contiguous(input), contiguous(weight), contiguous(bias));
        let output = forward(&geometry, values(&input), values(&weight), values(&bias));
        tensor(output, geometry.output_dims())
    }
}

fn forward(geometry: &Geometry, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    if winograd::pays(geometry) {
        return winograd::forward(geometry, input, weight, bias);
    }
    let tiling = Tiling::new(geometry);
    let spread = Spread::for_units(tiling.units(geometry));
    let image_out = geometry.channels_out * geometry.output_plane();
    let image_in = geometry.channels_in * geometry.input_plane();
    let weight = Matrix::new(weight, geometry.channels_out, geometry.depth(), geometry.depth());
    let mut output = vec![0.0; geometry.batch * image_out];
    let (unit_out, work) = (tiling.images_per_unit * image_out, output.len());
    parallel::for_each_chunk(&mut output, unit_out, work, |unit, output| {
        for (index, plane) in output.chunks_exact_mut(geometry.output_plane()).enumerate() {
            plane.fill(bias[index % geometry.channels_out]);
        }
        let images = output.len() / image_out;
        let input = &input[unit * tiling.images_per_unit * image_in..][..images * image_in];
        for tile in tiling.tiles(geometry, images) {
            tile.with_columns(input, |columns| {
                forward_tile(&tile, weight, columns, output, spread)
            });
        }
    });
    output
}

fn forward_tile(tile: &Tile, weight: Matrix, columns: Matrix, output: &mut [f32], spread: Spread) {
    let (channels, plane) = (tile.geometry.channels_out, tile.geometry.output_plane());
    if tile.images == 1 {
        let rows = &mut output[tile.start()..];
        return multiply((rows, plane), weight, columns, Update::Add, spread);
    }
    scratch::with(channels * tile.positions(), |merged| {
        multiply((merged, tile.positions()), weight, columns, Update::Assign, spread);
        add_split(merged, tile.images, channels, plane, output);
    });
}

/// Adds `[channels, images × plane]` to the planes of several images.
fn add_split(merged: &[f32], images: usize, channels: usize, plane: usize, target: &mut [f32]) {
    let width = images * plane;
    for (index, values) in target.chunks_exact_mut(plane).enumerate() {
        let (image, channel) = (index / channels, index % channels);
        let source = &merged[channel * width + image * plane..][..plane];
        for (value, addend) in values.iter_mut().zip(source) {
            *value += addend;
        }
    }
}

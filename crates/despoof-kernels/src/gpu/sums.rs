//! Sums over the images and places of each channel. burn's own reduction gives every sum to one thread, which with
//! a channel's hundreds of thousands of values takes longer than everything else of a training step.

use burn::backend::TensorMetadata;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{a_thread_each, empty};

/// Threads that share a sum; a power of two.
pub const SHARING: usize = 256;

/// Most parts that a channel's images are shared out to.
const PARTS: usize = 16;

/// Sums of the parts of each channel, `[parts, channels]`, to be written; and the cubes that do.
pub fn parts_of_channels(input: &CubeTensor) -> (CubeTensor, CubeCount) {
    let [batch, channels, ..]: [usize; 4] = input.shape().dims();
    let parts = batch.min(PARTS);
    (empty(input, [parts, channels]), CubeCount::Static(channels as u32, parts as u32, 1))
}

/// The sums of the parts, times `factor`: `[channels]`.
pub fn joined(parts: CubeTensor, factor: f32) -> CubeTensor {
    let [_, channels]: [usize; 2] = parts.shape().dims();
    let output = empty(&parts, [channels]);
    let (count, dim) = a_thread_each(&output);
    join::launch(
        &output.client,
        count,
        dim,
        parts.into_tensor_arg(),
        output.clone().into_tensor_arg(),
        factor,
    );
    output
}

#[cube(launch)]
fn join(parts: &Tensor<f32>, output: &mut Tensor<f32>, factor: f32) {
    let channel = ABSOLUTE_POS;
    if channel >= output.len() {
        terminate!();
    }
    let mut sum = 0.0f32;
    for part in 0..parts.shape(0) {
        sum += parts[part * parts.shape(1) + channel];
    }
    output[channel] = sum * factor;
}

/// The sum of what the threads of a cube hold; every one of them gets it.
#[cube]
pub fn sum_of_cube(value: f32, #[comptime] sharing: usize) -> f32 {
    let unit = UNIT_POS_X as usize;
    let mut sums = Shared::<[f32]>::new_slice(sharing);
    sums[unit] = value;
    sync_cube();
    let mut half = sharing.runtime() / 2;
    while half > 0 {
        if unit < half {
            sums[unit] = sums[unit] + sums[unit + half];
        }
        sync_cube();
        half /= 2;
    }
    let total = sums[0];
    // The next sum of the same cube may be given the same memory.
    sync_cube();
    total
}

/// How many values the cube's part of its channel has.
#[cube]
pub fn values_of_part(input: &Tensor<f32>) -> usize {
    let (part, parts) = (CUBE_POS_Y as usize, CUBE_COUNT_Y as usize);
    (input.shape(0) - part).div_ceil(parts) * input.shape(2) * input.shape(3)
}

/// Where value `number` of the cube's part of its channel lies.
#[cube]
pub fn place_in_part(input: &Tensor<f32>, number: usize) -> usize {
    let (channel, part, parts) = (CUBE_POS_X as usize, CUBE_POS_Y as usize, CUBE_COUNT_Y as usize);
    let plane = input.shape(2) * input.shape(3);
    let image = part + number / plane * parts;
    (image * input.shape(1) + channel) * plane + number % plane
}

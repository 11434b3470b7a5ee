//! Depthwise convolution, one kernel per channel: a thread per value, row-major `f32`.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{a_thread_each, empty};
use super::sums::{SHARING, sum_of_cube};

/// Depthwise convolution.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Cube: cfg(feature = "gpu-training"))]
pub trait DepthwiseKernel: Backend {
    /// `input` `[batch, channels, height, width]`, `weight` `[channels, 1, height, width]`.
    fn conv2d_depthwise(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [(usize, usize); 2],
    ) -> FloatTensor<Self>;
}

impl DepthwiseKernel for CubeBackend {
    fn conv2d_depthwise(
        input: CubeTensor,
        weight: CubeTensor,
        stride: [usize; 2],
        padding: [(usize, usize); 2],
    ) -> CubeTensor {
        let [batch, channels, height, width]: [usize; 4] = input.shape().dims();
        let [_, _, kernel_height, kernel_width]: [usize; 4] = weight.shape().dims();
        let rows = (height + padding[0].0 + padding[0].1 - kernel_height) / stride[0] + 1;
        let columns = (width + padding[1].0 + padding[1].1 - kernel_width) / stride[1] + 1;
        let output = empty(&input, [batch, channels, rows, columns]);
        let (count, dim) = a_thread_each(&output);
        forward::launch(
            &output.client,
            count,
            dim,
            into_contiguous(input).into_tensor_arg(),
            into_contiguous(weight).into_tensor_arg(),
            output.clone().into_tensor_arg(),
            place(stride, padding),
        );
        output
    }
}

/// The gradient of the input, of size `shape`.
pub fn input_gradient(
    output_gradient: CubeTensor,
    weight: CubeTensor,
    shape: [usize; 4],
    stride: [usize; 2],
    padding: [(usize, usize); 2],
) -> CubeTensor {
    let gradient = empty(&output_gradient, shape);
    let (count, dim) = a_thread_each(&gradient);
    backward_input::launch(
        &gradient.client,
        count,
        dim,
        into_contiguous(output_gradient).into_tensor_arg(),
        into_contiguous(weight).into_tensor_arg(),
        gradient.clone().into_tensor_arg(),
        place(stride, padding),
    );
    gradient
}

/// The gradient of the weight, of size `shape`.
pub fn weight_gradient(
    output_gradient: CubeTensor,
    input: CubeTensor,
    shape: [usize; 4],
    stride: [usize; 2],
    padding: [(usize, usize); 2],
) -> CubeTensor {
    let gradient = empty(&output_gradient, shape);
    backward_weight::launch(
        &gradient.client,
        CubeCount::Static(shape.iter().product::<usize>() as u32, 1, 1),
        CubeDim::new_1d(SHARING as u32),
        into_contiguous(output_gradient).into_tensor_arg(),
        into_contiguous(input).into_tensor_arg(),
        gradient.clone().into_tensor_arg(),
        place(stride, padding),
        SHARING,
    );
    gradient
}

fn place([down, across]: [usize; 2], [(top, _), (left, _)]: [(usize, usize); 2]) -> PlaceLaunch {
    PlaceLaunch::new(down, across, top, left)
}

/// How output places lie over the input.
#[derive(CubeLaunch, CubeType)]
struct Place {
    down: usize,
    across: usize,
    top: usize,
    left: usize,
}

#[cube(launch)]
fn forward(input: &Tensor<f32>, weight: &Tensor<f32>, output: &mut Tensor<f32>, place: Place) {
    let position = ABSOLUTE_POS;
    if position >= output.len() {
        terminate!();
    }
    let column = position % output.shape(3);
    let row = position / output.shape(3) % output.shape(2);
    let plane = position / output.shape(3) / output.shape(2);
    let (height, width) = (input.shape(2), input.shape(3));
    let (kernel_height, kernel_width) = (weight.shape(2), weight.shape(3));
    let weights = plane % output.shape(1) * kernel_height * kernel_width;
    let mut sum = 0.0f32;
    for down in 0..kernel_height {
        let y = row * place.down + down;
        if y >= place.top && y < place.top + height {
            let start = (plane * height + y - place.top) * width;
            for across in 0..kernel_width {
                let x = column * place.across + across;
                if x >= place.left && x < place.left + width {
                    sum += input[start + x - place.left]
                        * weight[weights + down * kernel_width + across];
                }
            }
        }
    }
    output[position] = sum;
}

#[cube(launch)]
fn backward_input(
    output_gradient: &Tensor<f32>,
    weight: &Tensor<f32>,
    gradient: &mut Tensor<f32>,
    place: Place,
) {
    let position = ABSOLUTE_POS;
    if position >= gradient.len() {
        terminate!();
    }
    let column = position % gradient.shape(3);
    let row = position / gradient.shape(3) % gradient.shape(2);
    let plane = position / gradient.shape(3) / gradient.shape(2);
    let (rows, columns) = (output_gradient.shape(2), output_gradient.shape(3));
    let (kernel_height, kernel_width) = (weight.shape(2), weight.shape(3));
    let weights = plane % gradient.shape(1) * kernel_height * kernel_width;
    let mut sum = 0.0f32;
    for down in 0..kernel_height {
        let y = row + place.top;
        if y >= down && (y - down) % place.down == 0 && (y - down) / place.down < rows {
            let start = (plane * rows + (y - down) / place.down) * columns;
            for across in 0..kernel_width {
                let x = column + place.left;
                if x >= across && (x - across) % place.across == 0 {
                    let from = (x - across) / place.across;
                    if from < columns {
                        sum += output_gradient[start + from]
                            * weight[weights + down * kernel_width + across];
                    }
                }
            }
        }
    }
    gradient[position] = sum;
}

/// The threads of a cube share the sum over images and places that one weight's gradient is.
#[cube(launch)]
fn backward_weight(
    output_gradient: &Tensor<f32>,
    input: &Tensor<f32>,
    gradient: &mut Tensor<f32>,
    place: Place,
    #[comptime] sharing: usize,
) {
    let index = CUBE_POS_X as usize;
    let unit = UNIT_POS_X as usize;
    let (kernel_height, kernel_width) = (gradient.shape(2), gradient.shape(3));
    let across = index % kernel_width;
    let down = index / kernel_width % kernel_height;
    let channel = index / kernel_width / kernel_height;
    let (rows, columns) = (output_gradient.shape(2), output_gradient.shape(3));
    let (height, width) = (input.shape(2), input.shape(3));
    let channels = input.shape(1);
    let plane_size = rows * columns;
    let places = input.shape(0) * plane_size;
    let mut sum = 0.0f32;
    let mut at = unit;
    while at < places {
        let plane = at / plane_size * channels + channel;
        let inside = at % plane_size;
        let y = inside / columns * place.down + down;
        let x = inside % columns * place.across + across;
        let above = y >= place.top && y < place.top + height;
        if above && x >= place.left && x < place.left + width {
            let read = input[(plane * height + y - place.top) * width + x - place.left];
            sum += read * output_gradient[plane * plane_size + inside];
        }
        at += sharing;
    }
    let total = sum_of_cube(sum, sharing);
    if unit == 0 {
        gradient[index] = total;
    }
}

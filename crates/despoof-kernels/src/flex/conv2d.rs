//! Dense convolution as a matrix product: `output = weight · columns`, where `columns` holds under
//! every output position the patch it reads (im2col). A 1×1 convolution needs no columns, its input
//! is them. The columns exist only for a tile of the output at a time, small enough for the cache.

use std::ops::Range;

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, tensor, values};
use super::geometry::Geometry;
use super::matrix::{Matrix, Spread, Update, multiply};
use super::{parallel, scratch, simd};

/// Floats the columns of one tile may take: half of a megabyte stays in the second-level cache.
const TILE_FLOATS: usize = 1 << 17;
/// A matrix product with fewer columns than this spends its time on packing the weights.
const TILE_POSITIONS_MIN: usize = 192;
/// More positions than this do not make the product any faster.
const TILE_POSITIONS_MAX: usize = 4096;

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

/// How the output is cut: into units of whole images, a unit of one image into tiles of rows.
struct Tiling {
    images_per_unit: usize,
    rows_per_tile: usize,
}

impl Tiling {
    fn new(geometry: &Geometry) -> Self {
        let positions = (TILE_FLOATS / geometry.depth().max(1))
            .clamp(TILE_POSITIONS_MIN, TILE_POSITIONS_MAX);
        let images = (positions / geometry.output_plane().max(1)).max(1);
        let images_per_thread = geometry.batch.div_ceil(parallel::threads());
        let images_per_unit = images.min(images_per_thread).max(1);
        let whole = images_per_unit > 1 || geometry.is_pointwise();
        let rows_per_tile = if whole {
            geometry.output[0]
        } else {
            (positions / geometry.output[1]).clamp(1, geometry.output[0])
        };
        Self { images_per_unit, rows_per_tile }
    }

    fn units(&self, geometry: &Geometry) -> usize {
        geometry.batch.div_ceil(self.images_per_unit)
    }

    fn tiles<'a>(&self, geometry: &'a Geometry, images: usize) -> impl Iterator<Item = Tile<'a>> {
        let rows = self.rows_per_tile;
        let height = geometry.output[0];
        (0..height).step_by(rows).map(move |first| Tile {
            geometry,
            images,
            rows: first..height.min(first + rows),
        })
    }
}

/// Some rows of one image, or all rows of several.
struct Tile<'a> {
    geometry: &'a Geometry,
    images: usize,
    rows: Range<usize>,
}

impl Tile<'_> {
    /// Output positions of the tile in one image.
    fn positions_per_image(&self) -> usize {
        self.rows.len() * self.geometry.output[1]
    }

    fn positions(&self) -> usize {
        self.images * self.positions_per_image()
    }

    /// First position of the tile in a channel of the output.
    fn start(&self) -> usize {
        self.rows.start * self.geometry.output[1]
    }

    /// Hands `task` the columns of this tile of `input`, `[depth, positions]`.
    fn with_columns<R>(&self, input: &[f32], task: impl FnOnce(Matrix) -> R) -> R {
        let geometry = self.geometry;
        let (depth, positions) = (geometry.depth(), self.positions());
        if geometry.is_pointwise() {
            return with_merged(input, self.images, depth, geometry.input_plane(), task);
        }
        scratch::with(depth * positions, |columns| {
            gather_columns(self, input, columns);
            task(Matrix::new(columns, depth, positions, positions))
        })
    }

    /// Hands `task` this tile of a tensor shaped like the output, `[channels out, positions]`.
    fn with_output_rows<R>(&self, output: &[f32], task: impl FnOnce(Matrix) -> R) -> R {
        let (channels, plane) = (self.geometry.channels_out, self.geometry.output_plane());
        if self.images == 1 {
            task(Matrix::new(&output[self.start()..], channels, self.positions(), plane))
        } else {
            with_merged(output, self.images, channels, plane, task)
        }
    }
}

/// Hands `task` the planes of several images side by side, `[channels, images × plane]`.
fn with_merged<R>(
    source: &[f32],
    images: usize,
    channels: usize,
    plane: usize,
    task: impl FnOnce(Matrix) -> R,
) -> R {
    if images == 1 {
        return task(Matrix::new(source, channels, plane, plane));
    }
    let width = images * plane;
    scratch::with(channels * width, |merged| {
        for (index, values) in source.chunks_exact(plane).enumerate() {
            let (image, channel) = (index / channels, index % channels);
            merged[channel * width + image * plane..][..plane].copy_from_slice(values);
        }
        task(Matrix::new(merged, channels, width, width))
    })
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

fn forward(geometry: &Geometry, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
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
            tile.with_columns(input, |columns| forward_tile(&tile, weight, columns, output, spread));
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

#[cfg(feature = "autodiff")]
fn input_gradient(geometry: &Geometry, weight: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let tiling = Tiling::new(geometry);
    let spread = Spread::for_units(tiling.units(geometry));
    let image_out = geometry.channels_out * geometry.output_plane();
    let image_in = geometry.channels_in * geometry.input_plane();
    let depth = geometry.depth();
    let weight = Matrix::new(weight, geometry.channels_out, depth, depth).transposed();
    let mut gradient = vec![0.0; geometry.batch * image_in];
    let (unit_in, work) = (tiling.images_per_unit * image_in, gradient.len());
    parallel::for_each_chunk(&mut gradient, unit_in, work, |unit, gradient| {
        let images = gradient.len() / image_in;
        let start = unit * tiling.images_per_unit * image_out;
        let output_gradient = &output_gradient[start..][..images * image_out];
        for tile in tiling.tiles(geometry, images) {
            tile.with_output_rows(output_gradient, |rows| {
                input_gradient_tile(&tile, weight, rows, gradient, spread);
            });
        }
    });
    gradient
}

#[cfg(feature = "autodiff")]
fn input_gradient_tile(
    tile: &Tile,
    weight_transposed: Matrix,
    output_rows: Matrix,
    gradient: &mut [f32],
    spread: Spread,
) {
    let geometry = tile.geometry;
    let (depth, plane, positions) = (geometry.depth(), geometry.input_plane(), tile.positions());
    if geometry.is_pointwise() && tile.images == 1 {
        return multiply((gradient, plane), weight_transposed, output_rows, Update::Assign, spread);
    }
    scratch::with(depth * positions, |columns| {
        multiply((columns, positions), weight_transposed, output_rows, Update::Assign, spread);
        if geometry.is_pointwise() {
            add_split(columns, tile.images, depth, plane, gradient);
        } else {
            scatter_columns(tile, columns, gradient);
        }
    });
}

#[cfg(feature = "autodiff")]
fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    let tiling = Tiling::new(geometry);
    let units = tiling.units(geometry);
    let spread = Spread::for_units(units);
    let image_out = geometry.channels_out * geometry.output_plane();
    let image_in = geometry.channels_in * geometry.input_plane();
    let depth = geometry.depth();
    parallel::sum_over(units, geometry.channels_out * depth, |range, gradient| {
        for unit in range {
            let first = unit * tiling.images_per_unit;
            let images = tiling.images_per_unit.min(geometry.batch - first);
            let input = &input[first * image_in..][..images * image_in];
            let output_gradient = &output_gradient[first * image_out..][..images * image_out];
            for tile in tiling.tiles(geometry, images) {
                tile.with_columns(input, |columns| {
                    tile.with_output_rows(output_gradient, |rows| {
                        let gradient = (&mut *gradient, depth);
                        multiply(gradient, rows, columns.transposed(), Update::Add, spread);
                    });
                });
            }
        }
    })
}

/// Sum of the output's gradient over images and positions.
#[cfg(feature = "autodiff")]
pub fn bias_gradient(geometry: &Geometry, output_gradient: &[f32]) -> Vec<f32> {
    let plane = geometry.output_plane();
    let mut gradient = vec![0.0; geometry.channels_out];
    for (index, values) in output_gradient.chunks_exact(plane).enumerate() {
        gradient[index % geometry.channels_out] += simd::sum(values);
    }
    gradient
}

/// Copies the patches of a tile's positions into `[depth, positions]`, zeros where they overhang.
fn gather_columns(tile: &Tile, input: &[f32], columns: &mut [f32]) {
    let geometry = tile.geometry;
    let width = geometry.output[1];
    for_each_column_row(tile, |column_row, channel, image, [kernel_row, kernel_column]| {
        let plane = channel_plane(geometry, image, channel);
        let inside = geometry.columns_inside(kernel_column);
        let target = &mut columns[column_row][..tile.rows.len() * width];
        for (row, target) in tile.rows.clone().zip(target.chunks_exact_mut(width)) {
            let Some(input_row) = geometry.input_row(row, kernel_row) else {
                target.fill(0.0);
                continue;
            };
            target[..inside.start].fill(0.0);
            target[inside.end..].fill(0.0);
            if inside.is_empty() {
                continue;
            }
            let start = plane + input_row * geometry.input[1] + first_column(geometry, &inside, kernel_column);
            let target = &mut target[inside.clone()];
            match geometry.stride[1] {
                1 => target.copy_from_slice(&input[start..][..inside.len()]),
                stride => {
                    let source = input[start..].iter().step_by(stride);
                    for (value, source) in target.iter_mut().zip(source) {
                        *value = *source;
                    }
                }
            }
        }
    });
}

/// The transpose of [`gather_columns`]: adds `[depth, positions]` to the input positions it read.
#[cfg(feature = "autodiff")]
fn scatter_columns(tile: &Tile, columns: &[f32], gradient: &mut [f32]) {
    let geometry = tile.geometry;
    let width = geometry.output[1];
    for_each_column_row(tile, |column_row, channel, image, [kernel_row, kernel_column]| {
        let plane = channel_plane(geometry, image, channel);
        let inside = geometry.columns_inside(kernel_column);
        if inside.is_empty() {
            return;
        }
        let source = &columns[column_row][..tile.rows.len() * width];
        for (row, source) in tile.rows.clone().zip(source.chunks_exact(width)) {
            let Some(input_row) = geometry.input_row(row, kernel_row) else {
                continue;
            };
            let start = plane + input_row * geometry.input[1] + first_column(geometry, &inside, kernel_column);
            let source = &source[inside.clone()];
            match geometry.stride[1] {
                1 => {
                    for (value, addend) in gradient[start..][..source.len()].iter_mut().zip(source) {
                        *value += addend;
                    }
                }
                stride => {
                    let target = gradient[start..].iter_mut().step_by(stride);
                    for (value, addend) in target.zip(source) {
                        *value += addend;
                    }
                }
            }
        }
    });
}

/// Calls `task(place in the columns, channel, image, tap)` for every row of the columns and image.
fn for_each_column_row(
    tile: &Tile,
    mut task: impl FnMut(std::ops::RangeFrom<usize>, usize, usize, [usize; 2]),
) {
    let [kernel_height, kernel_width] = tile.geometry.kernel;
    for row in 0..tile.geometry.depth() {
        let (channel, tap) = (row / (kernel_height * kernel_width), row % (kernel_height * kernel_width));
        for image in 0..tile.images {
            let start = row * tile.positions() + image * tile.positions_per_image();
            task(start.., channel, image, [tap / kernel_width, tap % kernel_width]);
        }
    }
}

/// Where a channel of an image starts in the input of a unit.
fn channel_plane(geometry: &Geometry, image: usize, channel: usize) -> usize {
    (image * geometry.channels_in + channel) * geometry.input_plane()
}

/// The input column below tap `kernel_column` of the first output column inside.
fn first_column(geometry: &Geometry, inside: &Range<usize>, kernel_column: usize) -> usize {
    inside.start * geometry.stride[1] + kernel_column - geometry.padding[1]
}

#[cfg(feature = "autodiff")]
mod backward {
    use burn::backend::autodiff::Autodiff;
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::NodeId;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};

    use super::*;

    #[derive(Debug)]
    struct Conv2dBackward;

    impl Backward<Flex, 3> for Conv2dBackward {
        type State = (NodeId, NodeId, Geometry);

        fn backward(
            self,
            ops: Ops<Self::State, 3>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let [input_node, weight_node, bias_node] = ops.parents;
            let (input, weight, geometry) = ops.state;
            let input = contiguous(checkpointer.retrieve_node_output(input));
            let weight = contiguous(checkpointer.retrieve_node_output(weight));
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            if let Some(node) = bias_node {
                let gradient = bias_gradient(&geometry, values(&output));
                gradients.register::<Flex>(node.id, tensor(gradient, [geometry.channels_out]));
            }
            if let Some(node) = weight_node {
                let gradient = weight_gradient(&geometry, values(&input), values(&output));
                let shape = dims::<4>(&weight);
                gradients.register::<Flex>(node.id, tensor(gradient, shape));
            }
            if let Some(node) = input_node {
                let gradient = input_gradient(&geometry, values(&weight), values(&output));
                gradients.register::<Flex>(node.id, tensor(gradient, geometry.input_dims()));
            }
        }
    }

    impl<C: CheckpointStrategy> Conv2dKernel for Autodiff<Flex, C> {
        fn conv2d_dense(
            input: FloatTensor<Self>,
            weight: FloatTensor<Self>,
            bias: FloatTensor<Self>,
            stride: [usize; 2],
            padding: [(usize, usize); 2],
        ) -> FloatTensor<Self> {
            let geometry = Geometry::new(
                dims(input.primitive()),
                dims(weight.primitive()),
                stride,
                padding,
            );
            let nodes = [input.node(), weight.node(), bias.node()];
            let output = Flex::conv2d_dense(
                input.primitive().clone(),
                weight.primitive().clone(),
                bias.primitive().clone(),
                stride,
                padding,
            );
            match Conv2dBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let state = (prep.checkpoint(&input), prep.checkpoint(&weight), geometry);
                    prep.finish(state, output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

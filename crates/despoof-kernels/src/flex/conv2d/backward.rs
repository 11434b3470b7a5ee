//! Gradients of the dense convolution.

use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};

use super::super::simd;
use super::columns::scatter_columns;
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
        let geometry =
            Geometry::new(dims(input.primitive()), dims(weight.primitive()), stride, padding);
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

fn input_gradient(geometry: &Geometry, weight: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    if winograd::pays(geometry) {
        return winograd::input_gradient(geometry, weight, output_gradient);
    }
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

fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
    if winograd::pays(geometry) {
        return winograd::weight_gradient(geometry, input, output_gradient);
    }
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
pub fn bias_gradient(geometry: &Geometry, output_gradient: &[f32]) -> Vec<f32> {
    let plane = geometry.output_plane();
    let mut gradient = vec![0.0; geometry.channels_out];
    for (index, values) in output_gradient.chunks_exact(plane).enumerate() {
        gradient[index % geometry.channels_out] += simd::sum(values);
    }
    gradient
}

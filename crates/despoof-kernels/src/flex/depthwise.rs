//! Depthwise convolution, one kernel per channel.
//!
//! A padded plane is first sorted into phases: with stride s, phase (a, b) holds the rows ≡ a and
//! columns ≡ b (mod s). In phases every kernel tap is a plain offset at stride one, and because all
//! rows of a phase have the same width, a whole plane is one long loop, however narrow its rows. What
//! the loop computes past the end of a row is not copied out.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, tensor, values};
use super::geometry::Geometry;
use super::simd::{mul_add, vectorised};
use super::{parallel, scratch};

/// Outputs computed together, their sums in registers.
const BLOCK: usize = 32;

/// Depthwise convolution.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait DepthwiseKernel: Backend {
    /// `input` `[batch, channels, height, width]`, `weight` `[channels, 1, height, width]`, `bias`
    /// `[channels]`.
    fn conv2d_depthwise(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [(usize, usize); 2],
    ) -> FloatTensor<Self>;
}

impl DepthwiseKernel for Flex {
    fn conv2d_depthwise(
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

/// A kernel tap as an offset into phases.
struct Tap {
    offset: usize,
    /// Place of its weight in the kernel.
    index: usize,
}

/// Sizes of the phases of one plane.
struct Phases {
    geometry: Geometry,
    /// Rows and columns a tap can reach beyond the output position, in steps of the stride.
    reach: [usize; 2],
    height: usize,
    width: usize,
}

impl Phases {
    fn new(geometry: &Geometry) -> Self {
        let reach = [0, 1].map(|axis| (geometry.kernel[axis] - 1) / geometry.stride[axis]);
        Self {
            geometry: *geometry,
            reach,
            height: geometry.output[0] + reach[0],
            width: geometry.output[1] + reach[1],
        }
    }

    /// Floats of all phases, with room for the last block to read on.
    fn len(&self) -> usize {
        let [vertical, horizontal] = self.geometry.stride;
        vertical * horizontal * self.height * self.width + BLOCK + self.reach[1]
    }

    /// Floats of the output with rows as wide as the phases, in whole blocks.
    fn wide_output_len(&self) -> usize {
        (self.geometry.output[0] * self.width).next_multiple_of(BLOCK)
    }

    fn taps(&self) -> Vec<Tap> {
        let [_, kernel_width] = self.geometry.kernel;
        let [vertical, horizontal] = self.geometry.stride;
        (0..self.geometry.kernel[0] * kernel_width)
            .map(|index| {
                let (row, column) = (index / kernel_width, index % kernel_width);
                let phase = row % vertical * horizontal + column % horizontal;
                let row = phase * self.height + row / vertical;
                Tap { offset: row * self.width + column / horizontal, index }
            })
            .collect()
    }

    /// Sorts a plane of the input into `phases`.
    fn fill(&self, plane: &[f32], phases: &mut [f32]) {
        phases.fill(0.0);
        self.for_each_row(|phase_start, first_column, input_start, count| {
            let source = plane[input_start..].iter().step_by(self.geometry.stride[1]);
            let target = &mut phases[phase_start + first_column..][..count];
            if self.geometry.stride[1] == 1 {
                target.copy_from_slice(&plane[input_start..][..count]);
            } else {
                for (value, source) in target.iter_mut().zip(source) {
                    *value = *source;
                }
            }
        });
    }

    /// Calls `task(start of the row in the phases, first column, place in the input, columns)` for
    /// every row of every phase that has input below it.
    fn for_each_row(&self, mut task: impl FnMut(usize, usize, usize, usize)) {
        let Geometry { input: [input_height, input_width], stride, padding, .. } = self.geometry;
        for row_phase in 0..stride[0] {
            for column_phase in 0..stride[1] {
                let phase = row_phase * stride[1] + column_phase;
                let first_column = padding[1].saturating_sub(column_phase).div_ceil(stride[1]);
                let end =
                    (input_width + padding[1]).saturating_sub(column_phase).div_ceil(stride[1]);
                let end = end.min(self.width);
                if first_column >= end {
                    continue;
                }
                let input_column = first_column * stride[1] + column_phase - padding[1];
                for row in 0..self.height {
                    let input_row = (row * stride[0] + row_phase).checked_sub(padding[0]);
                    let Some(input_row) = input_row.filter(|&row| row < input_height) else {
                        continue;
                    };
                    let start = (phase * self.height + row) * self.width;
                    let input_start = input_row * input_width + input_column;
                    task(start, first_column, input_start, end - first_column);
                }
            }
        }
    }
}

fn forward(geometry: &Geometry, input: &[f32], weight: &[f32], bias: &[f32]) -> Vec<f32> {
    let phases = Phases::new(geometry);
    let taps = phases.taps();
    let (plane_in, plane_out) = (geometry.input_plane(), geometry.output_plane());
    let mut output = vec![0.0; geometry.batch * geometry.channels_out * plane_out];
    let work = output.len() * taps.len();
    parallel::for_each_chunk(&mut output, plane_out, work, |plane, output| {
        let channel = plane % geometry.channels_out;
        let input = &input[plane * plane_in..][..plane_in];
        let weight = &weight[channel * taps.len()..][..taps.len()];
        scratch::with(phases.len(), |sorted| {
            phases.fill(input, sorted);
            scratch::with(phases.wide_output_len(), |wide| {
                correlate(sorted, &taps, weight, wide);
                copy_rows(wide, phases.width, output, geometry.output[1], bias[channel]);
            });
        });
    });
    output
}

/// Copies the first `width` of every `wide_width` values, plus `bias`.
fn copy_rows(wide: &[f32], wide_width: usize, output: &mut [f32], width: usize, bias: f32) {
    for (target, source) in output.chunks_exact_mut(width).zip(wide.chunks(wide_width)) {
        for (value, source) in target.iter_mut().zip(source) {
            *value = source + bias;
        }
    }
}

vectorised! {
    /// Every output is the weighted sum of the source at the offsets of the taps.
    fn correlate<FMA>(source: &[f32], taps: &[Tap], weights: &[f32], output: &mut [f32]) {
        let (blocks, _) = output.as_chunks_mut::<BLOCK>();
        for (index, block) in blocks.iter_mut().enumerate() {
            let source = &source[index * BLOCK..];
            let mut sums = [0.0; BLOCK];
            for tap in taps {
                let weight = weights[tap.index];
                let values = source[tap.offset..].first_chunk::<BLOCK>().expect("room to read on");
                for (sum, &value) in sums.iter_mut().zip(values) {
                    *sum = mul_add::<FMA>(weight, value, *sum);
                }
            }
            *block = sums;
        }
    }
}

#[cfg(feature = "autodiff")]
mod backward {
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::autodiff::{Autodiff, NodeId};

    use super::super::conv2d::backward::bias_gradient;
    use super::*;

    /// The gradient of a phase is the output's gradient, correlated with the phase's own taps turned
    /// around: the output's gradient is laid out with `reach` zeros on every side.
    struct PaddedGradient {
        width: usize,
        height: usize,
        /// Taps of every phase.
        taps: Vec<Vec<Tap>>,
    }

    impl PaddedGradient {
        fn new(phases: &Phases) -> Self {
            let Geometry { output, kernel, stride, .. } = phases.geometry;
            let reach = phases.reach;
            let width = output[1] + 2 * reach[1];
            let mut taps: Vec<Vec<Tap>> = (0..stride[0] * stride[1]).map(|_| Vec::new()).collect();
            for index in 0..kernel[0] * kernel[1] {
                let (row, column) = (index / kernel[1], index % kernel[1]);
                let phase = row % stride[0] * stride[1] + column % stride[1];
                let offset = (reach[0] - row / stride[0]) * width + reach[1] - column / stride[1];
                taps[phase].push(Tap { offset, index });
            }
            Self { width, height: output[0] + 2 * reach[0], taps }
        }

        fn len(&self, phases: &Phases) -> usize {
            self.height * self.width + BLOCK + phases.reach[1]
        }

        fn fill(&self, phases: &Phases, gradient: &[f32], padded: &mut [f32]) {
            padded.fill(0.0);
            let rows = gradient.chunks_exact(phases.geometry.output[1]);
            for (row, values) in rows.enumerate() {
                let start = (row + phases.reach[0]) * self.width + phases.reach[1];
                padded[start..][..values.len()].copy_from_slice(values);
            }
        }
    }

    fn input_gradient(geometry: &Geometry, weight: &[f32], output_gradient: &[f32]) -> Vec<f32> {
        let phases = Phases::new(geometry);
        let layout = PaddedGradient::new(&phases);
        let taps = geometry.kernel[0] * geometry.kernel[1];
        let (plane_in, plane_out) = (geometry.input_plane(), geometry.output_plane());
        let mut gradient = vec![0.0; geometry.batch * geometry.channels_in * plane_in];
        let work = gradient.len() * taps;
        parallel::for_each_chunk(&mut gradient, plane_in, work, |plane, gradient| {
            let channel = plane % geometry.channels_in;
            let output_gradient = &output_gradient[plane * plane_out..][..plane_out];
            let weight = &weight[channel * taps..][..taps];
            scratch::with(layout.len(&phases), |padded| {
                layout.fill(&phases, output_gradient, padded);
                input_gradient_plane(&phases, &layout, padded, weight, gradient);
            });
        });
        gradient
    }

    fn input_gradient_plane(
        phases: &Phases,
        layout: &PaddedGradient,
        padded: &[f32],
        weight: &[f32],
        gradient: &mut [f32],
    ) {
        let stride = phases.geometry.stride[1];
        // Rows of the phases are computed as wide as those of the padded gradient.
        let phase_len = phases.height * layout.width;
        let block_len = phase_len.next_multiple_of(BLOCK);
        scratch::with(block_len * layout.taps.len(), |sorted| {
            for (phase, sorted) in sorted.chunks_exact_mut(block_len).enumerate() {
                correlate(padded, &layout.taps[phase], weight, sorted);
            }
            phases.for_each_row(|start, first_column, input_start, count| {
                let row = start / phases.width;
                let (phase, row) = (row / phases.height, row % phases.height);
                let start = phase * block_len + row * layout.width + first_column;
                let target = gradient[input_start..].iter_mut().step_by(stride);
                for (value, source) in target.zip(&sorted[start..][..count]) {
                    *value = *source;
                }
            });
        });
    }

    fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
        let phases = Phases::new(geometry);
        let taps = phases.taps();
        let (plane_in, plane_out) = (geometry.input_plane(), geometry.output_plane());
        let mut gradient = vec![0.0; geometry.channels_out * taps.len()];
        let work = output_gradient.len() * taps.len();
        parallel::for_each_chunk(&mut gradient, taps.len(), work, |channel, gradient| {
            for image in 0..geometry.batch {
                let plane = image * geometry.channels_out + channel;
                let input = &input[plane * plane_in..][..plane_in];
                let output_gradient = &output_gradient[plane * plane_out..][..plane_out];
                scratch::with(phases.len(), |sorted| {
                    phases.fill(input, sorted);
                    scratch::with(phases.wide_output_len(), |wide| {
                        spread_rows(output_gradient, geometry.output[1], wide, phases.width);
                        add_tap_gradients(sorted, &taps, wide, gradient);
                    });
                });
            }
        });
        gradient
    }

    /// Lays rows of `width` values out `wide_width` apart, zeros between.
    fn spread_rows(rows: &[f32], width: usize, wide: &mut [f32], wide_width: usize) {
        wide.fill(0.0);
        for (target, source) in wide.chunks_mut(wide_width).zip(rows.chunks_exact(width)) {
            target[..width].copy_from_slice(source);
        }
    }

    vectorised! {
        /// Adds to the gradient of every tap the product of the output's gradient and what it read.
        fn add_tap_gradients<FMA>(source: &[f32], taps: &[Tap], wide: &[f32], gradient: &mut [f32]) {
            let (blocks, _) = wide.as_chunks::<BLOCK>();
            for tap in taps {
                let (values, _) = source[tap.offset..].as_chunks::<BLOCK>();
                let mut sums = [0.0; BLOCK];
                for (block, values) in blocks.iter().zip(values) {
                    for lane in 0..BLOCK {
                        sums[lane] = mul_add::<FMA>(block[lane], values[lane], sums[lane]);
                    }
                }
                gradient[tap.index] += sums.iter().sum::<f32>();
            }
        }
    }

    #[derive(Debug)]
    struct DepthwiseBackward;

    impl Backward<Flex, 3> for DepthwiseBackward {
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
                gradients.register::<Flex>(node.id, tensor(gradient, dims::<4>(&weight)));
            }
            if let Some(node) = input_node {
                let gradient = input_gradient(&geometry, values(&weight), values(&output));
                gradients.register::<Flex>(node.id, tensor(gradient, geometry.input_dims()));
            }
        }
    }

    impl<C: CheckpointStrategy> DepthwiseKernel for Autodiff<Flex, C> {
        fn conv2d_depthwise(
            input: FloatTensor<Self>,
            weight: FloatTensor<Self>,
            bias: FloatTensor<Self>,
            stride: [usize; 2],
            padding: [(usize, usize); 2],
        ) -> FloatTensor<Self> {
            let geometry =
                Geometry::new(dims(input.primitive()), dims(weight.primitive()), stride, padding);
            let nodes = [input.node(), weight.node(), bias.node()];
            let output = Flex::conv2d_depthwise(
                input.primitive().clone(),
                weight.primitive().clone(),
                bias.primitive().clone(),
                stride,
                padding,
            );
            match DepthwiseBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let state = (prep.checkpoint(&input), prep.checkpoint(&weight), geometry);
                    prep.finish(state, output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

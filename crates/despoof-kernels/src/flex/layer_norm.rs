//! Layer normalisation (Ba et al. 2016) of the last dimension.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, like, values};
use super::parallel;
use super::simd::{mul_add, sum, sum_of_squares, vectorised};

/// Values a thread takes at a time, in whole rows.
const CHUNK: usize = 1 << 13;

/// Layer normalisation.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait LayerNormKernel: Backend {
    /// `gamma` and `beta` are as long as the last dimension.
    fn layer_norm(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

impl LayerNormKernel for Flex {
    fn layer_norm(
        input: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
    ) -> FlexTensor {
        let (input, gamma, beta) = (contiguous(input), contiguous(gamma), contiguous(beta));
        let output = forward(values(&input), values(&gamma), values(&beta), epsilon).0;
        like(&input, output)
    }
}

/// The output, and mean and inverse deviation of every row.
fn forward(input: &[f32], gamma: &[f32], beta: &[f32], epsilon: f64) -> (Vec<f32>, Vec<f32>) {
    let width = gamma.len();
    let rows = (CHUNK / width).max(1);
    let mut output = vec![0.0; input.len()];
    let mut stored = vec![0.0; input.len() / width * 2];
    let outputs = [(&mut output[..], rows * width), (&mut stored[..], rows * 2)];
    parallel::for_each_chunks(outputs, input.len(), |index, [output, stored]| {
        let input = &input[index * rows * width..][..output.len()];
        let outputs = output.chunks_exact_mut(width).zip(stored.chunks_exact_mut(2));
        for (input, (output, stored)) in input.chunks_exact(width).zip(outputs) {
            let mean = sum(input) / width as f32;
            let variance = sum_of_squares(input, mean) / width as f32;
            let inverse_deviation = 1.0 / (variance + epsilon as f32).sqrt();
            stored.copy_from_slice(&[mean, inverse_deviation]);
            normalise_row(input, mean, inverse_deviation, gamma, beta, output);
        }
    });
    (output, stored)
}

vectorised! {
    fn normalise_row<FMA>(
        input: &[f32],
        mean: f32,
        inverse_deviation: f32,
        gamma: &[f32],
        beta: &[f32],
        output: &mut [f32],
    ) {
        let parameters = gamma.iter().zip(beta);
        for ((value, x), (gamma, &beta)) in output.iter_mut().zip(input).zip(parameters) {
            *value = mul_add::<FMA>((x - mean) * inverse_deviation, *gamma, beta);
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

    use super::super::buffer::last_dim;
    use super::*;

    fn input_gradient(
        input: &[f32],
        gamma: &[f32],
        statistics: &[f32],
        output_gradient: &[f32],
    ) -> Vec<f32> {
        let width = gamma.len();
        let rows = (CHUNK / width).max(1);
        let mut gradient = vec![0.0; input.len()];
        parallel::for_each_chunk(&mut gradient, rows * width, input.len(), |index, gradient| {
            for (row, gradient) in gradient.chunks_exact_mut(width).enumerate() {
                let row = index * rows + row;
                let range = row * width..(row + 1) * width;
                let (mean, inverse_deviation) = (statistics[2 * row], statistics[2 * row + 1]);
                let (input, output) = (&input[range.clone()], &output_gradient[range]);
                row_gradient(input, mean, inverse_deviation, gamma, output, gradient);
            }
        });
        gradient
    }

    vectorised! {
        fn row_gradient<FMA>(
            input: &[f32],
            mean: f32,
            inverse_deviation: f32,
            gamma: &[f32],
            output_gradient: &[f32],
            gradient: &mut [f32],
        ) {
            let count = gradient.len() as f32;
            for ((value, gamma), output) in gradient.iter_mut().zip(gamma).zip(output_gradient) {
                *value = gamma * output;
            }
            let offset = sum(gradient) / count;
            let slope = dot_centred::<FMA>(gradient, input, mean);
            let slope = slope * inverse_deviation * inverse_deviation / count;
            for (value, x) in gradient.iter_mut().zip(input) {
                *value = (*value - mul_add::<FMA>(slope, x - mean, offset)) * inverse_deviation;
            }
        }
    }

    /// Σ aᵢ (xᵢ − mean).
    #[inline(always)]
    fn dot_centred<const FMA: bool>(a: &[f32], x: &[f32], mean: f32) -> f32 {
        use super::super::simd::LANES;
        let mut lanes = [0.0; LANES];
        let ((a, a_rest), (x, x_rest)) = (a.as_chunks::<LANES>(), x.as_chunks::<LANES>());
        for (a, x) in a.iter().zip(x) {
            for lane in 0..LANES {
                lanes[lane] = mul_add::<FMA>(a[lane], x[lane] - mean, lanes[lane]);
            }
        }
        let rest = a_rest.iter().zip(x_rest).map(|(a, x)| a * (x - mean)).sum::<f32>();
        lanes.iter().sum::<f32>() + rest
    }

    /// Gradients of gamma and beta, one after the other.
    fn parameter_gradients(
        input: &[f32],
        width: usize,
        statistics: &[f32],
        output_gradient: &[f32],
    ) -> Vec<f32> {
        let rows = input.len() / width;
        parallel::sum_over(rows, 2 * width, |range, sums| {
            let (gamma, beta) = sums.split_at_mut(width);
            for row in range {
                let place = row * width..(row + 1) * width;
                let (mean, inverse_deviation) = (statistics[2 * row], statistics[2 * row + 1]);
                let (input, output) = (&input[place.clone()], &output_gradient[place]);
                add_parameter_gradients(input, mean, inverse_deviation, output, gamma, beta);
            }
        })
    }

    vectorised! {
        fn add_parameter_gradients<FMA>(
            input: &[f32],
            mean: f32,
            inverse_deviation: f32,
            output_gradient: &[f32],
            gamma: &mut [f32],
            beta: &mut [f32],
        ) {
            let sums = gamma.iter_mut().zip(beta);
            for ((gamma, beta), (x, output)) in sums.zip(input.iter().zip(output_gradient)) {
                *gamma = mul_add::<FMA>((x - mean) * inverse_deviation, *output, *gamma);
                *beta += output;
            }
        }
    }

    #[derive(Debug)]
    struct LayerNormBackward;

    impl Backward<Flex, 3> for LayerNormBackward {
        /// Input, gamma, and mean and inverse deviation of every row.
        type State = (NodeId, FlexTensor, Vec<f32>);

        fn backward(
            self,
            ops: Ops<Self::State, 3>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let [input_node, gamma_node, beta_node] = ops.parents;
            let (input, gamma, statistics) = ops.state;
            let input = contiguous(checkpointer.retrieve_node_output(input));
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            let width = last_dim(&gamma);
            if gamma_node.is_some() || beta_node.is_some() {
                let mut sums =
                    parameter_gradients(values(&input), width, &statistics, values(&output));
                let beta_gradient = sums.split_off(width);
                for (node, gradient) in [(gamma_node, sums), (beta_node, beta_gradient)] {
                    if let Some(node) = node {
                        gradients.register::<Flex>(node.id, like(&gamma, gradient));
                    }
                }
            }
            if let Some(node) = input_node {
                let (gamma, output) = (values(&gamma), values(&output));
                let gradient = input_gradient(values(&input), gamma, &statistics, output);
                gradients.register::<Flex>(node.id, like(&input, gradient));
            }
        }
    }

    impl<C: CheckpointStrategy> LayerNormKernel for Autodiff<Flex, C> {
        fn layer_norm(
            input: FloatTensor<Self>,
            gamma: FloatTensor<Self>,
            beta: FloatTensor<Self>,
            epsilon: f64,
        ) -> FloatTensor<Self> {
            let nodes = [input.node(), gamma.node(), beta.node()];
            let (gamma, beta) =
                (contiguous(gamma.into_primitive()), contiguous(beta.into_primitive()));
            let values_in = contiguous(input.primitive().clone());
            let (output, statistics) =
                forward(values(&values_in), values(&gamma), values(&beta), epsilon);
            let output = like(&values_in, output);
            match LayerNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let input = prep.checkpoint(&input);
                    prep.finish((input, gamma, statistics), output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

//! Batch normalisation (Ioffe and Szegedy 2015), alone or with ReLU6 behind it: with the statistics
//! of the batch (training) or with given ones (frozen).

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::affine::{self, Activation, Affine};
use super::buffer::{contiguous, dims, tensor, values};
use super::{parallel, simd};

/// Batch normalisation.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait BatchNormKernel: Backend {
    /// With the statistics of the batch. Returns the output, and mean and (biased) variance of every
    /// channel, through which no gradient flows.
    fn batch_norm_of_batch(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// With given statistics, which are constants.
    fn batch_norm_frozen(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

impl BatchNormKernel for Flex {
    fn batch_norm_of_batch(
        input: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
        activation: Activation,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let operands = Operands::with_batch_statistics(input, gamma, beta);
        let output = operands.forward(epsilon, activation);
        (output, operands.mean, operands.variance)
    }

    fn batch_norm_frozen(
        input: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        epsilon: f64,
        activation: Activation,
    ) -> FlexTensor {
        let (mean, variance) = (contiguous(mean), contiguous(variance));
        Operands::new(input, gamma, beta, mean, variance).forward(epsilon, activation)
    }
}

/// The tensors of a normalisation, contiguous.
struct Operands {
    input: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
}

impl Operands {
    fn new(
        input: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
    ) -> Self {
        let (input, gamma, beta) = (contiguous(input), contiguous(gamma), contiguous(beta));
        Self { input, gamma, beta, mean, variance }
    }

    fn with_batch_statistics(input: FlexTensor, gamma: FlexTensor, beta: FlexTensor) -> Self {
        let input = contiguous(input);
        let shape @ [_, channels, _, _] = dims(&input);
        let statistics = batch_statistics(values(&input), shape);
        let part = |part: usize| statistics.iter().skip(part).step_by(2).copied().collect();
        let (mean, variance) = (tensor(part(0), [channels]), tensor(part(1), [channels]));
        Self::new(input, gamma, beta, mean, variance)
    }

    fn inverse_deviation(&self, channel: usize, epsilon: f64) -> f32 {
        1.0 / (values(&self.variance)[channel] + epsilon as f32).sqrt()
    }

    fn affine(&self, channel: usize, epsilon: f64) -> Affine {
        let (mean, inverse) =
            (values(&self.mean)[channel], self.inverse_deviation(channel, epsilon));
        let (gamma, beta) = (values(&self.gamma)[channel], values(&self.beta)[channel]);
        Affine::normalise(mean, inverse, gamma, beta)
    }

    fn affines(&self, epsilon: f64) -> Vec<Affine> {
        let [channels] = dims(&self.gamma);
        (0..channels).map(|channel| self.affine(channel, epsilon)).collect()
    }

    fn forward(&self, epsilon: f64, activation: Activation) -> FlexTensor {
        let shape @ [_, channels, height, width] = dims(&self.input);
        let plane = height * width;
        let affines = self.affines(epsilon);
        let input = values(&self.input);
        let mut output = vec![0.0; input.len()];
        let work = output.len();
        parallel::for_each_chunk(&mut output, plane, work, |index, output| {
            let input = &input[index * plane..][..plane];
            affine::apply(affines[index % channels], activation, input, output);
        });
        tensor(output, shape)
    }
}

/// Mean and variance of every channel, alternating.
fn batch_statistics(input: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let plane = height * width;
    let count = (batch * plane) as f64;
    let mut statistics = vec![0.0; 2 * channels];
    parallel::for_each_chunk(&mut statistics, 2, input.len(), |channel, statistics| {
        let planes =
            || (0..batch).map(|image| &input[(image * channels + channel) * plane..][..plane]);
        let mean = planes().map(|plane| f64::from(simd::sum(plane))).sum::<f64>() / count;
        let mean = mean as f32;
        let squares = planes().map(|plane| f64::from(simd::sum_of_squares(plane, mean)));
        statistics.copy_from_slice(&[mean, (squares.sum::<f64>() / count) as f32]);
    });
    statistics
}

#[cfg(feature = "autodiff")]
mod backward {
    use burn::backend::AutodiffBackend;
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::autodiff::{Autodiff, NodeId};

    use super::super::affine_gradient::{self, GradientSums, InputGradient};
    use super::*;

    /// Where mean and variance come from.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Statistics {
        /// From the input, whose gradient therefore has two more terms.
        OfBatch,
        /// From elsewhere.
        Frozen,
    }

    /// What the backward pass needs besides the input, which the graph keeps.
    #[derive(Clone, Debug)]
    struct State {
        input: NodeId,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        epsilon: f64,
        activation: Activation,
        statistics: Statistics,
    }

    /// The sums of every channel over the batch.
    fn channel_sums(
        operands: &Operands,
        affines: &[Affine],
        activation: Activation,
        output_gradient: &[f32],
    ) -> Vec<GradientSums> {
        let [batch, channels, height, width] = dims(&operands.input);
        let plane = height * width;
        let (input, mean) = (values(&operands.input), values(&operands.mean));
        let mut sums = vec![0.0; 2 * channels];
        parallel::for_each_chunk(&mut sums, 2, input.len(), |channel, sums| {
            let (mut plain, mut centred) = (0.0, 0.0);
            for image in 0..batch {
                let range = (image * channels + channel) * plane..;
                let (input, gradient) =
                    (&input[range.clone()][..plane], &output_gradient[range][..plane]);
                let (affine, mean) = (affines[channel], mean[channel]);
                let sums =
                    affine_gradient::gradient_sums(affine, activation, mean, input, gradient);
                plain += f64::from(sums.plain);
                centred += f64::from(sums.centred);
            }
            sums.copy_from_slice(&[plain as f32, centred as f32]);
        });
        let pairs = sums.chunks_exact(2);
        pairs.map(|pair| GradientSums { plain: pair[0], centred: pair[1] }).collect()
    }

    fn input_gradient(
        operands: &Operands,
        state: &State,
        affines: &[Affine],
        sums: &[GradientSums],
        output_gradient: &[f32],
    ) -> Vec<f32> {
        let [batch, channels, height, width] = dims(&operands.input);
        let plane = height * width;
        let (input, mean) = (values(&operands.input), values(&operands.mean));
        let terms: Vec<InputGradient> = (0..channels)
            .map(|channel| {
                let count = match state.statistics {
                    Statistics::OfBatch => (batch * plane) as f32,
                    Statistics::Frozen => f32::INFINITY,
                };
                let inverse = operands.inverse_deviation(channel, state.epsilon);
                let scale = affines[channel].scale;
                InputGradient {
                    mean: mean[channel],
                    offset: scale * sums[channel].plain / count,
                    slope: scale * inverse * inverse * sums[channel].centred / count,
                }
            })
            .collect();
        let mut gradient = vec![0.0; input.len()];
        let work = gradient.len();
        parallel::for_each_chunk(&mut gradient, plane, work, |index, gradient| {
            let range = index * plane..(index + 1) * plane;
            let (affine, terms) = (affines[index % channels], terms[index % channels]);
            let (input, output) = (&input[range.clone()], &output_gradient[range]);
            affine_gradient::input_gradient(
                affine,
                state.activation,
                terms,
                input,
                output,
                gradient,
            );
        });
        gradient
    }

    #[derive(Debug)]
    struct BatchNormBackward;

    impl Backward<Flex, 3> for BatchNormBackward {
        type State = State;

        fn backward(
            self,
            ops: Ops<Self::State, 3>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let state = ops.state;
            let input = checkpointer.retrieve_node_output(state.input);
            let operands = Operands::new(
                input,
                state.gamma.clone(),
                state.beta.clone(),
                state.mean.clone(),
                state.variance.clone(),
            );
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            let affines = operands.affines(state.epsilon);
            let sums = channel_sums(&operands, &affines, state.activation, values(&output));
            let [input_node, gamma_node, beta_node] = ops.parents;
            if let Some(node) = input_node {
                let gradient = input_gradient(&operands, &state, &affines, &sums, values(&output));
                gradients.register::<Flex>(node.id, tensor(gradient, dims::<4>(&operands.input)));
            }
            if let Some(node) = gamma_node {
                let gradient = sums.iter().enumerate().map(|(channel, sums)| {
                    sums.centred * operands.inverse_deviation(channel, state.epsilon)
                });
                gradients.register::<Flex>(node.id, tensor(gradient.collect(), [sums.len()]));
            }
            if let Some(node) = beta_node {
                let gradient = sums.iter().map(|sums| sums.plain).collect();
                gradients.register::<Flex>(node.id, tensor(gradient, [sums.len()]));
            }
        }
    }

    /// Records the operation whose output over `operands` has just been computed.
    fn record<C: CheckpointStrategy>(
        [input, gamma, beta]: [FloatTensor<Autodiff<Flex, C>>; 3],
        operands: Operands,
        epsilon: f64,
        activation: Activation,
        statistics: Statistics,
    ) -> FloatTensor<Autodiff<Flex, C>> {
        let output = operands.forward(epsilon, activation);
        let nodes = [input.node(), gamma.node(), beta.node()];
        match BatchNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let Operands { gamma, beta, mean, variance, .. } = operands;
                let input = prep.checkpoint(&input);
                let state =
                    State { input, gamma, beta, mean, variance, epsilon, activation, statistics };
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }

    impl<C: CheckpointStrategy> BatchNormKernel for Autodiff<Flex, C> {
        fn batch_norm_of_batch(
            input: FloatTensor<Self>,
            gamma: FloatTensor<Self>,
            beta: FloatTensor<Self>,
            epsilon: f64,
            activation: Activation,
        ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
            let operands = Operands::with_batch_statistics(
                input.primitive().clone(),
                gamma.primitive().clone(),
                beta.primitive().clone(),
            );
            let mean = Self::from_inner(operands.mean.clone());
            let variance = Self::from_inner(operands.variance.clone());
            let tensors = [input, gamma, beta];
            let output = record::<C>(tensors, operands, epsilon, activation, Statistics::OfBatch);
            (output, mean, variance)
        }

        fn batch_norm_frozen(
            input: FloatTensor<Self>,
            gamma: FloatTensor<Self>,
            beta: FloatTensor<Self>,
            mean: FloatTensor<Self>,
            variance: FloatTensor<Self>,
            epsilon: f64,
            activation: Activation,
        ) -> FloatTensor<Self> {
            let operands = Operands::new(
                input.primitive().clone(),
                gamma.primitive().clone(),
                beta.primitive().clone(),
                contiguous(mean.into_primitive()),
                contiguous(variance.into_primitive()),
            );
            record::<C>([input, gamma, beta], operands, epsilon, activation, Statistics::Frozen)
        }
    }
}

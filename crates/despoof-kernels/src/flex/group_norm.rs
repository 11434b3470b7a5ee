//! Group normalisation (Wu and He 2018), alone or with SiLU behind it.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::affine::{self, Activation, Affine};
use super::buffer::{contiguous, dims, tensor, values};
use super::{parallel, simd};

/// Group normalisation.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait GroupNormKernel: Backend {
    /// `input` `[batch, channels, height, width]`, `gamma` and `beta` `[channels]`.
    fn group_norm(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

impl GroupNormKernel for Flex {
    fn group_norm(
        input: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        groups: usize,
        epsilon: f64,
        activation: Activation,
    ) -> FlexTensor {
        let operands = Operands::new(input, gamma, beta);
        let layer = Layer { groups, epsilon, activation };
        tensor(forward(&operands, &layer).0, dims::<4>(&operands.input))
    }
}

/// The tensors of a normalisation, contiguous.
#[derive(Clone, Debug)]
struct Operands {
    input: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
}

impl Operands {
    fn new(input: FlexTensor, gamma: FlexTensor, beta: FlexTensor) -> Self {
        Self { input: contiguous(input), gamma: contiguous(gamma), beta: contiguous(beta) }
    }
}

/// The options of a normalisation.
#[derive(Clone, Copy, Debug)]
struct Layer {
    groups: usize,
    epsilon: f64,
    activation: Activation,
}

/// Mean and inverse standard deviation of a group.
fn statistics(group: &[f32], epsilon: f64) -> [f32; 2] {
    let mean = simd::sum(group) / group.len() as f32;
    let variance = simd::sum_of_squares(group, mean) / group.len() as f32;
    [mean, 1.0 / (variance + epsilon as f32).sqrt()]
}

/// The output, and mean and inverse deviation of every group of every image.
fn forward(operands: &Operands, layer: &Layer) -> (Vec<f32>, Vec<f32>) {
    let [batch, channels, height, width] = dims(&operands.input);
    let (plane, group_channels) = (height * width, channels / layer.groups);
    let group_len = group_channels * plane;
    let (gamma, beta) = (values(&operands.gamma), values(&operands.beta));
    let input = values(&operands.input);
    let mut output = vec![0.0; input.len()];
    let mut stored = vec![0.0; batch * layer.groups * 2];
    let outputs = [(&mut output[..], group_len), (&mut stored[..], 2)];
    parallel::for_each_chunks(outputs, input.len(), |group, [output, stored]| {
        let input = &input[group * group_len..][..group_len];
        let [mean, inverse_deviation] = statistics(input, layer.epsilon);
        stored.copy_from_slice(&[mean, inverse_deviation]);
        let first = group % layer.groups * group_channels;
        for (index, output) in output.chunks_exact_mut(plane).enumerate() {
            let (gamma, beta) = (gamma[first + index], beta[first + index]);
            let affine = Affine::normalise(mean, inverse_deviation, gamma, beta);
            affine::apply(affine, layer.activation, &input[index * plane..][..plane], output);
        }
    });
    (output, stored)
}

#[cfg(feature = "autodiff")]
mod backward {
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::autodiff::{Autodiff, NodeId};

    use super::super::affine_gradient::{self, InputGradient};
    use super::*;

    /// Gradients of input, gamma and beta.
    fn backward(
        operands: &Operands,
        layer: &Layer,
        statistics: &[f32],
        output_gradient: &[f32],
    ) -> [Vec<f32>; 3] {
        let [batch, channels, height, width] = dims(&operands.input);
        let (plane, group_channels) = (height * width, channels / layer.groups);
        let group_len = group_channels * plane;
        let (gamma, beta) = (values(&operands.gamma), values(&operands.beta));
        let input = values(&operands.input);
        let mut gradient = vec![0.0; input.len()];
        // Per image and channel: what it adds to the gradients of gamma and beta.
        let mut shares = vec![0.0; batch * channels * 2];
        let outputs = [(&mut gradient[..], group_len), (&mut shares[..], group_channels * 2)];
        parallel::for_each_chunks(outputs, input.len(), |group, [gradient, shares]| {
            let first = group % layer.groups * group_channels;
            GroupBackward {
                layer,
                mean: statistics[2 * group],
                inverse_deviation: statistics[2 * group + 1],
                gamma: &gamma[first..][..group_channels],
                beta: &beta[first..][..group_channels],
                input: &input[group * group_len..][..group_len],
                output_gradient: &output_gradient[group * group_len..][..group_len],
            }
            .run(gradient, shares);
        });
        let (mut gamma_gradient, mut beta_gradient) = (vec![0.0; channels], vec![0.0; channels]);
        for (index, share) in shares.chunks_exact(2).enumerate() {
            gamma_gradient[index % channels] += share[0];
            beta_gradient[index % channels] += share[1];
        }
        [gradient, gamma_gradient, beta_gradient]
    }

    /// One group of one image.
    struct GroupBackward<'a> {
        layer: &'a Layer,
        mean: f32,
        inverse_deviation: f32,
        gamma: &'a [f32],
        beta: &'a [f32],
        input: &'a [f32],
        output_gradient: &'a [f32],
    }

    impl GroupBackward<'_> {
        fn run(&self, gradient: &mut [f32], shares: &mut [f32]) {
            let plane = self.input.len() / self.gamma.len();
            let activation = self.layer.activation;
            let affine = |channel: usize| {
                let (gamma, beta) = (self.gamma[channel], self.beta[channel]);
                Affine::normalise(self.mean, self.inverse_deviation, gamma, beta)
            };
            let of_channel = |channel: usize| {
                let range = channel * plane..(channel + 1) * plane;
                (&self.input[range.clone()], &self.output_gradient[range])
            };
            let (mut plain, mut centred) = (0.0, 0.0);
            for (channel, share) in shares.chunks_exact_mut(2).enumerate() {
                let (input, output) = of_channel(channel);
                let sums = affine_gradient::gradient_sums(
                    affine(channel),
                    activation,
                    self.mean,
                    input,
                    output,
                );
                share.copy_from_slice(&[sums.centred * self.inverse_deviation, sums.plain]);
                plain += sums.plain * self.gamma[channel];
                centred += sums.centred * self.gamma[channel];
            }
            let count = self.input.len() as f32;
            let terms = InputGradient {
                mean: self.mean,
                offset: plain * self.inverse_deviation / count,
                slope: centred * self.inverse_deviation.powi(3) / count,
            };
            for (channel, gradient) in gradient.chunks_exact_mut(plane).enumerate() {
                let (input, output) = of_channel(channel);
                affine_gradient::input_gradient(
                    affine(channel),
                    activation,
                    terms,
                    input,
                    output,
                    gradient,
                );
            }
        }
    }

    /// What the backward pass needs besides the input, which the graph keeps.
    #[derive(Clone, Debug)]
    struct State {
        input: NodeId,
        gamma: FlexTensor,
        beta: FlexTensor,
        layer: Layer,
        statistics: Vec<f32>,
    }

    #[derive(Debug)]
    struct GroupNormBackward;

    impl Backward<Flex, 3> for GroupNormBackward {
        type State = State;

        fn backward(
            self,
            ops: Ops<Self::State, 3>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let state = ops.state;
            let input = checkpointer.retrieve_node_output(state.input);
            let operands = Operands::new(input, state.gamma, state.beta);
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            let [input, gamma, beta] =
                backward(&operands, &state.layer, &state.statistics, values(&output));
            let [input_node, gamma_node, beta_node] = ops.parents;
            if let Some(node) = input_node {
                let shape = dims::<4>(&operands.input);
                gradients.register::<Flex>(node.id, tensor(input, shape));
            }
            for (node, gradient) in [(gamma_node, gamma), (beta_node, beta)] {
                if let Some(node) = node {
                    let channels = gradient.len();
                    gradients.register::<Flex>(node.id, tensor(gradient, [channels]));
                }
            }
        }
    }

    impl<C: CheckpointStrategy> GroupNormKernel for Autodiff<Flex, C> {
        fn group_norm(
            input: FloatTensor<Self>,
            gamma: FloatTensor<Self>,
            beta: FloatTensor<Self>,
            groups: usize,
            epsilon: f64,
            activation: Activation,
        ) -> FloatTensor<Self> {
            let layer = Layer { groups, epsilon, activation };
            let operands = Operands::new(
                input.primitive().clone(),
                gamma.primitive().clone(),
                beta.primitive().clone(),
            );
            let (output, statistics) = forward(&operands, &layer);
            let output = tensor(output, dims::<4>(&operands.input));
            let nodes = [input.node(), gamma.node(), beta.node()];
            match GroupNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let input = prep.checkpoint(&input);
                    let Operands { gamma, beta, .. } = operands;
                    prep.finish(State { input, gamma, beta, layer, statistics }, output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

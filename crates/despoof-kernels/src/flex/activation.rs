//! Activations of a tensor of any shape.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::affine::{self, Activation, Affine};
use super::buffer::{contiguous, like, values};
use super::parallel;

/// Values a thread takes at a time.
const CHUNK: usize = 1 << 13;
/// An exponential costs about as much as touching so many values.
const WORK_PER_VALUE: usize = 4;

/// An activation, value by value.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait ActivationKernel: Backend {
    /// `activation` of every value.
    fn activate(input: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self>;
}

impl ActivationKernel for Flex {
    fn activate(input: FlexTensor, activation: Activation) -> FlexTensor {
        let input = contiguous(input);
        let values = values(&input);
        let mut output = vec![0.0; values.len()];
        let work = values.len() * WORK_PER_VALUE;
        parallel::for_each_chunk(&mut output, CHUNK, work, |index, output| {
            let values = &values[index * CHUNK..][..output.len()];
            affine::apply(Affine::IDENTITY, activation, values, output);
        });
        like(&input, output)
    }
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

    fn input_gradient(activation: Activation, input: &[f32], output_gradient: &[f32]) -> Vec<f32> {
        let mut gradient = vec![0.0; input.len()];
        let work = input.len() * WORK_PER_VALUE;
        parallel::for_each_chunk(&mut gradient, CHUNK, work, |index, gradient| {
            let range = index * CHUNK..index * CHUNK + gradient.len();
            let (input, output) = (&input[range.clone()], &output_gradient[range]);
            let terms = InputGradient::default();
            affine_gradient::input_gradient(
                Affine::IDENTITY,
                activation,
                terms,
                input,
                output,
                gradient,
            );
        });
        gradient
    }

    #[derive(Debug)]
    struct ActivationBackward;

    impl Backward<Flex, 1> for ActivationBackward {
        type State = (NodeId, Activation);

        fn backward(
            self,
            ops: Ops<Self::State, 1>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let (input, activation) = ops.state;
            let input = contiguous(checkpointer.retrieve_node_output(input));
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            if let [Some(node)] = ops.parents {
                let gradient = input_gradient(activation, values(&input), values(&output));
                gradients.register::<Flex>(node.id, like(&input, gradient));
            }
        }
    }

    impl<C: CheckpointStrategy> ActivationKernel for Autodiff<Flex, C> {
        fn activate(input: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
            let output = Flex::activate(input.primitive().clone(), activation);
            match ActivationBackward.prepare::<C>([input.node()]).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let state = (prep.checkpoint(&input), activation);
                    prep.finish(state, output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

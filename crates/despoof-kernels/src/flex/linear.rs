//! Affine map: one matrix product over all rows.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, tensor, values};
use super::matrix::{Matrix, Spread, Update, multiply};

/// Affine map.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait LinearKernel: Backend {
    /// `input` `[rows, in]` times `weight` `[in, out]`, plus `bias` `[out]`.
    fn linear_rows(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl LinearKernel for Flex {
    fn linear_rows(input: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let (input, weight, bias) = (contiguous(input), contiguous(weight), contiguous(bias));
        let [rows, _] = dims(&input);
        let [_, features_out] = dims(&weight);
        let mut output = values(&bias).repeat(rows);
        product(&mut output, matrix(&input), matrix(&weight), Update::Add);
        tensor(output, [rows, features_out])
    }
}

fn matrix(tensor: &FlexTensor) -> Matrix<'_> {
    let [rows, columns] = dims(tensor);
    Matrix::new(values(tensor), rows, columns, columns)
}

fn product(output: &mut [f32], left: Matrix, right: Matrix, update: Update) {
    let columns = right.columns();
    multiply((output, columns), left, right, update, Spread::for_units(1));
}

#[cfg(feature = "autodiff")]
mod backward {
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::autodiff::{Autodiff, NodeId};

    use super::*;

    #[derive(Debug)]
    struct LinearBackward;

    impl Backward<Flex, 3> for LinearBackward {
        type State = (NodeId, NodeId);

        fn backward(
            self,
            ops: Ops<Self::State, 3>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let [input_node, weight_node, bias_node] = ops.parents;
            let (input, weight) = ops.state;
            let input = contiguous(checkpointer.retrieve_node_output(input));
            let weight = contiguous(checkpointer.retrieve_node_output(weight));
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            let [rows, features_in] = dims(&input);
            let [_, features_out] = dims(&weight);
            if let Some(node) = bias_node {
                let gradient = sum_of_rows(values(&output), features_out);
                gradients.register::<Flex>(node.id, tensor(gradient, [features_out]));
            }
            if let Some(node) = weight_node {
                let mut gradient = vec![0.0; features_in * features_out];
                let left = matrix(&input).transposed();
                product(&mut gradient, left, matrix(&output), Update::Assign);
                gradients.register::<Flex>(node.id, tensor(gradient, [features_in, features_out]));
            }
            if let Some(node) = input_node {
                let mut gradient = vec![0.0; rows * features_in];
                let right = matrix(&weight).transposed();
                product(&mut gradient, matrix(&output), right, Update::Assign);
                gradients.register::<Flex>(node.id, tensor(gradient, [rows, features_in]));
            }
        }
    }

    fn sum_of_rows(values: &[f32], length: usize) -> Vec<f32> {
        let mut sum = vec![0.0; length];
        for row in values.chunks_exact(length) {
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += value;
            }
        }
        sum
    }

    impl<C: CheckpointStrategy> LinearKernel for Autodiff<Flex, C> {
        fn linear_rows(
            input: FloatTensor<Self>,
            weight: FloatTensor<Self>,
            bias: FloatTensor<Self>,
        ) -> FloatTensor<Self> {
            let nodes = [input.node(), weight.node(), bias.node()];
            let output = Flex::linear_rows(
                input.primitive().clone(),
                weight.primitive().clone(),
                bias.primitive().clone(),
            );
            match LinearBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let state = (prep.checkpoint(&input), prep.checkpoint(&weight));
                    prep.finish(state, output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

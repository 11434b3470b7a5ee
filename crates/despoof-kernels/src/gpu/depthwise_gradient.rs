//! Gradients of the depthwise convolution.

use burn::backend::TensorMetadata;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::autodiff::{Autodiff, NodeId};
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::depthwise::{DepthwiseKernel, input_gradient, weight_gradient};

#[derive(Debug)]
struct DepthwiseBackward;

/// Input, weight, strides, padding.
type State = (NodeId, NodeId, [usize; 2], [(usize, usize); 2]);

impl Backward<CubeBackend, 2> for DepthwiseBackward {
    type State = State;

    fn backward(
        self,
        ops: Ops<State, 2>,
        gradients: &mut Gradients,
        checkpointer: &mut Checkpointer,
    ) {
        let [input_node, weight_node] = ops.parents;
        let (input, weight, stride, padding) = ops.state;
        let input: CubeTensor = checkpointer.retrieve_node_output(input);
        let weight: CubeTensor = checkpointer.retrieve_node_output(weight);
        let output = gradients.consume::<CubeBackend>(&ops.node);
        let (input_shape, weight_shape) = (input.shape().dims(), weight.shape().dims());
        if let Some(node) = weight_node {
            let gradient = weight_gradient(output.clone(), input, weight_shape, stride, padding);
            gradients.register::<CubeBackend>(node.id, gradient);
        }
        if let Some(node) = input_node {
            let gradient = input_gradient(output, weight, input_shape, stride, padding);
            gradients.register::<CubeBackend>(node.id, gradient);
        }
    }
}

impl<C: CheckpointStrategy> DepthwiseKernel for Autodiff<CubeBackend, C> {
    fn conv2d_depthwise(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [(usize, usize); 2],
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node()];
        let output = CubeBackend::conv2d_depthwise(
            input.primitive().clone(),
            weight.primitive().clone(),
            stride,
            padding,
        );
        match DepthwiseBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&input), prep.checkpoint(&weight), stride, padding);
                prep.finish(state, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

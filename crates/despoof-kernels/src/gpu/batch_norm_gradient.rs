//! Gradients of the batch normalisation.

use burn::backend::AutodiffBackend;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn_cubecl::CubeBackend;

use super::batch_norm::{BatchNormKernel, Normalisation};

#[derive(Debug)]
struct BatchNormBackward;

impl Backward<CubeBackend, 3> for BatchNormBackward {
    type State = Normalisation;

    fn backward(self, ops: Ops<Normalisation, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let output = gradients.consume::<CubeBackend>(&ops.node);
        for (node, gradient) in ops.parents.into_iter().zip(ops.state.gradients(output)) {
            if let Some(node) = node {
                gradients.register::<CubeBackend>(node.id, gradient);
            }
        }
    }
}

impl<C: CheckpointStrategy> BatchNormKernel for Autodiff<CubeBackend, C> {
    fn batch_norm_of_batch(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
        cut_at_6: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [input.node(), gamma.node(), beta.node()];
        let [input, gamma, beta] = [input, gamma, beta].map(|tensor| tensor.primitive().clone());
        let state = Normalisation::of_batch(input, gamma, beta, epsilon, cut_at_6);
        let (mean, variance) = (state.mean.clone(), state.variance.clone());
        let output = state.output();
        let output = match BatchNormBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(state, output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        };
        (output, Self::from_inner(mean), Self::from_inner(variance))
    }
}

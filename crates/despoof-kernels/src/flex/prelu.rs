//! PReLU (He et al. 2015): negative values times a learned slope per channel.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, like, values};
use super::parallel;
use super::simd::vectorised;

/// PReLU.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait PreluKernel: Backend {
    /// `input` `[batch, channels, height, width]`, `slope` `[channels]`.
    fn prelu(input: FloatTensor<Self>, slope: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl PreluKernel for Flex {
    fn prelu(input: FlexTensor, slope: FlexTensor) -> FlexTensor {
        let (input, slope) = (contiguous(input), contiguous(slope));
        let [_, channels, height, width] = dims(&input);
        let (plane, slope) = (height * width, values(&slope));
        let mut output = values(&input).to_vec();
        let work = output.len();
        parallel::for_each_chunk(&mut output, plane, work, |index, plane| {
            scale_negative(plane, slope[index % channels]);
        });
        like(&input, output)
    }
}

vectorised! {
    fn scale_negative<FMA>(values: &mut [f32], slope: f32) {
        for value in values {
            *value = if *value < 0.0 { *value * slope } else { *value };
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

    use super::*;

    vectorised! {
        fn scale_where_negative<FMA>(input: &[f32], slope: f32, gradient: &mut [f32]) {
            for (value, &x) in gradient.iter_mut().zip(input) {
                *value = if x < 0.0 { *value * slope } else { *value };
            }
        }
    }

    vectorised! {
        /// Σ dᵢ xᵢ over negative xᵢ.
        fn slope_gradient<FMA>(input: &[f32], output_gradient: &[f32]) -> f32 {
            use super::super::simd::{LANES, mul_add};
            let mut lanes = [0.0; LANES];
            let (inputs, input_rest) = input.as_chunks::<LANES>();
            let (gradients, gradient_rest) = output_gradient.as_chunks::<LANES>();
            for (x, d) in inputs.iter().zip(gradients) {
                for lane in 0..LANES {
                    // The choice before the product: a choice between products is compiled to jumps.
                    let negative = if x[lane] < 0.0 { x[lane] } else { 0.0 };
                    lanes[lane] = mul_add::<FMA>(negative, d[lane], lanes[lane]);
                }
            }
            let rest = input_rest.iter().zip(gradient_rest);
            let rest = rest.map(|(&x, d)| if x < 0.0 { x * d } else { 0.0 }).sum::<f32>();
            lanes.iter().sum::<f32>() + rest
        }
    }

    #[derive(Debug)]
    struct PreluBackward;

    impl Backward<Flex, 2> for PreluBackward {
        type State = (NodeId, FlexTensor);

        fn backward(
            self,
            ops: Ops<Self::State, 2>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let [input_node, slope_node] = ops.parents;
            let (input, slope) = ops.state;
            let input = contiguous(checkpointer.retrieve_node_output(input));
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            let [_, channels, height, width] = dims(&input);
            let plane = height * width;
            let (values_in, values_out, slopes) = (values(&input), values(&output), values(&slope));
            if let Some(node) = slope_node {
                let mut gradient = vec![0.0; channels];
                let planes = values_in.chunks_exact(plane).zip(values_out.chunks_exact(plane));
                for (index, (input, output)) in planes.enumerate() {
                    gradient[index % channels] += slope_gradient(input, output);
                }
                gradients.register::<Flex>(node.id, like(&slope, gradient));
            }
            if let Some(node) = input_node {
                let mut gradient = values_out.to_vec();
                let work = gradient.len();
                parallel::for_each_chunk(&mut gradient, plane, work, |index, gradient| {
                    let input = &values_in[index * plane..][..plane];
                    scale_where_negative(input, slopes[index % channels], gradient);
                });
                gradients.register::<Flex>(node.id, like(&input, gradient));
            }
        }
    }

    impl<C: CheckpointStrategy> PreluKernel for Autodiff<Flex, C> {
        fn prelu(input: FloatTensor<Self>, slope: FloatTensor<Self>) -> FloatTensor<Self> {
            let nodes = [input.node(), slope.node()];
            let slope = contiguous(slope.into_primitive());
            let output = Flex::prelu(input.primitive().clone(), slope.clone());
            match PreluBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let state = (prep.checkpoint(&input), slope);
                    prep.finish(state, output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

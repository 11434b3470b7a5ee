//! Softmax over the last dimension.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, last_dim, like, values};
use super::parallel;
use super::simd::{LANES, exp, sum_by, vectorised};

/// Values a thread takes at a time, in whole rows.
const CHUNK: usize = 1 << 13;
/// An exponential costs about as much as touching so many values.
const WORK_PER_VALUE: usize = 4;

/// Softmax.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait SoftmaxKernel: Backend {
    /// Softmax over the last dimension.
    fn softmax_last(input: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl SoftmaxKernel for Flex {
    fn softmax_last(input: FlexTensor) -> FlexTensor {
        let input = contiguous(input);
        let (values, width) = (values(&input), last_dim(&input).max(1));
        let mut output = values.to_vec();
        let chunk = chunk_of_rows(width);
        parallel::for_each_chunk(&mut output, chunk, values.len() * WORK_PER_VALUE, |_, rows| {
            softmax_rows(rows, width);
        });
        like(&input, output)
    }
}

fn chunk_of_rows(width: usize) -> usize {
    (CHUNK / width).max(1) * width
}

vectorised! {
    /// Replaces every row of `width` values by its softmax.
    pub fn softmax_rows<FMA>(rows: &mut [f32], width: usize) {
        for row in rows.chunks_exact_mut(width) {
            let highest = highest(row);
            for value in row.iter_mut() {
                *value = exp::<FMA>(*value - highest);
            }
            let inverse = 1.0 / sum_by(row, |value| value);
            for value in row.iter_mut() {
                *value *= inverse;
            }
        }
    }
}

#[inline(always)]
fn highest(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |highest, &value| highest.max(value))
}

#[cfg(feature = "autodiff")]
vectorised! {
    /// Replaces the gradient of every row of a softmax by that of its input: p (d − Σ p d).
    pub fn softmax_rows_gradient<FMA>(probabilities: &[f32], gradient: &mut [f32], width: usize) {
        use super::simd::mul_add;
        let rows = probabilities.chunks_exact(width);
        for (probabilities, gradient) in rows.zip(gradient.chunks_exact_mut(width)) {
            let mut dots = [0.0; LANES];
            let (chunks, rest) = probabilities.as_chunks::<LANES>();
            let (gradient_chunks, gradient_rest) = gradient.as_chunks::<LANES>();
            for (p, d) in chunks.iter().zip(gradient_chunks) {
                for lane in 0..LANES {
                    dots[lane] = mul_add::<FMA>(p[lane], d[lane], dots[lane]);
                }
            }
            let rest = rest.iter().zip(gradient_rest).map(|(p, d)| p * d).sum::<f32>();
            let dot = dots.iter().sum::<f32>() + rest;
            for (value, p) in gradient.iter_mut().zip(probabilities) {
                *value = p * (*value - dot);
            }
        }
    }
}

#[cfg(feature = "autodiff")]
mod backward {
    use burn::backend::autodiff::Autodiff;
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};

    use super::*;

    #[derive(Debug)]
    struct SoftmaxBackward;

    impl Backward<Flex, 1> for SoftmaxBackward {
        /// The output, of which the gradient is made.
        type State = FlexTensor;

        fn backward(
            self,
            ops: Ops<FlexTensor, 1>,
            gradients: &mut Gradients,
            _: &mut Checkpointer,
        ) {
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            let [Some(node)] = ops.parents else { return };
            let (probabilities, width) = (values(&ops.state), last_dim(&ops.state).max(1));
            let mut gradient = values(&output).to_vec();
            let (chunk, work) = (chunk_of_rows(width), gradient.len());
            parallel::for_each_chunk(&mut gradient, chunk, work, |index, rows| {
                let probabilities = &probabilities[index * chunk..][..rows.len()];
                softmax_rows_gradient(probabilities, rows, width);
            });
            gradients.register::<Flex>(node.id, like(&ops.state, gradient));
        }
    }

    impl<C: CheckpointStrategy> SoftmaxKernel for Autodiff<Flex, C> {
        fn softmax_last(input: FloatTensor<Self>) -> FloatTensor<Self> {
            let node = input.node();
            let output = Flex::softmax_last(input.into_primitive());
            match SoftmaxBackward.prepare::<C>([node]).compute_bound().stateful() {
                OpsKind::Tracked(prep) => prep.finish(output.clone(), output),
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

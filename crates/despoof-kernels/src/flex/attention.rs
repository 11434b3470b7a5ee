//! Multi-head attention on `[batch, tokens, heads × head width]`: the heads are read and written in
//! place, by their stride, so that nothing is transposed or copied.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, tensor, values};
use super::matrix::{Matrix, Spread, Update, multiply};
use super::parallel;
use super::softmax::softmax_rows;

/// Attention.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Flex)]
pub trait AttentionKernel: Backend {
    /// softmax(Q Kᵀ / √(head width)) V for every head. `query` `[batch, tokens, width]`, `key` and
    /// `value` `[batch, context tokens, width]`.
    fn attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self>;
}

impl AttentionKernel for Flex {
    fn attention(
        query: FlexTensor,
        key: FlexTensor,
        value: FlexTensor,
        heads: usize,
    ) -> FlexTensor {
        let sizes = Sizes::new(&query, &key, heads);
        let (query, key, value) = (contiguous(query), contiguous(key), contiguous(value));
        let output = forward(&sizes, values(&query), values(&key), values(&value)).0;
        tensor(output, sizes.query_dims())
    }
}

#[derive(Clone, Copy, Debug)]
struct Sizes {
    batch: usize,
    tokens: usize,
    context: usize,
    width: usize,
    heads: usize,
}

impl Sizes {
    fn new(query: &FlexTensor, key: &FlexTensor, heads: usize) -> Self {
        let ([batch, tokens, width], [_, context, _]) = (dims(query), dims(key));
        Self { batch, tokens, context, width, heads }
    }

    fn query_dims(&self) -> [usize; 3] {
        [self.batch, self.tokens, self.width]
    }

    fn head_width(&self) -> usize {
        self.width / self.heads
    }

    /// What the scores are multiplied by.
    fn scale(&self) -> f32 {
        1.0 / (self.head_width() as f32).sqrt()
    }

    /// Scores of one image.
    fn scores(&self) -> usize {
        self.heads * self.tokens * self.context
    }

    /// One head of one image's query or of something shaped like it.
    fn query_head<'a>(&self, image: &'a [f32], head: usize) -> Matrix<'a> {
        Matrix::new(&image[head * self.head_width()..], self.tokens, self.head_width(), self.width)
    }

    /// One head of one image's key or value.
    fn context_head<'a>(&self, image: &'a [f32], head: usize) -> Matrix<'a> {
        Matrix::new(&image[head * self.head_width()..], self.context, self.head_width(), self.width)
    }

    /// One head of one image's scores.
    fn scores_head<'a>(&self, scores: &'a [f32]) -> Matrix<'a> {
        Matrix::new(scores, self.tokens, self.context, self.context)
    }

    /// Multiplications of all matrix products of the forward pass.
    fn work(&self) -> usize {
        2 * self.batch * self.tokens * self.context * self.width
    }
}

/// The output and the probabilities `[batch, heads, tokens, context tokens]`.
fn forward(sizes: &Sizes, query: &[f32], key: &[f32], value: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (query_len, context_len) = (sizes.tokens * sizes.width, sizes.context * sizes.width);
    let spread = Spread::for_units(sizes.batch);
    let mut output = vec![0.0; sizes.batch * query_len];
    let mut probabilities = vec![0.0; sizes.batch * sizes.scores()];
    let outputs = [(&mut output[..], query_len), (&mut probabilities[..], sizes.scores())];
    parallel::for_each_chunks(outputs, sizes.work(), |image, [output, probabilities]| {
        let query = &query[image * query_len..][..query_len];
        let [key, value] = [key, value].map(|all| &all[image * context_len..][..context_len]);
        let scores_of_heads = probabilities.chunks_exact_mut(sizes.tokens * sizes.context);
        for (head, scores) in scores_of_heads.enumerate() {
            let (query, key) = (sizes.query_head(query, head), sizes.context_head(key, head));
            let product = (&mut *scores, sizes.context);
            multiply(product, query, key.transposed(), Update::Assign, spread);
            scores.iter_mut().for_each(|score| *score *= sizes.scale());
            softmax_rows(scores, sizes.context);
            let product = (&mut output[head * sizes.head_width()..], sizes.width);
            let value = sizes.context_head(value, head);
            multiply(product, sizes.scores_head(scores), value, Update::Assign, spread);
        }
    });
    (output, probabilities)
}

#[cfg(feature = "autodiff")]
mod backward {
    use burn::backend::autodiff::checkpoint::base::Checkpointer;
    use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
    use burn::backend::autodiff::grads::Gradients;
    use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
    use burn::backend::autodiff::{Autodiff, NodeId};

    use super::super::scratch;
    use super::super::softmax::softmax_rows_gradient;
    use super::*;

    /// One image of everything the backward pass reads.
    struct Image<'a> {
        sizes: &'a Sizes,
        query: &'a [f32],
        key: &'a [f32],
        value: &'a [f32],
        probabilities: &'a [f32],
        output_gradient: &'a [f32],
        spread: Spread,
    }

    impl Image<'_> {
        /// Writes one head of the gradients of query, key and value.
        fn head(&self, head: usize, gradients: &mut [&mut [f32]; 3], scores_gradient: &mut [f32]) {
            let sizes = self.sizes;
            let (start, width) = (head * sizes.head_width(), sizes.width);
            let scores = sizes.tokens * sizes.context;
            let probabilities = &self.probabilities[head * scores..][..scores];
            let output_gradient = sizes.query_head(self.output_gradient, head);
            let value = sizes.context_head(self.value, head);
            let product = |target: (&mut [f32], usize), left: Matrix, right: Matrix| {
                multiply(target, left, right, Update::Assign, self.spread);
            };

            let transposed = sizes.scores_head(probabilities).transposed();
            product((&mut gradients[2][start..], width), transposed, output_gradient);
            product((&mut *scores_gradient, sizes.context), output_gradient, value.transposed());
            softmax_rows_gradient(probabilities, scores_gradient, sizes.context);
            scores_gradient.iter_mut().for_each(|value| *value *= sizes.scale());
            let scores_gradient = sizes.scores_head(scores_gradient);
            let key = sizes.context_head(self.key, head);
            product((&mut gradients[0][start..], width), scores_gradient, key);
            let query = sizes.query_head(self.query, head);
            product((&mut gradients[1][start..], width), scores_gradient.transposed(), query);
        }
    }

    /// Gradients of query, key and value.
    fn backward(
        sizes: &Sizes,
        [query, key, value]: [&[f32]; 3],
        probabilities: &[f32],
        output_gradient: &[f32],
    ) -> [Vec<f32>; 3] {
        let lengths = [sizes.tokens, sizes.context, sizes.context].map(|rows| rows * sizes.width);
        let [query_len, context_len, _] = lengths;
        let mut gradients = lengths.map(|length| vec![0.0; sizes.batch * length]);
        let [of_query, of_key, of_value] = &mut gradients;
        let outputs = [
            (&mut of_query[..], query_len),
            (&mut of_key[..], context_len),
            (&mut of_value[..], context_len),
        ];
        parallel::for_each_chunks(outputs, 2 * sizes.work(), |index, mut gradients| {
            let image = Image {
                sizes,
                query: &query[index * query_len..][..query_len],
                key: &key[index * context_len..][..context_len],
                value: &value[index * context_len..][..context_len],
                probabilities: &probabilities[index * sizes.scores()..][..sizes.scores()],
                output_gradient: &output_gradient[index * query_len..][..query_len],
                spread: Spread::for_units(sizes.batch),
            };
            scratch::with(sizes.tokens * sizes.context, |scores_gradient| {
                for head in 0..sizes.heads {
                    image.head(head, &mut gradients, scores_gradient);
                }
            });
        });
        gradients
    }

    /// What the backward pass needs besides query, key and value, which the graph keeps.
    #[derive(Clone, Debug)]
    struct State {
        operands: [NodeId; 3],
        sizes: Sizes,
        probabilities: FlexTensor,
    }

    #[derive(Debug)]
    struct AttentionBackward;

    impl Backward<Flex, 3> for AttentionBackward {
        type State = State;

        fn backward(
            self,
            ops: Ops<State, 3>,
            gradients: &mut Gradients,
            checkpointer: &mut Checkpointer,
        ) {
            let State { operands, sizes, probabilities } = ops.state;
            let operands = operands.map(|id| contiguous(checkpointer.retrieve_node_output(id)));
            let output = contiguous(gradients.consume::<Flex>(&ops.node));
            let [query, key, value] = &operands;
            let slices = [values(query), values(key), values(value)];
            let results = backward(&sizes, slices, values(&probabilities), values(&output));
            for ((node, result), operand) in ops.parents.into_iter().zip(results).zip(&operands) {
                if let Some(node) = node {
                    gradients.register::<Flex>(node.id, tensor(result, dims::<3>(operand)));
                }
            }
        }
    }

    impl<C: CheckpointStrategy> AttentionKernel for Autodiff<Flex, C> {
        fn attention(
            query: FloatTensor<Self>,
            key: FloatTensor<Self>,
            value: FloatTensor<Self>,
            heads: usize,
        ) -> FloatTensor<Self> {
            let sizes = Sizes::new(query.primitive(), key.primitive(), heads);
            let nodes = [query.node(), key.node(), value.node()];
            let operands =
                [&query, &key, &value].map(|tensor| contiguous(tensor.primitive().clone()));
            let [q, k, v] = operands.each_ref().map(values);
            let (output, probabilities) = forward(&sizes, q, k, v);
            let output = tensor(output, sizes.query_dims());
            match AttentionBackward.prepare::<C>(nodes).compute_bound().stateful() {
                OpsKind::Tracked(mut prep) => {
                    let operands = [&query, &key, &value].map(|tensor| prep.checkpoint(tensor));
                    let shape = [sizes.batch, sizes.heads, sizes.tokens, sizes.context];
                    let probabilities = tensor(probabilities, shape);
                    prep.finish(State { operands, sizes, probabilities }, output)
                }
                OpsKind::UnTracked(prep) => prep.finish(output),
            }
        }
    }
}

//! Multi-head attention (paper eq. 12), shared by the U-Net's transformer blocks and AG-Net.

use burn::tensor::Tensor;

use crate::layers;

/// `softmax(Q Kᵀ / √d_k) V` with `heads` heads (paper eq. 12).
///
/// `query` is `[batch, tokens, width]`, `key` and `value` are `[batch, context tokens, width]`;
/// `width` is divisible by `heads`. Returns `[batch, tokens, width]`.
pub fn attention(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, tokens, width] = query.dims();
    let head_width = width / heads;
    let scores = layers::matmul(
        split_heads(query, heads) * (1.0 / (head_width as f64).sqrt()),
        split_heads(key, heads).swap_dims(2, 3),
    );
    layers::matmul(layers::softmax_last(scores), split_heads(value, heads))
        .swap_dims(1, 2)
        .reshape([batch, tokens, width])
}

/// `[batch, tokens, width]` to `[batch, heads, tokens, width / heads]`.
fn split_heads(tokens_by_width: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, tokens, width] = tokens_by_width.dims();
    tokens_by_width.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2)
}

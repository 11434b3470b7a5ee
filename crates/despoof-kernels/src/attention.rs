//! Multi-head attention.

use burn::tensor::{Tensor, activation};

/// softmax(Q Kᵀ / √(head width)) V with `heads` heads.
///
/// `query` is `[batch, tokens, width]`, `key` and `value` are `[batch, context tokens, width]`;
/// `width` is divisible by `heads`. Returns `[batch, tokens, width]`.
pub fn attention(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, tokens, width] = query.dims();
    assert_eq!(width % heads, 0, "width is divisible by heads");
    #[cfg(feature = "flex")]
    if crate::flex::holds(&query) {
        use crate::flex::attention::AttentionKernel;
        let (query, key, value) =
            (query.into_dispatch(), key.into_dispatch(), value.into_dispatch());
        let output =
            <burn::backend::Dispatch as AttentionKernel>::attention(query, key, value, heads);
        return Tensor::from_dispatch(output);
    }
    #[cfg(feature = "webgpu")]
    if crate::cube::holds(&query) && width / heads <= crate::cube::wgsl::attention::WIDEST_HEAD {
        use crate::cube::attention::AttentionKernel;
        let (query, key, value) =
            (query.into_dispatch(), key.into_dispatch(), value.into_dispatch());
        let output =
            <burn::backend::Dispatch as AttentionKernel>::attention(query, key, value, heads);
        return Tensor::from_dispatch(output);
    }
    let scale = 1.0 / ((width / heads) as f64).sqrt();
    let scores = split_heads(query, heads).matmul(split_heads(key, heads).swap_dims(2, 3)) * scale;
    activation::softmax(scores, 3)
        .matmul(split_heads(value, heads))
        .swap_dims(1, 2)
        .reshape([batch, tokens, width])
}

/// `[batch, tokens, width]` to `[batch, heads, tokens, width / heads]`.
fn split_heads(tokens_by_width: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, tokens, width] = tokens_by_width.dims();
    tokens_by_width.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2)
}

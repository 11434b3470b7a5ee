//! Multi-head attention (paper eq. 12), shared by the U-Net's transformer blocks and AG-Net.

use burn::tensor::Tensor;

use crate::cost;
use crate::trace::{self, Operation};

/// `softmax(Q Kᵀ / √d_k) V` with `heads` heads (paper eq. 12).
///
/// `query` is `[batch, tokens, width]`, `key` and `value` are `[batch, context tokens, width]`;
/// `width` is divisible by `heads`. Returns `[batch, tokens, width]`.
pub fn attention(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, tokens, width] = query.dims();
    let context = key.dims()[1];
    // One product for the scores, one for the weighted values.
    cost::record((2 * batch * tokens * context * width) as u64);
    if cost::only_counts() {
        return query.zeros_like();
    }
    let noted = trace::inputs(&[&query, &key, &value]);
    noted.gave(
        || Operation::Attention { heads },
        despoof_kernels::attention(query, key, value, heads),
    )
}

//! Stage *identify*: the identity map F_id(x) of an aligned face (paper section 3.2, eq. 4).

use burn::tensor::Tensor;
use despoof_nn::identity::IdentityEncoder;
use despoof_nn::ops::{average_pool, tokens_from_map};

/// Identity map as context tokens: aligned faces `[batch, 3, 224, 224]` in [−1, 1] to
/// `[batch, 49, 512]` (paper section 4.2: 512×7×7 reshaped to 49×512).
pub fn identify(identity_encoder: &IdentityEncoder, aligned: Tensor<4>) -> Tensor<3> {
    tokens_from_map(identity_encoder.forward(identity_input_from_aligned(aligned)))
}

/// The identity encoder's input: half the side of the pipeline's crop, 2×2 means.
pub fn identity_input_from_aligned(aligned: Tensor<4>) -> Tensor<4> {
    average_pool(aligned, 2)
}

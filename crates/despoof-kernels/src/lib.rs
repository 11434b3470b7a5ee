//! What burn computes slowly, as backend extensions: on a device that has a kernel here it runs, on
//! any other device the same function is burn's own. Every kernel is tested against burn's own.

mod activation;
mod attention;
mod batch_norm;
mod conv2d;
mod conv2d_batch_norm;
#[cfg(any(test, feature = "webgpu"))]
#[cfg_attr(
    not(feature = "webgpu"),
    expect(dead_code, reason = "natively only its texts are tested")
)]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "gpu-training")]
mod gpu;
mod group_norm;
mod layer_norm;
mod linear;
mod max_pool;
mod planes;

pub use activation::{gelu, prelu, silu, softmax_last};
pub use attention::attention;
pub use batch_norm::{
    BatchNormActivation, BatchNormOfBatch, BatchNormParameters, batch_norm_frozen,
    batch_norm_of_batch,
};
pub use conv2d::conv2d;
pub use conv2d_batch_norm::{Conv2dParameters, conv2d_batch_norm_frozen};
pub use group_norm::{group_norm, group_norm_silu};
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use max_pool::max_pool;
pub use planes::planes_from_rgb;

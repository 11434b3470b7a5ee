//! Hand-written WebGPU kernels for burn's Cube backend: `f32`, row-major, forward only.

#[cfg(feature = "webgpu")]
pub mod attention;
#[cfg(feature = "webgpu")]
pub mod conv2d;
#[cfg(feature = "webgpu")]
pub mod group_norm;
#[cfg(feature = "webgpu")]
pub mod layer_norm;
#[cfg(feature = "webgpu")]
pub mod linear;
#[cfg(feature = "webgpu")]
pub mod pixels;
#[cfg(feature = "webgpu")]
pub mod prelu;
#[cfg(feature = "webgpu")]
mod run;
pub mod wgsl;

#[cfg(feature = "webgpu")]
pub use run::holds;

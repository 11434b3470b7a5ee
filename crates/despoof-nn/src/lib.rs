//! The networks of despoof, nothing else: no file, no network access, no image code.
//!
//! Every network is a file with a config struct (sizes) and a module struct (parameters). A preset
//! ([`presets`]) is a value of those configs, so no network exists twice. Parameter names follow the
//! reference implementation that each network is tested against, so that its checkpoints import.

pub mod agnet;
pub mod attention;
pub mod autoencoder;
pub mod cost;
pub mod cue_networks;
pub mod diffusion;
pub mod efficientnet_lite;
pub mod identity;
pub mod iresnet;
pub mod layers;
pub mod mobilefacenet;
pub mod mtcnn;
pub mod ops;
pub mod presets;
pub mod resample;
pub mod residual_block;
pub mod resnet;
pub mod sampler;
pub mod simplex;
pub mod sizes;
pub mod trace;
pub mod unet;

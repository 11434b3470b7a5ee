//! The one training loop, and a file for each thing that is trained.

pub mod agnet;
pub mod agnet_recipe;
pub mod agnet_sizes;
pub mod arcface;
pub mod augment;
pub mod autoencoder;
pub mod batch;
pub mod cached_faces;
pub mod checkpoint;
pub mod cue;
pub mod dfg;
pub mod distill;
pub mod ema;
pub mod identity;
pub mod in_batches;
pub mod labelled_faces;
pub mod loss_weight;
pub mod margin;
pub mod metrics_log;
pub mod options;
mod positions;
#[cfg(test)]
mod resume_test;
pub mod run;
mod same_settings;
pub mod samples;
pub mod strategy;
pub mod teacher;

//! The one training loop, and a file for each thing that is trained.

pub mod agnet;
pub mod autoencoder;
pub mod batch;
pub mod checkpoint;
pub mod dfg;
pub mod ema;
pub mod identity;
pub mod metrics_log;
pub mod options;
#[cfg(test)]
mod resume_test;
pub mod run;
pub mod samples;

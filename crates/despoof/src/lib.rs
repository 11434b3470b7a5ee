//! The face liveness check: one file per stage, one public function each, named like the stage.
//!
//! `frame → detect → align → identify → generate → look (cue) → score → decide → Verdict`

pub mod align;
pub mod bundle;
pub mod checker;
pub mod cue;
pub mod decide;
pub mod detect;
pub mod generate;
pub mod identify;
pub mod images;
pub mod layout;
pub mod look;
pub mod metrics;
pub mod parts;
pub mod photo;
pub mod quality;
pub mod score;
pub mod weights;
#[cfg(not(target_arch = "wasm32"))]
pub mod weights_file;

pub use checker::{Check, CheckError, Checker, Evidence, Examination, Stage, StageTimes};

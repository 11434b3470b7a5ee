//! The face liveness check: one file per stage, one public function each, named like the stage.
//!
//! `frame → detect → align → identify → generate → residual (cue) → score → decide → Verdict`

pub mod align;
pub mod detect;
pub mod metrics;
pub mod photo;

//! Reports: one HTML file that needs nothing else but the pictures beside it.

pub mod cost;
pub mod crop_scores;
pub mod cue_use;
pub mod curves;
pub mod evaluation;
pub mod figure3;
pub mod identity;
pub mod mistakes;
pub mod noise;
pub mod page;
pub mod plot;
pub mod protocol;
pub mod quality;
pub mod residual;
pub mod trade_off;
pub mod training_run;

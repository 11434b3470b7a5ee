//! A file for each verb of the command line: it parses options, calls the library, prints.

pub mod align;
pub mod average;
pub mod cache;
pub mod check;
pub mod cues;
pub mod data;
pub mod distill;
pub mod eval;
pub mod export;
pub mod import;
pub mod params;
pub mod prepared;
pub mod protocol;
pub mod quantize;
pub mod report;
pub mod simulate;
pub mod train;
pub mod unpack;
pub mod verify;

//! Measuring: from photos or score files to error rates in percent, and over held-out domains.

pub mod check_cost;
pub mod csv;
pub mod domain;
pub mod figures;
pub mod fold;
pub mod fold_training;
pub mod groups;
pub mod leave_one_out;
pub mod outcomes;
pub mod pipeline;
pub mod prepared;
pub mod retrained;
pub mod scored;
pub mod scores_file;
pub mod shards;
pub mod spread;
pub mod step_scores;
pub mod summary;
pub mod table;
pub mod trained_mean;
pub mod trained_row;
pub mod trained_table;
pub mod verification;

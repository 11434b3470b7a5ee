//! What is said of a target over seeds, as JSON carries it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scored::NonResponse;
use super::summary::Counts;

/// One target's numbers.
#[derive(Debug, Clone, Serialize)]
pub struct TrainedRow {
    /// What was tested.
    pub target: String,
    /// Per image.
    #[serde(flatten)]
    pub figures: Figures,
    /// Per video, where the target has some.
    pub per_video: Option<Figures>,
    /// How much was tested.
    pub counts: Counts,
    /// Share of each attack type that is accepted.
    pub attacks: BTreeMap<String, AttackFigures>,
    /// What got no score.
    pub non_response: NonResponse,
}

/// Numbers in percent, means over the seeds.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Area under the ROC curve, of the last checkpoint.
    pub auc: Option<f64>,
    /// Equal error rate of the last checkpoint.
    pub eer: Option<f64>,
    /// Best of all checkpoints on the target, at the target's own EER threshold.
    pub oracle: OracleFigures,
    /// Last checkpoint, at the EER threshold of the sources' development data.
    pub honest: HonestFigures,
    /// 95 % intervals.
    pub intervals: Intervals,
    /// The same of every seed, in their order.
    pub seeds: Vec<SeedFigures>,
}

/// The authors' way to measure.
#[derive(Debug, Clone, Serialize)]
pub struct OracleFigures {
    /// HTER of the best checkpoint.
    pub hter: Option<f64>,
    /// AUC of that checkpoint.
    pub auc: Option<f64>,
}

/// What a user would get.
#[derive(Debug, Clone, Serialize)]
pub struct HonestFigures {
    /// HTER.
    pub hter: Option<f64>,
    /// The threshold; a score, not percent.
    pub threshold: Option<f64>,
    /// APCER of the worst attack type.
    pub apcer: Option<f64>,
    /// BPCER.
    pub bpcer: Option<f64>,
}

/// 95 % intervals: over seeds, where there are several, else of a bootstrap over subjects.
#[derive(Debug, Clone, Serialize)]
pub struct Intervals {
    /// `seeds`, or what the bootstrap draws.
    pub over: String,
    /// Of the AUC.
    pub auc: Option<[f64; 2]>,
    /// Of the oracle's HTER; a bootstrap has none.
    pub oracle_hter: Option<[f64; 2]>,
    /// Of the honest HTER.
    pub honest_hter: Option<[f64; 2]>,
}

/// Numbers of one seed.
#[derive(Debug, Clone, Serialize)]
pub struct SeedFigures {
    /// The seed.
    pub seed: u64,
    /// AUC of the last checkpoint.
    pub auc: Option<f64>,
    /// EER of the last checkpoint.
    pub eer: Option<f64>,
    /// HTER of the best checkpoint.
    pub oracle_hter: Option<f64>,
    /// AUC of the best checkpoint.
    pub oracle_auc: Option<f64>,
    /// Step of the best checkpoint.
    pub oracle_step: usize,
    /// HTER of the last checkpoint at the development threshold.
    pub honest_hter: Option<f64>,
}

/// An attack type of a target.
#[derive(Debug, Clone, Serialize)]
pub struct AttackFigures {
    /// How many were tested.
    pub count: usize,
    /// Whether training saw none of its family.
    pub unseen: bool,
    /// APCER at the honest threshold.
    pub honest_apcer: Option<f64>,
    /// APCER at the last checkpoint's own EER threshold.
    pub eer_apcer: Option<f64>,
}

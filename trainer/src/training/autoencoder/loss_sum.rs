//! A loss of several terms, each logged by itself.

use burn::tensor::Tensor;

use crate::training::run::StepLoss;

/// Weighted terms so far.
#[derive(Default)]
pub struct LossSum {
    sum: Option<Tensor<1>>,
    terms: Vec<(&'static str, f64)>,
}

impl LossSum {
    /// Adds a term; the log has it without its weight.
    pub fn add(&mut self, name: &'static str, term: Tensor<1>, weight: f64) {
        self.terms.push((name, f64::from(term.clone().into_scalar::<f32>())));
        let term = term * weight;
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + term,
            None => term,
        });
    }

    /// What a step reports.
    ///
    /// # Panics
    /// Without a term.
    pub fn into_step_loss(self) -> StepLoss {
        StepLoss { loss: self.sum.expect("a loss has terms"), parts: self.terms }
    }
}

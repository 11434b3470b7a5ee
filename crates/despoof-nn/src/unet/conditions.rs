//! What the blocks of a U-Net are told besides the latent. Neither of it depends on the latent: a sampler
//! prepares the time steps once, and the context once a face.

use std::slice::Iter;

use burn::tensor::Tensor;

use super::transformer::KeysAndValues;
use crate::trace;

/// What a time step adds to the channels of every residual block, in the order of a pass.
#[derive(Clone, Debug)]
pub struct TimeShifts(pub(super) Vec<Tensor<4>>);

impl TimeShifts {
    /// The same, as what does not change from pass to pass.
    pub fn constant(&self) -> Self {
        Self(self.0.iter().cloned().map(trace::constant).collect())
    }
}

/// What every transformer attends to besides itself, in the order of a pass.
#[derive(Clone, Debug)]
pub struct ContextTokens(pub(super) Vec<KeysAndValues>);

/// Both, on their way through the blocks of a pass.
pub(super) struct Conditions<'a> {
    shifts: Iter<'a, Tensor<4>>,
    contexts: Iter<'a, KeysAndValues>,
}

impl<'a> Conditions<'a> {
    pub(super) fn new(time: &'a TimeShifts, context: &'a ContextTokens) -> Self {
        Self { shifts: time.0.iter(), contexts: context.0.iter() }
    }

    pub(super) fn next_shift(&mut self) -> Tensor<4> {
        self.shifts.next().expect("every residual block has its shift").clone()
    }

    pub(super) fn next_context(&mut self) -> &'a KeysAndValues {
        self.contexts.next().expect("every transformer has its context")
    }
}

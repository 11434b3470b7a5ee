//! Counts parameters and multiply-accumulates of a network by running it, not by a formula beside it.

use std::cell::Cell;

use burn::module::Module;

thread_local! {
    static MULTIPLY_ACCUMULATES: Cell<u64> = const { Cell::new(0) };
}

/// Adds to the running count; called by [`crate::layers`] for every convolution and matrix product.
pub(crate) fn record(multiply_accumulates: u64) {
    MULTIPLY_ACCUMULATES.with(|count| count.set(count.get() + multiply_accumulates));
}

/// Multiply-accumulates of every convolution and matrix product that `forward` runs on this thread.
///
/// Normalisation, activations and additions are not counted, as is usual in the field.
pub fn multiply_accumulates<T>(forward: impl FnOnce() -> T) -> (T, u64) {
    let before = MULTIPLY_ACCUMULATES.with(Cell::get);
    let output = forward();
    (output, MULTIPLY_ACCUMULATES.with(Cell::get) - before)
}

/// Number of trainable scalars of a network. Running statistics of normalisation are included by
/// burn where they are module parameters.
pub fn parameters<M: Module>(network: &M) -> usize {
    network.num_params()
}

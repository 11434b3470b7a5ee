//! Counts parameters and multiply-accumulates of a network by running it, not by a formula beside it.

use std::cell::Cell;

use burn::module::Module;

thread_local! {
    static MULTIPLY_ACCUMULATES: Cell<u64> = const { Cell::new(0) };
    static ONLY_COUNTS: Cell<bool> = const { Cell::new(false) };
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

/// As [`multiply_accumulates`], with zeros in the place of every convolution's and product's result:
/// the same count in a moment, and weights that are drawn on first use are not drawn. The output has
/// the right shape and no meaning.
pub fn multiply_accumulates_uncomputed<T>(forward: impl FnOnce() -> T) -> (T, u64) {
    /// Also computes again after a panic.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            ONLY_COUNTS.with(|only| only.set(self.0));
        }
    }
    let _restore = Restore(ONLY_COUNTS.with(|only| only.replace(true)));
    multiply_accumulates(forward)
}

/// Whether [`crate::layers`] and [`crate::attention`] should give zeros and compute nothing.
pub(crate) fn only_counts() -> bool {
    ONLY_COUNTS.with(Cell::get)
}

/// Number of trainable scalars of a network. Running statistics of normalisation are included by
/// burn where they are module parameters.
pub fn parameters<M: Module>(network: &M) -> usize {
    network.num_params()
}

//! Loops over disjoint chunks of the output, on the global rayon pool where there is one.

#[cfg(feature = "threads")]
use rayon::prelude::*;

/// Below so many floats of work, waking a second thread costs more than it saves.
#[cfg(feature = "threads")]
const WORTH_A_THREAD: usize = 1 << 14;

/// Threads a loop can use.
pub fn threads() -> usize {
    #[cfg(feature = "threads")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "threads"))]
    1
}

/// Whether a loop that touches `work` floats gains from a second thread.
#[cfg(feature = "threads")]
fn worth_threads(work: usize) -> bool {
    work >= WORTH_A_THREAD && threads() > 1
}

/// Calls `task(index, chunk)` for every chunk of `length` floats; all in all it touches about `work`
/// floats.
pub fn for_each_chunk(
    output: &mut [f32],
    length: usize,
    work: usize,
    task: impl Fn(usize, &mut [f32]) + Send + Sync,
) {
    #[cfg(not(feature = "threads"))]
    let _ = work;
    #[cfg(feature = "threads")]
    if worth_threads(work) {
        output
            .par_chunks_mut(length)
            .enumerate()
            .for_each(|(index, chunk)| task(index, chunk));
        return;
    }
    for (index, chunk) in output.chunks_mut(length).enumerate() {
        task(index, chunk);
    }
}

/// Like [`for_each_chunk`] over two outputs in step, chunk `i` of one with chunk `i` of the other.
pub fn for_each_chunk_pair(
    first: (&mut [f32], usize),
    second: (&mut [f32], usize),
    task: impl Fn(usize, &mut [f32], &mut [f32]) + Send + Sync,
) {
    #[cfg(feature = "threads")]
    if worth_threads(first.0.len()) {
        first
            .0
            .par_chunks_mut(first.1)
            .zip(second.0.par_chunks_mut(second.1))
            .enumerate()
            .for_each(|(index, (one, other))| task(index, one, other));
        return;
    }
    let chunks = first.0.chunks_mut(first.1).zip(second.0.chunks_mut(second.1));
    for (index, (one, other)) in chunks.enumerate() {
        task(index, one, other);
    }
}

/// Cuts `0..units` into one range per thread, lets `task(range, sum)` add its share to a zeroed
/// `sum` of `length` floats, and returns the total.
pub fn sum_over(
    units: usize,
    length: usize,
    task: impl Fn(std::ops::Range<usize>, &mut [f32]) + Send + Sync,
) -> Vec<f32> {
    let workers = threads().min(units).max(1);
    let share = units.div_ceil(workers);
    let mut sums = vec![0.0; workers * length];
    let run = |worker: usize, sum: &mut [f32]| {
        task(worker * share..units.min((worker + 1) * share), sum);
    };
    #[cfg(feature = "threads")]
    sums.par_chunks_mut(length)
        .enumerate()
        .for_each(|(worker, sum)| run(worker, sum));
    #[cfg(not(feature = "threads"))]
    run(0, &mut sums);

    let (total, others) = sums.split_at_mut(length);
    for other in others.chunks(length) {
        for (into, value) in total.iter_mut().zip(other) {
            *into += value;
        }
    }
    sums.truncate(length);
    sums
}

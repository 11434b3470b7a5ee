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
        output.par_chunks_mut(length).enumerate().for_each(|(index, chunk)| task(index, chunk));
        return;
    }
    for (index, chunk) in output.chunks_mut(length).enumerate() {
        task(index, chunk);
    }
}

/// Like [`for_each_chunk`] over several outputs in step: chunk `i` of each, every output with its own
/// chunk length.
pub fn for_each_chunks<const N: usize>(
    outputs: [(&mut [f32], usize); N],
    work: usize,
    task: impl Fn(usize, [&mut [f32]; N]) + Send + Sync,
) {
    let count = outputs[0].0.len().div_ceil(outputs[0].1);
    let mut chunks = outputs.map(|(output, length)| output.chunks_mut(length));
    let chunks =
        (0..count).map(|_| chunks.each_mut().map(|chunks| chunks.next().unwrap_or_default()));
    #[cfg(not(feature = "threads"))]
    let _ = work;
    #[cfg(feature = "threads")]
    if worth_threads(work) {
        let chunks: Vec<_> = chunks.collect();
        let chunks = chunks.into_par_iter().enumerate();
        chunks.for_each(|(index, chunks)| task(index, chunks));
        return;
    }
    for (index, chunks) in chunks.enumerate() {
        task(index, chunks);
    }
}

/// Cuts `0..units` into one range per thread, lets `task(range, sum)` add its share to a zeroed
/// `sum` of `length` floats, and returns the total.
#[cfg(feature = "autodiff")]
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
    sums.par_chunks_mut(length).enumerate().for_each(|(worker, sum)| run(worker, sum));
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

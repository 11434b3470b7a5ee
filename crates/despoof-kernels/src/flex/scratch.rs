//! Working memory that each thread keeps, because allocating and faulting in a megabyte per tile
//! costs as much as filling it.

use std::cell::RefCell;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Hands `task` a buffer of `length` floats with arbitrary contents. Calls may nest: the buffer is
/// taken out of the pool meanwhile, also when rayon runs another task on this thread.
pub fn with<R>(length: usize, task: impl FnOnce(&mut [f32]) -> R) -> R {
    let mut buffer = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    let result = task(&mut buffer[..length]);
    FREE.with_borrow_mut(|free| free.push(buffer));
    result
}

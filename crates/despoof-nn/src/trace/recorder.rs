//! The recording of a thread.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};

use burn::tensor::{DType, Tensor, TensorData};

use super::Operation;

thread_local! {
    static STEPS: RefCell<Option<Vec<Step>>> = const { RefCell::new(None) };
}

/// An operation that ran.
#[derive(Clone, Debug)]
pub struct Step {
    /// What ran.
    pub operation: Operation,
    /// On what.
    pub inputs: Vec<Value>,
    /// What came out.
    pub output: Value,
}

/// A tensor as it was at that moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Dimensions.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
}

impl Value {
    /// Reads a tensor.
    ///
    /// # Panics
    /// Where its device cannot be read synchronously.
    pub fn of<const D: usize>(tensor: &Tensor<D>) -> Self {
        Self::from_data(tensor.clone().into_data())
    }

    /// What was read from a tensor of floats.
    pub fn from_data(data: TensorData) -> Self {
        let shape = data.shape().to_vec();
        let values = data.convert_dtype(DType::F32).try_into_vec();
        Self { shape, values: values.expect("converted to 32-bit floats") }
    }

    /// The same for tensors of the same shape and content.
    pub fn identity(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.shape.hash(&mut hasher);
        self.values.iter().for_each(|value| value.to_bits().hash(&mut hasher));
        hasher.finish()
    }
}

/// Every operation that `forward` runs on this thread, in order.
pub fn record<T>(forward: impl FnOnce() -> T) -> (T, Vec<Step>) {
    STEPS.with(|steps| steps.replace(Some(Vec::new())));
    let output = forward();
    let steps = STEPS.with(|steps| steps.replace(None));
    (output, steps.expect("one recording at a time"))
}

pub(super) fn is_on() -> bool {
    STEPS.with(|steps| steps.borrow().is_some())
}

pub(super) fn add(step: Step) {
    STEPS.with(|steps| steps.borrow_mut().as_mut().map(|steps| steps.push(step)));
}

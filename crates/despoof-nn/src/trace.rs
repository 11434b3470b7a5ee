//! Writes down which operations a forward pass runs on which tensors, so that a network can be
//! exported without being described a second time.
//!
//! Every operation of a network goes through [`crate::layers`], [`crate::attention`],
//! [`crate::resample`] or [`crate::ops`], and each of them reports here. Tensors have no names: they
//! are recognised by their shape and content. An operation that does not report therefore leaves a
//! gap that the exporter sees (an input that nothing gave), and never a wrong graph.
//!
//! Without the feature `trace`, which the browser's modules are built without, nothing is left of it.

use burn::tensor::Tensor;

pub use operation::{Activation, Operation};
#[cfg(feature = "trace")]
pub use recorder::{Step, Value, record};

mod operation;
#[cfg(feature = "trace")]
mod recorder;

/// The inputs of an operation that is about to run.
pub(crate) struct Inputs {
    #[cfg(feature = "trace")]
    values: Option<Vec<Value>>,
}

/// A tensor of any rank.
pub(crate) trait Traced {
    #[cfg(feature = "trace")]
    fn value(&self) -> Value;
}

impl<const D: usize> Traced for Tensor<D> {
    #[cfg(feature = "trace")]
    fn value(&self) -> Value {
        Value::of(self)
    }
}

/// Notes the inputs before the operation takes them.
pub(crate) fn inputs(tensors: &[&dyn Traced]) -> Inputs {
    #[cfg(feature = "trace")]
    return Inputs { values: recorder::is_on().then(|| values(tensors)) };
    #[cfg(not(feature = "trace"))]
    {
        let _ = tensors;
        Inputs {}
    }
}

/// A tensor that is the same in every pass.
pub fn constant<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    inputs(&[]).gave(|| Operation::Constant, tensor)
}

#[cfg(feature = "trace")]
fn values(tensors: &[&dyn Traced]) -> Vec<Value> {
    tensors.iter().map(|tensor| tensor.value()).collect()
}

impl Inputs {
    /// Adds parameters that the operation reads only where they are needed.
    pub(crate) fn and(self, tensors: impl FnOnce() -> Vec<Box<dyn Traced>>) -> Self {
        #[cfg(feature = "trace")]
        if let Some(mut values) = self.values {
            values.extend(tensors().iter().map(|tensor| tensor.value()));
            return Self { values: Some(values) };
        }
        #[cfg(not(feature = "trace"))]
        drop(tensors);
        self
    }

    /// Reports the operation; gives its output back.
    pub(crate) fn gave<const D: usize>(
        self,
        operation: impl FnOnce() -> Operation,
        output: Tensor<D>,
    ) -> Tensor<D> {
        #[cfg(feature = "trace")]
        if let Some(inputs) = self.values {
            recorder::add(Step { operation: operation(), inputs, output: output.value() });
        }
        #[cfg(not(feature = "trace"))]
        drop(operation);
        output
    }
}

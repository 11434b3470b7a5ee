//! Names and shapes of a network's tensors on disk, known without drawing its weights.

use burn::module::{Module, ModuleVisitor, Param};
use burn::store::burn_pack::Error;
use burn::store::{BurnToPyTorchAdapter, ModuleAdapter, ModuleContext, bridge};
use burn::tensor::{DType, Tensor};

/// One tensor of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorLayout {
    /// Dotted parameter path.
    pub name: String,
    /// Dimensions in PyTorch's order.
    pub shape: Vec<usize>,
}

/// What [`tensors_from_network`](crate::weights::tensors_from_network) would give, without the
/// values: parameters that are drawn on first use stay undrawn, however large the network.
pub fn layout_of_network<M: Module>(network: &M) -> Vec<TensorLayout> {
    let mut visitor = LayoutVisitor::default();
    network.visit(&mut visitor);
    visitor.layout
}

#[derive(Default)]
struct LayoutVisitor {
    path: Vec<String>,
    containers: Vec<String>,
    layout: Vec<TensorLayout>,
}

impl ModuleVisitor for LayoutVisitor {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.containers.push(container_type.to_owned());
        if !is_enum(container_type) {
            self.path.push(name.to_owned());
        }
    }

    fn exit_module(&mut self, _name: &str, container_type: &str) {
        self.containers.pop();
        if !is_enum(container_type) {
            self.path.pop();
        }
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        // The adapter that also writes: it knows which weights are transposed and what norms are
        // called.
        let valueless =
            bridge::deferred(self.path.join("."), DType::F32, parameter.lazy_shape(), None, || {
                Err(Error::ValidationError("only its layout is asked for".to_owned()))
            });
        let adapted = BurnToPyTorchAdapter.adapt(valueless, ModuleContext::new(&self.containers));
        self.layout.push(TensorLayout { name: adapted.name, shape: adapted.shape.to_vec() });
    }
}

/// A variant's name is no part of a path.
fn is_enum(container_type: &str) -> bool {
    container_type.starts_with("Enum:")
}

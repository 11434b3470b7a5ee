//! Moving average of a network's weights.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

/// `decay · average + (1 − decay) · latest` for every float parameter; both without autodiff.
pub fn blend<M: Module>(average: M, latest: &M, decay: f64) -> M {
    let mut collector = Collector { parameters: HashMap::new() };
    latest.visit(&mut collector);
    average.map(&mut Blender { latest: collector.parameters, decay })
}

struct Collector {
    parameters: HashMap<ParamId, Tensor<1>>,
}

impl ModuleVisitor for Collector {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val();
        let length = values.shape().num_elements();
        self.parameters.insert(param.id, values.reshape([length]));
    }
}

struct Blender {
    latest: HashMap<ParamId, Tensor<1>>,
    decay: f64,
}

impl ModuleMapper for Blender {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(latest) = self.latest.remove(&param.id) else { return param };
        param.map(|average| {
            let shape = average.shape();
            average * self.decay + latest.reshape(shape) * (1.0 - self.decay)
        })
    }
}

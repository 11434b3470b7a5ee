//! Networks whose every part says something.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Distribution, Tensor};

/// The network with every matrix and kernel redrawn, those that start at zero among them.
pub fn awake<M: Module>(network: M) -> M {
    struct Awake;
    impl ModuleMapper for Awake {
        fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if D < 2 {
                parameter
            } else {
                parameter.map(|t| t.random_like(Distribution::Normal(0.0, 1.0)) * 0.2)
            }
        }
    }
    network.map(&mut Awake)
}

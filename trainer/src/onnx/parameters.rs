//! The names of tensors: of parameters by their content, of values by what gave them.

use std::collections::HashMap;

use burn::module::Module;
use despoof::weights::{WeightsError, tensors_from_network};
use despoof_nn::trace::Value;

use super::graph::Graph;

/// An input of an operation.
pub struct Named<'a> {
    /// Under this name in the graph; a parameter is only there once it was asked for.
    pub name: String,
    /// Shape and content.
    pub value: &'a Value,
    /// Whether it is a parameter.
    pub is_parameter: bool,
}

impl Named<'_> {
    /// The name, with the parameter added to the graph.
    pub fn in_graph(&self, graph: &mut Graph) -> String {
        if !self.is_parameter {
            return self.name.clone();
        }
        graph.floats(&self.name, &self.value.shape, self.value.values.clone())
    }

    /// A parameter that broadcasts over the `trailing` dimensions behind the channels.
    pub fn per_channel(&self, graph: &mut Graph, trailing: usize) -> String {
        let mut shape = self.value.shape.clone();
        shape.extend(std::iter::repeat_n(1, trailing));
        graph.floats(&self.name, &shape, self.value.values.clone())
    }
}

/// Names of the parameters of networks.
#[derive(Debug, Default)]
pub struct Parameters(HashMap<u64, String>);

impl Parameters {
    /// Adds those of a network, under the names they have in a bundle.
    ///
    /// # Errors
    /// Parameters that cannot be read.
    pub fn add<M: Module>(&mut self, prefix: &str, network: &M) -> Result<(), WeightsError> {
        for tensor in tensors_from_network(prefix, network)? {
            let value = Value { shape: tensor.shape, values: tensor.values };
            if let [rows, columns] = value.shape[..] {
                // Files hold the weight of an affine map the other way round.
                let transposed = transposed(&value.values, rows, columns);
                let turned = Value { shape: vec![columns, rows], values: transposed };
                self.0.insert(turned.identity(), tensor.name.clone());
            }
            self.0.insert(value.identity(), tensor.name);
        }
        Ok(())
    }

    /// The parameter of this content.
    pub fn name_of(&self, identity: u64) -> Option<&str> {
        self.0.get(&identity).map(String::as_str)
    }
}

fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| values[row * columns + column]))
        .collect()
}

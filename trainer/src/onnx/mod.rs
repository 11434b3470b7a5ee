//! Networks as ONNX files, for others to run and to measure beside ours.
//!
//! No network is described here a second time: the graph is what its own forward pass reports
//! ([`despoof_nn::trace`]).

mod bundle;
mod graph;
mod operations;
mod parameters;
mod protobuf;

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use despoof_nn::trace::{Step, Value};

use graph::Graph;
use parameters::Named;
use parameters::Parameters;

pub use bundle::write_networks;

/// A tensor that goes into a network or comes out of it.
struct Port {
    /// Its name.
    name: String,
    /// Its content in the recorded pass.
    value: Value,
}

/// The ONNX file of a recorded pass. With `any_batch` it takes other batches, too.
///
/// # Errors
/// A tensor that no recorded operation gave: some operation of the network does not report itself.
fn model_from_steps(
    name: &str,
    steps: &[Step],
    inputs: &[Port],
    outputs: &[Port],
    parameters: &Parameters,
    any_batch: bool,
) -> Result<Vec<u8>> {
    let mut graph = Graph::default();
    let mut names = HashMap::new();
    for Port { name, value } in inputs {
        graph.input(name, &value.shape);
        names.insert(value.identity(), name.clone());
    }
    for (index, step) in steps.iter().enumerate() {
        let inputs = step
            .inputs
            .iter()
            .map(|value| named(value, &names, parameters))
            .collect::<Result<Vec<_>>>()
            .with_context(|| format!("{name}: operation {index}, {:?}", step.operation))?;
        let output = operations::emit(&mut graph, step, &inputs);
        names.insert(step.output.identity(), output);
    }
    for Port { name: output, value } in outputs {
        let found = names.get(&value.identity());
        let found = found.with_context(|| format!("{name}: nothing recorded gave {output}"))?;
        graph.output(found, output, &value.shape);
    }
    graph.prune();
    Ok(graph.into_model(name, any_batch))
}

fn named<'a>(
    value: &'a Value,
    names: &HashMap<u64, String>,
    parameters: &Parameters,
) -> Result<Named<'a>> {
    let identity = value.identity();
    if let Some(name) = names.get(&identity) {
        return Ok(Named { name: name.clone(), value, is_parameter: false });
    }
    match parameters.name_of(identity) {
        Some(name) => Ok(Named { name: name.to_owned(), value, is_parameter: true }),
        None => bail!(
            "no recorded operation gave its input of shape {:?}: the one that did has to report \
             itself in despoof_nn::trace",
            value.shape
        ),
    }
}

#[cfg(test)]
mod tests;

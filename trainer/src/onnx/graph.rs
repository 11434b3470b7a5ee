//! An ONNX graph that is being built, and its file.
//!
//! Field numbers are those of `onnx.proto` (IR version 9, opset 20).

use std::collections::HashSet;

use super::protobuf::Message;

const IR_VERSION: i64 = 9;
const OPSET: i64 = 20;
/// `TensorProto.DataType`.
const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// A graph of one network.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    initializers: Vec<Initializer>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

/// A setting of a node.
#[derive(Debug, Clone)]
pub enum Attribute {
    /// A whole number.
    Integer(i64),
    /// Several of them.
    Integers(Vec<i64>),
    /// A number.
    Float(f64),
    /// A word.
    Text(&'static str),
}

#[derive(Debug)]
struct Node {
    operator: &'static str,
    inputs: Vec<String>,
    output: String,
    attributes: Vec<(&'static str, Attribute)>,
}

#[derive(Debug)]
struct Initializer {
    name: String,
    shape: Vec<usize>,
    values: Values,
}

#[derive(Debug, PartialEq)]
enum Values {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

#[derive(Debug)]
struct Port {
    name: String,
    shape: Vec<usize>,
}

impl Graph {
    /// Declares an input.
    pub fn input(&mut self, name: &str, shape: &[usize]) {
        self.inputs.push(Port { name: name.to_owned(), shape: shape.to_vec() });
    }

    /// Declares `value` as an output, under `name` from now on.
    pub fn output(&mut self, value: &str, name: &str, shape: &[usize]) {
        self.nodes.push(Node {
            operator: "Identity",
            inputs: vec![value.to_owned()],
            output: name.to_owned(),
            attributes: Vec::new(),
        });
        self.outputs.push(Port { name: name.to_owned(), shape: shape.to_vec() });
    }

    /// Adds an operation; returns the name of its output.
    pub fn node(
        &mut self,
        operator: &'static str,
        inputs: &[&str],
        attributes: &[(&'static str, Attribute)],
    ) -> String {
        let output = format!("{}_{operator}", self.nodes.len());
        self.nodes.push(Node {
            operator,
            inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: output.clone(),
            attributes: attributes.to_vec(),
        });
        output
    }

    /// Adds a tensor of numbers, once; returns its name, which differs from `name` where another
    /// tensor has that already.
    pub fn floats(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> String {
        self.initializer(name, shape, Values::Floats(values))
    }

    /// Adds a list of whole numbers.
    pub fn integers(&mut self, values: &[i64]) -> String {
        self.initializer("integers", &[values.len()], Values::Integers(values.to_vec()))
    }

    fn initializer(&mut self, name: &str, shape: &[usize], values: Values) -> String {
        let mut unique = name.to_owned();
        let mut count = 1;
        while let Some(taken) = self.initializers.iter().find(|one| one.name == unique) {
            if taken.shape == shape && taken.values == values {
                return unique;
            }
            count += 1;
            unique = format!("{name}.{count}");
        }
        let shape = shape.to_vec();
        self.initializers.push(Initializer { name: unique.clone(), shape, values });
        unique
    }

    /// Drops what no output needs.
    pub fn prune(&mut self) {
        let mut needed: HashSet<String> =
            self.outputs.iter().map(|output| output.name.clone()).collect();
        let mut kept = Vec::new();
        while let Some(node) = self.nodes.pop() {
            if needed.contains(&node.output) {
                needed.extend(node.inputs.iter().cloned());
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
        self.initializers.retain(|initializer| needed.contains(&initializer.name));
    }

    /// The file's content. With `any_batch` the first dimension of inputs and outputs is left open.
    pub fn into_model(self, name: &str, any_batch: bool) -> Vec<u8> {
        let mut graph = Message::default();
        for node in &self.nodes {
            graph.message(1, &node.message());
        }
        graph.text(2, name);
        for initializer in &self.initializers {
            graph.message(5, &initializer.message());
        }
        for input in &self.inputs {
            graph.message(11, &input.message(any_batch));
        }
        for output in &self.outputs {
            graph.message(12, &output.message(any_batch));
        }
        let mut opset = Message::default();
        opset.text(1, "").integer(2, OPSET);
        let mut model = Message::default();
        model
            .integer(1, IR_VERSION)
            .text(2, "despoof")
            .text(3, env!("CARGO_PKG_VERSION"))
            .message(7, &graph)
            .message(8, &opset);
        model.into_bytes()
    }
}

impl Node {
    fn message(&self) -> Message {
        let mut message = Message::default();
        for input in &self.inputs {
            message.text(1, input);
        }
        message.text(2, &self.output).text(3, &self.output).text(4, self.operator);
        for (name, attribute) in &self.attributes {
            message.message(5, &attribute.message(name));
        }
        message
    }
}

impl Attribute {
    fn message(&self, name: &str) -> Message {
        let mut message = Message::default();
        message.text(1, name);
        let kind = match self {
            Self::Float(value) => {
                message.float(2, *value as f32);
                1
            }
            Self::Integer(value) => {
                message.integer(3, *value);
                2
            }
            Self::Text(value) => {
                message.text(4, value);
                3
            }
            Self::Integers(values) => {
                for value in values {
                    message.integer(8, *value);
                }
                7
            }
        };
        message.integer(20, kind);
        message
    }
}

impl Initializer {
    fn message(&self) -> Message {
        let mut message = Message::default();
        for &length in &self.shape {
            message.integer(1, length as i64);
        }
        let (kind, bytes): (i64, Vec<u8>) = match &self.values {
            Values::Floats(values) => {
                (FLOAT, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
            Values::Integers(values) => {
                (INT64, values.iter().flat_map(|value| value.to_le_bytes()).collect())
            }
        };
        message.integer(2, kind).text(8, &self.name).bytes(9, &bytes);
        message
    }
}

impl Port {
    fn message(&self, any_batch: bool) -> Message {
        let mut shape = Message::default();
        for (axis, &length) in self.shape.iter().enumerate() {
            let mut dimension = Message::default();
            if any_batch && axis == 0 {
                dimension.text(2, "batch");
            } else {
                dimension.integer(1, length as i64);
            }
            shape.message(1, &dimension);
        }
        let mut tensor = Message::default();
        tensor.integer(1, FLOAT).message(2, &shape);
        let mut kind = Message::default();
        kind.message(1, &tensor);
        let mut message = Message::default();
        message.text(1, &self.name).message(2, &kind);
        message
    }
}

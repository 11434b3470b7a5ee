//! Each operation of our networks in ONNX's operators.

use std::f64::consts::SQRT_2;

use despoof_nn::trace::{Activation, Operation, Step};

use super::graph::{Attribute, Graph};
use super::parameters::Named;

/// Writes `step` with the inputs `names`; returns the name of its output.
pub fn emit(graph: &mut Graph, step: &Step, inputs: &[Named]) -> String {
    let input = |index: usize| inputs[index].name.as_str();
    let shape = step.output.shape.as_slice();
    match &step.operation {
        Operation::Constant => graph.floats("constant", shape, step.output.values.clone()),
        Operation::Conv2d { stride, padding, groups } => {
            let names: Vec<String> = inputs.iter().map(|input| input.in_graph(graph)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            graph.node("Conv", &names, &convolution(*stride, *padding, *groups))
        }
        Operation::Conv2dBatchNorm { stride, padding, groups, epsilon, activation } => {
            let (weight, bias) = folded(graph, &inputs[1..], *epsilon);
            let attributes = convolution(*stride, *padding, *groups);
            let output = graph.node("Conv", &[input(0), &weight, &bias], &attributes);
            activated(graph, &output, *activation)
        }
        Operation::BatchNorm { epsilon, activation } => {
            let names: Vec<String> = inputs.iter().map(|input| input.in_graph(graph)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let attributes = [("epsilon", Attribute::Float(*epsilon))];
            let output = graph.node("BatchNormalization", &names, &attributes);
            activated(graph, &output, *activation)
        }
        Operation::Linear => linear(graph, inputs),
        Operation::GroupNorm { groups, epsilon, activation } => {
            let output = group_norm(graph, inputs, shape, *groups, *epsilon);
            activated(graph, &output, *activation)
        }
        Operation::LayerNorm { epsilon } => {
            let (gamma, beta) = (inputs[1].in_graph(graph), inputs[2].in_graph(graph));
            let attributes =
                [("axis", Attribute::Integer(-1)), ("epsilon", Attribute::Float(*epsilon))];
            graph.node("LayerNormalization", &[input(0), &gamma, &beta], &attributes)
        }
        Operation::Activate(activation) => activated(graph, input(0), *activation),
        Operation::PRelu => {
            let slope = inputs[1].per_channel(graph, shape.len() - 2);
            graph.node("PRelu", &[input(0), &slope], &[])
        }
        Operation::Attention { heads } => attention(graph, step, inputs, *heads),
        Operation::Add => binary(graph, "Add", inputs),
        Operation::Subtract => binary(graph, "Sub", inputs),
        Operation::Multiply => binary(graph, "Mul", inputs),
        Operation::Divide => binary(graph, "Div", inputs),
        Operation::Scale(factor) => scaled(graph, input(0), *factor),
        Operation::Reshape => reshaped(graph, input(0), &step.inputs[0].shape, shape),
        Operation::Permute(order) => {
            let order = order.iter().map(|&axis| axis as i64).collect();
            graph.node("Transpose", &[input(0)], &[("perm", Attribute::Integers(order))])
        }
        Operation::Expand => {
            let token = inputs[0].in_graph(graph);
            let shape =
                graph.integers(&shape.iter().map(|&length| length as i64).collect::<Vec<_>>());
            graph.node("Expand", &[&token, &shape], &[])
        }
        Operation::Concatenate { axis } => {
            let names = [inputs[0].in_graph(graph), inputs[1].in_graph(graph)];
            let attributes = [("axis", Attribute::Integer(*axis as i64))];
            graph.node("Concat", &[&names[0], &names[1]], &attributes)
        }
        Operation::Flip { axis } => {
            // From the last index down to behind the first, of which ONNX says "as far as there are".
            let bounds = [-1, i64::MIN, *axis as i64, -1].map(|bound| graph.integers(&[bound]));
            let [start, end, axis, step] = bounds.each_ref().map(String::as_str);
            graph.node("Slice", &[input(0), start, end, axis, step], &[])
        }
        Operation::Slice { axis, start } => {
            let (start, axis) = (*start as i64, *axis as i64);
            let end = start + shape[axis as usize] as i64;
            let bounds = [start, end, axis].map(|bound| graph.integers(&[bound]));
            graph.node("Slice", &[input(0), &bounds[0], &bounds[1], &bounds[2]], &[])
        }
        Operation::MaxPool { kernel, stride, padding, ceil } => {
            let [top, left] = *padding;
            let attributes = [
                ("kernel_shape", pair(*kernel)),
                ("strides", pair(*stride)),
                ("pads", integers(&[top, left, top, left])),
                ("ceil_mode", Attribute::Integer(i64::from(*ceil))),
            ];
            graph.node("MaxPool", &[input(0)], &attributes)
        }
        Operation::AveragePool { side } => {
            let attributes = [("kernel_shape", pair([*side; 2])), ("strides", pair([*side; 2]))];
            graph.node("AveragePool", &[input(0)], &attributes)
        }
        Operation::Softmax { axis } => {
            graph.node("Softmax", &[input(0)], &[("axis", Attribute::Integer(*axis as i64))])
        }
        Operation::ResizeNearest => {
            let way = [
                ("mode", Attribute::Text("nearest")),
                ("coordinate_transformation_mode", Attribute::Text("asymmetric")),
                ("nearest_mode", Attribute::Text("floor")),
            ];
            resized(graph, input(0), [&step.inputs[0].shape, shape], &way)
        }
        Operation::ResizeBilinear => {
            let way = [
                ("mode", Attribute::Text("linear")),
                ("coordinate_transformation_mode", Attribute::Text("align_corners")),
            ];
            resized(graph, input(0), [&step.inputs[0].shape, shape], &way)
        }
        Operation::PixelShuffle { factor } => {
            let attributes = [
                ("blocksize", Attribute::Integer(*factor as i64)),
                ("mode", Attribute::Text("CRD")),
            ];
            graph.node("DepthToSpace", &[input(0)], &attributes)
        }
        Operation::SinusoidalEmbedding { frequencies } => {
            let column = graph.integers(&[-1, 1]);
            let steps = graph.node("Reshape", &[input(0), &column], &[]);
            let row = graph.floats("frequencies", &[1, frequencies.len()], frequencies.clone());
            let angles = graph.node("Mul", &[&steps, &row], &[]);
            let cosines = graph.node("Cos", &[&angles], &[]);
            let sines = graph.node("Sin", &[&angles], &[]);
            graph.node("Concat", &[&cosines, &sines], &[("axis", Attribute::Integer(1))])
        }
        Operation::Standardise { epsilon } => {
            let mean = mean_of_all(graph, input(0));
            let centred = graph.node("Sub", &[input(0), &mean], &[]);
            let square = graph.node("Mul", &[&centred, &centred], &[]);
            let variance = mean_of_all(graph, &square);
            let deviation = graph.node("Sqrt", &[&variance], &[]);
            let epsilon = number(graph, *epsilon);
            let divisor = graph.node("Add", &[&deviation, &epsilon], &[]);
            graph.node("Div", &[&centred, &divisor], &[])
        }
        Operation::Mean => mean_of_all(graph, input(0)),
        Operation::Contrasted { factor } => {
            let pictures = scaled(graph, input(0), *factor);
            let around = scaled(graph, input(1), 1.0 - factor);
            let stretched = graph.node("Add", &[&pictures, &around], &[]);
            let bounds = [-1.0, 1.0].map(|bound| number(graph, bound));
            graph.node("Clip", &[&stretched, &bounds[0], &bounds[1]], &[])
        }
        Operation::ToLength { squared } => {
            let axis = graph.integers(&[1]);
            let length = graph.node("ReduceL2", &[input(0), &axis], &[]);
            let direction = graph.node("Div", &[input(0), &length], &[]);
            scaled(graph, &direction, squared.sqrt())
        }
    }
}

fn integers(values: &[usize]) -> Attribute {
    Attribute::Integers(values.iter().map(|&value| value as i64).collect())
}

fn pair(values: [usize; 2]) -> Attribute {
    integers(&values)
}

fn number(graph: &mut Graph, value: f64) -> String {
    graph.floats("number", &[], vec![value as f32])
}

/// Over everything but the batch.
fn mean_of_all(graph: &mut Graph, input: &str) -> String {
    let all = graph.integers(&[1, 2, 3]);
    graph.node("ReduceMean", &[input, &all], &[])
}

fn scaled(graph: &mut Graph, input: &str, factor: f64) -> String {
    let factor = number(graph, factor);
    graph.node("Mul", &[input, &factor], &[])
}

fn binary(graph: &mut Graph, operator: &'static str, inputs: &[Named]) -> String {
    let names = [inputs[0].in_graph(graph), inputs[1].in_graph(graph)];
    graph.node(operator, &[&names[0], &names[1]], &[])
}

fn convolution(
    stride: [usize; 2],
    [(top, bottom), (left, right)]: [(usize, usize); 2],
    groups: usize,
) -> [(&'static str, Attribute); 3] {
    [
        ("strides", pair(stride)),
        ("pads", integers(&[top, left, bottom, right])),
        ("group", Attribute::Integer(groups as i64)),
    ]
}

/// Weight and bias of a convolution that does the work of the frozen normalisation behind it.
/// `inputs`: weight, scale, shift, mean and variance.
fn folded(graph: &mut Graph, inputs: &[Named], epsilon: f64) -> (String, String) {
    let [weight, gamma, beta, mean, variance] = inputs else {
        unreachable!("a convolution and its normalisation have five parameters")
    };
    let values = |named: &Named| named.value.values.clone();
    let factors: Vec<f32> = std::iter::zip(values(gamma), values(variance))
        .map(|(gamma, variance)| (f64::from(gamma) / (f64::from(variance) + epsilon).sqrt()) as f32)
        .collect();
    let of_channel = weight.value.values.len() / factors.len();
    let scaled = weight.value.values.chunks(of_channel).zip(&factors);
    let scaled = scaled.flat_map(|(row, factor)| row.iter().map(move |value| value * factor));
    let scaled = scaled.collect();
    let shifts = std::iter::zip(values(beta), std::iter::zip(values(mean), &factors));
    let shifts = shifts.map(|(beta, (mean, factor))| beta - mean * factor).collect();
    (
        graph.floats(&weight.name, &weight.value.shape, scaled),
        graph.floats(&beta.name, &[factors.len()], shifts),
    )
}

fn linear(graph: &mut Graph, inputs: &[Named]) -> String {
    let weight = inputs[1].in_graph(graph);
    let product = graph.node("MatMul", &[&inputs[0].name, &weight], &[]);
    match inputs.get(2) {
        Some(bias) => {
            let bias = bias.in_graph(graph);
            graph.node("Add", &[&product, &bias], &[])
        }
        None => product,
    }
}

fn activated(graph: &mut Graph, input: &str, activation: Activation) -> String {
    match activation {
        Activation::Identity => input.to_owned(),
        Activation::Relu => graph.node("Relu", &[input], &[]),
        Activation::Relu6 => {
            let (low, high) = (number(graph, 0.0), number(graph, 6.0));
            graph.node("Clip", &[input, &low, &high], &[])
        }
        Activation::Silu => {
            let gate = graph.node("Sigmoid", &[input], &[]);
            graph.node("Mul", &[input, &gate], &[])
        }
        // Not the operator of opset 20: runtimes recognise this form and have a kernel for it
        // on every device.
        Activation::Gelu => {
            let (root, one, half) = (number(graph, SQRT_2), number(graph, 1.0), number(graph, 0.5));
            let reduced = graph.node("Div", &[input, &root], &[]);
            let error = graph.node("Erf", &[&reduced], &[]);
            let raised = graph.node("Add", &[&error, &one], &[]);
            let product = graph.node("Mul", &[input, &raised], &[]);
            graph.node("Mul", &[&product, &half], &[])
        }
    }
}

/// As PyTorch's exporter writes it: the groups as channels of an instance normalisation.
fn group_norm(
    graph: &mut Graph,
    inputs: &[Named],
    shape: &[usize],
    groups: usize,
    epsilon: f64,
) -> String {
    let grouped = graph.integers(&[0, groups as i64, -1]);
    let grouped = graph.node("Reshape", &[&inputs[0].name, &grouped], &[]);
    let ones = graph.floats(&format!("ones.{groups}"), &[groups], vec![1.0; groups]);
    let zeros = graph.floats(&format!("zeros.{groups}"), &[groups], vec![0.0; groups]);
    let attributes = [("epsilon", Attribute::Float(epsilon))];
    let normalised = graph.node("InstanceNormalization", &[&grouped, &ones, &zeros], &attributes);
    let restored = batch_shape(graph, shape);
    let restored = graph.node("Reshape", &[&normalised, &restored], &[]);
    let gamma = inputs[1].per_channel(graph, shape.len() - 2);
    let beta = inputs[2].per_channel(graph, shape.len() - 2);
    let scaled = graph.node("Mul", &[&restored, &gamma], &[]);
    graph.node("Add", &[&scaled, &beta], &[])
}

/// The shape, with the batch left as it is.
fn batch_shape(graph: &mut Graph, shape: &[usize]) -> String {
    let mut shape: Vec<i64> = shape.iter().map(|&length| length as i64).collect();
    shape[0] = 0;
    graph.integers(&shape)
}

fn reshaped(graph: &mut Graph, input: &str, from: &[usize], to: &[usize]) -> String {
    let shape = if from[0] == to[0] {
        batch_shape(graph, to)
    } else {
        graph.integers(&to.iter().map(|&length| length as i64).collect::<Vec<_>>())
    };
    graph.node("Reshape", &[input, &shape], &[])
}

fn resized(
    graph: &mut Graph,
    input: &str,
    [from, to]: [&[usize]; 2],
    way: &[(&'static str, Attribute)],
) -> String {
    let scales = (0..4).map(|axis| to[axis] as f32 / from[axis] as f32).collect();
    let scales = graph.floats("scales", &[4], scales);
    graph.node("Resize", &[input, "", &scales], way)
}

/// softmax(Q Kᵀ / √d) V for every head.
fn attention(graph: &mut Graph, step: &Step, inputs: &[Named], heads: usize) -> String {
    let [_, _, width] = step.output.shape[..] else { unreachable!("tokens have three dimensions") };
    let head = width / heads;
    let mut split = |index: usize, order: [i64; 4]| {
        let tokens = step.inputs[index].shape[1];
        let shape = graph.integers(&[0, tokens as i64, heads as i64, head as i64]);
        let parts = graph.node("Reshape", &[&inputs[index].name, &shape], &[]);
        graph.node("Transpose", &[&parts], &[("perm", Attribute::Integers(order.to_vec()))])
    };
    let query = split(0, [0, 2, 1, 3]);
    let key = split(1, [0, 2, 3, 1]);
    let value = split(2, [0, 2, 1, 3]);
    let query = scaled(graph, &query, 1.0 / (head as f64).sqrt());
    let scores = graph.node("MatMul", &[&query, &key], &[]);
    let shares = graph.node("Softmax", &[&scores], &[("axis", Attribute::Integer(-1))]);
    let mixed = graph.node("MatMul", &[&shares, &value], &[]);
    let order = Attribute::Integers(vec![0, 2, 1, 3]);
    let joined = graph.node("Transpose", &[&mixed], &[("perm", order)]);
    let shape = batch_shape(graph, &step.output.shape);
    graph.node("Reshape", &[&joined, &shape], &[])
}

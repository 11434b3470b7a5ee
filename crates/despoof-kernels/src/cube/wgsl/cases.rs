//! Writes calls of every kernel for tests/browser/kernels.test.mjs, which runs them on WebGPU.

use std::{env, fs};

use serde_json::{Value, json};

use super::channelwise::Channelwise;
use super::conv::{Epilogue, Layer};
use super::{Launch, Program, attention, channelwise, linear, normalisation, pixels};

/// Names the file to write.
const VARIABLE: &str = "DESPOOF_KERNEL_CASES";

/// Most storage buffers and workgroups (in one dimension) that every WebGPU device has.
const BUFFERS: usize = 8;
const WORKGROUPS: u32 = 65535;

#[test]
fn every_call_fits_any_webgpu_device() {
    let cases: Vec<Value> = convolutions().chain(maps()).collect();
    assert!(cases.len() > 30);
    if let Some(path) = env::var_os(VARIABLE) {
        fs::write(path, Value::from(cases).to_string()).expect("the file of the cases is written");
    }
}

/// A case; `shape` is what the reference needs to know.
fn case<P: Program>(
    kind: &str,
    launch: &Launch<P>,
    inputs: &[usize],
    output: usize,
    shape: Value,
) -> Value {
    let buffers = launch.program.buffers();
    assert_eq!(buffers.len(), inputs.len() + 1, "{:?}", launch.program);
    assert!(buffers.len() < BUFFERS, "{:?} binds too much", launch.program);
    assert!(launch.workgroups.iter().all(|&count| (1..=WORKGROUPS).contains(&count)));
    json!({
        "kind": kind, "name": format!("{:?} {shape}", launch.program), "text": launch.program.text(),
        "sizes": launch.sizes, "workgroups": launch.workgroups, "buffers": buffers, "inputs": inputs, "output": output,
        "shape": shape,
    })
}

fn convolutions() -> impl Iterator<Item = Value> {
    let padding = |all| [(all, all); 2];
    let (bias, norm) = (Epilogue::Bias, Epilogue::BatchNorm);
    [
        ([1, 5, 9, 11], [13, 5, 3, 3], [1, 1], padding(1), bias),
        ([2, 3, 8, 9], [3, 3, 3, 3], [2, 2], [(0, 1), (0, 1)], norm),
        ([1, 16, 14, 14], [24, 16, 1, 1], [1, 1], padding(0), Epilogue::BatchNormRelu6),
        ([2, 7, 5, 3], [9, 7, 1, 1], [1, 1], padding(0), Epilogue::Identity),
        ([1, 4, 7, 7], [6, 4, 1, 1], [2, 2], padding(0), bias),
        ([1, 2, 12, 7], [8, 2, 5, 4], [2, 3], [(3, 0), (1, 2)], bias),
        ([1, 3, 28, 28], [10, 3, 7, 7], [7, 7], padding(0), bias),
        ([1, 3, 23, 17], [17, 3, 7, 7], [2, 2], padding(3), norm),
        ([1, 2, 1, 1], [2, 2, 3, 3], [1, 1], padding(1), Epilogue::Identity),
        ([2, 6, 9, 10], [6, 1, 3, 3], [1, 1], padding(1), Epilogue::BatchNormRelu6),
        ([1, 5, 11, 8], [5, 1, 5, 5], [2, 2], [(1, 2), (2, 1)], norm),
        ([1, 9, 7, 7], [9, 1, 7, 7], [1, 1], padding(0), bias),
        ([3, 4, 6, 15], [4, 1, 3, 2], [1, 2], [(0, 2), (1, 0)], Epilogue::Identity),
        ([1, 130, 28, 28], [66, 130, 3, 3], [1, 1], padding(1), bias),
        ([1, 480, 14, 14], [112, 480, 1, 1], [1, 1], padding(0), norm),
        ([1, 96, 56, 56], [96, 1, 3, 3], [1, 1], padding(1), Epilogue::BatchNormRelu6),
    ]
    .into_iter()
    .map(|(input, weight, stride, padding, epilogue)| {
        let layer = Layer { input, weight, stride, padding, epilogue, epsilon: 1e-3 };
        let parameters = match epilogue {
            Epilogue::Identity => 0,
            Epilogue::Bias => 1,
            Epilogue::BatchNorm | Epilogue::BatchNormRelu6 => 4,
        };
        let mut inputs = vec![input.iter().product(), weight.iter().product()];
        inputs.resize(2 + parameters, weight[0]);
        let relu6 = epilogue == Epilogue::BatchNormRelu6;
        let shape = json!({
            "input": input, "weight": weight, "stride": stride, "padding": padding,
            "output": layer.output(), "relu6": relu6, "epsilon": 1e-3,
        });
        case("conv", &layer.launch(), &inputs, layer.output().iter().product(), shape)
    })
}

fn maps() -> impl Iterator<Item = Value> {
    let linears =
        [(1, [5, 3], true), (7, [8, 16], false), (50, [33, 65], true), (196, [144, 288], true)]
            .map(|(rows, weight @ [width, out], has_bias)| {
                let mut inputs = vec![rows * width, width * out];
                inputs.extend(has_bias.then_some(out));
                let shape = json!({ "rows": rows, "weight": weight });
                case("linear", &linear::launch(rows, weight, has_bias), &inputs, rows * out, shape)
            });
    let attentions =
        [([1, 5, 6], 3, 2), ([2, 49, 64], 49, 1), ([1, 196, 144], 49, 4), ([2, 3, 7], 1, 7)].map(
            |(query @ [batch, tokens, width], context, heads)| {
                let other = batch * context * width;
                let inputs = [batch * tokens * width, other, other];
                let shape = json!({ "query": query, "context": context, "heads": heads });
                case(
                    "attention",
                    &attention::launch(query, context, heads),
                    &inputs,
                    inputs[0],
                    shape,
                )
            },
        );
    let groups = [([1, 4, 3, 5], 2), ([2, 6, 7, 7], 3), ([1, 32, 28, 28], 8), ([1, 144, 7, 7], 1)]
        .map(|(input @ [batch, channels, ..], groups)| {
            let inputs = [input.iter().product(), channels, channels];
            let shape = json!({ "input": input, "groups": groups, "epsilon": 1e-5 });
            let launch = normalisation::group_statistics(input, groups, 1e-5);
            case("group_statistics", &launch, &inputs, 2 * batch * channels, shape)
        });
    let layers = [(1, 5), (3, 32), (49, 144), (5, 515)].map(|(rows, width)| {
        let shape = json!({ "rows": rows, "width": width, "epsilon": 1e-5 });
        let launch = normalisation::layer_norm(rows, width, 1e-5);
        case("layer_norm", &launch, &[rows * width, width, width], rows * width, shape)
    });
    let channelwise = [
        (Channelwise::Affine, "affine", [2, 3, 35]),
        (Channelwise::AffineSilu, "affine_silu", [1, 7, 49]),
        (Channelwise::Prelu, "prelu", [3, 5, 1]),
    ]
    .map(|(program, kind, shape @ [batch, channels, plane])| {
        let values = batch * channels * plane;
        let parameters = if program == Channelwise::Prelu { channels } else { 2 * channels };
        let launch = channelwise::launch(program, values, channels, plane);
        case(kind, &launch, &[values, parameters], values, json!({ "shape": shape }))
    });
    let pictures = [(1, 35), (3, 77), (1, 224 * 224)].map(|(images, plane)| {
        let (launch, values) = (pixels::launch(images, plane), images * plane);
        case("pixels", &launch, &[values], 3 * values, json!({ "images": images, "plane": plane }))
    });
    let maps = linears.into_iter().chain(attentions).chain(groups).chain(layers);
    maps.chain(channelwise).chain(pictures)
}

use burn::tensor::{Device, Tensor};
use despoof_nn::ops::{add, scale};
use despoof_nn::residual_block::ResidualBlockConfig;
use despoof_nn::trace::{Step, Value, record};

use super::{Parameters, Port, model_from_steps};

fn port<const D: usize>(name: &str, tensor: &Tensor<D>) -> Port {
    Port { name: name.to_owned(), value: Value::of(tensor) }
}

/// Input, output and steps of `forward` over a small map.
fn recorded(forward: impl Fn(Tensor<4>) -> Tensor<4>) -> (Port, Port, Vec<Step>) {
    let values: Vec<f32> = (0..32).map(|index| (index as f32).sin()).collect();
    let input = Tensor::<1>::from_floats(values.as_slice(), &Device::flex()).reshape([1, 8, 2, 2]);
    let (output, steps) = record(|| forward(input.clone()));
    (port("input", &input), port("output", &output), steps)
}

#[test]
fn parameters_keep_their_names() {
    let config = ResidualBlockConfig {
        channels_in: 8,
        channels_out: 4,
        time_embedding_width: None,
        norm_groups: 2,
        norm_epsilon: 1e-5,
    };
    let block = config.init(&Device::flex());
    let (input, output, steps) = recorded(|input| block.forward(input, None));
    let mut parameters = Parameters::default();
    parameters.add("block", &block).unwrap();
    let model = model_from_steps("block", &steps, &[input], &[output], &parameters, true).unwrap();
    for name in ["block.conv1.weight", "block.conv_shortcut.weight"] {
        assert!(model.windows(name.len()).any(|text| text == name.as_bytes()), "{name}");
    }
}

#[test]
fn an_operation_that_does_not_report_itself_is_an_error() {
    let (input, output, steps) = recorded(|input| add(input.clone(), input.exp()));
    let error = model_from_steps("net", &steps, &[input], &[output], &Parameters::default(), true);
    let text = format!("{:#}", error.unwrap_err());
    assert!(text.contains("net: operation 0, Add: no recorded operation gave"), "{text}");

    let (input, output, steps) = recorded(|input| scale(input, 2.0).exp());
    let error = model_from_steps("net", &steps, &[input], &[output], &Parameters::default(), true);
    let text = format!("{:#}", error.unwrap_err());
    assert!(text.contains("nothing recorded gave output"), "{text}");
}

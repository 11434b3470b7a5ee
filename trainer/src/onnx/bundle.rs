//! The networks of a bundle as ONNX files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use burn::tensor::{Device, TensorData};
use despoof::Checker;
use despoof::bundle::BundleLoader;
use despoof::parts::{Output, Part};
use despoof::weights::NamedTensor;
use despoof::weights_file::write_safetensors;
use despoof_nn::cost::multiply_accumulates;
use despoof_nn::diffusion::seeded_noise;
use despoof_nn::trace::{Value, record};
use serde_json::{Value as Json, json};

use super::{Parameters, Port, model_from_steps};

/// Seeds of the pass that is recorded, and of the one that others can check themselves against.
const RECORDED: u64 = 1;
const CHECKED: u64 = 2;

/// Writes `NAME.onnx` and `NAME.check.safetensors` (inputs and outputs of a pass of our own) for every
/// part of the bundle, and `networks.json`, which lists them.
///
/// # Errors
/// A bundle that cannot be used, a file that cannot be written, or a network with an operation that
/// does not report itself.
pub fn write_networks(bundle: &Path, folder: &Path) -> Result<()> {
    let device = Device::flex();
    let checker = BundleLoader::from_folder(bundle)
        .and_then(|loader| loader.finish(&device, &device))
        .with_context(|| format!("cannot use the bundle in {}", bundle.display()))?;
    let parameters = parameters(&checker)?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut networks = Vec::new();
    for part in Part::all_with(&checker.manifest().preset.agnet) {
        networks.push(write_part(&checker, part, &parameters, folder)?);
    }
    let list = json!({ "bundle": checker.manifest().digest, "networks": networks });
    write(&folder.join("networks.json"), serde_json::to_string_pretty(&list)?.as_bytes())
}

/// All parameters under their names in a bundle.
fn parameters(checker: &Checker) -> Result<Parameters> {
    let mut parameters = Parameters::default();
    let (pnet, rnet, onet) = checker.detector().networks();
    let networks = checker.networks();
    parameters.add("mtcnn.pnet", pnet)?;
    parameters.add("mtcnn.rnet", rnet)?;
    parameters.add("mtcnn.onet", onet)?;
    parameters.add("identity", &networks.identity_encoder)?;
    parameters.add("autoencoder", networks.generator.autoencoder())?;
    parameters.add("unet", networks.generator.unet())?;
    parameters.add("agnet", &networks.agnet)?;
    Ok(parameters)
}

/// Returns the part's entry of the list.
fn write_part(
    checker: &Checker,
    part: Part,
    parameters: &Parameters,
    folder: &Path,
) -> Result<Json> {
    let name = part.name();
    let inputs = inputs(checker, part, RECORDED);
    let ((outputs, multiply_accumulates), steps) =
        record(|| multiply_accumulates(|| run(checker, part, &inputs)));
    let model =
        model_from_steps(name, &steps, &inputs, &outputs, parameters, takes_any_batch(part))?;
    let file = format!("{name}.onnx");
    write(&folder.join(&file), &model)?;
    write_check(checker, part, &folder.join(format!("{name}.check.safetensors")))?;
    println!(
        "{file}: {} bytes, {:.1} M multiply-accumulates",
        model.len(),
        multiply_accumulates as f64 / 1e6
    );
    Ok(json!({
        "name": name,
        "file": file,
        "bytes": model.len(),
        "macs": multiply_accumulates,
        "inputs": ports(&inputs),
        "outputs": ports(&outputs),
    }))
}

fn ports(ports: &[Port]) -> Json {
    ports.iter().map(|port| json!({ "name": port.name, "shape": port.value.shape })).collect()
}

/// AG-Net puts its class token before every element of a batch, and the check its noise: recorded for
/// one element.
fn takes_any_batch(part: Part) -> bool {
    !matches!(part, Part::AgNet | Part::Check)
}

/// Standard normal values, except for what is a time step or a picture.
fn inputs(checker: &Checker, part: Part, seed: u64) -> Vec<Port> {
    let inputs = part.inputs(checker.manifest()).into_iter();
    inputs
        .map(|port| {
            let length = port.shape.iter().product();
            let noise = seeded_noise(seed, length).into_iter();
            let values = match port.name {
                "timestep" => vec![100.0 * seed as f32 + 1.0; length],
                "face" | "wider_crop" | "picture" | "crops" => {
                    noise.map(|value| (value / 2.0).tanh()).collect()
                }
                _ => noise.collect(),
            };
            Port { name: port.name.to_owned(), value: Value { shape: port.shape, values } }
        })
        .collect()
}

fn run(checker: &Checker, part: Part, inputs: &[Port]) -> Vec<Port> {
    let data = |port: &Port| TensorData::new(port.value.values.clone(), port.value.shape.clone());
    let outputs = checker.run_part(part, inputs.iter().map(data).collect(), &Device::flex());
    outputs.into_iter().map(port_from_output).collect()
}

fn port_from_output(output: Output) -> Port {
    let values = Value::of(&output.values).values;
    Port { name: output.name.to_owned(), value: Value { shape: output.shape, values } }
}

fn write_check(checker: &Checker, part: Part, path: &Path) -> Result<()> {
    let mut ports = inputs(checker, part, CHECKED);
    let outputs = run(checker, part, &ports);
    ports.extend(outputs);
    let tensors: Vec<NamedTensor> = ports
        .into_iter()
        .map(|Port { name, value: Value { shape, values } }| NamedTensor { name, shape, values })
        .collect();
    write_safetensors(path, &tensors).with_context(|| format!("cannot write {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

//! Our side of `cargo xtask bench train`: forward passes and training steps of the web networks.
//!
//! Writes into a folder what every network does (`NAME.json`, `NAME.bin`), for PyTorch to do the same;
//! then answers lines `forward NAME` and `step NAME` with the milliseconds that took.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use despoof_nn::agnet::Views;
use despoof_nn::cost::multiply_accumulates;
use despoof_nn::diffusion::seeded_noise;
use despoof_nn::presets::Preset;
use despoof_nn::trace::{Step, Value, record};
use serde_json::{Value as Json, json};

const LEARNING_RATE: f64 = 1e-5;

/// What a network takes.
struct Inputs {
    maps: Vec<Tensor<4>>,
    tokens: Vec<Tensor<3>>,
    timesteps: Vec<Tensor<1>>,
}

/// The shapes of [`Inputs`].
#[derive(Default)]
struct Shapes {
    maps: Vec<[usize; 4]>,
    tokens: Vec<[usize; 3]>,
    timesteps: Vec<[usize; 1]>,
}

impl Inputs {
    fn new(shapes: &Shapes, device: &Device) -> Self {
        Self {
            maps: noises(&shapes.maps, device),
            tokens: noises(&shapes.tokens, device),
            timesteps: shapes
                .timesteps
                .iter()
                .map(|&[batch]| Tensor::full([batch], 301.0, device))
                .collect(),
        }
    }

    fn values(&self) -> Vec<Value> {
        let maps = self.maps.iter().map(Value::of);
        maps.chain(self.tokens.iter().map(Value::of))
            .chain(self.timesteps.iter().map(Value::of))
            .collect()
    }
}

/// Each from another seed: a recording tells tensors apart by their content.
fn noises<const D: usize>(shapes: &[[usize; D]], device: &Device) -> Vec<Tensor<D>> {
    let tensor = |(seed, &shape): (usize, &[usize; D])| {
        let values = seeded_noise(seed as u64, shape.iter().product());
        Tensor::from_data(TensorData::new(values, shape), device)
    };
    shapes.iter().enumerate().map(tensor).collect()
}

/// Something that is measured.
trait Measured {
    fn describe(&self) -> (Json, Vec<u8>);
    fn forward(&self);
    fn step(&mut self);
}

struct Case<M: Module, const D: usize> {
    network: M,
    valid: M,
    optimizer: ModuleOptimizer,
    inputs: Inputs,
    valid_inputs: Inputs,
    run: fn(&M, &Inputs) -> Tensor<D>,
}

fn case<M: Module + 'static, const D: usize>(
    init: impl Fn(&Device) -> M,
    shapes: &Shapes,
    run: fn(&M, &Inputs) -> Tensor<D>,
) -> Box<dyn Measured> {
    let device = Device::flex();
    let training = device.clone().autodiff();
    let network = init(&training);
    Box::new(Case {
        valid: network.valid(),
        optimizer: AdamWConfig::new().init(),
        inputs: Inputs::new(shapes, &training),
        valid_inputs: Inputs::new(shapes, &device),
        network,
        run,
    })
}

impl<M: Module, const D: usize> Measured for Case<M, D> {
    fn describe(&self) -> (Json, Vec<u8>) {
        let pass = || multiply_accumulates(|| (self.run)(&self.valid, &self.valid_inputs));
        let ((output, count), steps) = record(pass);
        let (mut description, bytes) =
            description(&steps, &self.valid_inputs.values(), &Value::of(&output));
        description["macs"] = count.into();
        (description, bytes)
    }

    fn forward(&self) {
        (self.run)(&self.valid, &self.valid_inputs);
    }

    fn step(&mut self) {
        let loss = (self.run)(&self.network, &self.inputs).square().mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        self.network = self.optimizer.step(LEARNING_RATE, self.network.clone(), gradients);
    }
}

/// The operations over numbered tensors, and the content of those that no operation gives: inputs,
/// then parameters, last the expected output.
fn description(steps: &[Step], inputs: &[Value], output: &Value) -> (Json, Vec<u8>) {
    let mut numbers: HashMap<u64, usize> = HashMap::new();
    let mut leaves = Vec::new();
    let mut bytes: Vec<u8> = Vec::new();
    let mut add_leaf = |value: &Value, number: usize| {
        leaves.push(json!({ "number": number, "shape": value.shape }));
        bytes.extend(value.values.iter().flat_map(|value| value.to_le_bytes()));
    };
    for value in inputs {
        let number = numbers.len();
        add_leaf(value, number);
        numbers.insert(value.identity(), number);
    }
    let mut operations = Vec::new();
    let mut free = numbers.len()..usize::MAX;
    let mut next_number = || free.next().expect("numbers do not end");
    for step in steps {
        let of_inputs: Vec<usize> = step
            .inputs
            .iter()
            .map(|value| {
                *numbers.entry(value.identity()).or_insert_with(|| {
                    let number = next_number();
                    add_leaf(value, number);
                    number
                })
            })
            .collect();
        let output = next_number();
        numbers.insert(step.output.identity(), output);
        operations.push(json!({
            "operation": step.operation,
            "inputs": of_inputs,
            "output": output,
            "shape": step.output.shape,
        }));
    }
    add_leaf(output, numbers[&output.identity()]);
    let description = json!({ "inputs": inputs.len(), "leaves": leaves, "operations": operations });
    (description, bytes)
}

fn cases() -> HashMap<&'static str, Box<dyn Measured>> {
    let preset = Preset::web();
    let maps = |maps: &[[usize; 4]]| Shapes { maps: maps.to_vec(), ..Shapes::default() };
    let of_unet =
        Shapes { maps: vec![[8, 4, 28, 28]], tokens: vec![[8, 49, 512]], timesteps: vec![[8]] };
    HashMap::from([
        (
            "identity",
            case(
                |device| preset.identity.init(device),
                &maps(&[[8, 3, 112, 112]]),
                |network, inputs| network.forward(inputs.maps[0].clone()),
            ),
        ),
        (
            "unet",
            case(
                |device| preset.unet.init(device),
                &of_unet,
                |network, inputs| {
                    let (latent, context) = (inputs.maps[0].clone(), inputs.tokens[0].clone());
                    network.forward(latent, inputs.timesteps[0].clone(), context)
                },
            ),
        ),
        (
            "autoencoder",
            case(
                |device| preset.autoencoder.init(device),
                &maps(&[[2, 3, 224, 224]]),
                |network, inputs| {
                    network.image_from_latent(network.latent_from_image(inputs.maps[0].clone()))
                },
            ),
        ),
        (
            "agnet",
            case(
                |device| preset.agnet.init(device),
                &maps(&[[4, 3, 224, 224], [4, 3, 112, 112], [4, 3, 224, 224]]),
                |network, inputs| {
                    let [face, context, cue] = [0, 1, 2].map(|map| inputs.maps[map].clone());
                    network.forward(Views { face, context: Some(context) }, Some(cue)).logits
                },
            ),
        ),
    ])
}

fn main() {
    let folder = std::env::args().nth(1).expect("usage: bench_train FOLDER");
    let mut cases = cases();
    for (name, case) in &cases {
        write_description(Path::new(&folder), name, case.as_ref());
    }
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input can be read");
        let Some((kind, name)) = line.split_once(' ') else { continue };
        let case = cases.get_mut(name).expect("a network that was described");
        let start = Instant::now();
        match kind {
            "forward" => case.forward(),
            _ => case.step(),
        }
        println!("{}", start.elapsed().as_secs_f64() * 1e3);
        std::io::stdout().flush().expect("standard output can be written");
    }
}

fn write_description(folder: &Path, name: &str, case: &dyn Measured) {
    let (description, bytes) = case.describe();
    let write = |extension: &str, bytes: &[u8]| {
        std::fs::write(folder.join(format!("{name}.{extension}")), bytes)
            .expect("the folder can be written");
    };
    write("json", description.to_string().as_bytes());
    write("bin", &bytes);
}

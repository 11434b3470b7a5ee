//! Every CPU kernel against burn's own operations: outputs and all gradients.

use std::cell::RefCell;

use burn::nn::{GroupNorm, GroupNormConfig};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData, activation, module};
use despoof_kernels::{BatchNormActivation, BatchNormParameters};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;

/// Largest difference relative to the largest value that counts as equal.
const TOLERANCE: f32 = 1e-5;

fn device() -> Device {
    Device::flex().autodiff()
}

thread_local! {
    /// Every test has a thread, and so the same numbers each time: burn's generator is one for all of them.
    static GENERATOR: RefCell<StdRng> = RefCell::new(StdRng::seed_from_u64(17));
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let count = shape.iter().product();
    let values: Vec<f32> = GENERATOR.with_borrow_mut(|generator| {
        (0..count).map(|_| generator.sample(StandardNormal)).collect()
    });
    Tensor::from_data(TensorData::new(values, shape), &device())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32 data")
}

fn assert_close(name: &str, ours: Vec<f32>, expected: Vec<f32>) {
    assert_eq!(ours.len(), expected.len(), "{name}: number of values");
    let scale = expected.iter().fold(1e-3_f32, |scale, value| scale.max(value.abs()));
    for (index, (ours, expected)) in ours.iter().zip(&expected).enumerate() {
        let difference = (ours - expected).abs();
        assert!(
            difference <= TOLERANCE * scale,
            "{name}[{index}]: {ours} instead of {expected} (scale {scale})"
        );
    }
}

/// Something to differentiate: the images, and the parameters as vectors and one weight.
struct Operands {
    input: Tensor<4>,
    weight: Tensor<4>,
    vectors: Vec<Tensor<1>>,
}

impl Operands {
    fn tracked(&self) -> Self {
        Self {
            input: self.input.clone().detach().require_grad(),
            weight: self.weight.clone().detach().require_grad(),
            vectors: self.vectors.iter().map(|v| v.clone().detach().require_grad()).collect(),
        }
    }
}

/// Compares `ours` with `expected`: the output and the gradient of a random projection of it with
/// respect to every operand.
fn compare(
    name: &str,
    operands: &Operands,
    ours: impl Fn(&Operands) -> Tensor<4>,
    expected: impl Fn(&Operands) -> Tensor<4>,
) {
    let (a, b) = (operands.tracked(), operands.tracked());
    let (output_a, output_b) = (ours(&a), expected(&b));
    assert_eq!(output_a.dims(), output_b.dims(), "{name}: shape");
    assert_close(&format!("{name}: output"), values(output_a.clone()), values(output_b.clone()));

    let projection = random(output_a.dims());
    let gradients_a = (output_a * projection.clone()).sum().backward();
    let gradients_b = (output_b * projection).sum().backward();
    if let Some(expected) = b.input.grad(&gradients_b) {
        let ours = a.input.grad(&gradients_a).expect("input gradient");
        assert_close(&format!("{name}: input gradient"), values(ours), values(expected));
    }
    if let Some(expected) = b.weight.grad(&gradients_b) {
        let ours = a.weight.grad(&gradients_a).expect("weight gradient");
        assert_close(&format!("{name}: weight gradient"), values(ours), values(expected));
    }
    for (index, (a, b)) in a.vectors.iter().zip(&b.vectors).enumerate() {
        if let Some(expected) = b.grad(&gradients_b) {
            let ours = a.grad(&gradients_a).expect("vector gradient");
            assert_close(&format!("{name}: gradient {index}"), values(ours), values(expected));
        }
    }
}

struct Convolution {
    input: [usize; 4],
    channels_out: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [(usize, usize); 2],
    groups: usize,
}

fn compare_convolution(case: &Convolution) {
    let Convolution { input, channels_out, kernel, stride, padding, groups } = *case;
    let operands = Operands {
        input: random(input),
        weight: random([channels_out, input[1] / groups, kernel[0], kernel[1]]),
        vectors: vec![random([channels_out])],
    };
    let name = format!(
        "{input:?} to {channels_out}, kernel {kernel:?}, stride {stride:?}, padding {padding:?}, groups {groups}"
    );
    compare(
        &name,
        &operands,
        |o| {
            let bias = Some(o.vectors[0].clone());
            despoof_kernels::conv2d(
                o.input.clone(),
                o.weight.clone(),
                bias,
                stride,
                padding,
                groups,
            )
        },
        |o| {
            let options = ConvOptions::new_with_padding(stride, padding, [1, 1], groups);
            module::conv2d(o.input.clone(), o.weight.clone(), Some(o.vectors[0].clone()), options)
        },
    );
}

#[test]
fn dense_convolution() {
    for (input, channels_out, kernel, stride, padding) in [
        ([1, 1, 1, 1], 1, [1, 1], [1, 1], [(0, 0), (0, 0)]),
        ([2, 3, 5, 7], 4, [3, 3], [1, 1], [(1, 1), (1, 1)]),
        ([2, 3, 5, 7], 4, [3, 3], [2, 2], [(0, 1), (0, 1)]),
        ([3, 5, 9, 8], 7, [5, 3], [2, 1], [(2, 1), (0, 2)]),
        ([2, 4, 6, 6], 3, [1, 1], [2, 2], [(0, 0), (0, 0)]),
        ([2, 4, 6, 5], 3, [1, 1], [1, 1], [(0, 0), (0, 0)]),
        ([2, 4, 6, 5], 3, [1, 1], [1, 1], [(1, 1), (0, 2)]),
        ([9, 16, 7, 7], 24, [3, 3], [1, 1], [(1, 1), (1, 1)]),
        ([9, 16, 7, 7], 24, [1, 1], [1, 1], [(0, 0), (0, 0)]),
        ([1, 3, 40, 33], 8, [3, 3], [2, 2], [(0, 1), (1, 1)]),
        ([3, 24, 40, 33], 8, [3, 3], [1, 1], [(1, 1), (1, 1)]),
        ([2, 17, 9, 11], 19, [3, 3], [1, 1], [(1, 1), (1, 1)]),
        ([3, 16, 8, 9], 40, [3, 3], [1, 1], [(0, 1), (2, 0)]),
        ([2, 40, 30, 26], 33, [3, 3], [1, 1], [(2, 2), (1, 1)]),
        ([1, 2, 3, 3], 2, [3, 3], [1, 1], [(4, 4), (4, 4)]),
        ([2, 2, 2, 2], 2, [7, 7], [3, 3], [(3, 3), (3, 3)]),
    ] {
        compare_convolution(&Convolution {
            input,
            channels_out,
            kernel,
            stride,
            padding,
            groups: 1,
        });
    }
}

#[test]
fn convolution_without_bias_and_of_a_view() {
    let input = random([2, 6, 5, 3]);
    let weight = random([3, 3, 3, 4]);
    let ours = |input: Tensor<4>, weight: Tensor<4>| {
        despoof_kernels::conv2d(input, weight, None, [1, 1], [(1, 1), (1, 1)], 1)
    };
    let view = |input: Tensor<4>| input.swap_dims(1, 3).slice([0..2, 0..3, 1..5, 0..6]);
    let copied = Tensor::from_data(view(input.clone()).into_data(), &device());
    let weight_view = weight.clone().swap_dims(1, 3).slice([0..3, 0..3, 0..3, 0..3]);
    let weight_copied = Tensor::from_data(weight_view.clone().into_data(), &device());
    assert_close(
        "view",
        values(ours(view(input), weight_view)),
        values(ours(copied, weight_copied)),
    );
}

/// Central differences of the convolution itself, so that burn's backward is not the only witness.
#[test]
fn convolution_gradient_by_finite_differences() {
    let run = |input: Vec<f32>| {
        let input = Tensor::<4>::from_data(TensorData::new(input, [1, 2, 3, 3]), &device());
        let weight = Tensor::from_data(
            TensorData::new((0..36).map(|i| (i as f32 * 0.7).sin()).collect(), [2, 2, 3, 3]),
            &device(),
        );
        let input = input.require_grad();
        let output =
            despoof_kernels::conv2d(input.clone(), weight, None, [2, 2], [(1, 1), (1, 1)], 1);
        let loss = (output.clone() * output).sum();
        let gradient = input.grad(&loss.backward()).expect("input gradient");
        (loss.into_scalar::<f32>(), values(gradient))
    };
    let input: Vec<f32> = (0..18).map(|i| (i as f32 * 1.3).cos()).collect();
    let (_, gradient) = run(input.clone());
    let step = 1e-2;
    for index in 0..input.len() {
        let shifted = |by: f32| {
            let mut input = input.clone();
            input[index] += by;
            run(input).0
        };
        let difference = (shifted(step) - shifted(-step)) / (2.0 * step);
        assert!(
            (difference - gradient[index]).abs() < 2e-2 * difference.abs().max(1.0),
            "{index}: {} instead of {difference}",
            gradient[index]
        );
    }
}

#[test]
fn depthwise_convolution() {
    for (input, kernel, stride, padding) in [
        ([1, 1, 1, 1], [1, 1], [1, 1], [(0, 0), (0, 0)]),
        ([2, 3, 7, 7], [3, 3], [1, 1], [(1, 1), (1, 1)]),
        ([2, 3, 8, 9], [3, 3], [2, 2], [(0, 1), (0, 1)]),
        ([2, 5, 9, 8], [3, 3], [2, 2], [(1, 1), (1, 1)]),
        ([3, 4, 14, 14], [5, 5], [1, 1], [(2, 2), (2, 2)]),
        ([3, 4, 14, 13], [5, 5], [2, 2], [(1, 2), (2, 2)]),
        ([2, 3, 6, 5], [5, 3], [1, 2], [(2, 2), (0, 1)]),
        ([2, 3, 6, 5], [1, 1], [2, 2], [(0, 0), (0, 0)]),
        ([2, 3, 4, 4], [3, 3], [3, 3], [(0, 0), (0, 0)]),
        ([1, 2, 40, 50], [3, 3], [1, 1], [(1, 1), (1, 1)]),
        ([2, 6, 7, 7], [7, 7], [1, 1], [(0, 0), (0, 0)]),
        ([1, 2, 3, 3], [3, 3], [2, 2], [(4, 4), (4, 4)]),
    ] {
        let channels = input[1];
        compare_convolution(&Convolution {
            input,
            channels_out: channels,
            kernel,
            stride,
            padding,
            groups: channels,
        });
    }
}

#[test]
fn grouped_convolution_falls_back() {
    compare_convolution(&Convolution {
        input: [2, 4, 5, 5],
        channels_out: 6,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [(1, 1), (1, 1)],
        groups: 2,
    });
}

const NORM_INPUTS: [[usize; 4]; 5] =
    [[1, 4, 1, 1], [2, 4, 3, 5], [3, 8, 7, 7], [2, 12, 1, 19], [5, 4, 16, 17]];

/// An input of a normalisation whose channels differ in mean and deviation. None is nearly constant:
/// gradients of such a one are mostly rounding.
fn norm_operands(input: [usize; 4]) -> Operands {
    let channels = input[1];
    let (scale, shift) = (random([1, channels, 1, 1]), random([1, channels, 1, 1]));
    Operands {
        input: random(input) * (scale.abs() * 2.0 + 0.5) + shift * 3.0,
        weight: random([1, 1, 1, 1]),
        vectors: vec![random([channels]) * 2.0, random([channels]) * 2.0],
    }
}

fn stock_group_norm(o: &Operands, groups: usize) -> Tensor<4> {
    let [channels] = o.vectors[0].dims();
    let norm: GroupNorm = GroupNormConfig::new(groups, channels).with_affine(false).init(&device());
    let [gamma, beta] = [0, 1].map(|i: usize| o.vectors[i].clone().reshape([1, channels, 1, 1]));
    norm.forward(o.input.clone()) * gamma + beta
}

#[test]
fn group_normalisation() {
    for input in NORM_INPUTS {
        for groups in [1, 2, 4] {
            if input[2..] == [1, 1] && groups > 1 {
                continue; // Of one or two values the gradient is zero, but for rounding.
            }
            let ours = |norm: fn(Tensor<4>, Tensor<1>, Tensor<1>, usize, f64) -> Tensor<4>| {
                move |o: &Operands| {
                    let [gamma, beta] = [0, 1].map(|i: usize| o.vectors[i].clone());
                    norm(o.input.clone(), gamma, beta, groups, 1e-5)
                }
            };
            let operands = norm_operands(input);
            let name = format!("group norm of {input:?} in {groups}");
            compare(&name, &operands, ours(despoof_kernels::group_norm), |o| {
                stock_group_norm(o, groups)
            });
            let name = format!("{name}, SiLU");
            compare(&name, &operands, ours(despoof_kernels::group_norm_silu), |o| {
                activation::silu(stock_group_norm(o, groups))
            });
        }
    }
}

fn parameters(o: &Operands) -> BatchNormParameters {
    let [gamma, beta] = [0, 1].map(|i: usize| o.vectors[i].clone());
    BatchNormParameters { gamma, beta, epsilon: 1e-3 }
}

fn stock_activation(activation: BatchNormActivation, normalised: Tensor<4>) -> Tensor<4> {
    match activation {
        BatchNormActivation::Identity => normalised,
        BatchNormActivation::Relu6 => normalised.clamp(0.0, 6.0),
    }
}

#[test]
fn batch_normalisation_of_the_batch() {
    for input in NORM_INPUTS.into_iter().skip(1) {
        for activation in [BatchNormActivation::Identity, BatchNormActivation::Relu6] {
            let operands = norm_operands(input);
            compare(
                &format!("batch norm of {input:?}, {activation:?}"),
                &operands,
                |o| {
                    let input = o.input.clone();
                    despoof_kernels::batch_norm_of_batch(input, parameters(o), activation).output
                },
                |o| {
                    let [gamma, beta] = [0, 1].map(|i: usize| o.vectors[i].clone());
                    let result = module::batch_norm_train(o.input.clone(), gamma, beta, 1e-3);
                    stock_activation(activation, result.output)
                },
            );
            let [gamma, beta] = [0, 1].map(|i: usize| operands.vectors[i].clone());
            let stock = module::batch_norm_train(operands.input.clone(), gamma, beta, 1e-3);
            let input = operands.input.clone();
            let ours =
                despoof_kernels::batch_norm_of_batch(input, parameters(&operands), activation);
            assert_close("batch mean", values(ours.mean), values(stock.mean));
            assert_close("batch variance", values(ours.variance), values(stock.variance));
        }
    }
}

#[test]
fn frozen_batch_normalisation() {
    for input in NORM_INPUTS {
        for activation in [BatchNormActivation::Identity, BatchNormActivation::Relu6] {
            let mean = random([input[1]]);
            let variance = random([input[1]]).abs();
            compare(
                &format!("frozen batch norm of {input:?}, {activation:?}"),
                &norm_operands(input),
                |o| {
                    let (mean, variance) = (mean.clone(), variance.clone());
                    despoof_kernels::batch_norm_frozen(
                        o.input.clone(),
                        parameters(o),
                        mean,
                        variance,
                        activation,
                    )
                },
                |o| {
                    let [gamma, beta] = [0, 1].map(|i: usize| o.vectors[i].clone());
                    let (mean, variance) = (mean.clone(), variance.clone());
                    let normalised =
                        module::batch_norm(o.input.clone(), gamma, beta, mean, variance, 1e-3);
                    stock_activation(activation, normalised)
                },
            );
        }
    }
}

/// A tensor of rank four with the values of `operands.input` in another shape.
fn reshaped<const D: usize>(o: &Operands, shape: [usize; D]) -> Tensor<D> {
    o.input.clone().reshape(shape)
}

#[test]
fn activations() {
    type Activation = fn(Tensor<4>) -> Tensor<4>;
    let pairs: [(&str, Activation, Activation); 2] = [
        ("SiLU", despoof_kernels::silu, activation::silu),
        ("GELU", despoof_kernels::gelu, activation::gelu),
    ];
    for (name, ours, expected) in pairs {
        for input in NORM_INPUTS {
            let operands = norm_operands(input);
            let name = format!("{name} of {input:?}");
            compare(&name, &operands, |o| ours(o.input.clone()), |o| expected(o.input.clone()));
        }
    }
}

#[test]
fn prelu() {
    for input in NORM_INPUTS {
        compare(
            &format!("PReLU of {input:?}"),
            &norm_operands(input),
            |o| despoof_kernels::prelu(o.input.clone(), o.vectors[0].clone()),
            |o| activation::prelu(o.input.clone(), o.vectors[0].clone()),
        );
    }
}

#[test]
fn softmax() {
    for input in NORM_INPUTS {
        compare(
            &format!("softmax of {input:?}"),
            &norm_operands(input),
            |o| despoof_kernels::softmax_last(o.input.clone()),
            |o| activation::softmax(o.input.clone(), 3),
        );
    }
}

#[test]
fn layer_normalisation() {
    for [batch, width, tokens, other] in NORM_INPUTS {
        let tokens = tokens * other;
        let shape = [batch, tokens, width];
        let back = |output: Tensor<3>| output.reshape([batch, tokens, width, 1]);
        let [gamma, beta] =
            [|o: &Operands| o.vectors[0].clone(), |o: &Operands| o.vectors[1].clone()];
        compare(
            &format!("layer norm of {shape:?}"),
            &norm_operands([batch, width, tokens, 1]),
            |o| back(despoof_kernels::layer_norm(reshaped(o, shape), gamma(o), beta(o), 1e-5)),
            |o| back(module::layer_norm(reshaped(o, shape), gamma(o), Some(beta(o)), 1e-5)),
        );
    }
}

#[test]
fn linear_maps() {
    for [batch, rows, features_in, features_out] in
        [[1, 1, 1, 1], [2, 7, 5, 3], [3, 49, 33, 20], [1, 196, 64, 130]]
    {
        let name = format!("{batch} × {rows} × {features_in} to {features_out}");
        let operands = Operands {
            input: random([1, batch, rows, features_in]),
            weight: random([1, 1, features_in, features_out]),
            vectors: vec![random([features_out])],
        };
        let rows_of = |o: &Operands| o.input.clone().squeeze_dim::<3>(0);
        let weight_of = |o: &Operands| o.weight.clone().reshape([features_in, features_out]);
        for biased in [true, false] {
            let bias_of = |o: &Operands| biased.then(|| o.vectors[0].clone());
            compare(
                &name,
                &operands,
                |o| despoof_kernels::linear(rows_of(o), weight_of(o), bias_of(o)).unsqueeze(),
                |o| module::linear(rows_of(o), weight_of(o), bias_of(o)).unsqueeze(),
            );
        }
    }
}

fn stock_attention(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, tokens, width] = query.dims();
    let split = |tensor: Tensor<3>| {
        let [batch, tokens, width] = tensor.dims();
        tensor.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2)
    };
    let scale = ((width / heads) as f64).sqrt();
    let scores = split(query).matmul(split(key).swap_dims(2, 3)) / scale;
    let output = activation::softmax(scores, 3).matmul(split(value));
    output.swap_dims(1, 2).reshape([batch, tokens, width])
}

#[test]
fn attention() {
    for (batch, tokens, context, width, heads) in
        [(1, 1, 1, 1, 1), (2, 5, 3, 8, 2), (3, 17, 17, 12, 3), (2, 49, 20, 64, 4)]
    {
        // One tensor holds query, key and value, so that its gradient is all three gradients.
        let rows = tokens + 2 * context;
        let part = |o: &Operands, first: usize, count: usize| {
            reshaped(o, [batch, rows, width]).slice([0..batch, first..first + count, 0..width])
        };
        let run = |o: &Operands, run: fn(Tensor<3>, Tensor<3>, Tensor<3>, usize) -> Tensor<3>| {
            let (query, key) = (part(o, 0, tokens), part(o, tokens, context));
            let output = run(query, key, part(o, tokens + context, context), heads);
            output.reshape([batch, tokens, width, 1])
        };
        compare(
            &format!("attention of {tokens} to {context}, {width} wide, {heads} heads"),
            &norm_operands([batch, rows, width, 1]),
            |o| run(o, despoof_kernels::attention),
            |o| run(o, stock_attention),
        );
    }
}

/// Frozen parameters: the gradient of the input must not need those of the parameters.
#[test]
fn gradients_of_the_input_alone() {
    let input = random([2, 3, 5, 5]).require_grad();
    let output = despoof_kernels::conv2d(
        input.clone(),
        random([4, 3, 3, 3]),
        Some(random([4])),
        [1, 1],
        [(1, 1), (1, 1)],
        1,
    );
    let output = despoof_kernels::group_norm_silu(output, random([4]), random([4]), 2, 1e-5);
    let gradients = output.sum().backward();
    assert_eq!(input.grad(&gradients).expect("input gradient").dims(), [2, 3, 5, 5]);
}

/// The same numbers come out on a device without autodiff.
#[test]
fn inference_equals_training_forward() {
    let (input, weight) = (random([2, 3, 9, 9]), random([4, 3, 3, 3]));
    let run = |input: Tensor<4>, weight: Tensor<4>| {
        values(despoof_kernels::conv2d(input, weight, None, [2, 2], [(0, 1), (0, 1)], 1))
    };
    let inference = run(input.clone().inner(), weight.clone().inner());
    assert_eq!(inference, run(input, weight));
}

/// Two gradient-checkpointing strategies give the same gradient.
#[test]
fn checkpointing_changes_nothing() {
    let operands = norm_operands([2, 4, 6, 6]);
    let run = |device: &Device| {
        let place = |data: TensorData| Tensor::<4>::from_data(data, device);
        let input = place(operands.input.clone().into_data()).require_grad();
        let weight = place(random_like_weight()).require_grad();
        let hidden = input.clone() * 2.0 + 1.0;
        let output =
            despoof_kernels::conv2d(hidden, weight.clone(), None, [1, 1], [(1, 1), (1, 1)], 1);
        let gradients = despoof_kernels::silu(output).sum().backward();
        let input = values(input.grad(&gradients).expect("input gradient"));
        (input, values(weight.grad(&gradients).expect("weight gradient")))
    };
    let (plain, checkpointed) = (run(&device()), run(&device().gradient_checkpointing()));
    assert_close("input gradient", checkpointed.0, plain.0);
    assert_close("weight gradient", checkpointed.1, plain.1);
}

fn random_like_weight() -> TensorData {
    let values: Vec<f32> = (0..4 * 4 * 9).map(|index| (index as f32 * 0.37).sin()).collect();
    TensorData::new(values, [4, 4, 3, 3])
}

#[test]
fn max_pool_without_gradients() {
    use burn::tensor::ops::MaxPoolOptions;
    for (kernel, stride, padding, ceil, size) in [
        (2, 2, 0, true, [7, 10]),
        (3, 2, 0, true, [22, 9]),
        (3, 2, 1, false, [12, 15]),
        (3, 3, 1, true, [8, 5]),
        (3, 2, 0, true, [2, 2]),
    ] {
        let [kernel, stride, padding] = [kernel, stride, padding].map(|length| [length; 2]);
        let input = random([2, 3, size[0], size[1]]).inner();
        let options = MaxPoolOptions::new(kernel)
            .with_stride(stride)
            .with_padding(padding)
            .with_ceil_mode(ceil);
        let expected = module::max_pool2d(input.clone(), options);
        let ours = despoof_kernels::max_pool(input, kernel, stride, padding, ceil);
        assert_eq!(ours.dims(), expected.dims());
        assert_close("max pool", values(ours), values(expected));
    }
}

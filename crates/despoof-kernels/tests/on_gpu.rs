//! Convolutions and batch normalisation of training on burn's GPU backend against those of the CPU: outputs and
//! all gradients. Runs on CUDA, or without a GPU on a software device (Mesa's lavapipe): `--features wgpu`.

use burn::tensor::{Device, Distribution, Tensor};
use despoof_kernels::{BatchNormActivation, BatchNormParameters, batch_norm_of_batch, conv2d};

/// Largest difference relative to the largest value that counts as equal: tensor cores cut the operands of
/// products to ten bits behind the point.
const TOLERANCE: f32 = 3e-3;

#[cfg(feature = "cuda")]
fn gpu() -> Device {
    Device::cuda(0)
}

#[cfg(not(feature = "cuda"))]
fn gpu() -> Device {
    Device::wgpu(burn::tensor::DeviceKind::Cpu)
}

struct Case {
    input: [usize; 4],
    weight: [usize; 4],
    stride: [usize; 2],
    padding: [(usize, usize); 2],
    groups: usize,
}

impl Case {
    fn random(&self) -> (Vec<Tensor<4>>, Tensor<4>) {
        let operands =
            vec![random(self.input), random(self.weight), random([1, self.weight[0], 1, 1])];
        let projection = random(self.convolution(&operands).dims());
        (operands, projection)
    }

    fn convolution(&self, operands: &[Tensor<4>]) -> Tensor<4> {
        let [input, weight, bias] = operands else { panic!("three operands") };
        let bias = bias.clone().reshape([-1]);
        let (input, weight) = (input.clone(), weight.clone());
        conv2d(input, weight, Some(bias), self.stride, self.padding, self.groups)
    }
}

fn random(shape: [usize; 4]) -> Tensor<4> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("f32")
}

/// Output, then the operands' gradients of a projection of it.
fn results(
    operation: impl Fn(&[Tensor<4>]) -> Tensor<4>,
    operands: &[Tensor<4>],
    projection: &Tensor<4>,
    device: Device,
) -> Vec<Vec<f32>> {
    let device = device.autodiff();
    let on = |tensor: &Tensor<4>| Tensor::<4>::from_data(tensor.to_data(), &device);
    let operands: Vec<_> = operands.iter().map(|operand| on(operand).require_grad()).collect();
    let output = operation(&operands);
    let gradients = (output.clone() * on(projection)).sum().backward();
    let gradient = |operand: &Tensor<4>| values(operand.grad(&gradients).expect("a gradient"));
    std::iter::once(values(output)).chain(operands.iter().map(gradient)).collect()
}

fn assert_same(
    name: &str,
    operation: impl Fn(&[Tensor<4>]) -> Tensor<4>,
    operands: &[Tensor<4>],
    projection: &Tensor<4>,
) {
    let expected = results(&operation, operands, projection, Device::flex());
    let actual = results(&operation, operands, projection, gpu());
    for (what, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
        assert_eq!(actual.len(), expected.len(), "{name}: result {what}");
        let scale = expected.iter().fold(0.0_f32, |scale, value| scale.max(value.abs()));
        let worst = actual.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= TOLERANCE * scale, "{name}: result {what} differs by {worst} of {scale}");
    }
}

fn assert_same_convolution(name: &str, case: &Case) {
    let (operands, projection) = case.random();
    assert_same(name, |operands| case.convolution(operands), &operands, &projection);
}

#[test]
fn dense_convolutions_are_those_of_the_cpu() {
    let case = |input, weight, stride, padding| Case { input, weight, stride, padding, groups: 1 };
    let none = [(0, 0), (0, 0)];
    assert_same_convolution("pointwise", &case([3, 24, 14, 14], [40, 24, 1, 1], [1, 1], none));
    assert_same_convolution("stem", &case([2, 3, 32, 30], [32, 3, 3, 3], [2, 2], [(0, 1), (0, 1)]));
    assert_same_convolution(
        "same",
        &case([2, 17, 9, 11], [19, 17, 3, 3], [1, 1], [(1, 1), (1, 1)]),
    );
    assert_same_convolution("strided pointwise", &case([2, 6, 9, 8], [5, 6, 1, 1], [2, 2], none));
    assert_same_convolution(
        "five by three",
        &case([1, 4, 12, 9], [7, 4, 5, 3], [3, 1], [(2, 1), (0, 2)]),
    );
}

#[test]
fn depthwise_convolutions_are_those_of_the_cpu() {
    let case = |input: [usize; 4], kernel: [usize; 2], stride, padding| Case {
        input,
        weight: [input[1], 1, kernel[0], kernel[1]],
        stride,
        padding,
        groups: input[1],
    };
    assert_same_convolution("same", &case([3, 33, 14, 13], [3, 3], [1, 1], [(1, 1), (1, 1)]));
    assert_same_convolution("halved", &case([2, 24, 28, 28], [5, 5], [2, 2], [(1, 2), (1, 2)]));
    assert_same_convolution("not padded", &case([2, 8, 7, 7], [7, 7], [1, 1], [(0, 0), (0, 0)]));
    assert_same_convolution("odd", &case([2, 5, 10, 13], [3, 5], [2, 3], [(0, 1), (2, 1)]));
    assert_same_convolution(
        "large sums",
        &case([16, 16, 56, 56], [3, 3], [2, 2], [(0, 1), (0, 1)]),
    );
}

#[test]
fn normalised_batches_are_those_of_the_cpu() {
    for (input, activation) in [
        ([5, 7, 9, 11], BatchNormActivation::Identity),
        ([24, 40, 28, 28], BatchNormActivation::Relu6),
        ([3, 33, 1, 1], BatchNormActivation::Relu6),
    ] {
        let channels = [1, input[1], 1, 1];
        // Large enough that some values are cut at six, and far from zero.
        let operands =
            [random(input) * 2.0 + 9.0, random(channels) * 2.0 + 1.0, random(channels) + 2.0];
        let normalise = |operands: &[Tensor<4>]| {
            let vector = |index: usize| operands[index].clone().reshape([-1]);
            let parameters =
                BatchNormParameters { gamma: vector(1), beta: vector(2), epsilon: 1e-3 };
            let done = batch_norm_of_batch(operands[0].clone(), parameters, activation);
            let statistics = (done.mean + done.variance).reshape([1, -1, 1, 1]);
            done.output + statistics.detach() * 0.01
        };
        assert_same(&format!("{input:?}"), normalise, &operands, &random(input));
    }
}

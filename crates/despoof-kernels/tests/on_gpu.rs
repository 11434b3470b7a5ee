//! Convolutions of training on burn's GPU backend against those of the CPU: outputs and all gradients. Runs
//! on CUDA, or without a GPU on a Vulkan software device (Mesa's lavapipe): `--features vulkan`.

use burn::tensor::{Device, Distribution, Tensor};
use despoof_kernels::conv2d;

/// Largest difference relative to the largest value that counts as equal: tensor cores cut the operands of
/// products to ten bits behind the point.
const TOLERANCE: f32 = 3e-3;

#[cfg(feature = "cuda")]
fn gpu() -> Device {
    Device::cuda(0)
}

#[cfg(not(feature = "cuda"))]
fn gpu() -> Device {
    Device::vulkan(burn::tensor::DeviceKind::Cpu)
}

struct Case {
    input: [usize; 4],
    weight: [usize; 4],
    stride: [usize; 2],
    padding: [(usize, usize); 2],
    groups: usize,
}

/// Output, then the gradients of a random projection of it.
fn results(case: &Case, values: &[Tensor<4>; 4], device: &Device) -> Vec<Vec<f32>> {
    let device = device.clone().autodiff();
    let on = |tensor: &Tensor<4>| tensor.clone().to_device(&device);
    let [input, weight, bias, projection] = values;
    let (input, weight) = (on(input).require_grad(), on(weight).require_grad());
    let bias = on(bias).reshape([-1]).require_grad();
    let Case { stride, padding, groups, .. } = *case;
    let output = conv2d(input.clone(), weight.clone(), Some(bias.clone()), stride, padding, groups);
    let gradients = (output.clone() * on(projection)).sum().backward();
    vec![
        output.into_data().try_into_vec().expect("f32"),
        input.grad(&gradients).expect("a gradient").into_data().try_into_vec().expect("f32"),
        weight.grad(&gradients).expect("a gradient").into_data().try_into_vec().expect("f32"),
        bias.grad(&gradients).expect("a gradient").into_data().try_into_vec().expect("f32"),
    ]
}

fn assert_same(name: &str, case: &Case) {
    let cpu = Device::flex();
    cpu.seed(7);
    let random =
        |shape: [usize; 4]| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &cpu);
    let (input, weight) = (random(case.input), random(case.weight));
    let bias = random([1, case.weight[0], 1, 1]);
    let Case { stride, padding, groups, .. } = *case;
    let output = conv2d(input.clone(), weight.clone(), None, stride, padding, groups);
    let values = [input, weight, bias, random(output.dims())];
    let expected = results(case, &values, &cpu);
    let actual = results(case, &values, &gpu());
    for (what, (actual, expected)) in
        ["output", "input", "weight", "bias"].iter().zip(actual.iter().zip(&expected))
    {
        assert_eq!(actual.len(), expected.len(), "{name}: {what}");
        let scale = expected.iter().fold(0.0_f32, |scale, value| scale.max(value.abs()));
        let worst = actual.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= TOLERANCE * scale, "{name}: {what} differs by {worst} of {scale}");
    }
}

#[test]
fn dense_convolutions_are_those_of_the_cpu() {
    let case = |input, weight, stride, padding| Case { input, weight, stride, padding, groups: 1 };
    let none = [(0, 0), (0, 0)];
    assert_same("pointwise", &case([3, 24, 14, 14], [40, 24, 1, 1], [1, 1], none));
    assert_same("stem", &case([2, 3, 32, 30], [32, 3, 3, 3], [2, 2], [(0, 1), (0, 1)]));
    assert_same("same", &case([2, 17, 9, 11], [19, 17, 3, 3], [1, 1], [(1, 1), (1, 1)]));
    assert_same("strided pointwise", &case([2, 6, 9, 8], [5, 6, 1, 1], [2, 2], none));
    assert_same("five by three", &case([1, 4, 12, 9], [7, 4, 5, 3], [3, 1], [(2, 1), (0, 2)]));
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
    assert_same("same", &case([3, 33, 14, 13], [3, 3], [1, 1], [(1, 1), (1, 1)]));
    assert_same("halved", &case([2, 24, 28, 28], [5, 5], [2, 2], [(1, 2), (1, 2)]));
    assert_same("not padded", &case([2, 8, 7, 7], [7, 7], [1, 1], [(0, 0), (0, 0)]));
    assert_same("odd", &case([2, 5, 10, 13], [3, 5], [2, 3], [(0, 1), (2, 1)]));
    assert_same("large sums", &case([16, 16, 56, 56], [3, 3], [2, 2], [(0, 1), (0, 1)]));
}

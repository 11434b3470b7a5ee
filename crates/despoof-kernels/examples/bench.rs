//! Times of one training step of single layers, stock burn against this crate:
//! `cargo run --release -p despoof-kernels --example bench --features flex,autodiff,threads`.
//! Wall time is what counts on a quiet machine; processor time holds on a busy one.

use std::fs;
use std::time::Instant;

use burn::nn::GroupNormConfig;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Tensor, activation, module};
use despoof_kernels::{BatchNormActivation, BatchNormParameters};

const ROUNDS: usize = 15;

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device).require_grad()
}

/// Milliseconds of wall time and of processor time over all threads.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    processor: f64,
}

fn measure(step: &dyn Fn() -> Tensor<4>) -> Cost {
    let (processor, start) = (processor_time(), Instant::now());
    step().sum().backward();
    Cost { wall: start.elapsed().as_secs_f64() * 1e3, processor: processor_time() - processor }
}

/// Milliseconds all threads of this process have run (Linux; zero elsewhere).
fn processor_time() -> f64 {
    let Ok(threads) = fs::read_dir("/proc/self/task") else {
        return 0.0;
    };
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let statistics = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        statistics.split_whitespace().next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e6
}

/// Medians of interleaved runs, so that a busy moment of the machine hits both.
fn compare(name: &str, stock: &dyn Fn() -> Tensor<4>, ours: &dyn Fn() -> Tensor<4>) {
    let (mut stock_costs, mut our_costs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        stock_costs.push(measure(stock));
        our_costs.push(measure(ours));
    }
    print!("{name:<34}");
    for part in [|cost: &Cost| cost.wall, |cost: &Cost| cost.processor] {
        let (stock, ours) = (median(&stock_costs, part), median(&our_costs, part));
        print!(" | {stock:8.2} {ours:8.2} {:5.2}×", stock / ours);
    }
    println!();
}

fn median(costs: &[Cost], part: fn(&Cost) -> f64) -> f64 {
    let mut times: Vec<f64> = costs.iter().map(part).collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn compare_conv(name: &str, input: [usize; 4], channels_out: usize, kernel: usize, groups: usize) {
    let (input, weight) =
        (random(input), random([channels_out, input[1] / groups, kernel, kernel]));
    let bias = random([channels_out]);
    let padding = [(kernel / 2, kernel / 2); 2];
    let stock = || {
        let options = ConvOptions::new_with_padding([1, 1], padding, [1, 1], groups);
        module::conv2d(input.clone(), weight.clone(), Some(bias.clone()), options)
    };
    let ours = || {
        let bias = Some(bias.clone());
        despoof_kernels::conv2d(input.clone(), weight.clone(), bias, [1, 1], padding, groups)
    };
    compare(name, &stock, &ours);
}

fn compare_group_norm_silu(name: &str, input: [usize; 4], groups: usize) {
    let channels = input[1];
    let (input, gamma, beta) = (random(input), random([channels]), random([channels]));
    let norm = GroupNormConfig::new(groups, channels).init(&input.device());
    let stock = || activation::silu(norm.forward(input.clone()));
    let ours = || {
        despoof_kernels::group_norm_silu(input.clone(), gamma.clone(), beta.clone(), groups, 1e-5)
    };
    compare(name, &stock, &ours);
}

fn compare_batch_norm_relu6(name: &str, input: [usize; 4]) {
    let channels = input[1];
    let (input, gamma, beta) = (random(input), random([channels]), random([channels]));
    let stock = || {
        let (gamma, beta) = (gamma.clone(), beta.clone());
        module::batch_norm_train(input.clone(), gamma, beta, 1e-3).output.clamp(0.0, 6.0)
    };
    let ours = || {
        let (gamma, beta) = (gamma.clone(), beta.clone());
        let parameters = BatchNormParameters { gamma, beta, epsilon: 1e-3 };
        let relu6 = BatchNormActivation::Relu6;
        despoof_kernels::batch_norm_of_batch(input.clone(), parameters, relu6).output
    };
    compare(name, &stock, &ours);
}

fn compare_unary(name: &str, stock: fn(Tensor<4>) -> Tensor<4>, ours: fn(Tensor<4>) -> Tensor<4>) {
    let input = random([8, 4, 196, 196]);
    compare(name, &|| stock(input.clone()), &|| ours(input.clone()));
}

fn stock_attention(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>, heads: usize) -> Tensor<3> {
    let [batch, tokens, width] = query.dims();
    let split = |tensor: Tensor<3>| {
        let [batch, tokens, width] = tensor.dims();
        tensor.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2)
    };
    let query = split(query) / ((width / heads) as f64).sqrt();
    let scores = query.matmul(split(key).swap_dims(2, 3));
    let output = activation::softmax(scores, 3).matmul(split(value));
    output.swap_dims(1, 2).reshape([batch, tokens, width])
}

fn compare_attention(name: &str, [batch, tokens, width]: [usize; 3], context: usize, heads: usize) {
    let query = random([batch, tokens, width]);
    let [key, value] = [0, 1].map(|_| random([batch, context, width]));
    let run = |attention: fn(Tensor<3>, Tensor<3>, Tensor<3>, usize) -> Tensor<3>| {
        attention(query.clone(), key.clone(), value.clone(), heads).unsqueeze_dim(0)
    };
    compare(name, &|| run(stock_attention), &|| run(despoof_kernels::attention));
}

fn compare_layer_norm(name: &str, shape: [usize; 3]) {
    let input = random(shape);
    let [gamma, beta] = [0, 1].map(|_| random([shape[2]]));
    let stock = || {
        module::layer_norm(input.clone(), gamma.clone(), Some(beta.clone()), 1e-5).unsqueeze_dim(0)
    };
    let ours = || {
        let (gamma, beta) = (gamma.clone(), beta.clone());
        despoof_kernels::layer_norm(input.clone(), gamma, beta, 1e-5).unsqueeze_dim(0)
    };
    compare(name, &stock, &ours);
}

fn main() {
    println!(
        "{:<34} | {:^24} | {:^24}",
        "forward + backward", "wall ms: stock, ours", "processor ms"
    );
    compare_conv("conv 64→64 3×3 56² b8", [8, 64, 56, 56], 64, 3, 1);
    compare_conv("conv 192→192 3×3 7² b16", [16, 192, 7, 7], 192, 3, 1);
    compare_conv("conv 96→576 1×1 28² b8", [8, 96, 28, 28], 576, 1, 1);
    compare_conv("depthwise 240 5×5 28² b8", [8, 240, 28, 28], 240, 5, 240);
    compare_conv("depthwise 672 5×5 7² b16", [16, 672, 7, 7], 672, 5, 672);
    compare_group_norm_silu("group norm + SiLU 64 56² b8", [8, 64, 56, 56], 32);
    compare_batch_norm_relu6("batch norm + ReLU6 240 28² b8", [8, 240, 28, 28]);
    compare_unary("SiLU 1.2 M values", activation::silu, despoof_kernels::silu);
    compare_unary("GELU 1.2 M values", activation::gelu, despoof_kernels::gelu);
    let softmax = |scores| activation::softmax(scores, 3);
    compare_unary("softmax 8·4·196 rows of 196", softmax, despoof_kernels::softmax_last);
    compare_attention("attention 196→49 192 4 heads b16", [16, 196, 192], 49, 4);
    compare_attention("attention 784→784 64 4 heads b4", [4, 784, 64], 784, 4);
    compare_layer_norm("layer norm 16·196 rows of 192", [16, 196, 192]);
}

//! Batch normalisation with the statistics of the batch, alone or with ReLU6 behind it.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{a_thread_each, empty};
use super::sums::{SHARING, joined, parts_of_channels, place_in_part, sum_of_cube, values_of_part};

/// Batch normalisation.
#[backend_extension(Autodiff: cfg(feature = "autodiff"), Cube: cfg(feature = "gpu-training"))]
pub trait BatchNormKernel: Backend {
    /// Returns the output, and mean and (biased) variance of every channel, through which no gradient flows.
    fn batch_norm_of_batch(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
        cut_at_6: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl BatchNormKernel for CubeBackend {
    fn batch_norm_of_batch(
        input: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f32,
        cut_at_6: bool,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let normalisation = Normalisation::of_batch(input, gamma, beta, epsilon, cut_at_6);
        (normalisation.output(), normalisation.mean, normalisation.variance)
    }
}

/// A normalisation: tensors, contiguous, and settings.
#[derive(Clone, Debug)]
pub struct Normalisation {
    /// `[batch, channels, height, width]`.
    pub input: CubeTensor,
    /// Scale of every channel.
    pub gamma: CubeTensor,
    /// Shift of every channel.
    pub beta: CubeTensor,
    /// Mean of every channel.
    pub mean: CubeTensor,
    /// Biased variance of every channel.
    pub variance: CubeTensor,
    /// Added to the variance under the root.
    pub epsilon: f32,
    /// Whether ReLU6 follows.
    pub cut_at_6: bool,
}

impl Normalisation {
    /// Measures the batch.
    pub fn of_batch(
        input: CubeTensor,
        gamma: CubeTensor,
        beta: CubeTensor,
        epsilon: f32,
        cut_at_6: bool,
    ) -> Self {
        let [input, gamma, beta] = [input, gamma, beta].map(into_contiguous);
        // Where nothing is subtracted the scale stands in for the mean, unread.
        let mean = mean_of_channels(&input, &gamma, false);
        let variance = mean_of_channels(&input, &mean, true);
        Self { input, gamma, beta, mean, variance, epsilon, cut_at_6 }
    }

    /// The normalised batch.
    pub fn output(&self) -> CubeTensor {
        let output = empty(&self.input, self.input.shape().dims::<4>());
        let (count, dim) = a_thread_each(&output);
        normalise::launch(
            &output.client,
            count,
            dim,
            self.input.clone().into_tensor_arg(),
            self.gamma.clone().into_tensor_arg(),
            self.beta.clone().into_tensor_arg(),
            self.mean.clone().into_tensor_arg(),
            self.variance.clone().into_tensor_arg(),
            output.clone().into_tensor_arg(),
            self.epsilon,
            self.cut_at_6,
        );
        output
    }

    /// For the output's gradient, those of input, scale and shift.
    pub fn gradients(&self, output_gradient: CubeTensor) -> [CubeTensor; 3] {
        let output_gradient = into_contiguous(output_gradient);
        let (plain, count) = parts_of_channels(&self.input);
        let projected = empty(&plain, plain.shape().dims::<2>());
        gradient_sums::launch(
            &self.input.client,
            count,
            CubeDim::new_1d(SHARING as u32),
            output_gradient.clone().into_tensor_arg(),
            self.input.clone().into_tensor_arg(),
            self.gamma.clone().into_tensor_arg(),
            self.beta.clone().into_tensor_arg(),
            self.mean.clone().into_tensor_arg(),
            self.variance.clone().into_tensor_arg(),
            plain.clone().into_tensor_arg(),
            projected.clone().into_tensor_arg(),
            self.epsilon,
            self.cut_at_6,
            SHARING,
        );
        let (beta, gamma) = (joined(plain, 1.0), joined(projected, 1.0));
        let gradient = empty(&self.input, self.input.shape().dims::<4>());
        let (count, dim) = a_thread_each(&gradient);
        input_gradient::launch(
            &gradient.client,
            count,
            dim,
            output_gradient.into_tensor_arg(),
            self.input.clone().into_tensor_arg(),
            self.gamma.clone().into_tensor_arg(),
            self.beta.clone().into_tensor_arg(),
            self.mean.clone().into_tensor_arg(),
            self.variance.clone().into_tensor_arg(),
            beta.clone().into_tensor_arg(),
            gamma.clone().into_tensor_arg(),
            gradient.clone().into_tensor_arg(),
            self.epsilon,
            self.cut_at_6,
        );
        [gradient, gamma, beta]
    }
}

/// Mean of each channel's values, or of their squared distances from `middle`.
fn mean_of_channels(input: &CubeTensor, middle: &CubeTensor, squared: bool) -> CubeTensor {
    let [batch, channels, height, width]: [usize; 4] = input.shape().dims();
    let (parts, count) = parts_of_channels(input);
    debug_assert_eq!(middle.shape().num_elements(), channels);
    channel_sums::launch(
        &input.client,
        count,
        CubeDim::new_1d(SHARING as u32),
        input.clone().into_tensor_arg(),
        middle.clone().into_tensor_arg(),
        parts.clone().into_tensor_arg(),
        squared,
        SHARING,
    );
    joined(parts, 1.0 / (batch * height * width) as f32)
}

#[cube(launch)]
fn channel_sums(
    input: &Tensor<f32>,
    middle: &Tensor<f32>,
    parts: &mut Tensor<f32>,
    #[comptime] squared: bool,
    #[comptime] sharing: usize,
) {
    let channel = CUBE_POS_X as usize;
    let values = values_of_part(input);
    let mut sum = 0.0f32;
    let mut number = UNIT_POS_X as usize;
    while number < values {
        let value = input[place_in_part(input, number)];
        if squared {
            let distance = value - middle[channel];
            sum += distance * distance;
        } else {
            sum += value;
        }
        number += sharing;
    }
    let total = sum_of_cube(sum, sharing);
    if UNIT_POS_X == 0 {
        parts[CUBE_POS_Y as usize * input.shape(1) + channel] = total;
    }
}

/// What the activation lets through of the output's gradient.
#[cube]
fn passed(gradient: f32, shifted: f32, #[comptime] cut_at_6: bool) -> f32 {
    let mut passed = gradient;
    if cut_at_6 {
        if shifted <= 0.0 || shifted >= 6.0 {
            passed = 0.0f32;
        }
    }
    passed
}

/// A value less its channel's mean, in deviations of it.
#[cube]
fn standardised(value: f32, mean: f32, variance: f32, epsilon: f32) -> f32 {
    (value - mean) / (variance + epsilon).sqrt()
}

#[cube(launch)]
fn normalise(
    input: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    output: &mut Tensor<f32>,
    epsilon: f32,
    #[comptime] cut_at_6: bool,
) {
    let position = ABSOLUTE_POS;
    if position >= output.len() {
        terminate!();
    }
    let channel = position / (input.shape(2) * input.shape(3)) % input.shape(1);
    let standard = standardised(input[position], mean[channel], variance[channel], epsilon);
    let mut value = standard * gamma[channel] + beta[channel];
    if cut_at_6 {
        value = value.clamp(0.0f32, 6.0f32);
    }
    output[position] = value;
}

/// Parts of the sums of the gradient behind the normalisation, plain and times the standardised input: the
/// gradients of shift and scale.
#[cube(launch)]
fn gradient_sums(
    output_gradient: &Tensor<f32>,
    input: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    plain: &mut Tensor<f32>,
    projected: &mut Tensor<f32>,
    epsilon: f32,
    #[comptime] cut_at_6: bool,
    #[comptime] sharing: usize,
) {
    let channel = CUBE_POS_X as usize;
    let values = values_of_part(input);
    let mut sum = 0.0f32;
    let mut sum_projected = 0.0f32;
    let mut number = UNIT_POS_X as usize;
    while number < values {
        let place = place_in_part(input, number);
        let standard = standardised(input[place], mean[channel], variance[channel], epsilon);
        let shifted = standard * gamma[channel] + beta[channel];
        let gradient = passed(output_gradient[place], shifted, cut_at_6);
        sum += gradient;
        sum_projected += gradient * standard;
        number += sharing;
    }
    let total = sum_of_cube(sum, sharing);
    let total_projected = sum_of_cube(sum_projected, sharing);
    if UNIT_POS_X == 0 {
        let place = CUBE_POS_Y as usize * input.shape(1) + channel;
        plain[place] = total;
        projected[place] = total_projected;
    }
}

#[cube(launch)]
fn input_gradient(
    output_gradient: &Tensor<f32>,
    input: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    plain: &Tensor<f32>,
    projected: &Tensor<f32>,
    gradient: &mut Tensor<f32>,
    epsilon: f32,
    #[comptime] cut_at_6: bool,
) {
    let position = ABSOLUTE_POS;
    if position >= gradient.len() {
        terminate!();
    }
    let plane = input.shape(2) * input.shape(3);
    let channel = position / plane % input.shape(1);
    let standard = standardised(input[position], mean[channel], variance[channel], epsilon);
    let shifted = standard * gamma[channel] + beta[channel];
    let passed = passed(output_gradient[position], shifted, cut_at_6);
    let values = f32::cast_from(input.shape(0) * plane);
    let centred = passed - (plain[channel] + standard * projected[channel]) / values;
    let deviation = (variance[channel] + epsilon).sqrt();
    gradient[position] = centred * gamma[channel] / deviation;
}

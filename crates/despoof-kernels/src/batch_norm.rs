//! Batch normalisation (Ioffe and Szegedy 2015).

#[cfg(any(feature = "flex", feature = "gpu-training"))]
use burn::backend::DispatchTensor;
use burn::tensor::{Tensor, module};

/// What follows a normalisation inside the same pass over memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchNormActivation {
    /// Nothing.
    Identity,
    /// The output cut to 0..6.
    Relu6,
}

/// Scale, shift and the number added to the variance.
#[derive(Clone, Debug)]
pub struct BatchNormParameters {
    /// Scale of every channel.
    pub gamma: Tensor<1>,
    /// Shift of every channel.
    pub beta: Tensor<1>,
    /// Added to the variance under the root.
    pub epsilon: f64,
}

/// A batch normalised with its own statistics.
#[derive(Clone, Debug)]
pub struct BatchNormOfBatch {
    /// The normalised batch.
    pub output: Tensor<4>,
    /// Mean of every channel, detached.
    pub mean: Tensor<1>,
    /// Variance of every channel (divided by the count, not the count less one), detached.
    pub variance: Tensor<1>,
}

/// Normalises `[batch, channels, height, width]` with the batch's own statistics, as in training.
pub fn batch_norm_of_batch(
    input: Tensor<4>,
    parameters: BatchNormParameters,
    activation: BatchNormActivation,
) -> BatchNormOfBatch {
    let BatchNormParameters { gamma, beta, epsilon } = parameters;
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        use crate::flex::batch_norm::BatchNormKernel;
        let (input, gamma, beta) =
            (input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
        return BatchNormOfBatch::from_dispatch(burn::backend::Dispatch::batch_norm_of_batch(
            input,
            gamma,
            beta,
            epsilon,
            activation.into(),
        ));
    }
    #[cfg(feature = "gpu-training")]
    if crate::gpu::holds(&input) {
        use crate::gpu::batch_norm::BatchNormKernel;
        let (input, gamma, beta) =
            (input.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
        let cut_at_6 = activation == BatchNormActivation::Relu6;
        let done = <burn::backend::Dispatch as BatchNormKernel>::batch_norm_of_batch(
            input,
            gamma,
            beta,
            epsilon as f32,
            cut_at_6,
        );
        return BatchNormOfBatch::from_dispatch(done);
    }
    let result = module::batch_norm_train(input, gamma, beta, epsilon);
    BatchNormOfBatch {
        output: activation.apply(result.output),
        mean: result.mean.detach(),
        variance: result.variance.detach(),
    }
}

/// Normalises `[batch, channels, height, width]` with given statistics, as in inference and where a
/// layer is frozen. No gradient flows into the statistics.
pub fn batch_norm_frozen(
    input: Tensor<4>,
    parameters: BatchNormParameters,
    mean: Tensor<1>,
    variance: Tensor<1>,
    activation: BatchNormActivation,
) -> Tensor<4> {
    let BatchNormParameters { gamma, beta, epsilon } = parameters;
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) {
        use crate::flex::batch_norm::BatchNormKernel;
        let output = <burn::backend::Dispatch as BatchNormKernel>::batch_norm_frozen(
            input.into_dispatch(),
            gamma.into_dispatch(),
            beta.into_dispatch(),
            mean.into_dispatch(),
            variance.into_dispatch(),
            epsilon,
            activation.into(),
        );
        return Tensor::from_dispatch(output);
    }
    activation.apply(module::batch_norm(input, gamma, beta, mean, variance, epsilon))
}

#[cfg(any(feature = "flex", feature = "gpu-training"))]
impl BatchNormOfBatch {
    /// Output, mean and variance, as kernels return them.
    fn from_dispatch(
        (output, mean, variance): (DispatchTensor, DispatchTensor, DispatchTensor),
    ) -> Self {
        Self {
            output: Tensor::from_dispatch(output),
            mean: Tensor::from_dispatch(mean),
            variance: Tensor::from_dispatch(variance),
        }
    }
}

impl BatchNormActivation {
    fn apply(self, normalised: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Identity => normalised,
            Self::Relu6 => normalised.clamp(0.0, 6.0),
        }
    }
}

#[cfg(feature = "flex")]
impl From<BatchNormActivation> for crate::flex::affine::Activation {
    fn from(activation: BatchNormActivation) -> Self {
        match activation {
            BatchNormActivation::Identity => Self::Identity,
            BatchNormActivation::Relu6 => Self::Relu6,
        }
    }
}

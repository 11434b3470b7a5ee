//! What a network consists of.

use serde::Serialize;

/// An operation. Its inputs come in the order given here; shapes follow from those of its output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Operation {
    /// Input, weight `[out, in of a group, height, width]`, and a bias where there is one.
    Conv2d {
        /// Vertical and horizontal.
        stride: [usize; 2],
        /// Zeros before and behind, vertically and horizontally.
        padding: [(usize, usize); 2],
        /// Groups of channels.
        groups: usize,
    },
    /// Input, scale, shift, mean and variance of every channel.
    BatchNorm {
        /// Added to the variance.
        epsilon: f64,
        /// What follows.
        activation: Activation,
    },
    /// [`Self::Conv2d`] without a bias, then [`Self::BatchNorm`]: input, weight, scale, shift, mean,
    /// variance.
    Conv2dBatchNorm {
        /// Vertical and horizontal.
        stride: [usize; 2],
        /// Zeros before and behind, vertically and horizontally.
        padding: [(usize, usize); 2],
        /// Groups of channels.
        groups: usize,
        /// Added to the variance.
        epsilon: f64,
        /// What follows.
        activation: Activation,
    },
    /// Input, weight `[in, out]`, and a bias where there is one.
    Linear,
    /// Input, scale and shift.
    GroupNorm {
        /// Groups of channels.
        groups: usize,
        /// Added to the variance.
        epsilon: f64,
        /// What follows.
        activation: Activation,
    },
    /// Input, scale and shift, over the last dimension.
    LayerNorm {
        /// Added to the variance.
        epsilon: f64,
    },
    /// Of one input.
    Activate(Activation),
    /// Input, and the slope of every channel (dimension 1).
    PRelu,
    /// Query, key, value (paper eq. 12).
    Attention {
        /// Heads.
        heads: usize,
    },
    /// Of two inputs that broadcast.
    Add,
    /// Of two inputs that broadcast.
    Multiply,
    /// The first input over the second, which broadcast.
    Divide,
    /// Times a number.
    Scale(f64),
    /// The input's values in the output's shape.
    Reshape,
    /// Output dimension `i` is input dimension `order[i]`.
    Permute(Vec<usize>),
    /// Repeated along dimensions of length 1 to the output's shape.
    Expand,
    /// Two inputs behind one another.
    Concatenate {
        /// Along this dimension.
        axis: usize,
    },
    /// A dimension from its last index to its first.
    Flip {
        /// The dimension.
        axis: usize,
    },
    /// A range of a dimension, as long as the output's.
    Slice {
        /// The dimension.
        axis: usize,
        /// The first index.
        start: usize,
    },
    /// The largest value of every window, which may hang over the border.
    MaxPool {
        /// Height and width of the window.
        kernel: [usize; 2],
        /// Vertical and horizontal.
        stride: [usize; 2],
        /// On all sides, vertically and horizontally.
        padding: [usize; 2],
        /// Whether the last window may hang over the border.
        ceil: bool,
    },
    /// Along a dimension.
    Softmax {
        /// The dimension.
        axis: usize,
    },
    /// The nearest pixel above and left.
    ResizeNearest,
    /// Bilinear, corners on corners; input and output tell from what to what.
    ResizeBilinear,
    /// Channels to space, in PyTorch's order.
    PixelShuffle {
        /// Side of the square.
        factor: usize,
    },
    /// Cosines, then sines, of time steps.
    SinusoidalEmbedding {
        /// One for every cosine.
        frequencies: Vec<f32>,
    },
    /// No input; the output is the same in every pass.
    Constant,
    /// The mean of every window.
    AveragePool {
        /// Side of the window, and the distance of two of them.
        side: usize,
    },
    /// The first input less the second, which broadcast.
    Subtract,
    /// (x − mean) / (deviation + epsilon) over each element of the batch.
    Standardise {
        /// Added to the standard deviation.
        epsilon: f64,
    },
    /// The mean over each element of the batch.
    Mean,
    /// The first input's distance from the second, which broadcasts, times a factor; cut to [−1, 1].
    Contrasted {
        /// The factor.
        factor: f64,
    },
    /// Every row brought to a Euclidean length.
    ToLength {
        /// The length's square.
        squared: f64,
    },
}

/// What may follow another operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// x · sigmoid(x).
    Silu,
    /// x · Φ(x).
    Gelu,
}

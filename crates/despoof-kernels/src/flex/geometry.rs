//! Sizes of a convolution and which output positions a kernel tap reaches.

use std::ops::Range;

/// Sizes of a two-dimensional convolution, `[vertical, horizontal]` where there are two.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Height and width of the output.
    pub output: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Steps between output positions.
    pub stride: [usize; 2],
    /// Zeros before the first row and column.
    pub padding: [usize; 2],
}

impl Geometry {
    /// From the dimensions of input and weight and the options of the layer.
    pub fn new(
        [batch, channels_in, height, width]: [usize; 4],
        [channels_out, _, kernel_height, kernel_width]: [usize; 4],
        stride: [usize; 2],
        padding: [(usize, usize); 2],
    ) -> Self {
        let input = [height, width];
        let kernel = [kernel_height, kernel_width];
        let output = [0, 1].map(|axis| {
            let padded = input[axis] + padding[axis].0 + padding[axis].1;
            assert!(padded >= kernel[axis], "kernel {kernel:?} exceeds the padded input {input:?}");
            (padded - kernel[axis]) / stride[axis] + 1
        });
        Self {
            batch,
            channels_in,
            channels_out,
            input,
            output,
            kernel,
            stride,
            padding: padding.map(|(before, _)| before),
        }
    }

    /// Values in one channel of the input.
    pub fn input_plane(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Values in one channel of the output.
    pub fn output_plane(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Weights per output channel of a dense convolution: the inner dimension of its matrix product.
    pub fn depth(&self) -> usize {
        self.channels_in * self.kernel[0] * self.kernel[1]
    }

    /// Whether every output position reads exactly the input position below it.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.input == self.output
    }

    /// Output columns whose tap `kernel_column` lies inside the input, not in the padding.
    pub fn columns_inside(&self, kernel_column: usize) -> Range<usize> {
        let (stride, padding) = (self.stride[1], self.padding[1]);
        let first = padding.saturating_sub(kernel_column).div_ceil(stride);
        let end = (self.input[1] + padding).saturating_sub(kernel_column).div_ceil(stride);
        let end = end.min(self.output[1]);
        first.min(end)..end
    }

    /// The input row below tap `kernel_row` of output row `row`, or `None` in the padding.
    pub fn input_row(&self, row: usize, kernel_row: usize) -> Option<usize> {
        (row * self.stride[0] + kernel_row)
            .checked_sub(self.padding[0])
            .filter(|&row| row < self.input[0])
    }

    /// Dimensions of the output.
    pub fn output_dims(&self) -> [usize; 4] {
        [self.batch, self.channels_out, self.output[0], self.output[1]]
    }

    /// Dimensions of the input.
    #[cfg(feature = "autodiff")]
    pub fn input_dims(&self) -> [usize; 4] {
        [self.batch, self.channels_in, self.input[0], self.input[1]]
    }
}

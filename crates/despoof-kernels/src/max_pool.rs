//! Max pooling.

use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

/// The largest value of every window of `input` `[batch, channels, height, width]`. With `ceil` the last
/// windows may hang over the border.
pub fn max_pool(
    input: Tensor<4>,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    ceil: bool,
) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if crate::flex::holds(&input) && !input.device().is_autodiff() {
        use crate::flex::max_pool::MaxPoolKernel;
        let [_, _, height, width] = input.dims();
        let windows = |length: usize, axis: usize| {
            windows(length, kernel[axis], stride[axis], padding[axis], ceil)
        };
        let output = [windows(height, 0), windows(width, 1)];
        // Where no window fits, burn says what that means.
        if !output.contains(&0) {
            let input = input.into_dispatch();
            return Tensor::from_dispatch(
                <burn::backend::Dispatch as MaxPoolKernel>::max_pool_forward(
                    input, kernel, stride, padding, output,
                ),
            );
        }
    }
    let options =
        MaxPoolOptions::new(kernel).with_stride(stride).with_padding(padding).with_ceil_mode(ceil);
    max_pool2d(input, options)
}

/// Windows along a side; as in PyTorch, none starts in the padding behind the input.
#[cfg(feature = "flex")]
fn windows(length: usize, kernel: usize, stride: usize, padding: usize, ceil: bool) -> usize {
    let Some(reach) = (length + 2 * padding).checked_sub(kernel) else {
        return usize::from(ceil);
    };
    let count = if ceil { reach.div_ceil(stride) } else { reach / stride } + 1;
    if ceil && (count - 1) * stride >= length + padding { count - 1 } else { count }
}

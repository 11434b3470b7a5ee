//! Affine map in the browser, on its own matrix product.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, backend_extension};

use super::buffer::{contiguous, dims, tensor, values};
use super::matrix::{Matrix, Spread, Update, multiply};

/// Affine map.
#[backend_extension(Flex)]
pub trait LinearKernel: Backend {
    /// `input` `[rows, in]` times `weight` `[in, out]`, plus `bias` `[out]`.
    fn linear_forward(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl LinearKernel for Flex {
    fn linear_forward(input: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let (input, weight, bias) = (contiguous(input), contiguous(weight), contiguous(bias));
        let [rows, features_in] = dims(&input);
        let [_, features_out] = dims(&weight);
        let mut output = values(&bias).repeat(rows);
        multiply(
            (&mut output, features_out),
            Matrix::new(values(&input), rows, features_in, features_in),
            Matrix::new(values(&weight), features_in, features_out, features_out),
            Update::Add,
            Spread::OneThread,
        );
        tensor(output, [rows, features_out])
    }
}

//! Safe front of the `gemm` crate.

use super::parallel;

/// A matrix inside a slice.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `rows` rows of `columns` values, each starting `row_stride` after the one before.
    pub fn new(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        Self { values, rows, columns, row_stride, column_stride: 1 }
    }

    /// The transpose, without moving a value.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// Height.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Width.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The values from a place on, and how far apart rows and columns are.
    #[cfg(any(test, target_arch = "wasm32"))]
    pub fn from(&self, row: usize, column: usize) -> (&'a [f32], usize, usize) {
        let start = row * self.row_stride + column * self.column_stride;
        (&self.values[start..], self.row_stride, self.column_stride)
    }

    fn last_index(&self) -> usize {
        (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride
    }
}

/// What happens to what the output holds.
#[derive(Clone, Copy, PartialEq)]
pub enum Update {
    /// It is overwritten.
    Assign,
    /// The product is added to it.
    Add,
}

/// Who computes a product.
#[derive(Clone, Copy, PartialEq)]
pub enum Spread {
    /// This thread alone, as one of several that do the same.
    OneThread,
    /// The whole pool.
    AllThreads,
}

impl Spread {
    /// All threads if there are fewer independent `units` of work than threads.
    pub fn for_units(units: usize) -> Self {
        if units < parallel::threads() { Self::AllThreads } else { Self::OneThread }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn parallelism(self) -> gemm::Parallelism {
        match self {
            #[cfg(feature = "threads")]
            Self::AllThreads => gemm::Parallelism::Rayon(0),
            _ => gemm::Parallelism::None,
        }
    }
}

/// `left · right` into the rows of `output`, which start `row_stride` apart.
pub fn multiply(
    (output, row_stride): (&mut [f32], usize),
    left: Matrix,
    right: Matrix,
    update: Update,
    spread: Spread,
) {
    assert_eq!(left.columns, right.rows, "inner dimensions of a matrix product");
    if left.rows == 0 || right.columns == 0 {
        return;
    }
    let written = (left.rows - 1) * row_stride + right.columns;
    assert!(right.columns <= row_stride || left.rows == 1, "output rows overlap");
    assert!(written <= output.len(), "output of a matrix product is too short");
    if left.columns == 0 {
        return;
    }
    assert!(left.last_index() < left.values.len(), "left operand is too short");
    assert!(right.last_index() < right.values.len(), "right operand is too short");
    #[cfg(target_arch = "wasm32")]
    {
        let _ = spread;
        super::product::multiply_packed((output, row_stride), left, right, update);
    }
    #[cfg(not(target_arch = "wasm32"))]
    // SAFETY: the assertions above bound every index that rows, columns and strides can reach, and
    // `output` is borrowed mutably, so it overlaps neither operand nor (rows apart) itself.
    unsafe {
        gemm::gemm(
            left.rows,
            right.columns,
            left.columns,
            output.as_mut_ptr(),
            1,
            row_stride as isize,
            update == Update::Add,
            left.values.as_ptr(),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr(),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            spread.parallelism(),
        );
    }
}

//! How a convolution is cut into matrix products that fit the cache.

use std::ops::Range;

use super::super::geometry::Geometry;
use super::super::matrix::Matrix;
use super::super::{parallel, scratch};
use super::columns;

/// Floats the columns of one tile may take: half of a megabyte stays in the second-level cache.
const TILE_FLOATS: usize = 1 << 17;
/// A matrix product with fewer columns than this spends its time on packing the weights.
const TILE_POSITIONS_MIN: usize = 192;
/// More positions than this do not make the product any faster.
const TILE_POSITIONS_MAX: usize = 4096;

/// How the output is cut: into units of whole images, a unit of one image into tiles of rows.
pub struct Tiling {
    /// Images in a unit; the last unit may have fewer.
    pub images_per_unit: usize,
    rows_per_tile: usize,
}

impl Tiling {
    /// Tiles whose columns fit the cache, and at least one unit per thread if there are images enough.
    pub fn new(geometry: &Geometry) -> Self {
        let positions =
            (TILE_FLOATS / geometry.depth().max(1)).clamp(TILE_POSITIONS_MIN, TILE_POSITIONS_MAX);
        let images = (positions / geometry.output_plane().max(1)).max(1);
        let images_per_thread = geometry.batch.div_ceil(parallel::threads());
        let images_per_unit = images.min(images_per_thread).max(1);
        let whole = images_per_unit > 1 || geometry.is_pointwise();
        let rows_per_tile = if whole {
            geometry.output[0]
        } else {
            (positions / geometry.output[1]).clamp(1, geometry.output[0])
        };
        Self { images_per_unit, rows_per_tile }
    }

    /// Independent pieces of work.
    pub fn units(&self, geometry: &Geometry) -> usize {
        geometry.batch.div_ceil(self.images_per_unit)
    }

    /// The tiles of a unit of so many images.
    pub fn tiles<'a>(
        &self,
        geometry: &'a Geometry,
        images: usize,
    ) -> impl Iterator<Item = Tile<'a>> {
        let rows = self.rows_per_tile;
        let height = geometry.output[0];
        (0..height).step_by(rows).map(move |first| Tile {
            geometry,
            images,
            rows: first..height.min(first + rows),
        })
    }
}

/// Some rows of one image, or all rows of several.
pub struct Tile<'a> {
    /// Sizes of the convolution.
    pub geometry: &'a Geometry,
    /// Images of the unit.
    pub images: usize,
    /// Rows of the output.
    pub rows: Range<usize>,
}

impl Tile<'_> {
    /// Output positions of the tile in one image.
    pub fn positions_per_image(&self) -> usize {
        self.rows.len() * self.geometry.output[1]
    }

    /// Output positions of the tile.
    pub fn positions(&self) -> usize {
        self.images * self.positions_per_image()
    }

    /// First position of the tile in a channel of the output.
    pub fn start(&self) -> usize {
        self.rows.start * self.geometry.output[1]
    }

    /// Hands `task` the columns of this tile of `input`, `[depth, positions]`.
    pub fn with_columns<R>(&self, input: &[f32], task: impl FnOnce(Matrix) -> R) -> R {
        let geometry = self.geometry;
        let (depth, positions) = (geometry.depth(), self.positions());
        if geometry.is_pointwise() {
            return with_merged(input, self.images, depth, geometry.input_plane(), task);
        }
        scratch::with(depth * positions, |columns| {
            columns::gather_columns(self, input, columns);
            task(Matrix::new(columns, depth, positions, positions))
        })
    }

    /// Hands `task` this tile of a tensor shaped like the output, `[channels out, positions]`.
    #[cfg(feature = "autodiff")]
    pub fn with_output_rows<R>(&self, output: &[f32], task: impl FnOnce(Matrix) -> R) -> R {
        let (channels, plane) = (self.geometry.channels_out, self.geometry.output_plane());
        if self.images == 1 {
            task(Matrix::new(&output[self.start()..], channels, self.positions(), plane))
        } else {
            with_merged(output, self.images, channels, plane, task)
        }
    }
}

/// Hands `task` the planes of several images side by side, `[channels, images × plane]`.
fn with_merged<R>(
    source: &[f32],
    images: usize,
    channels: usize,
    plane: usize,
    task: impl FnOnce(Matrix) -> R,
) -> R {
    if images == 1 {
        return task(Matrix::new(source, channels, plane, plane));
    }
    let width = images * plane;
    scratch::with(channels * width, |merged| {
        for (index, values) in source.chunks_exact(plane).enumerate() {
            let (image, channel) = (index / channels, index % channels);
            merged[channel * width + image * plane..][..plane].copy_from_slice(values);
        }
        task(Matrix::new(merged, channels, width, width))
    })
}

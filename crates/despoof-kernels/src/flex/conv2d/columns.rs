//! Between an image and the columns of its patches (im2col and its transpose).

use std::ops::{Range, RangeFrom};

use super::super::geometry::Geometry;
use super::tiling::Tile;

/// Copies the patches of a tile's positions into `[depth, positions]`, zeros where they overhang.
pub fn gather_columns(tile: &Tile, input: &[f32], columns: &mut [f32]) {
    let geometry = tile.geometry;
    let width = geometry.output[1];
    for_each_column_row(tile, |column_row, channel, image, [kernel_row, kernel_column]| {
        let plane = channel_plane(geometry, image, channel);
        let inside = geometry.columns_inside(kernel_column);
        let target = &mut columns[column_row][..tile.rows.len() * width];
        for (row, target) in tile.rows.clone().zip(target.chunks_exact_mut(width)) {
            let Some(input_row) = geometry.input_row(row, kernel_row) else {
                target.fill(0.0);
                continue;
            };
            target[..inside.start].fill(0.0);
            target[inside.end..].fill(0.0);
            if inside.is_empty() {
                continue;
            }
            let start = plane
                + input_row * geometry.input[1]
                + first_column(geometry, &inside, kernel_column);
            let target = &mut target[inside.clone()];
            match geometry.stride[1] {
                1 => target.copy_from_slice(&input[start..][..inside.len()]),
                stride => {
                    let source = input[start..].iter().step_by(stride);
                    for (value, source) in target.iter_mut().zip(source) {
                        *value = *source;
                    }
                }
            }
        }
    });
}

/// The transpose of [`gather_columns`]: adds `[depth, positions]` to the input positions it read.
#[cfg(feature = "autodiff")]
pub fn scatter_columns(tile: &Tile, columns: &[f32], gradient: &mut [f32]) {
    let geometry = tile.geometry;
    let width = geometry.output[1];
    for_each_column_row(tile, |column_row, channel, image, [kernel_row, kernel_column]| {
        let plane = channel_plane(geometry, image, channel);
        let inside = geometry.columns_inside(kernel_column);
        if inside.is_empty() {
            return;
        }
        let source = &columns[column_row][..tile.rows.len() * width];
        for (row, source) in tile.rows.clone().zip(source.chunks_exact(width)) {
            let Some(input_row) = geometry.input_row(row, kernel_row) else {
                continue;
            };
            let start = plane
                + input_row * geometry.input[1]
                + first_column(geometry, &inside, kernel_column);
            let source = &source[inside.clone()];
            match geometry.stride[1] {
                1 => {
                    for (value, addend) in gradient[start..][..source.len()].iter_mut().zip(source)
                    {
                        *value += addend;
                    }
                }
                stride => {
                    let target = gradient[start..].iter_mut().step_by(stride);
                    for (value, addend) in target.zip(source) {
                        *value += addend;
                    }
                }
            }
        }
    });
}

/// Calls `task(place in the columns, channel, image, tap)` for every row of the columns and image.
fn for_each_column_row(
    tile: &Tile,
    mut task: impl FnMut(RangeFrom<usize>, usize, usize, [usize; 2]),
) {
    let [kernel_height, kernel_width] = tile.geometry.kernel;
    for row in 0..tile.geometry.depth() {
        let (channel, tap) =
            (row / (kernel_height * kernel_width), row % (kernel_height * kernel_width));
        for image in 0..tile.images {
            let start = row * tile.positions() + image * tile.positions_per_image();
            task(start.., channel, image, [tap / kernel_width, tap % kernel_width]);
        }
    }
}

/// Where a channel of an image starts in the input of a unit.
fn channel_plane(geometry: &Geometry, image: usize, channel: usize) -> usize {
    (image * geometry.channels_in + channel) * geometry.input_plane()
}

/// The input column below tap `kernel_column` of the first output column inside.
fn first_column(geometry: &Geometry, inside: &Range<usize>, kernel_column: usize) -> usize {
    inside.start * geometry.stride[1] + kernel_column - geometry.padding[1]
}

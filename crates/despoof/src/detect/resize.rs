//! Resampling by area: every target pixel is the mean of the source pixels it touches, each with
//! the same weight (PyTorch's `interpolate(mode="area")`, that is adaptive average pooling).

use std::ops::Range;

use image::{Rgb, RgbImage};

/// A rectangle of pixels inside a picture, not empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Region {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Region {
    pub fn whole(picture: &RgbImage) -> Region {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Region { left: 0, top: 0, width, height }
    }
}

/// The photo with `width` × `height` pixels.
pub(super) fn reduced(photo: &RgbImage, width: u32, height: u32) -> RgbImage {
    let mut picture = RgbImage::new(width, height);
    let mut pixels = picture.pixels_mut();
    area_means(photo, Region::whole(photo), [width as usize, height as usize], |_, mean| {
        if let Some(pixel) = pixels.next() {
            *pixel = Rgb(mean.map(|value| (value + 0.5) as u8));
        }
    });
    picture
}

/// Writes a region with `size` (width, height) pixels as MTCNN wants it: `[3, height, width]`,
/// values from −1 to 1.
pub(super) fn write_network_input(
    picture: &RgbImage,
    region: Region,
    size: [usize; 2],
    values: &mut [f32],
) {
    let plane = size[0] * size[1];
    area_means(picture, region, size, |index, mean| {
        for (channel, value) in mean.into_iter().enumerate() {
            values[channel * plane + index] = (value - 127.5) * 0.007_812_5;
        }
    });
}

/// Calls `write` with index and mean colour (0 to 255) of every target pixel, row by row.
fn area_means(
    picture: &RgbImage,
    region: Region,
    [width, height]: [usize; 2],
    mut write: impl FnMut(usize, [f32; 3]),
) {
    let mut column_sums = vec![[0; 3]; region.width];
    for row in 0..height {
        let rows = source_range(row, region.height, height);
        sum_rows(picture, region, rows.clone(), &mut column_sums);
        for column in 0..width {
            let columns = source_range(column, region.width, width);
            let count = (rows.len() * columns.len()) as f32;
            write(row * width + column, sum(&column_sums[columns]).map(|sum| sum as f32 / count));
        }
    }
}

/// The source pixels that target pixel `index` touches along one axis.
fn source_range(index: usize, source: usize, target: usize) -> Range<usize> {
    index * source / target..((index + 1) * source).div_ceil(target)
}

fn sum_rows(picture: &RgbImage, region: Region, rows: Range<usize>, sums: &mut [[u32; 3]]) {
    sums.fill([0; 3]);
    let stride = picture.width() as usize * 3;
    for row in rows {
        let start = (region.top + row) * stride + region.left * 3;
        let pixels = picture.as_raw()[start..start + region.width * 3].chunks_exact(3);
        for (sum, pixel) in sums.iter_mut().zip(pixels) {
            for channel in 0..3 {
                sum[channel] += u32::from(pixel[channel]);
            }
        }
    }
}

fn sum(colours: &[[u32; 3]]) -> [u32; 3] {
    colours.iter().fold([0; 3], |sum, colour| std::array::from_fn(|k| sum[k] + colour[k]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_overlap_where_sides_do_not_divide() {
        let ranges: Vec<_> = (0..3).map(|index| source_range(index, 5, 3)).collect();
        assert_eq!(ranges, [0..2, 1..4, 3..5]);
    }

    #[test]
    fn enlarging_repeats_and_averages_neighbours() {
        let ranges: Vec<_> = (0..3).map(|index| source_range(index, 2, 3)).collect();
        assert_eq!(ranges, [0..1, 0..2, 1..2]);
    }

    #[test]
    fn reduction_is_the_mean_of_each_block() {
        let photo = RgbImage::from_fn(4, 2, |x, _| Rgb([(x * 10) as u8, 100, 0]));
        let picture = reduced(&photo, 2, 1);
        assert_eq!(picture.get_pixel(0, 0), &Rgb([5, 100, 0]));
        assert_eq!(picture.get_pixel(1, 0), &Rgb([25, 100, 0]));
    }
}

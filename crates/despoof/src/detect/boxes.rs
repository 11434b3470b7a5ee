//! Geometry of candidates. Coordinates are 1-based here and a box contains its right and bottom
//! edge, as in the MATLAB original; where facenet-pytorch forgets that, so does this.

use image::RgbImage;

use super::resize::Region;
use crate::align::Landmarks;

/// Left, top, right, bottom in pixels.
pub(super) type Bounds = [f32; 4];

/// What suppression needs to know.
pub(super) trait Scored {
    fn bounds(&self) -> Bounds;
    fn probability(&self) -> f32;
}

/// A box that may be a face, and the corrections that the last network proposes for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub bounds: Bounds,
    pub probability: f32,
    /// Corrections of the four bounds in box sides.
    pub offsets: [f32; 4],
}

impl Scored for Candidate {
    fn bounds(&self) -> Bounds {
        self.bounds
    }

    fn probability(&self) -> f32 {
        self.probability
    }
}

impl Candidate {
    /// Corrected by P-Net's offsets, which count in right − left.
    pub fn proposed(&self) -> Candidate {
        let [left, top, right, bottom] = self.bounds;
        self.moved_by([right - left, bottom - top])
    }

    /// Corrected by R-Net's or O-Net's offsets, which count in right − left + 1.
    pub fn corrected(&self) -> Candidate {
        self.moved_by(self.sides())
    }

    /// Grown around its middle to a square with the longer side.
    pub fn squared(&self) -> Candidate {
        let [left, top, right, bottom] = self.bounds;
        let (width, height) = (right - left, bottom - top);
        let side = width.max(height);
        let left = left + width * 0.5 - side * 0.5;
        let top = top + height * 0.5 - side * 0.5;
        Candidate { bounds: [left, top, left + side, top + side], ..*self }
    }

    /// The pixels of the picture in the box; `None` where it lies outside.
    pub fn region(&self, picture: &RgbImage) -> Option<Region> {
        let [left, top, right, bottom] = self.bounds.map(|bound| bound as i64);
        let (left, top) = (left.max(1) - 1, top.max(1) - 1);
        let right = right.min(i64::from(picture.width()));
        let bottom = bottom.min(i64::from(picture.height()));
        (right > left && bottom > top).then(|| Region {
            left: left as usize,
            top: top as usize,
            width: (right - left) as usize,
            height: (bottom - top) as usize,
        })
    }

    /// O-Net's five x and five y, in box sides, as points in 0-based pixels.
    pub fn landmarks(&self, coordinates: &[f32]) -> Landmarks {
        let [width, height] = self.sides();
        let [left, top, ..] = self.bounds;
        std::array::from_fn(|point| {
            let (x, y) = (coordinates[point], coordinates[5 + point]);
            [width * x + left - 1.0, height * y + top - 1.0]
        })
    }

    fn sides(&self) -> [f32; 2] {
        let [left, top, right, bottom] = self.bounds;
        [right - left + 1.0, bottom - top + 1.0]
    }

    fn moved_by(&self, [width, height]: [f32; 2]) -> Candidate {
        let sides = [width, height, width, height];
        let bounds = std::array::from_fn(|k| self.bounds[k] + self.offsets[k] * sides[k]);
        Candidate { bounds, ..*self }
    }
}

/// The `limit` most probable, most probable first.
pub(super) fn most_probable<T: Scored>(mut items: Vec<T>, limit: usize) -> Vec<T> {
    items.sort_by(|a, b| b.probability().total_cmp(&a.probability()));
    items.truncate(limit);
    items
}

/// Greedy non-maximum suppression, most probable first: an item goes when it overlaps a kept one by
/// more than `threshold`.
pub(super) fn suppressed<T: Scored>(
    items: Vec<T>,
    threshold: f32,
    overlap: fn(Bounds, Bounds) -> f32,
) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for item in most_probable(items, usize::MAX) {
        let overlaps = |better: &T| overlap(better.bounds(), item.bounds()) > threshold;
        if !kept.iter().any(overlaps) {
            kept.push(item);
        }
    }
    kept
}

/// Intersection over union, with sides as right − left.
pub(super) fn overlap_of_union(a: Bounds, b: Bounds) -> f32 {
    let intersection = intersection(a, b, 0.0);
    intersection / (area(a, 0.0) + area(b, 0.0) - intersection)
}

/// Intersection over the smaller area, with sides as right − left + 1: also finds a box inside a
/// larger one.
pub(super) fn overlap_of_smaller(a: Bounds, b: Bounds) -> f32 {
    intersection(a, b, 1.0) / area(a, 1.0).min(area(b, 1.0))
}

fn area([left, top, right, bottom]: Bounds, edge: f32) -> f32 {
    (right - left + edge) * (bottom - top + edge)
}

fn intersection(a: Bounds, b: Bounds, edge: f32) -> f32 {
    let width = a[2].min(b[2]) - a[0].max(b[0]) + edge;
    let height = a[3].min(b[3]) - a[1].max(b[1]) + edge;
    width.max(0.0) * height.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(bounds: Bounds, probability: f32) -> Candidate {
        Candidate { bounds, probability, offsets: [0.0; 4] }
    }

    #[test]
    fn suppression_keeps_the_most_probable_of_overlapping_boxes() {
        let weak = candidate([0.0, 0.0, 10.0, 10.0], 0.8);
        let strong = candidate([1.0, 0.0, 11.0, 10.0], 0.9);
        let apart = candidate([50.0, 50.0, 60.0, 60.0], 0.7);
        let kept = suppressed(vec![weak, strong, apart], 0.5, overlap_of_union);
        assert_eq!(kept, vec![strong, apart]);
    }

    #[test]
    fn a_small_box_inside_a_large_one_counts_only_for_the_smaller_area() {
        let (large, small) = ([0.0, 0.0, 99.0, 99.0], [10.0, 10.0, 19.0, 19.0]);
        assert!(overlap_of_union(large, small) < 0.02);
        assert_eq!(overlap_of_smaller(large, small), 1.0);
    }

    #[test]
    fn regions_are_clipped_and_boxes_outside_have_none() {
        let picture = RgbImage::new(30, 20);
        let region = candidate([-5.0, -5.0, 40.0, 9.9], 1.0).region(&picture);
        assert_eq!(region, Some(Region { left: 0, top: 0, width: 30, height: 9 }));
        assert_eq!(candidate([31.0, 0.0, 40.0, 10.0], 1.0).region(&picture), None);
        assert_eq!(candidate([f32::NAN; 4], 1.0).region(&picture), None);
    }

    #[test]
    fn squares_keep_the_middle() {
        let square = candidate([10.0, 10.0, 20.0, 30.0], 1.0).squared();
        assert_eq!(square.bounds, [5.0, 10.0, 25.0, 30.0]);
    }
}

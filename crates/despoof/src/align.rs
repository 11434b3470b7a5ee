//! Turns a face in a photo into a square crop of fixed size and pose: five landmarks, one
//! similarity (Umeyama 1991), one resampling.
//!
//! Coordinates are in pixels, x to the right, y down; an integer is the middle of a pixel.

use image::{Rgb, RgbImage};
use serde::{Deserialize, Serialize};

/// Left eye, right eye, nose, left and right mouth corner as seen in the picture; x, y in pixels.
pub type Landmarks = [[f32; 2]; 5];

/// More samples a side and pixel than this cost time and change nothing one sees.
const MOST_SAMPLES_PER_SIDE: usize = 16;

/// Where the five landmarks of an aligned face lie, as fractions of the crop's side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Fractions of the side, in the order of [`Landmarks`].
    pub points: Landmarks,
}

impl Template {
    /// The crop that AG-Net and the autoencoder see (authors' published code).
    pub const PIPELINE: Template = Template {
        points: [
            [0.3489, 0.2848],
            [0.6614, 0.2848],
            [0.4996, 0.4963],
            [0.3784, 0.7222],
            [0.6215, 0.7217],
        ],
    };

    /// The crop that ArcFace networks are trained on (Deng et al. 2019), given there for 112 pixels.
    pub const ARCFACE: Template = Template {
        points: [
            [38.3 / 112.0, 51.7 / 112.0],
            [73.5 / 112.0, 51.5 / 112.0],
            [56.0 / 112.0, 71.7 / 112.0],
            [41.5 / 112.0, 92.4 / 112.0],
            [70.7 / 112.0, 92.2 / 112.0],
        ],
    };

    /// The face with what is around it: the pipeline's crop seen from twice as far, so that a hand, the
    /// edge of a sheet or a bezel beside the face comes into view (docs/adr/0009).
    pub const CONTEXT: Template = Self::PIPELINE.seen_from(Self::CONTEXT_TIMES);

    /// How many times as wide as the pipeline's crop [`Template::CONTEXT`] is.
    pub const CONTEXT_TIMES: f32 = 2.0;

    /// The same crop, `times` as wide and high about its middle.
    const fn seen_from(mut self, times: f32) -> Template {
        let mut index = 0;
        while index < self.points.len() {
            let [x, y] = self.points[index];
            self.points[index] = [0.5 + (x - 0.5) / times, 0.5 + (y - 0.5) / times];
            index += 1;
        }
        self
    }

    /// The landmarks in pixels of a crop with `side` pixels a side.
    pub fn landmarks(&self, side: f32) -> Landmarks {
        self.points.map(|point| point.map(|fraction| fraction * side))
    }
}

/// A second, wider crop of the same face, for what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ContextCrop {
    /// Where the landmarks come to lie.
    pub template: Template,
    /// Side in pixels.
    pub side: u32,
}

impl Default for ContextCrop {
    fn default() -> Self {
        Self { template: Template::CONTEXT, side: 112 }
    }
}

/// A face as the networks see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Crops {
    /// Upright and to scale, the face alone: what is identified, drawn anew and compared.
    pub aligned: RgbImage,
    /// The face from farther away, for networks that look at it.
    pub context: Option<RgbImage>,
}

/// Rotation, uniform scale and shift. Scale is always positive and finite, so it can be inverted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Scale times cosine of the angle.
    cosine: f32,
    /// Scale times sine of the angle.
    sine: f32,
    shift: [f32; 2],
}

impl Similarity {
    /// Maps a point.
    pub fn apply(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [
            self.cosine * x - self.sine * y + self.shift[0],
            self.sine * x + self.cosine * y + self.shift[1],
        ]
    }

    /// Length in the target of a length of 1 in the source.
    pub fn scale(&self) -> f32 {
        self.cosine.hypot(self.sine)
    }

    /// The map back.
    pub fn inverse(&self) -> Similarity {
        let square = self.cosine * self.cosine + self.sine * self.sine;
        let (cosine, sine) = (self.cosine / square, -self.sine / square);
        let [x, y] = self.shift;
        Similarity { cosine, sine, shift: [sine * y - cosine * x, -sine * x - cosine * y] }
    }
}

/// The similarity without reflection that brings `from` closest to `to` in least squares
/// (Umeyama 1991; closed form in two dimensions).
///
/// Points that determine no scale (they coincide, or are not finite) give a scale of 1 without
/// rotation.
pub fn similarity_from_points(from: &Landmarks, to: &Landmarks) -> Similarity {
    let (from_middle, to_middle) = (middle(from), middle(to));
    let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
    for (source, target) in from.iter().zip(to) {
        let [px, py] = difference(*source, from_middle);
        let [qx, qy] = difference(*target, to_middle);
        along += px * qx + py * qy;
        across += px * qy - py * qx;
        spread += px * px + py * py;
    }
    let (mut cosine, mut sine) = (along / spread, across / spread);
    // The inverse divides by the square of the scale.
    if !((cosine * cosine + sine * sine) as f32).is_normal() {
        (cosine, sine) = (1.0, 0.0);
    }
    let [x, y] = from_middle;
    let shift = [to_middle[0] - (cosine * x - sine * y), to_middle[1] - (sine * x + cosine * y)];
    Similarity { cosine: cosine as f32, sine: sine as f32, shift: shift.map(|value| value as f32) }
}

/// The square crop of `size` pixels a side in which `landmarks` of the photo lie on `template`.
///
/// Bilinear; where the photo is reduced, every crop pixel is the mean of n × n bilinear samples,
/// n the reduction rounded to the nearest integer (below 1.5: one sample), so that fine texture is
/// averaged and not aliased. Beyond the border the photo's outermost pixels are repeated. An empty
/// photo gives a black crop.
pub fn aligned_from_photo(
    photo: &RgbImage,
    landmarks: &Landmarks,
    template: &Template,
    size: u32,
) -> RgbImage {
    let crop_from_photo = similarity_from_points(landmarks, &template.landmarks(size as f32));
    let photo_from_crop = crop_from_photo.inverse();
    let mut crop = RgbImage::new(size, size);
    if photo.width() == 0 || photo.height() == 0 {
        return crop;
    }
    let samples = sample_offsets(photo_from_crop.scale());
    for (row, pixels) in crop.rows_mut().enumerate() {
        for (column, pixel) in pixels.enumerate() {
            *pixel = mean_of_samples(photo, &photo_from_crop, &samples, [column, row]);
        }
    }
    crop
}

/// How much of the aligned crop's square lies inside a photo of `width` × `height` pixels, 0 to 1.
pub fn share_inside(landmarks: &Landmarks, template: &Template, width: u32, height: u32) -> f32 {
    let photo_from_unit = similarity_from_points(landmarks, &template.points).inverse();
    let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let mut polygon: Vec<[f32; 2]> = square.map(|corner| photo_from_unit.apply(corner)).into();
    let whole = area(&polygon);
    for (axis, limit) in [(0, width), (1, height)] {
        polygon = clipped(&polygon, |point| point[axis]);
        polygon = clipped(&polygon, |point| limit as f32 - point[axis]);
    }
    let share = area(&polygon) / whole;
    if share.is_finite() { share.clamp(0.0, 1.0) as f32 } else { 0.0 }
}

fn middle(points: &Landmarks) -> [f64; 2] {
    [0, 1].map(|axis| points.iter().map(|point| f64::from(point[axis])).sum::<f64>() / 5.0)
}

fn difference(point: [f32; 2], origin: [f64; 2]) -> [f64; 2] {
    [f64::from(point[0]) - origin[0], f64::from(point[1]) - origin[1]]
}

/// Sample positions along one axis relative to the middle of a crop pixel.
fn sample_offsets(reduction: f32) -> Vec<f32> {
    let count = (reduction.round() as usize).clamp(1, MOST_SAMPLES_PER_SIDE);
    (0..count).map(|index| (index as f32 + 0.5) / count as f32 - 0.5).collect()
}

fn mean_of_samples(
    photo: &RgbImage,
    photo_from_crop: &Similarity,
    offsets: &[f32],
    [column, row]: [usize; 2],
) -> Rgb<u8> {
    let mut sum = [0.0; 3];
    for dy in offsets {
        for dx in offsets {
            let position = photo_from_crop.apply([column as f32 + dx, row as f32 + dy]);
            add_bilinear(photo, position, &mut sum);
        }
    }
    let count = (offsets.len() * offsets.len()) as f32;
    Rgb(sum.map(|value| (value / count + 0.5) as u8))
}

/// Adds the bilinear sample at `position` to `sum`; the position is moved into the photo first.
fn add_bilinear(photo: &RgbImage, [x, y]: [f32; 2], sum: &mut [f32; 3]) {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let x = x.clamp(0.0, (width - 1) as f32);
    let y = y.clamp(0.0, (height - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (to_right, to_bottom) = (x - left as f32, y - top as f32);
    let pixels = photo.as_raw();
    let corner = |column: usize, row: usize| {
        let start = (row * width + column) * 3;
        &pixels[start..start + 3]
    };
    let (top_left, top_right) = (corner(left, top), corner(right, top));
    let (bottom_left, bottom_right) = (corner(left, bottom), corner(right, bottom));
    for channel in 0..3 {
        let upper = mix(top_left[channel], top_right[channel], to_right);
        let lower = mix(bottom_left[channel], bottom_right[channel], to_right);
        sum[channel] += upper + (lower - upper) * to_bottom;
    }
}

fn mix(from: u8, to: u8, share: f32) -> f32 {
    f32::from(from) + (f32::from(to) - f32::from(from)) * share
}

/// The part of a convex polygon where `inside` is not negative (Sutherland and Hodgman 1974).
fn clipped(polygon: &[[f32; 2]], inside: impl Fn([f32; 2]) -> f32) -> Vec<[f32; 2]> {
    let mut kept = Vec::with_capacity(polygon.len() + 1);
    for (index, &point) in polygon.iter().enumerate() {
        let next = polygon[(index + 1) % polygon.len()];
        let (here, there) = (inside(point), inside(next));
        if here >= 0.0 {
            kept.push(point);
        }
        if (here >= 0.0) != (there >= 0.0) {
            let share = here / (here - there);
            kept.push([0, 1].map(|axis| point[axis] + (next[axis] - point[axis]) * share));
        }
    }
    kept
}

/// Area of a convex polygon (shoelace formula); double precision, for the terms cancel.
fn area(polygon: &[[f32; 2]]) -> f64 {
    let corners = polygon.iter().zip(polygon.iter().cycle().skip(1));
    let cross = |(a, b): (&[f32; 2], &[f32; 2])| {
        f64::from(a[0]) * f64::from(b[1]) - f64::from(a[1]) * f64::from(b[0])
    };
    corners.map(cross).sum::<f64>().abs() / 2.0
}

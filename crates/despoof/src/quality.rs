//! How good a frame is for a check: where the face is, how it is turned, how bright and how sharp it is.
//! Measures only; what is good enough is decided where people can be told what to do about it.

use image::RgbImage;
use serde::Serialize;

use crate::align::Landmarks;
use crate::detect::Face;

/// Where the nose of a frontal face lies between eyes (0) and mouth (1): the pipeline's template.
const FRONTAL_NOSE: f32 = (0.4963 - 0.2848) / (0.722 - 0.2848);

/// What a frame shows of its largest face.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FrameQuality {
    /// Height of the face's box, as a share of the frame's height.
    pub size: f32,
    /// Middle of the box in x and y, as shares of the frame's width and height.
    pub centre: [f32; 2],
    /// Share of the aligned crop that lies inside the frame, 0 to 1.
    pub inside: f32,
    /// How far the head leans to a shoulder, in degrees; 0 is upright.
    pub roll: f32,
    /// How far the nose lies beside the middle of the eyes, in distances of the eyes; 0 is frontal.
    pub yaw: f32,
    /// How far the nose lies below (positive) or above its place between eyes and mouth in a frontal
    /// face, as a share of their distance.
    pub pitch: f32,
    /// Mean brightness of the aligned crop (Rec. 601), 0 to 1.
    pub luminance: f32,
    /// Variance of the Laplacian of the aligned crop's brightness, of values from 0 to 255
    /// (Pech-Pacheco et al. 2000). A small face is enlarged by the crop and so counts as blurred.
    pub sharpness: f32,
}

/// Measures a face; `aligned` is its crop as the networks see it.
pub fn frame_quality(frame: &RgbImage, face: &Face, aligned: &RgbImage) -> FrameQuality {
    let [width, height] = [frame.width(), frame.height()];
    let [left, top, right, bottom] = face.box_;
    let pose = Pose::from_landmarks(&face.landmarks);
    let brightness = Brightness::of(aligned);
    FrameQuality {
        size: (bottom - top) / height as f32,
        centre: [(left + right) / 2.0 / width as f32, (top + bottom) / 2.0 / height as f32],
        inside: face.inside(width, height),
        roll: pose.roll,
        yaw: pose.yaw,
        pitch: pose.pitch,
        luminance: brightness.mean() / 255.0,
        sharpness: brightness.variance_of_laplacian(),
    }
}

/// How the head is turned, estimated from five points.
struct Pose {
    roll: f32,
    yaw: f32,
    pitch: f32,
}

impl Pose {
    fn from_landmarks(&[left_eye, right_eye, nose, left_mouth, right_mouth]: &Landmarks) -> Self {
        let eyes = middle(left_eye, right_eye);
        let [across_x, across_y] = difference(right_eye, left_eye);
        // Faces whose eyes fall together have no direction; the smallest number keeps the rest finite.
        let distance = across_x.hypot(across_y).max(f32::MIN_POSITIVE);
        let across = [across_x / distance, across_y / distance];
        let down = [-across[1], across[0]];
        let along = |axis: [f32; 2], [x, y]: [f32; 2]| (axis[0] * x + axis[1] * y) / distance;
        let nose = difference(nose, eyes);
        let mouth = difference(middle(left_mouth, right_mouth), eyes);
        let mouth_below = along(down, mouth).max(f32::EPSILON);
        Self {
            roll: across_y.atan2(across_x).to_degrees(),
            yaw: along(across, nose),
            pitch: along(down, nose) / mouth_below - FRONTAL_NOSE,
        }
    }
}

fn middle(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]
}

fn difference(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

/// A picture's brightness, row by row, 0 to 255.
struct Brightness {
    values: Vec<f32>,
    width: usize,
}

impl Brightness {
    /// Rec. 601.
    fn of(picture: &RgbImage) -> Self {
        let luma = |image::Rgb([red, green, blue]): &image::Rgb<u8>| {
            0.299 * f32::from(*red) + 0.587 * f32::from(*green) + 0.114 * f32::from(*blue)
        };
        Self { values: picture.pixels().map(luma).collect(), width: picture.width() as usize }
    }

    fn mean(&self) -> f32 {
        self.values.iter().sum::<f32>() / self.values.len().max(1) as f32
    }

    /// Of all pixels that have four neighbours; 0 where there are none.
    fn variance_of_laplacian(&self) -> f32 {
        let height = self.values.len() / self.width.max(1);
        let [mut sum, mut sum_of_squares, mut count] = [0.0_f64; 3];
        for y in 1..height.saturating_sub(1) {
            for x in 1..self.width.saturating_sub(1) {
                let at = y * self.width + x;
                let neighbours = self.values[at - 1]
                    + self.values[at + 1]
                    + self.values[at - self.width]
                    + self.values[at + self.width];
                let laplacian = f64::from(neighbours - 4.0 * self.values[at]);
                sum += laplacian;
                sum_of_squares += laplacian * laplacian;
                count += 1.0;
            }
        }
        let count = count.max(1.0);
        (sum_of_squares / count - (sum / count).powi(2)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Template;

    fn picture(brightness: impl Fn(u32, u32) -> u8) -> RgbImage {
        RgbImage::from_fn(16, 16, |x, y| image::Rgb([brightness(x, y); 3]))
    }

    fn sharpness(brightness: impl Fn(u32, u32) -> u8) -> f32 {
        Brightness::of(&picture(brightness)).variance_of_laplacian()
    }

    fn rotated(points: Landmarks, degrees: f32) -> Landmarks {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        points.map(|[x, y]| [cosine * x - sine * y, sine * x + cosine * y])
    }

    #[test]
    fn a_frontal_face_is_not_turned() {
        let pose = Pose::from_landmarks(&Template::PIPELINE.points);
        assert!(pose.roll.abs() < 0.1 && pose.yaw.abs() < 0.03 && pose.pitch.abs() < 0.01);
    }

    #[test]
    fn leaning_is_roll_and_nothing_else() {
        let upright = Pose::from_landmarks(&Template::PIPELINE.points);
        let leaning = Pose::from_landmarks(&rotated(Template::PIPELINE.points, 20.0));
        assert!((leaning.roll - upright.roll - 20.0).abs() < 0.01);
        assert!((leaning.yaw - upright.yaw).abs() < 1e-4);
        assert!((leaning.pitch - upright.pitch).abs() < 1e-4);
    }

    #[test]
    fn a_nose_to_the_side_is_yaw_and_one_further_down_is_pitch() {
        let mut points = Template::PIPELINE.points;
        points[2][0] += 0.1;
        assert!(Pose::from_landmarks(&points).yaw > 0.25);
        points[2] = [0.4996, 0.6];
        assert!(Pose::from_landmarks(&points).pitch > 0.2);
    }

    #[test]
    fn points_that_fall_together_stay_finite() {
        let pose = Pose::from_landmarks(&[[1.0, 1.0]; 5]);
        assert!(pose.roll.is_finite() && pose.yaw.is_finite() && pose.pitch.is_finite());
    }

    #[test]
    fn an_edge_is_sharp_and_a_ramp_is_not() {
        let edge = sharpness(|x, _| if x < 8 { 0 } else { 255 });
        let blurred = sharpness(|x, _| (x.saturating_sub(4) * 32).min(255) as u8);
        assert!(edge > 10.0 * blurred && blurred > 1.0);
        assert!(sharpness(|x, _| (x * 10) as u8) < 1e-3);
    }

    /// The Laplacian is −4·100 at the point, 100 at its four neighbours, 0 at the other 191 of 196 places.
    #[test]
    fn known_value_of_a_bright_point() {
        let point = sharpness(|x, y| if (x, y) == (8, 8) { 100 } else { 0 });
        let expected = (400.0_f32.powi(2) + 4.0 * 100.0_f32.powi(2)) / 196.0;
        assert!((point - expected).abs() < 0.01 * expected);
    }

    #[test]
    fn a_face_is_measured_in_shares_of_its_frame() {
        let frame = RgbImage::from_pixel(200, 100, image::Rgb([51; 3]));
        let face = Face {
            box_: [80.0, 30.0, 120.0, 80.0],
            probability: 1.0,
            landmarks: Template::PIPELINE.landmarks(40.0).map(|[x, y]| [x + 80.0, y + 30.0]),
        };
        let quality = frame_quality(&frame, &face, &frame);
        assert_eq!(quality.size, 0.5);
        assert_eq!(quality.centre, [0.5, 0.55]);
        assert_eq!(quality.inside, 1.0);
        assert!((quality.luminance - 0.2).abs() < 1e-5);
        assert!(quality.sharpness < 1e-3);
    }
}

//! Central projection of a flat medium into the camera's frame.

use serde::{Deserialize, Serialize};

/// A point in pixels: `[x, y]`, the upper left pixel's centre at `[0.5, 0.5]`.
pub type Point = [f32; 2];

/// A projective map of the plane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Homography {
    /// Row by row.
    rows: [[f64; 3]; 3],
}

impl Homography {
    /// The plane as `pose` shows it: from photo pixels to frame pixels, for photo and frame of
    /// `width × height`.
    pub(crate) fn from_pose(pose: &Pose, width: f32, height: f32) -> Self {
        let size = f64::from(width.max(height));
        let (centre_x, centre_y) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
        let plane_from_photo = Self {
            rows: [
                [1.0 / size, 0.0, -centre_x / size],
                [0.0, 1.0 / size, -centre_y / size],
                [0.0, 0.0, 1.0],
            ],
        };
        let frame_from_plane = Self { rows: pose.projection() };
        let pixels_from_frame = Self {
            rows: [
                [size, 0.0, centre_x + f64::from(pose.shift[0]) * size],
                [0.0, size, centre_y + f64::from(pose.shift[1]) * size],
                [0.0, 0.0, 1.0],
            ],
        };
        pixels_from_frame.after(&frame_from_plane.after(&plane_from_photo))
    }

    /// `first`, then `self`.
    fn after(&self, first: &Self) -> Self {
        let rows = self.rows.map(|row| {
            std::array::from_fn(|column| (0..3).map(|k| row[k] * first.rows[k][column]).sum())
        });
        Self { rows }
    }

    /// The map back. A pose turned less than 90° away always has one.
    pub(crate) fn inverse(&self) -> Self {
        let [a, b, c] = self.rows;
        let cross = |u: [f64; 3], v: [f64; 3]| {
            [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
        };
        let (x, y, z) = (cross(b, c), cross(c, a), cross(a, b));
        let determinant = a[0] * x[0] + a[1] * x[1] + a[2] * x[2];
        let rows = std::array::from_fn(|i| [x[i], y[i], z[i]].map(|v| v / determinant));
        Self { rows }
    }

    /// Where `point` goes.
    pub(crate) fn apply(&self, [x, y]: Point) -> Point {
        let (x, y) = (f64::from(x), f64::from(y));
        let [u, v, w] = self.rows.map(|row| row[0] * x + row[1] * y + row[2]);
        [(u / w) as f32, (v / w) as f32]
    }
}

/// How a plane stands before the camera. Lengths are in units of the frame's longer side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Rotation in the image plane, radians.
    pub roll: f32,
    /// Turn about the upright axis, radians: one side comes nearer.
    pub yaw: f32,
    /// Turn about the lying axis, radians: top or bottom comes nearer.
    pub pitch: f32,
    /// Size in the frame: 1 fills it, less shows what is around.
    pub scale: f32,
    /// Offset of the plane's centre from the frame's.
    pub shift: [f32; 2],
    /// Distance from the camera; the smaller, the stronger the perspective.
    pub distance: f32,
}

impl Pose {
    /// Rows of the projection of plane coordinates: two columns of the rotation and the way to the
    /// camera, divided so that the plane's centre keeps its scale.
    fn projection(&self) -> [[f64; 3]; 3] {
        let [roll, yaw, pitch, scale, distance] =
            [self.roll, self.yaw, self.pitch, self.scale, self.distance].map(f64::from);
        let ((sr, cr), (sy, cy), (sp, cp)) = (roll.sin_cos(), yaw.sin_cos(), pitch.sin_cos());
        // Columns of Rx(pitch) · Ry(yaw) · Rz(roll) that meet the plane's x and y.
        let x = [cy * cr, cp * sr + sp * sy * cr, sp * sr - cp * sy * cr];
        let y = [-cy * sr, cp * cr - sp * sy * sr, sp * cr + cp * sy * sr];
        [
            [x[0] * scale, y[0] * scale, 0.0],
            [x[1] * scale, y[1] * scale, 0.0],
            [x[2] * scale / distance, y[2] * scale / distance, 1.0],
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSE: Pose =
        Pose { roll: 0.1, yaw: 0.3, pitch: -0.2, scale: 0.8, shift: [0.05, -0.02], distance: 2.0 };

    #[test]
    fn the_inverse_leads_back() {
        let map = Homography::from_pose(&POSE, 640.0, 480.0);
        for point in [[0.0, 0.0], [640.0, 480.0], [100.5, 333.0]] {
            let back = map.inverse().apply(map.apply(point));
            assert!((back[0] - point[0]).abs() < 1e-2 && (back[1] - point[1]).abs() < 1e-2);
        }
    }

    #[test]
    fn the_centre_moves_by_the_shift_alone() {
        let [x, y] = Homography::from_pose(&POSE, 640.0, 480.0).apply([320.0, 240.0]);
        assert!((x - 352.0).abs() < 1e-3 && (y - 227.2).abs() < 1e-3);
    }

    #[test]
    fn a_frontal_plane_of_scale_one_is_the_frame() {
        let pose =
            Pose { roll: 0.0, yaw: 0.0, pitch: 0.0, scale: 1.0, shift: [0.0; 2], distance: 2.0 };
        let [x, y] = Homography::from_pose(&pose, 64.0, 48.0).apply([3.0, 40.0]);
        assert!((x - 3.0).abs() < 1e-4 && (y - 40.0).abs() < 1e-4);
    }
}

//! The way of a point from the live photo into the attack photo, and back.

use serde::{Deserialize, Serialize};

use crate::{
    bend::Bend,
    perspective::{Homography, Point, Pose},
};

/// Maps points of the live photo to the picture made from it: bend, then central projection.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    size: [f32; 2],
    bend: Option<Bend>,
    frame_from_photo: Homography,
    photo_from_frame: Homography,
}

impl Transform {
    pub(crate) fn new(pose: &Pose, bend: Option<Bend>, size: [f32; 2]) -> Self {
        let frame_from_photo = Homography::from_pose(pose, size[0], size[1]);
        Self { size, bend, frame_from_photo, photo_from_frame: frame_from_photo.inverse() }
    }

    /// Where a point of the live photo (such as a landmark) is in the new picture. Pixels, counted from
    /// the picture's corner and not from the middle of its first pixel ([`Point`]); the result may lie
    /// outside of the frame.
    #[must_use]
    pub fn apply(&self, point: Point) -> Point {
        let bent = match &self.bend {
            Some(bend) => self.pixels_from_sheet(bend.apply(self.sheet_from_pixels(point))),
            None => point,
        };
        self.frame_from_photo.apply(bent)
    }

    /// The point of the live photo that is seen at `point` of the new picture; none where a bent
    /// sheet has turned out of sight. The result may lie outside of the photo.
    #[must_use]
    pub fn invert(&self, point: Point) -> Option<Point> {
        let flat = self.photo_from_frame.apply(point);
        match &self.bend {
            Some(bend) => {
                bend.invert(self.sheet_from_pixels(flat)).map(|point| self.pixels_from_sheet(point))
            }
            None => Some(flat),
        }
    }

    /// Photo pixels that one frame pixel spans at the frame's centre: geometric mean of both
    /// directions.
    pub(crate) fn photo_pixels_per_frame_pixel(&self) -> f32 {
        let [x, y] = [self.size[0] / 2.0, self.size[1] / 2.0];
        let around = [[x - 0.5, y], [x + 0.5, y], [x, y - 0.5], [x, y + 0.5]];
        let [Some(left), Some(right), Some(top), Some(bottom)] =
            around.map(|point| self.invert(point))
        else {
            return 1.0;
        };
        let (u, v) =
            ([right[0] - left[0], right[1] - left[1]], [bottom[0] - top[0], bottom[1] - top[1]]);
        (u[0] * v[1] - u[1] * v[0]).abs().sqrt().max(1e-3)
    }

    /// From photo pixels to sheet coordinates: from the photo's centre, in its longer side.
    pub(crate) fn sheet_from_pixels(&self, [x, y]: Point) -> [f32; 2] {
        let longer = self.size[0].max(self.size[1]);
        [(x - self.size[0] / 2.0) / longer, (y - self.size[1] / 2.0) / longer]
    }

    fn pixels_from_sheet(&self, [x, y]: [f32; 2]) -> Point {
        let longer = self.size[0].max(self.size[1]);
        [x * longer + self.size[0] / 2.0, y * longer + self.size[1] / 2.0]
    }

    /// Half the photo's width and height in sheet coordinates; the larger is 0.5.
    pub(crate) fn half_extent(&self) -> [f32; 2] {
        half_extent(self.size)
    }
}

/// Half of a photo's width and height in its longer side.
pub(crate) fn half_extent(size: [f32; 2]) -> [f32; 2] {
    let longer = size[0].max(size[1]);
    size.map(|side| side / longer / 2.0)
}

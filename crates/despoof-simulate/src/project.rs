//! The medium before the lens: for every sensor pixel, the light that comes from that direction.

use crate::{
    background::Background,
    edges::{Edge, Region},
    fingers::Finger,
    linear::{Colour, LinearImage, zip},
    print::PrintSurface,
    screen::ScreenSurface,
    transform::Transform,
};

/// What the presented photo is shown by.
pub(crate) enum Surface<'a> {
    /// Nothing: the photo stands for the live scene.
    Live,
    /// Ink on paper.
    Print(PrintSurface<'a>),
    /// Pixels behind glass.
    Screen(ScreenSurface<'a>),
}

/// What is in front of the camera.
pub(crate) struct Scene<'a> {
    /// The photo as it is presented; may be smaller than the live photo.
    pub(crate) copy: &'a LinearImage,
    /// Size of the live photo and of the frame, pixels.
    pub(crate) size: [f32; 2],
    /// From the live photo to the frame.
    pub(crate) transform: &'a Transform,
    /// The medium's outline.
    pub(crate) edge: &'a Edge,
    /// Fingers before it.
    pub(crate) fingers: &'a [Finger],
    /// What shows the photo.
    pub(crate) surface: Surface<'a>,
    /// What is behind, with its shadow, where an edge is in the frame.
    pub(crate) background: Option<(&'a Background, &'a LinearImage)>,
}

/// Light at the sensor.
pub(crate) struct Projected {
    /// Without microstructure.
    pub(crate) light: LinearImage,
    /// Factor of the medium's microstructure, which is blurred already.
    pub(crate) structure: Option<Vec<Colour>>,
}

/// What one sensor pixel sees, gathered over its subpixels.
#[derive(Default)]
struct Seen {
    /// Sum of presented colours.
    shown: Colour,
    /// Subpixels that see the photo or its margin.
    count: f32,
    /// Sum of other light.
    other: Colour,
    /// Subpixels that see something else.
    others: f32,
}

impl Seen {
    fn add_shown(&mut self, colour: Colour) {
        self.shown = zip(self.shown, colour, |a, b| a + b);
        self.count += 1.0;
    }

    fn add_other(&mut self, light: Colour) {
        self.other = zip(self.other, light, |a, b| a + b);
        self.others += 1.0;
    }

    /// Whether an outline passes through the pixel.
    fn edge(&self) -> bool {
        self.count > 0.0 && self.others > 0.0
    }
}

/// Subpixels per direction where an outline passes through a sensor pixel.
const EDGE_SUBPIXELS: usize = 5;

impl Scene<'_> {
    /// Stops by which automatic exposure, misled by what is around, overshoots.
    pub(crate) fn overexposure(&self) -> f32 {
        match &self.surface {
            Surface::Screen(screen) => screen.overexposure(),
            Surface::Live | Surface::Print(_) => 0.0,
        }
    }

    /// The scene on a sensor of `width × height` pixels.
    pub(crate) fn project(&self, width: usize, height: usize) -> Projected {
        let step = [self.size[0] / width as f32, self.size[1] / height as f32];
        let subpixels = self.subpixels(step);
        let mut structure = Vec::new();
        let structured = !matches!(self.surface, Surface::Live);
        let light = LinearImage::from_fn(width, height, |x, y| {
            let corner = [x as f32 * step[0], y as f32 * step[1]];
            let (light, factor) = self.pixel(corner, step, subpixels);
            if structured {
                structure.push(factor);
            }
            light
        });
        Projected { light, structure: structured.then_some(structure) }
    }

    /// Subpixels per direction that keep a shrunken photo from aliasing.
    fn subpixels(&self, step: [f32; 2]) -> usize {
        let shrink = self.transform.photo_pixels_per_frame_pixel()
            * step[0].max(step[1])
            * self.copy.width as f32
            / self.size[0];
        let least = if *self.edge == Edge::Hidden { 1 } else { 2 };
        ((shrink - 0.15).ceil() as usize).clamp(least, 3)
    }

    /// Light and structure at the sensor pixel that spans `step` from `corner`, in the frame.
    fn pixel(&self, corner: [f32; 2], step: [f32; 2], subpixels: usize) -> (Colour, Colour) {
        let centre = [corner[0] + step[0] / 2.0, corner[1] + step[1] / 2.0];
        let pixel = self.transform.invert(centre);
        let mut seen = if subpixels == 1 {
            let mut seen = Seen::default();
            self.look(centre, pixel, &mut seen);
            seen
        } else {
            self.seen(corner, step, subpixels)
        };
        if seen.edge() {
            seen = self.seen(corner, step, EDGE_SUBPIXELS);
        }
        let total = seen.count + seen.others;
        if seen.count == 0.0 {
            return (seen.other.map(|light| light / total), [1.0; 3]);
        }
        let shown = seen.shown.map(|light| light / seen.count);
        let (light, factor) = match pixel {
            Some(pixel) => self.radiance(shown, pixel, centre),
            None => (shown, [1.0; 3]),
        };
        let cover = seen.count / total;
        let mixed = zip(light, seen.other, |light, other| light * cover + other / total);
        (mixed, factor.map(|f| 1.0 + (f - 1.0) * cover))
    }

    /// What a sensor pixel's subpixels see.
    fn seen(&self, corner: [f32; 2], step: [f32; 2], subpixels: usize) -> Seen {
        let mut seen = Seen::default();
        let share = |index: usize| (index as f32 + 0.5) / subpixels as f32;
        for index in 0..subpixels * subpixels {
            let (u, v) = (share(index % subpixels), share(index / subpixels));
            let frame = [corner[0] + step[0] * u, corner[1] + step[1] * v];
            self.look(frame, self.transform.invert(frame), &mut seen);
        }
        seen
    }

    /// Adds what is seen at a frame point, where the point `pixel` of the live photo is, if any.
    fn look(&self, frame: [f32; 2], pixel: Option<[f32; 2]>, seen: &mut Seen) {
        let Some(pixel) = pixel else {
            return seen.add_other(self.behind(frame, 1.0));
        };
        if *self.edge == Edge::Hidden {
            return seen.add_shown(self.shown(pixel));
        }
        let sheet = self.transform.sheet_from_pixels(pixel);
        if let Some(skin) = self.fingers.iter().find_map(|finger| finger.light_at(sheet)) {
            return seen.add_other(self.in_room_light(skin));
        }
        match self.edge.region(sheet, self.transform.half_extent()) {
            Region::Photo => seen.add_shown(self.shown(pixel)),
            Region::Margin => seen.add_shown(self.blank()),
            Region::Bezel => seen.add_other(self.bezel(frame)),
            Region::Behind(distance) => seen.add_other(self.behind(frame, distance)),
        }
    }

    /// Colour of the medium beside the photo: unlit pixels or bare paper.
    fn blank(&self) -> Colour {
        match self.surface {
            Surface::Screen(_) => [0.0; 3],
            _ => [1.0; 3],
        }
    }

    /// Colour of the presented photo at a point of the live one.
    fn shown(&self, pixel: [f32; 2]) -> Colour {
        let [x, y] = match &self.surface {
            Surface::Screen(screen) => screen.snapped(pixel),
            _ => pixel,
        };
        self.copy.bilinear(
            x * self.copy.width as f32 / self.size[0],
            y * self.copy.height as f32 / self.size[1],
        )
    }

    /// Light and structure of the medium where it shows a colour: at a point of the live photo, seen
    /// at a frame point.
    fn radiance(&self, shown: Colour, pixel: [f32; 2], frame: [f32; 2]) -> (Colour, Colour) {
        let sheet = self.transform.sheet_from_pixels(pixel);
        let place = self.transform.sheet_from_pixels(frame);
        match &self.surface {
            Surface::Live => (shown, [1.0; 3]),
            Surface::Print(print) => print.radiance(shown, pixel, sheet, place),
            Surface::Screen(screen) => {
                screen.radiance(shown, pixel, sheet, self.transform.half_extent(), place)
            }
        }
    }

    /// Background so far from the outline, in its shadow.
    fn behind(&self, frame: [f32; 2], distance: f32) -> Colour {
        let Some((background, picture)) = self.background else {
            return [0.0; 3];
        };
        let light = background.unshadowed(distance);
        picture
            .bilinear(
                frame[0] / self.size[0] * picture.width as f32,
                frame[1] / self.size[1] * picture.height as f32,
            )
            .map(|channel| channel * light)
    }

    /// Something that reflects so much, in the light of the background.
    fn in_room_light(&self, reflectance: Colour) -> Colour {
        let light = self.background.map_or(1.0, |(background, _)| background.brightness);
        reflectance.map(|channel| channel * light)
    }

    /// The device's frame, lit as the background is.
    fn bezel(&self, frame: [f32; 2]) -> Colour {
        let albedo = match self.edge {
            Edge::Device { albedo, .. } => *albedo,
            _ => 0.0,
        };
        let room = self.behind(frame, f32::INFINITY);
        let mean = (room[0] + room[1] + room[2]) / 3.0;
        [albedo * (0.3 * mean + 0.2); 3]
    }
}

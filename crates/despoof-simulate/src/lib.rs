//! Seeded presentation attacks made from photos of live faces.
//!
//! [`simulate`] presents a photo on paper or on a display and takes a picture of that;
//! [`recapture_live`] takes a picture of it with the same cameras and nothing in between. Both draw
//! everything from a seed: the same photo, species and seed give the same picture, up to the last
//! bit of the platform's mathematical functions. With the same seed both use the same camera, so
//! that a pair made from one photo differs by the medium and its pose alone.
//!
//! ```text
//! photo ─► source ─► print | screen ─► project ─► optics ─► sensor ─► develop ─► picture
//!          copied     ink, pixels,      posed,    blurred   noisy     toned,
//!                     light, glare      bent, cut                     compressed
//! ```
//! Light is linear from the medium to the sensor. Microstructure (halftone dots, pixel grids) is
//! averaged over the camera's pixels analytically and sampled where the projection puts them, so
//! moiré appears as and where it would. Strengths are drawn from wide ranges with most of the weight
//! at the subtle end.

mod background;
mod bend;
mod camera;
mod develop;
mod display;
mod draw;
mod edges;
mod fingers;
mod framing;
mod halftone;
mod ink;
mod jpeg;
mod light;
mod linear;
mod optics;
mod perspective;
mod print;
mod project;
mod recapture;
mod screen;
mod sensor;
mod source;
mod species;
mod texture;
mod tile;
mod tone;
mod transform;

use image::RgbImage;
use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

pub use background::{Background, BackgroundKind};
pub use bend::Bend;
pub use camera::Camera;
pub use display::Layout;
pub use edges::Edge;
pub use fingers::Finger;
pub use framing::Framing;
pub use ink::InkSet;
pub use jpeg::round_trip as jpeg_round_trip;
pub use light::{Glare, Light};
pub use perspective::{Homography, Point, Pose};
pub use print::{Print, Process};
pub use screen::Screen;
pub use source::{STREAMED_QUALITY, Source};
pub use species::{Family, Species, UnknownName};
pub use tone::{luma, saturated};
pub use transform::Transform;

use linear::LinearImage;
use print::PrintSurface;
use project::{Scene, Surface};
use screen::ScreenSurface;

/// A simulated picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// The picture, as large as the live photo.
    pub image: RgbImage,
    /// From points of the live photo to points of the picture.
    pub transform: Transform,
    /// Everything that was drawn.
    pub parameters: Parameters,
}

/// Everything that was drawn for a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// The seed it was drawn from.
    pub seed: u64,
    /// What the camera looked at.
    pub subject: Subject,
    /// How it was held.
    pub framing: Framing,
    /// How it was taken.
    pub camera: Camera,
}

/// What the camera looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The live face.
    Live,
    /// An attack.
    Attack {
        /// Its species.
        species: Species,
        /// The attacker's copy of the photo.
        source: Source,
        /// What shows it.
        medium: Medium,
        /// What is behind and around.
        background: Background,
    },
}

/// What shows the photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// Ink on paper.
    Print(Print),
    /// A display.
    Screen(Screen),
}

/// An attack of that species with a photo of a live face, 32×32 to 1280×1280 pixels.
///
/// # Panics
/// If the photo is empty.
#[must_use]
pub fn simulate(live: &RgbImage, species: Species, seed: u64) -> Simulated {
    let size = size_of(live);
    let mut rng = stream(seed, 1 + species as u64);
    let framing = Framing::draw(&mut rng, species, size);
    let subject = Subject::Attack {
        species,
        source: Source::draw(&mut rng, species.family()),
        medium: match species.family() {
            Family::Print => Medium::Print(Print::draw(&mut rng)),
            Family::Screen => Medium::Screen(Screen::draw(&mut rng, species)),
        },
        background: Background::draw(&mut rng),
    };
    let parameters = Parameters { seed, subject, framing, camera: draw_camera(seed) };
    rendered(live, parameters)
}

/// The photo taken once more by a camera drawn as for an attack, without print or screen. Give live
/// photos this treatment wherever attacks get [`simulate`]'s.
///
/// # Panics
/// If the photo is empty.
#[must_use]
pub fn recapture_live(photo: &RgbImage, seed: u64) -> Simulated {
    let parameters = Parameters {
        seed,
        subject: Subject::Live,
        framing: Framing::draw_live(&mut stream(seed, 0), size_of(photo)),
        camera: draw_camera(seed),
    };
    rendered(photo, parameters)
}

/// The picture that parameters describe; the same as when they were drawn.
///
/// # Panics
/// If the photo is empty.
#[must_use]
pub fn rendered(live: &RgbImage, parameters: Parameters) -> Simulated {
    let size = size_of(live);
    let Parameters { subject, framing, camera, .. } = &parameters;
    let transform = framing.transform(size);
    let photo = LinearImage::from_photo(live);
    let image = match subject {
        Subject::Live => {
            let scene = Scene {
                copy: &photo,
                size,
                transform: &transform,
                edge: &framing.edge,
                fingers: &framing.fingers,
                surface: Surface::Live,
                background: None,
            };
            recapture::recaptured(&scene, camera, &photo)
        }
        Subject::Attack { source, medium, background, .. } => {
            let footprint = recapture::footprint(camera, &transform, size);
            let copy = LinearImage::from_photo(&source.copy(live));
            let behind = background.render(&photo);
            let longer = size[0].max(size[1]);
            let scene = Scene {
                copy: &copy,
                size,
                transform: &transform,
                edge: &framing.edge,
                fingers: &framing.fingers,
                surface: match medium {
                    Medium::Print(print) => Surface::Print(PrintSurface::new(
                        print,
                        framing.bend.as_ref(),
                        longer,
                        &footprint,
                    )),
                    Medium::Screen(screen) => {
                        Surface::Screen(ScreenSurface::new(screen, &behind, longer, &footprint))
                    }
                },
                background: Some((background, &behind)),
            };
            recapture::recaptured(&scene, camera, &photo)
        }
    };
    Simulated { image, transform, parameters }
}

/// The camera of a seed: the same for every species and for live photos.
fn draw_camera(seed: u64) -> Camera {
    Camera::draw(&mut StdRng::seed_from_u64(seed))
}

/// Random numbers of their own for every subject.
fn stream(seed: u64, subject: u64) -> StdRng {
    // An odd multiplier keeps distinct subjects distinct for every seed.
    StdRng::seed_from_u64(seed ^ (subject + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Width and height in pixels.
fn size_of(photo: &RgbImage) -> [f32; 2] {
    assert!(photo.width() > 0 && photo.height() > 0, "an empty photo cannot be presented");
    [photo.width() as f32, photo.height() as f32]
}

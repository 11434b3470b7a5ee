//! Print attack: the photo in ink on paper, lit by the attacker's room.

use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{
    bend::Bend,
    draw,
    halftone::{DotScreen, Scatter},
    ink::{InkSet, hazed},
    light::{Glare, Light, draw_glares},
    linear::{Colour, zip},
    texture::Noise,
    tile::Footprint,
};

/// Light that a sheet's surface scatters, of white: photo paper 0.01, plain paper 0.03–0.05, more where the
/// room's light falls on it from aside.
const HAZE: draw::Range = 0.0..=0.14;

/// How tones get onto the paper.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// Photo laboratory or dye sublimation: no dots.
    Photographic,
    /// Inkjet: scattered drops, 400–3000 across the photo.
    Inkjet {
        /// Drops across the photo's longer side.
        drops: f32,
    },
    /// Laser printer or offset: rotated dot screens, 90–1400 dots across the photo (a photo 8–25 cm
    /// large at 75–175 lines per inch).
    Halftone {
        /// Dots across the photo's longer side.
        dots: f32,
        /// Turn of all screens, radians.
        turn: f32,
    },
}

/// Drawn parameters of a print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Print {
    /// Printing process.
    pub process: Process,
    /// Inks and paper.
    pub inks: InkSet,
    /// Relative depth of the paper's texture, 0–0.06.
    pub fibre: f32,
    /// Fibres or grains across the photo's longer side, 60–500.
    pub fibres: f32,
    /// Relative depth of bands across the print head's way, 0–0.06.
    pub banding: f32,
    /// Bands over the photo, 8–90.
    pub bands: f32,
    /// Relative depth of dents and waves in the sheet, 0–0.18.
    pub crumple: f32,
    /// Light scattered by the surface, 0–0.14 of white.
    pub haze: f32,
    /// How strongly a bend mirrors the light, 0–0.5.
    pub gloss: f32,
    /// Light on the sheet.
    pub light: Light,
    /// Reflections on it.
    pub glares: Vec<Glare>,
    /// Seed of its textures.
    pub seed: u64,
}

impl Print {
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        let process = draw_process(rng);
        let photographic = process == Process::Photographic;
        // Half of all papers shine.
        let matt = draw::chance(rng, if photographic { 0.25 } else { 0.6 });
        Self {
            process,
            inks: if photographic { InkSet::draw_photographic(rng) } else { InkSet::draw(rng) },
            fibre: draw::skewed(rng, &(0.0..=0.06), 2.0),
            fibres: draw::log_uniform(rng, &(60.0..=500.0)),
            banding: draw::skewed(rng, &(0.0..=0.06), 4.0),
            bands: draw::log_uniform(rng, &(8.0..=90.0)),
            crumple: draw::skewed(rng, &(0.0..=0.18), 3.0),
            haze: draw::skewed(rng, &HAZE, 2.0),
            gloss: if matt {
                draw::skewed(rng, &(0.0..=0.1), 2.0)
            } else {
                draw::skewed(rng, &(0.0..=0.5), 1.5)
            },
            light: Light::draw(rng),
            glares: draw_glares(rng, 2, matt),
            seed: rng.random(),
        }
    }
}

fn draw_process(rng: &mut StdRng) -> Process {
    match rng.random_range(0..10) {
        0..3 => Process::Photographic,
        3..6 => Process::Inkjet { drops: draw::log_uniform(rng, &(400.0..=3000.0)) },
        _ => Process::Halftone {
            dots: draw::log_uniform(rng, &(90.0..=1400.0)),
            turn: draw::uniform(rng, &(0.0..=1.57)),
        },
    }
}

/// Dots as the camera sees them.
enum Dots {
    None,
    Screen(Box<DotScreen>),
    Scatter(Scatter),
}

/// A print prepared for one camera.
pub(crate) struct PrintSurface<'a> {
    print: &'a Print,
    bend: Option<&'a Bend>,
    solids: [Colour; 4],
    dots: Dots,
    paper: Noise,
}

impl<'a> PrintSurface<'a> {
    /// `longer` is the photo's longer side in pixels.
    pub(crate) fn new(
        print: &'a Print,
        bend: Option<&'a Bend>,
        longer: f32,
        footprint: &Footprint,
    ) -> Self {
        let dots = match print.process {
            Process::Photographic => Dots::None,
            Process::Inkjet { drops } => {
                Dots::Scatter(Scatter::new(longer / drops, print.seed, footprint))
            }
            Process::Halftone { dots, turn } => {
                Dots::Screen(Box::new(DotScreen::new(longer / dots, turn, footprint)))
            }
        };
        Self {
            print,
            bend,
            solids: print.inks.solids(),
            dots,
            paper: Noise::new(print.seed.wrapping_add(1)),
        }
    }

    /// Light from the print where it shows `colour`, and the factor that its dots make of it.
    /// `pixel` is the point in photo pixels, `sheet` in sheet coordinates, `frame` from the frame's
    /// centre in its longer side.
    pub(crate) fn radiance(
        &self,
        colour: Colour,
        pixel: [f32; 2],
        sheet: [f32; 2],
        frame: [f32; 2],
    ) -> (Colour, Colour) {
        let inks = &self.print.inks;
        let coverage = inks.coverage(colour, &self.solids);
        let even = inks.reflectance(coverage, &self.solids);
        let local = match &self.dots {
            Dots::None => coverage,
            Dots::Screen(screen) => screen.local(coverage, pixel),
            Dots::Scatter(scatter) => scatter.local(coverage, pixel),
        };
        let local = inks.reflectance(local, &self.solids);
        let light = self.light(sheet, frame);
        let haze = self.print.haze;
        let mut lit = zip(hazed(even, haze), light, |reflected, light| reflected * light);
        lit = zip(lit, self.mirrored(sheet, frame), |reflected, mirrored| reflected + mirrored);
        // Haze and mirrored light do not pass the ink.
        let structure = std::array::from_fn(|channel| {
            let inked = even[channel] * (1.0 - haze) * light[channel] / lit[channel].max(1e-6);
            1.0 + (local[channel] / even[channel] - 1.0) * inked
        });
        (lit, structure)
    }

    /// Light that falls on the sheet, and its shade.
    fn light(&self, sheet: [f32; 2], frame: [f32; 2]) -> Colour {
        let print = self.print;
        let shade = self.bend.map_or(1.0, |bend| bend.shade(sheet));
        let light = print.light.at(frame) * shade * self.relief(sheet);
        [print.light.tint[0], 1.0, print.light.tint[1]].map(|tint| tint * light)
    }

    /// Light that its surface mirrors.
    fn mirrored(&self, sheet: [f32; 2], frame: [f32; 2]) -> Colour {
        let streak = self.bend.map_or(0.0, |bend| bend_highlight(bend, sheet) * self.print.gloss);
        let glares = self.print.glares.iter().map(|glare| glare.colour_at(frame));
        glares.fold([streak; 3], |light, glare| zip(light, glare, |a, b| a + b))
    }

    /// Fibres, bands and dents: a factor about 1.
    fn relief(&self, [x, y]: [f32; 2]) -> f32 {
        let print = self.print;
        let mut factor = 1.0;
        if print.fibre > 0.002 {
            factor += print.fibre * self.paper.at(x * print.fibres, y * print.fibres);
        }
        if print.banding > 0.002 {
            factor += print.banding * self.paper.at(0.5, y * print.bands);
        }
        if print.crumple > 0.01 {
            factor += print.crumple * self.paper.octaves(x * 3.0 + 11.0, y * 3.0);
        }
        factor
    }
}

/// The streak along the line of a bend that mirrors the lamp, 0–1.
fn bend_highlight(bend: &Bend, sheet: [f32; 2]) -> f32 {
    let off = (bend.slope(sheet) - bend.light / 2.0) / 0.22;
    (-off * off).exp()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn draws_keep_to_their_ranges() {
        for seed in 0..300 {
            let print = Print::draw(&mut StdRng::seed_from_u64(seed));
            assert!((0.0..=0.06).contains(&print.fibre) && (0.0..=0.06).contains(&print.banding));
            assert!((60.0..=500.0).contains(&print.fibres));
            assert!((8.0..=90.0).contains(&print.bands));
            assert!((0.0..=0.18).contains(&print.crumple) && HAZE.contains(&print.haze));
            assert!((0.0..=0.5).contains(&print.gloss) && print.glares.len() <= 2);
            match print.process {
                Process::Photographic => {}
                Process::Inkjet { drops } => assert!((400.0..=3000.0).contains(&drops)),
                Process::Halftone { dots, .. } => assert!((90.0..=1400.0).contains(&dots)),
            }
        }
    }

    /// Whatever glare lies on it: a gap between dots is no brighter than the paper beside the print.
    #[test]
    fn ink_makes_no_place_brighter_than_bare_paper() {
        let sharp = Footprint { side: 0.05, blur: 0.0, motion: [0.0; 2] };
        for seed in 0..40 {
            let print = Print::draw(&mut StdRng::seed_from_u64(seed));
            let surface = PrintSurface::new(&print, None, 400.0, &sharp);
            let paper = print.inks.reflectance([0.0; 4], &surface.solids);
            for place in 0..200 {
                let frame = [place as f32 / 200.0 - 0.5, 0.1];
                let pixel = frame.map(|side| 400.0 * side);
                let (lit, structure) = surface.radiance([0.05; 3], pixel, frame, frame);
                let light = surface.light(frame, frame);
                let mirrored = surface.mirrored(frame, frame);
                let bare = zip(hazed(paper, print.haze), light, |paper, light| paper * light);
                for channel in 0..3 {
                    let seen = lit[channel] * structure[channel];
                    let most = bare[channel] + mirrored[channel];
                    assert!(seen <= most * 1.001, "{seed}: {seen} on paper of {most}");
                }
            }
        }
    }
}

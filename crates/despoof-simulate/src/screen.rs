//! Screen replay: the photo on a display, with what the display adds and mirrors.

use rand::{Rng, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::{
    display::{Layout, PixelGrid},
    draw,
    light::{Glare, draw_glares},
    linear::{Colour, LinearImage, luminance, map, mix, zip},
    species::Species,
    tile::Footprint,
};

/// Drawn parameters of a display.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Screen {
    /// Layout of the subpixels.
    pub layout: Layout,
    /// Display pixels across the photo's longer side, 280–2200 by kind of device.
    pub columns: f32,
    /// Share of the area that shines, 0.35–0.9.
    pub lit: f32,
    /// Exponent from signal to light against the standard's, 0.75–1.7: above 1 is more contrast.
    pub gamma: f32,
    /// Light of a black pixel, 0.0002–0.06 of white: OLED low, LCD seen from aside high.
    pub black: f32,
    /// Saturation against the photo's, 0.8–1.4: wide gamuts shown unmanaged, or dull panels.
    pub saturation: f32,
    /// Red and blue of its white against green. Bluish mostly (6500–10000 K), warm in night mode.
    pub white: [f32; 2],
    /// Direction in which it gets darker when seen from aside: a unit vector.
    pub falloff_direction: [f32; 2],
    /// Relative loss of light over the frame by viewing angle, 0–0.5.
    pub falloff: f32,
    /// Wash-out of tones towards that side (TN panels invert and pale), 0–0.25.
    pub washout: f32,
    /// Light leaking in at the panel's border, 0–0.05.
    pub bleed: f32,
    /// Room light scattered by the surface, 0–0.12 of white.
    pub haze: f32,
    /// Reflectance of the glass for the scene before it, 0–0.07.
    pub mirror: f32,
    /// Lamps and windows mirrored.
    pub glares: Vec<Glare>,
    /// Relative depth of refresh bands, 0–0.3.
    pub banding: f32,
    /// Bands over the frame, 0.7–9.
    pub bands: f32,
    /// Position of the bands, 0–1.
    pub band_phase: f32,
    /// Stops by which automatic exposure overshoots because it meters the darker room around the display,
    /// 0–2.6: skin burns out and turns yellow or pink, hair goes black.
    pub overexposure: f32,
}

/// What sets kinds of device apart: pixels across a face photo, brightness of black, panel.
struct Device {
    columns: draw::Range,
    oled: f64,
    matt: f64,
    falloff: f32,
}

impl Device {
    fn of(species: Species) -> Self {
        let device = |columns, oled, matt, falloff| Self { columns, oled, matt, falloff };
        match species {
            Species::ScreenPhone => device(500.0..=1800.0, 0.65, 0.05, 0.2),
            Species::ScreenTablet => device(550.0..=2200.0, 0.1, 0.05, 0.25),
            Species::ScreenLaptop => device(330.0..=1300.0, 0.05, 0.5, 0.5),
            _ => device(280.0..=1200.0, 0.02, 0.85, 0.35),
        }
    }
}

impl Screen {
    pub(crate) fn draw(rng: &mut StdRng, species: Species) -> Self {
        let device = Device::of(species);
        let oled = draw::chance(rng, device.oled);
        let matt = draw::chance(rng, device.matt);
        Self {
            layout: draw_layout(rng, oled),
            columns: draw::log_uniform(rng, &device.columns),
            lit: draw::uniform(rng, &(0.35..=0.9)),
            gamma: draw_gamma(rng),
            black: if oled {
                draw::log_uniform(rng, &(0.0002..=0.004))
            } else {
                draw::log_uniform(rng, &(0.0005..=0.06))
            },
            saturation: if oled {
                draw::uniform(rng, &(0.95..=1.4))
            } else {
                draw::uniform(rng, &(0.8..=1.3))
            },
            white: draw_white(rng),
            falloff_direction: draw::direction(rng),
            falloff: draw::skewed(rng, &(0.0..=device.falloff), 2.0),
            washout: draw::skewed(rng, &(0.0..=device.falloff / 2.0), 3.0),
            bleed: if oled { 0.0 } else { draw::skewed(rng, &(0.0..=0.05), 2.5) },
            haze: draw::skewed(rng, &(0.0..=0.12), if matt { 3.5 } else { 5.0 }),
            mirror: if matt { 0.0 } else { draw::skewed(rng, &(0.0..=0.07), 1.5) },
            glares: draw_glares(rng, if matt { 2 } else { 3 }, matt),
            banding: draw::skewed(rng, &(0.0..=0.3), 5.0),
            bands: draw::log_uniform(rng, &(0.7..=9.0)),
            band_phase: rng.random_range(0.0..=1.0),
            overexposure: if draw::chance(rng, 0.45) {
                draw::uniform(rng, &(0.3..=2.6))
            } else {
                0.0
            },
        }
    }
}

fn draw_layout(rng: &mut StdRng, oled: bool) -> Layout {
    if oled {
        Layout::Pentile
    } else if draw::chance(rng, 0.75) {
        Layout::Stripe
    } else {
        Layout::LyingStripe
    }
}

/// About the standard's mostly; vivid modes and displays seen from above sometimes.
fn draw_gamma(rng: &mut StdRng) -> f32 {
    if draw::chance(rng, 0.75) {
        draw::centred(rng, &(0.75..=1.3))
    } else {
        draw::uniform(rng, &(1.2..=1.7))
    }
}

/// Mostly bluer than the room, sometimes a night mode.
fn draw_white(rng: &mut StdRng) -> [f32; 2] {
    if draw::chance(rng, 0.12) {
        let warm = draw::uniform(rng, &(0.05..=0.3));
        [1.0 + 0.5 * warm, 1.0 - warm]
    } else {
        let blue = draw::uniform(rng, &(-0.05..=0.25));
        [1.0 - 0.5 * blue, 1.0 + blue]
    }
}

/// Steps of the table of [`ScreenSurface`], less one.
const TONES: usize = 256;

/// A display prepared for one camera.
pub(crate) struct ScreenSurface<'a> {
    screen: &'a Screen,
    grid: PixelGrid,
    /// Light by the square root of the photo's light.
    tones: Vec<f32>,
    /// Photo pixels per display pixel.
    pitch: f32,
    /// Whether the camera resolves single display pixels.
    resolved: bool,
    /// The room before the glass.
    scene: &'a LinearImage,
}

impl<'a> ScreenSurface<'a> {
    /// `longer` is the photo's longer side in pixels, `scene` what the glass mirrors.
    pub(crate) fn new(
        screen: &'a Screen,
        scene: &'a LinearImage,
        longer: f32,
        footprint: &Footprint,
    ) -> Self {
        let pitch = longer / screen.columns;
        Self {
            screen,
            grid: PixelGrid::new(screen.layout, screen.lit, pitch, footprint),
            tones: (0..=TONES)
                .map(|step| (step as f32 / TONES as f32).powf(2.0 * screen.gamma))
                .collect(),
            pitch,
            resolved: footprint.side < pitch,
            scene,
        }
    }

    /// The centre of the display pixel at a point, if the camera can tell one from the next.
    pub(crate) fn snapped(&self, point: [f32; 2]) -> [f32; 2] {
        if self.resolved {
            point.map(|position| ((position / self.pitch).floor() + 0.5) * self.pitch)
        } else {
            point
        }
    }

    /// Light from the display where it shows `colour`, and the factor of its pixel grid. `pixel` is
    /// the point in photo pixels, `sheet` in sheet coordinates for a photo of half extent `half`,
    /// `frame` from the frame's centre in its longer side.
    pub(crate) fn radiance(
        &self,
        colour: Colour,
        pixel: [f32; 2],
        sheet: [f32; 2],
        half: [f32; 2],
        frame: [f32; 2],
    ) -> (Colour, Colour) {
        let emitted = self.emitted(colour, frame);
        let leaked = self.screen.bleed * border_glow(sheet, half);
        let mirrored = self.mirrored(frame);
        let light = zip(emitted, mirrored, |emitted, mirrored| emitted + leaked + mirrored);
        // Mirrored light does not pass the grid.
        let grid = self.grid.at(pixel);
        let structure = std::array::from_fn(|channel| {
            let shining = (emitted[channel] + leaked) / light[channel].max(1e-6);
            1.0 + (grid[channel] - 1.0) * shining
        });
        (light, structure)
    }

    /// Stops by which the camera's automatic exposure overshoots.
    pub(crate) fn overexposure(&self) -> f32 {
        self.screen.overexposure
    }

    /// Light of the pixels themselves.
    fn emitted(&self, colour: Colour, frame: [f32; 2]) -> Colour {
        let screen = self.screen;
        let shown = map(colour, |light| self.tone(light));
        let grey = luminance(shown);
        let vivid = map(shown, |light| (grey + (light - grey) * screen.saturation).clamp(0.0, 1.0));
        let aside = frame[0] * screen.falloff_direction[0] + frame[1] * screen.falloff_direction[1];
        let aside = (aside + 0.5).clamp(0.0, 1.0);
        let pale = mix(vivid, [0.3; 3], screen.washout * aside);
        let level = self.band(frame[1]) * (1.0 - screen.falloff * aside);
        let white = [screen.white[0], 1.0, screen.white[1]];
        zip(pale, white, |light, white| {
            (screen.black + (1.0 - screen.black) * light) * white * level
        })
    }

    fn tone(&self, light: f32) -> f32 {
        let position = light.clamp(0.0, 1.0).sqrt() * TONES as f32;
        let step = (position as usize).min(TONES - 1);
        let share = position - step as f32;
        self.tones[step] * (1.0 - share) + self.tones[step + 1] * share
    }

    /// Refresh caught by the rolling shutter: soft dark bands across the frame.
    fn band(&self, y: f32) -> f32 {
        let screen = self.screen;
        if screen.banding < 0.004 {
            return 1.0;
        }
        let turn = (y * screen.bands + screen.band_phase) * std::f32::consts::TAU;
        1.0 - screen.banding * (0.5 + 0.5 * turn.sin())
    }

    /// Room, lamps and haze on the glass.
    fn mirrored(&self, frame: [f32; 2]) -> Colour {
        let screen = self.screen;
        let mut light = [screen.haze; 3];
        if screen.mirror > 0.002 {
            let x = (frame[0] + 0.5) * self.scene.width as f32;
            let y = (frame[1] + 0.5) * self.scene.height as f32;
            light =
                zip(light, self.scene.bilinear(x, y), |light, scene| light + scene * screen.mirror);
        }
        for glare in &screen.glares {
            light = zip(light, glare.colour_at(frame), |a, b| a + b);
        }
        light
    }
}

/// 1 at the panel's border, falling off inwards over a tenth of its size.
fn border_glow(sheet: [f32; 2], half: [f32; 2]) -> f32 {
    let inwards = (half[0] - sheet[0].abs()).min(half[1] - sheet[1].abs());
    (-inwards.max(0.0) / 0.1).exp()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::species::Family;

    #[test]
    fn draws_keep_to_their_ranges() {
        for seed in 0..300 {
            for species in Family::Screen.species() {
                let screen = Screen::draw(&mut StdRng::seed_from_u64(seed), species);
                assert!((280.0..=2200.0).contains(&screen.columns));
                assert!((0.35..=0.9).contains(&screen.lit));
                assert!((0.75..=1.7).contains(&screen.gamma));
                assert!((0.0002..=0.06).contains(&screen.black));
                assert!((0.8..=1.4).contains(&screen.saturation));
                assert!(screen.white.iter().all(|gain| (0.69..=1.26).contains(gain)));
                assert!((0.0..=0.5).contains(&screen.falloff));
                assert!((0.0..=0.25).contains(&screen.washout));
                assert!((0.0..=0.05).contains(&screen.bleed));
                assert!((0.0..=0.12).contains(&screen.haze));
                assert!((0.0..=0.07).contains(&screen.mirror) && screen.glares.len() <= 3);
                assert!((0.0..=0.3).contains(&screen.banding));
                assert!((0.7..=9.0).contains(&screen.bands));
                assert!((0.0..=2.6).contains(&screen.overexposure));
            }
        }
    }
}

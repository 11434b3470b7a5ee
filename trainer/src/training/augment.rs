//! Disturbances of training faces: what cameras, messengers and a trembling detector do to live faces
//! and attacks alike. The paper mirrors faces only (as SSDG does); with few recording conditions that
//! teaches a network the light and the sharpness of each class (docs/adr/0007). What attackers' copies go
//! through, and cameras hardly do, is done to attacks alone (docs/adr/0021).

use despoof::align::Template;
use despoof_simulate::{STREAMED_QUALITY, jpeg_round_trip, saturated};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;

use crate::data::face_store::ALIGNED_SIDE;

/// Least that is kept of a wider crop on one side of its middle; the aligned face reaches to 0.25.
const SMALLEST_KEPT: f32 = 0.2;

/// Most that is kept on every side of a photo that shows the face and nothing else.
const CLOSE_UP_KEPT: f32 = 0.32;

/// Smallest size of a face that a slow connection delivers, as a share of the aligned face's side: 18 pixels.
const SMALLEST_SENT: f32 = 0.08;

/// Largest size of such a face: 179 pixels.
const LARGEST_SENT: f32 = 0.8;

/// Which disturbances training faces get.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    /// Share of the attacks whose copy came through a slow connection; `None` draws none.
    pub streamed_share: Option<f64>,
    /// Share of the faces of which a rectangle is hidden; `None` hides none.
    pub hidden_share: Option<f64>,
}

/// Everything that is drawn for one face.
#[derive(Debug, Clone)]
pub struct Disturbance {
    /// A slow connection that an attack's copy came through.
    connection: Option<Connection>,
    placement: Option<Placement>,
    /// How much of the wider crop is kept left, above, right and below, as a share of its side from the
    /// middle.
    kept: Option<[f32; 4]>,
    /// Exposure, gamma, contrast and white balance as a table for each channel.
    tones: Option<[[u8; 256]; 3]>,
    /// Saturation against the face's own.
    saturation: f32,
    /// Deviation of a blur in pixels; 0 for none.
    blur: f32,
    /// Size to which the face is reduced before it is enlarged again, as a share of its own.
    resolution: f32,
    /// Deviation of the noise, of 255.
    noise: f32,
    noise_seed: u64,
    /// JPEG quality, 1 to 100.
    quality: Option<u8>,
    hidden: Option<Hidden>,
}

/// A rectangle of which nothing is to be seen, left, top, right and bottom as shares of the aligned face's side.
#[derive(Debug, Clone, Copy)]
struct Hidden([f32; 4]);

/// A small rotation, scaling and shift around the middle.
#[derive(Debug, Clone, Copy)]
struct Placement {
    /// Cosine and sine of the angle, times the scale.
    turn: [f32; 2],
    /// Shift as a share of the side.
    shift: [f32; 2],
}

/// What a slow connection makes of a face: a small picture of blocks, enlarged again.
#[derive(Debug, Clone, Copy)]
struct Connection {
    /// Size of the aligned face as it was sent, as a share of its own.
    resolution: f32,
    /// JPEG quality, 1 to 100.
    quality: u8,
}

impl Augmentation {
    /// What becomes of a face.
    pub fn draw(&self, live: bool, rng: &mut StdRng) -> Disturbance {
        let drawn = Disturbance::draw(rng);
        let share = self.streamed_share.filter(|_| !live);
        let streamed = share.is_some_and(|share| rng.random_bool(share));
        let connection = streamed.then(|| Connection::draw(rng));
        let hides = self.hidden_share.is_some_and(|share| rng.random_bool(share));
        Disturbance { connection, hidden: hides.then(|| Hidden::draw(rng)), ..drawn }
    }
}

impl Disturbance {
    /// Three of twenty faces keep their light and sharpness, so that what the camera itself left there can
    /// be learned, too; the others mostly get four of the seven, nearly always other tones (docs/adr/0023).
    fn draw(rng: &mut StdRng) -> Self {
        let drawn = Self {
            connection: None,
            placement: rng.random_bool(0.5).then(|| Placement::draw(rng)),
            kept: draw_kept(rng),
            tones: rng.random_bool(0.9).then(|| draw_tones(rng)),
            saturation: if rng.random_bool(0.5) { rng.random_range(0.0..=1.5) } else { 1.0 },
            blur: if rng.random_bool(0.25) { rng.random_range(0.5..=2.2) } else { 0.0 },
            resolution: if rng.random_bool(0.5) { rng.random_range(0.22..=0.9) } else { 1.0 },
            noise: if rng.random_bool(0.3) { rng.random_range(1.0..=14.0) } else { 0.0 },
            noise_seed: rng.random(),
            quality: rng.random_bool(0.4).then(|| rng.random_range(30..=92)),
            hidden: None,
        };
        if rng.random_bool(0.15) {
            Self { placement: drawn.placement, kept: drawn.kept, ..Self::none() }
        } else {
            drawn
        }
    }

    /// Leaves everything as it is.
    fn none() -> Self {
        Self {
            connection: None,
            placement: None,
            kept: None,
            tones: None,
            saturation: 1.0,
            blur: 0.0,
            resolution: 1.0,
            noise: 0.0,
            noise_seed: 0,
            quality: None,
            hidden: None,
        }
    }

    /// The face as another camera might have recorded it.
    pub fn of_face(&self, face: RgbImage) -> RgbImage {
        let mut face = self.of_generated(self.sent(face, 1.0));
        if self.blur > 0.0 {
            face = imageops::fast_blur(&face, self.blur);
        }
        if self.resolution < 1.0 {
            let size = [face.width(), face.height()].map(|side| side as f32 * self.resolution);
            face = resampled(&face, size, |small| small);
        }
        if self.noise > 0.0 {
            add_noise(&mut face, self.noise, &mut StdRng::seed_from_u64(self.noise_seed));
        }
        let face = match self.quality {
            Some(quality) => jpeg_round_trip(&face, quality, true),
            None => face,
        };
        self.hidden_from(face, 1.0)
    }

    /// The picture, which shows `times` as much of the scene as the aligned face, without what is hidden.
    fn hidden_from(&self, picture: RgbImage, times: f32) -> RgbImage {
        match self.hidden {
            Some(hidden) => hidden.from(picture, times),
            None => picture,
        }
    }

    /// The picture as the connection delivers it; `times` as much of the scene as the aligned face shows.
    fn sent(&self, picture: RgbImage, times: f32) -> RgbImage {
        match self.connection {
            Some(connection) => connection.of(&picture, times),
            None => picture,
        }
    }

    /// What becomes of the face that the generator draws: it follows the light, the place and the
    /// border of its input, not the noise, and draws no blocks.
    pub fn of_generated(&self, face: RgbImage) -> RgbImage {
        let face = self.placed_and_toned(face);
        let face = match self.kept {
            Some(kept) => cut(face, kept.map(|share| share * Template::CONTEXT_TIMES)),
            None => face,
        };
        self.hidden_from(face, 1.0)
    }

    /// What becomes of the wider crop: connection, light and place as of the face. Noise and blur average out at its
    /// scale. Sometimes the photo ends closer to the face, with the border repeated as alignment does:
    /// neither class may be known by how much of its surroundings a data set kept.
    pub fn of_context(&self, crop: RgbImage) -> RgbImage {
        let crop = self.placed_and_toned(self.sent(crop, Template::CONTEXT_TIMES));
        let crop = match self.kept {
            Some(kept) => cut(crop, kept),
            None => crop,
        };
        self.hidden_from(crop, Template::CONTEXT_TIMES)
    }

    fn placed_and_toned(&self, face: RgbImage) -> RgbImage {
        let mut face = match self.placement {
            Some(placement) => placement.of(&face),
            None => face,
        };
        self.tone(&mut face);
        face
    }

    fn tone(&self, face: &mut RgbImage) {
        if self.tones.is_none() && self.saturation == 1.0 {
            return;
        }
        for Rgb(pixel) in face.pixels_mut() {
            let toned: [f32; 3] = std::array::from_fn(|channel| {
                let byte = pixel[channel];
                f32::from(self.tones.as_ref().map_or(byte, |tones| tones[channel][byte as usize]))
            });
            *pixel = saturated(toned, self.saturation);
        }
    }
}

impl Hidden {
    /// From a thirtieth of the aligned face to four tenths of it, with its middle anywhere in it.
    fn draw(rng: &mut StdRng) -> Self {
        let [across, down] = std::array::from_fn(|_| {
            let (middle, half) = (rng.random_range(0.0..=1.0), rng.random_range(0.1..=0.32));
            [middle - half, middle + half]
        });
        Self([across[0], down[0], across[1], down[1]])
    }

    /// The picture with a middle grey there; it shows `times` as much of the scene as the aligned face.
    fn from(self, mut picture: RgbImage, times: f32) -> RgbImage {
        let (width, height) = picture.dimensions();
        let place = |share: f32, side: u32| (((share - 0.5) / times + 0.5) * side as f32) as u32;
        let [left, top, right, bottom] = self.0;
        for y in place(top, height)..place(bottom, height).min(height) {
            for x in place(left, width)..place(right, width).min(width) {
                picture.put_pixel(x, y, Rgb([128; 3]));
            }
        }
        picture
    }
}

impl Connection {
    /// Sizes evenly in the logarithm: a face fills a video or is one of many in it.
    fn draw(rng: &mut StdRng) -> Self {
        let stops = rng.random_range(SMALLEST_SENT.log2()..=LARGEST_SENT.log2());
        Self { resolution: stops.exp2(), quality: rng.random_range(STREAMED_QUALITY) }
    }

    /// A picture that shows `times` as much as the aligned face, whatever its size in pixels, with blocks as large
    /// against the face as there.
    fn of(&self, picture: &RgbImage, times: f32) -> RgbImage {
        let side = ALIGNED_SIDE as f32 * times * self.resolution;
        resampled(picture, [side; 2], |small| jpeg_round_trip(&small, self.quality, true))
    }
}

impl Placement {
    fn draw(rng: &mut StdRng) -> Self {
        let (sine, cosine) = rng.random_range(-0.16_f32..=0.16).sin_cos();
        let scale = rng.random_range(0.9_f32..=1.12);
        let mut shift = || rng.random_range(-0.06_f32..=0.06);
        Self { turn: [cosine * scale, sine * scale], shift: [shift(), shift()] }
    }

    /// Bilinear; beyond the border its nearest pixel, as in alignment.
    fn of(&self, face: &RgbImage) -> RgbImage {
        let (width, height) = face.dimensions();
        let middle = [width as f32 / 2.0, height as f32 / 2.0];
        let [cosine, sine] = self.turn;
        RgbImage::from_fn(width, height, |x, y| {
            let [u, v] = [x as f32 + 0.5 - middle[0], y as f32 + 0.5 - middle[1]];
            let from_x = cosine * u - sine * v + middle[0] + self.shift[0] * width as f32;
            let from_y = sine * u + cosine * v + middle[1] + self.shift[1] * height as f32;
            let clamped = |place: f32, side: u32| (place - 0.5).clamp(0.0, (side - 1) as f32);
            imageops::interpolate_bilinear(face, clamped(from_x, width), clamped(from_y, height))
                .expect("a place inside the face")
        })
    }
}

/// Gain from two stops down to one up, gamma 0.5–2, contrast, white balance up to 27 %.
fn draw_tones(rng: &mut StdRng) -> [[u8; 256]; 3] {
    let gain = rng.random_range(-2.2_f32..=1.2).exp2();
    let gamma = rng.random_range(-1.0_f32..=1.0).exp2();
    let [black, contrast] = draw_contrast(rng);
    std::array::from_fn(|_| {
        let balance = rng.random_range(-0.35_f32..=0.35).exp2();
        std::array::from_fn(|byte| {
            let value = ((byte as f32 / 255.0).powf(gamma) * gain).min(1.0);
            ((black + contrast * value) * balance * 255.0 + 0.5) as u8
        })
    })
}

/// What becomes of black, and how much further white is: haze that lifts blacks and takes contrast, contrast up to 3.4
/// times around a middle tone, which cuts off what is darker or brighter, or neither.
fn draw_contrast(rng: &mut StdRng) -> [f32; 2] {
    match rng.random_range(0..10) {
        0..4 => [rng.random_range(0.0..=0.25), rng.random_range(0.35..=0.8)],
        4..8 => {
            let contrast = rng.random_range(1.1_f32..=3.4);
            [rng.random_range(0.2..=0.6) * (1.0 - contrast), contrast]
        }
        _ => [0.0, 1.0],
    }
}

/// Where the photo ends, for seven of ten faces: close to the face on all sides, or somewhere on each.
fn draw_kept(rng: &mut StdRng) -> Option<[f32; 4]> {
    let most = match rng.random_range(0..10) {
        0..4 => CLOSE_UP_KEPT,
        4..7 => 0.5,
        _ => return None,
    };
    Some(std::array::from_fn(|_| rng.random_range(SMALLEST_KEPT..=most)))
}

/// The picture with everything but a window around its middle replaced by the window's border; shares
/// of half a side and above keep everything on theirs.
fn cut(picture: RgbImage, [left, top, right, bottom]: [f32; 4]) -> RgbImage {
    let (width, height) = picture.dimensions();
    let within = |place: u32, side: u32, before: f32, behind: f32| {
        let end = |share: f32| (share.clamp(0.0, 1.0) * side as f32) as u32;
        place.clamp(end(0.5 - before), end(0.5 + behind).saturating_sub(1))
    };
    RgbImage::from_fn(width, height, |x, y| {
        *picture.get_pixel(within(x, width, left, right), within(y, height, top, bottom))
    })
}

/// The picture at another size, what `there` makes of it, and back at its own.
fn resampled(
    picture: &RgbImage,
    size: [f32; 2],
    there: impl FnOnce(RgbImage) -> RgbImage,
) -> RgbImage {
    let [width, height] = size.map(|side| (side as u32).max(1));
    let small = imageops::resize(picture, width, height, FilterType::Triangle);
    imageops::resize(&there(small), picture.width(), picture.height(), FilterType::CatmullRom)
}

fn add_noise(face: &mut RgbImage, deviation: f32, rng: &mut StdRng) {
    for byte in face.iter_mut() {
        let noise: f32 = rng.sample(StandardNormal);
        *byte = (f32::from(*byte) + deviation * noise + 0.5) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient() -> RgbImage {
        RgbImage::from_fn(64, 64, |x, y| Rgb([(4 * x) as u8, (4 * y) as u8, 128]))
    }

    #[test]
    fn the_same_seed_disturbs_alike() {
        let disturbed =
            |seed| Disturbance::draw(&mut StdRng::seed_from_u64(seed)).of_face(gradient());
        assert_eq!(disturbed(3), disturbed(3));
        assert_ne!(disturbed(3), disturbed(4));
    }

    #[test]
    fn nothing_drawn_changes_nothing() {
        assert_eq!(Disturbance::none().of_face(gradient()), gradient());
    }

    #[test]
    fn light_and_place_of_the_generated_face_follow_the_input() {
        for seed in 0..20 {
            let drawn = Disturbance::draw(&mut StdRng::seed_from_u64(seed));
            let recorded =
                Disturbance { blur: 0.0, resolution: 1.0, noise: 0.0, quality: None, ..drawn };
            assert_eq!(recorded.of_face(gradient()), recorded.of_generated(gradient()));
        }
    }

    #[test]
    fn connections_are_for_attacks_alone() {
        let streamed_of_100 = |streamed_share, live| {
            let draw = |seed| {
                Augmentation { streamed_share, hidden_share: None }
                    .draw(live, &mut StdRng::seed_from_u64(seed))
            };
            (0..100).filter(|&seed| draw(seed).connection.is_some()).count()
        };
        assert_eq!(streamed_of_100(Some(1.0), true), 0);
        assert_eq!(streamed_of_100(None, false), 0);
        assert_eq!(streamed_of_100(Some(1.0), false), 100);
        assert!((15..45).contains(&streamed_of_100(Some(0.3), false)));
    }

    #[test]
    fn a_connection_smooths_face_and_wider_crop_and_leaves_the_generated_face() {
        let connection = Some(Connection { resolution: SMALLEST_SENT, quality: 30 });
        let sent = Disturbance { connection, ..Disturbance::none() };
        let mut noisy = gradient();
        add_noise(&mut noisy, 30.0, &mut StdRng::seed_from_u64(1));
        let from_gradient = |face: &RgbImage| -> u64 {
            face.iter().zip(gradient().iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
        };
        for received in [sent.of_face(noisy.clone()), sent.of_context(noisy.clone())] {
            assert_eq!(received.dimensions(), noisy.dimensions());
            assert!(from_gradient(&received) < from_gradient(&noisy));
        }
        assert_eq!(sent.of_generated(noisy.clone()), noisy);
    }

    #[test]
    fn what_is_hidden_is_hidden_from_every_picture_at_its_place() {
        let hidden = Some(Hidden([0.25, 0.5, 0.5, 1.25]));
        let disturbed = Disturbance { hidden, ..Disturbance::none() };
        let grey = |picture: &RgbImage, x, y| *picture.get_pixel(x, y) == Rgb([128; 3]);
        let (face, context) = (disturbed.of_face(gradient()), disturbed.of_context(gradient()));
        assert_eq!(disturbed.of_generated(gradient()), face);
        for (x, y, there) in [(16, 32, true), (31, 63, true), (15, 40, false), (20, 31, false)] {
            assert_eq!(grey(&face, x, y), there, "{x}, {y} of the face");
        }
        // A face's side is half of the wider crop's.
        for (x, y, there) in [(24, 32, true), (31, 55, true), (23, 40, false), (28, 56, false)] {
            assert_eq!(grey(&context, x, y), there, "{x}, {y} of the wider crop");
        }
    }

    #[test]
    fn placements_without_turn_and_shift_keep_the_face() {
        let placement = Placement { turn: [1.0, 0.0], shift: [0.0, 0.0] };
        assert_eq!(placement.of(&gradient()), gradient());
        let shifted = Placement { turn: [1.0, 0.0], shift: [0.25, 0.0] }.of(&gradient());
        assert_eq!(shifted.get_pixel(10, 10), gradient().get_pixel(26, 10));
    }

    #[test]
    fn a_cut_repeats_the_border_of_what_is_kept() {
        let whole = gradient();
        let narrow = cut(whole.clone(), [0.25, 0.5, 0.25, 0.5]);
        assert_eq!(narrow.get_pixel(3, 9), whole.get_pixel(16, 9));
        assert_eq!(narrow.get_pixel(60, 9), whole.get_pixel(47, 9));
        assert_eq!(narrow.get_pixel(30, 63), whole.get_pixel(30, 63));
        assert_eq!(cut(whole.clone(), [0.5, 0.64, 0.5, 0.9]), whole);
    }

    #[test]
    fn a_photo_that_ends_within_the_aligned_face_ends_at_the_same_place_of_both_crops() {
        let close = Disturbance { kept: Some([0.2, 0.3, 0.5, 0.3]), ..Disturbance::none() };
        let (face, context) = (close.of_face(gradient()), close.of_context(gradient()));
        // 0.2 of the wider crop is 0.4 of the aligned face: column 6 of 64; 19 of the wider crop.
        assert_eq!(face.get_pixel(0, 9), gradient().get_pixel(6, 9));
        assert_eq!(face.get_pixel(30, 0), gradient().get_pixel(30, 0));
        assert_eq!(context.get_pixel(0, 30), gradient().get_pixel(19, 30));
        assert_eq!(close.of_generated(gradient()), face);
    }

    #[test]
    fn tones_keep_their_order_and_some_are_cut_off_at_both_ends() {
        let drawn = |seed| draw_tones(&mut StdRng::seed_from_u64(seed));
        let tables: Vec<[u8; 256]> = (0..100).flat_map(drawn).collect();
        assert!(tables.iter().all(|table| table.is_sorted()));
        assert!(tables.iter().any(|table| table[20] == 0 && table[180] == 255));
    }

    #[test]
    fn noise_has_its_deviation() {
        let mut face = RgbImage::from_pixel(64, 64, Rgb([128; 3]));
        add_noise(&mut face, 6.0, &mut StdRng::seed_from_u64(1));
        let squares: f32 = face.iter().map(|&byte| (f32::from(byte) - 128.0).powi(2)).sum();
        let deviation = (squares / face.len() as f32).sqrt();
        assert!((deviation - 6.0).abs() < 0.2, "{deviation}");
    }
}

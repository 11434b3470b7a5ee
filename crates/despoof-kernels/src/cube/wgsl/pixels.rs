//! Pixels of three bytes to planes of numbers in [−1, 1].

use super::{Launch, Program, line, words};

/// The kernel: a value of its input is a pixel, r + 256 g + 65536 b, which 32-bit floats hold exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pixels;

/// Of `images` with `plane` pixels each.
pub fn launch(images: usize, plane: usize) -> Launch<Pixels> {
    Launch::per_image(Pixels, words([plane]), plane, images)
}

impl Program for Pixels {
    fn buffers(&self) -> Vec<&'static str> {
        vec!["pixels", "output"]
    }

    fn sizes(&self) -> &'static [&'static str] {
        &["plane"]
    }

    fn body(&self) -> String {
        let mut text = String::new();
        line(&mut text, "if (id.x < plane) {\nlet pixel = u32(pixels[id.z * plane + id.x]);");
        line(&mut text, "let red = 3u * id.z * plane + id.x;");
        for channel in 0..3 {
            let byte = format!("(pixel >> {}u) & 255u", 8 * channel);
            line(
                &mut text,
                format!("output[red + {channel}u * plane] = f32({byte}) / 127.5 - 1.0;"),
            );
        }
        line(&mut text, "}");
        text
    }
}

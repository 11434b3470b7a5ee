//! What is done to every value with parameters of its channel.

use super::{Launch, Program, line, words};

/// Neighbours of an invocation.
const VALUES: usize = 4;

/// The kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channelwise {
    /// Scale and shift, two values a channel.
    Affine,
    /// The same, then x · sigmoid(x).
    AffineSilu,
    /// Negative values times a slope.
    Prelu,
}

/// Planes of `plane` values; the parameters repeat after `channels` planes.
pub fn launch(
    program: Channelwise,
    values: usize,
    channels: usize,
    plane: usize,
) -> Launch<Channelwise> {
    let sizes = words([values, channels, plane]);
    Launch::per_image(program, sizes, values.div_ceil(VALUES), 1)
}

impl Program for Channelwise {
    fn buffers(&self) -> Vec<&'static str> {
        vec!["input", "parameters", "output"]
    }

    fn sizes(&self) -> &'static [&'static str] {
        &["values", "channels", "plane"]
    }

    fn body(&self) -> String {
        let affine = "fma(x, parameters[2u * c], parameters[2u * c + 1u])";
        let value = match self {
            Self::Affine => affine.to_owned(),
            Self::AffineSilu => format!("silu({affine})"),
            Self::Prelu => "select(x, x * parameters[c], x < 0.0)".to_owned(),
        };
        let mut text = String::new();
        line(
            &mut text,
            format!(
                "for (var i = id.x * {VALUES}u; i < min(id.x * {VALUES}u + {VALUES}u, values); i++) {{"
            ),
        );
        line(&mut text, "let c = i / plane % channels;\nlet x = input[i];");
        line(&mut text, format!("output[i] = {value};\n}}"));
        text
    }

    fn declarations(&self) -> String {
        match self {
            Self::AffineSilu => {
                "fn silu(x: f32) -> f32 { return x / (1.0 + exp(-x)); }\n".to_owned()
            }
            Self::Affine | Self::Prelu => String::new(),
        }
    }
}

//! Convolution, dense or depthwise: an invocation computes up to 8 channels of up to 7 neighbours.

use super::{Launch, Program, line, words};

/// Output channels of an invocation of a dense convolution.
const CHANNELS: usize = 8;

/// Neighbours in a row that an invocation computes. The sides of the maps here are multiples of 7.
const COLUMNS: usize = 7;

/// Largest dense kernel whose rows are unrolled. (A depthwise one was slower so.)
const UNROLLED_TAPS: usize = 9;

/// Input channels of a 1×1 kernel that are unrolled.
const CHANNELS_IN: usize = 2;

/// What is done to the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Epilogue {
    /// Nothing.
    Identity,
    /// A bias is added.
    Bias,
    /// Frozen batch normalisation.
    BatchNorm,
    /// Frozen batch normalisation and ReLU6.
    BatchNormRelu6,
}

/// The kernel; `[vertical, horizontal]` where there are two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    depthwise: bool,
    kernel: [usize; 2],
    stride: [usize; 2],
    padded: bool,
    epilogue: Epilogue,
    channels: usize,
    columns: usize,
    channels_in: usize,
}

/// A layer with the sizes of its input.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// `[batch, channels, height, width]`.
    pub input: [usize; 4],
    /// `[out, in of a group, height, width]`.
    pub weight: [usize; 4],
    /// Steps between output positions.
    pub stride: [usize; 2],
    /// Zeros before and after, vertically and horizontally.
    pub padding: [(usize, usize); 2],
    /// What is done to the sums.
    pub epilogue: Epilogue,
    /// Added to the variance of a batch normalisation.
    pub epsilon: f32,
}

impl Layer {
    /// `[batch, channels, height, width]` of the output.
    pub fn output(&self) -> [usize; 4] {
        let [height, width] = [0, 1].map(|axis| {
            let (before, after) = self.padding[axis];
            let padded = self.input[axis + 2] + before + after;
            assert!(padded >= self.weight[axis + 2], "the kernel fits into the padded input");
            (padded - self.weight[axis + 2]) / self.stride[axis] + 1
        });
        [self.input[0], self.weight[0], height, width]
    }

    /// The call.
    pub fn launch(&self) -> Launch<Conv> {
        let ([batch, channels_in, ..], [channels_out, in_of_group, ..]) = (self.input, self.weight);
        let depthwise = in_of_group != channels_in;
        let kernel = [self.weight[2], self.weight[3]];
        let padded = self.padding != [(0, 0); 2];
        let (input, output) = self.planes(kernel, padded);
        let program = Conv {
            depthwise,
            kernel,
            stride: self.stride,
            padded,
            epilogue: self.epilogue,
            channels: if depthwise { 1 } else { channels_out.min(CHANNELS) },
            columns: output[1].min(COLUMNS),
            channels_in: channels_at_once(kernel, in_of_group),
        };
        let [top, left] = self.padding.map(|(before, _)| before);
        let mut sizes =
            words([in_of_group, channels_out, input[0], input[1], output[0], output[1], top, left]);
        sizes.push(self.epsilon.to_bits());
        let tiles = output[1].div_ceil(program.columns) * output[0];
        let blocks = channels_out.div_ceil(program.channels);
        Launch::per_image(program, sizes, tiles * blocks, batch)
    }

    /// Height and width of input and output. Where every output has its own input, all is one row.
    fn planes(&self, kernel: [usize; 2], padded: bool) -> ([usize; 2], [usize; 2]) {
        let ([.., height, width], [.., height_out, width_out]) = (self.input, self.output());
        if kernel == [1, 1] && self.stride == [1, 1] && !padded {
            ([1, height * width], [1, height_out * width_out])
        } else {
            ([height, width], [height_out, width_out])
        }
    }
}

/// Input channels that are unrolled.
fn channels_at_once(kernel: [usize; 2], channels_in: usize) -> usize {
    let unrolled = kernel == [1, 1] && channels_in.is_multiple_of(CHANNELS_IN);
    if unrolled { CHANNELS_IN } else { 1 }
}

impl Program for Conv {
    fn buffers(&self) -> Vec<&'static str> {
        let parameters: &[_] = match self.epilogue {
            Epilogue::Identity => &[],
            Epilogue::Bias => &["bias"],
            Epilogue::BatchNorm | Epilogue::BatchNormRelu6 => {
                &["gamma", "beta", "mean", "variance"]
            }
        };
        [&["input", "weight"], parameters, &["output"]].concat()
    }

    fn sizes(&self) -> &'static [&'static str] {
        &[
            "channels_in",
            "channels_out",
            "height",
            "width",
            "height_out",
            "width_out",
            "top",
            "left",
            "epsilon",
        ]
    }

    fn body(&self) -> String {
        let mut text = String::new();
        self.position(&mut text);
        self.sum(&mut text);
        for channel in 0..self.channels {
            self.write(&mut text, channel);
        }
        text
    }
}

impl Conv {
    /// Columns of the input below the outputs of an invocation.
    fn reach(&self) -> usize {
        (self.columns - 1) * self.stride[1] + self.kernel[1]
    }

    fn position(&self, text: &mut String) {
        let Self {
            columns, channels, stride: [vertical, horizontal], kernel: [rows, taps], ..
        } = self;
        line(text, format!("let tiles_of_row = (width_out + {}u) / {columns}u;", columns - 1));
        line(text, "let tiles = tiles_of_row * height_out;");
        line(text, format!("let channel = id.x / tiles * {channels}u;"));
        line(text, "if (channel >= channels_out) { return; }");
        line(text, "let row = id.x % tiles / tiles_of_row;");
        line(text, format!("let column = id.x % tiles % tiles_of_row * {columns}u;"));
        line(text, format!("let first_row = i32(row * {vertical}u) - i32(top);"));
        line(text, format!("let first_column = i32(column * {horizontal}u) - i32(left);"));
        // What is read beside the map is zeroed or not written. Without branches: software adapters
        // keep the sums in memory between the blocks of a text.
        for x in 0..self.reach() {
            self.place(text, "x", x, "first_column", "width");
        }
        for r in 0..self.unrolled_rows() {
            self.place(text, "y", r, "first_row", "height");
        }
        line(text, format!("let weights = channels_in * {}u;", rows * taps));
        for c in 0..*channels {
            line(text, format!("let w{c} = min(channel + {c}u, channels_out - 1u) * weights;"));
            for q in 0..*columns {
                line(text, format!("var sum{c}_{q} = 0.0;"));
            }
        }
    }

    /// A row or column of the input, moved into the map, and whether it was there.
    fn place(&self, text: &mut String, name: &str, index: usize, first: &str, length: &str) {
        let at = format!("{first} + {index}");
        line(text, format!("let {name}{index} = u32(clamp({at}, 0, i32({length}) - 1));"));
        if self.padded {
            let inside = format!("({at} >= 0) & ({at} < i32({length}))");
            line(text, format!("let inside_{name}{index} = {inside};"));
        }
    }

    /// Rows of the kernel when they are unrolled, else none.
    fn unrolled_rows(&self) -> usize {
        let [rows, taps] = self.kernel;
        if !self.depthwise && rows * taps <= UNROLLED_TAPS { rows } else { 0 }
    }

    fn sum(&self, text: &mut String) {
        let rows = self.kernel[0];
        let start =
            if self.depthwise { "(id.z * channels_out + channel)" } else { "id.z * channels_in" };
        line(text, format!("var plane = {start} * height * width;"));
        line(text, "var tap = 0u;");
        line(text, format!("for (var c = 0u; c < channels_in; c += {}u) {{", self.channels_in));
        for channel in 0..self.channels_in {
            for row in 0..self.unrolled_rows() {
                self.sum_row(text, &format!("{channel}_{row}"), &format!("y{row}"));
            }
            if self.unrolled_rows() == 0 {
                self.loop_over_rows(text, rows);
            }
            line(text, "plane += height * width;");
        }
        line(text, "}");
    }

    fn loop_over_rows(&self, text: &mut String, rows: usize) {
        line(text, format!("for (var r = 0; r < {rows}; r++) {{"));
        line(text, "let at = first_row + r;\nlet y = u32(clamp(at, 0, i32(height) - 1));");
        if self.padded {
            line(text, "let inside_y = (at >= 0) & (at < i32(height));");
        }
        self.sum_row(text, "", "y");
        line(text, "}");
    }

    /// Adds a row of the kernel; `suffix` tells its names from those of other rows.
    fn sum_row(&self, text: &mut String, suffix: &str, y: &str) {
        let [_, taps] = self.kernel;
        line(text, format!("let start{suffix} = plane + {y} * width;"));
        for x in 0..self.reach() {
            let value = format!("input[start{suffix} + x{x}]");
            let value = if self.padded {
                format!("select(0.0, {value}, inside_{y} & inside_x{x})")
            } else {
                value
            };
            line(text, format!("let v{x}_{suffix} = {value};"));
        }
        for t in 0..taps {
            for c in 0..self.channels {
                let name = format!("k{c}_{t}_{suffix}");
                line(text, format!("let {name} = weight[w{c} + tap + {t}u];"));
                for q in 0..self.columns {
                    let x = q * self.stride[1] + t;
                    line(text, format!("sum{c}_{q} = fma({name}, v{x}_{suffix}, sum{c}_{q});"));
                }
            }
        }
        line(text, format!("tap += {taps}u;"));
    }

    fn write(&self, text: &mut String, channel: usize) {
        line(text, format!("if (channel + {channel}u < channels_out) {{"));
        line(text, format!("let c = channel + {channel}u;"));
        if let Epilogue::BatchNorm | Epilogue::BatchNormRelu6 = self.epilogue {
            line(text, "let scale = gamma[c] * inverseSqrt(variance[c] + bitcast<f32>(epsilon));");
            line(text, "let shift = beta[c] - mean[c] * scale;");
        }
        line(
            text,
            "let start = ((id.z * channels_out + c) * height_out + row) * width_out + column;",
        );
        for q in 0..self.columns {
            let sum = format!("sum{channel}_{q}");
            let value = match self.epilogue {
                Epilogue::Identity => sum,
                Epilogue::Bias => format!("{sum} + bias[c]"),
                Epilogue::BatchNorm => format!("fma({sum}, scale, shift)"),
                Epilogue::BatchNormRelu6 => format!("clamp(fma({sum}, scale, shift), 0.0, 6.0)"),
            };
            line(
                text,
                format!("if (column + {q}u < width_out) {{ output[start + {q}u] = {value}; }}"),
            );
        }
        line(text, "}");
    }
}

//! Affine map of rows: an invocation computes 8 features of up to 7 rows.

use super::{Launch, Program, line, words};

const FEATURES: usize = 8;
const ROWS: usize = 7;

/// Input features that are unrolled.
const FEATURES_IN: usize = 2;

/// The kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Linear {
    rows: usize,
    has_bias: bool,
    features_in: usize,
}

/// `[rows, features in]` by `[features in, features out]`.
pub fn launch(rows: usize, weight: [usize; 2], has_bias: bool) -> Launch<Linear> {
    let [features_in, features_out] = weight;
    let unrolled = if features_in.is_multiple_of(FEATURES_IN) { FEATURES_IN } else { 1 };
    // An empty batch takes no workgroup of the least kernel.
    let program = Linear { rows: rows.clamp(1, ROWS), has_bias, features_in: unrolled };
    let invocations = rows.div_ceil(program.rows) * features_out.div_ceil(FEATURES);
    Launch::per_image(program, words([rows, features_in, features_out]), invocations, 1)
}

impl Program for Linear {
    fn buffers(&self) -> Vec<&'static str> {
        let bias: &[_] = if self.has_bias { &["bias"] } else { &[] };
        [&["input", "weight"], bias, &["output"]].concat()
    }

    fn sizes(&self) -> &'static [&'static str] {
        &["rows", "features_in", "features_out"]
    }

    fn body(&self) -> String {
        let mut text = String::new();
        self.position(&mut text);
        line(&mut text, "var start = 0u;");
        line(
            &mut text,
            format!("for (var i = 0u; i < features_in; i += {}u) {{", self.features_in),
        );
        for i in 0..self.features_in {
            for r in 0..self.rows {
                line(&mut text, format!("let v{r}_{i} = input[x{r} + i + {i}u];"));
            }
            for f in 0..FEATURES {
                line(&mut text, format!("let k{f}_{i} = weight[start + w{f}];"));
                for r in 0..self.rows {
                    let sum = format!("sum{r}_{f} = fma(k{f}_{i}, v{r}_{i}, sum{r}_{f});");
                    line(&mut text, sum);
                }
            }
            line(&mut text, "start += features_out;");
        }
        line(&mut text, "}");
        for r in 0..self.rows {
            self.write(&mut text, r);
        }
        text
    }
}

impl Linear {
    fn position(&self, text: &mut String) {
        line(text, format!("let blocks = (features_out + {}u) / {FEATURES}u;", FEATURES - 1));
        line(text, format!("let feature = id.x % blocks * {FEATURES}u;"));
        line(text, format!("let row = id.x / blocks * {}u;", self.rows));
        line(text, "if (row >= rows) { return; }");
        for f in 0..FEATURES {
            line(text, format!("let w{f} = min(feature + {f}u, features_out - 1u);"));
        }
        for r in 0..self.rows {
            line(text, format!("let x{r} = min(row + {r}u, rows - 1u) * features_in;"));
            for f in 0..FEATURES {
                line(text, format!("var sum{r}_{f} = 0.0;"));
            }
        }
    }

    fn write(&self, text: &mut String, row: usize) {
        line(text, format!("if (row + {row}u < rows) {{"));
        line(text, format!("let start = (row + {row}u) * features_out;"));
        for f in 0..FEATURES {
            let bias = if self.has_bias { format!(" + bias[w{f}]") } else { String::new() };
            let write = format!("output[start + w{f}] = sum{row}_{f}{bias};");
            line(text, format!("if (feature + {f}u < features_out) {{ {write} }}"));
        }
        line(text, "}");
    }
}

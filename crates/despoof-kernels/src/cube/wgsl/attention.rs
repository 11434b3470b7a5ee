//! Attention: an invocation computes one query of one head and reads keys and values in order. The
//! softmax is kept up to date on the way (Milakov and Gimelshein 2018), so no matrix is stored.

use super::{Launch, Program, line, words};

/// Widest head whose query and sums an invocation can hold.
pub const WIDEST_HEAD: usize = 64;

/// The kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attention {
    head_width: usize,
}

/// `query` is `[batch, tokens, width]`, keys and values have `context` tokens.
pub fn launch(
    [batch, tokens, width]: [usize; 3],
    context: usize,
    heads: usize,
) -> Launch<Attention> {
    let program = Attention { head_width: width / heads };
    Launch::per_image(program, words([tokens, context, width]), tokens * heads, batch)
}

impl Program for Attention {
    fn buffers(&self) -> Vec<&'static str> {
        vec!["query", "key", "value", "output"]
    }

    fn sizes(&self) -> &'static [&'static str] {
        &["tokens", "context", "width"]
    }

    fn body(&self) -> String {
        let width = self.head_width;
        let mut text = String::new();
        line(&mut text, format!("let first = id.x / tokens * {width}u;"));
        line(&mut text, "if (first >= width) { return; }");
        line(&mut text, "let here = (id.z * tokens + id.x % tokens) * width + first;");
        line(&mut text, "var there = id.z * context * width + first;");
        for i in 0..width {
            let scale = 1.0 / (width as f32).sqrt();
            line(
                &mut text,
                format!("let q{i} = query[here + {i}u] * {scale:?};\nvar sum{i} = 0.0;"),
            );
        }
        line(&mut text, "var largest = -3.0e38;\nvar total = 0.0;");
        line(&mut text, "for (var t = 0u; t < context; t++) {\nvar score = 0.0;");
        for i in 0..width {
            line(&mut text, format!("score = fma(q{i}, key[there + {i}u], score);"));
        }
        line(&mut text, "let new_largest = max(largest, score);");
        line(&mut text, "let keep = exp(largest - new_largest);");
        line(&mut text, "let weight = exp(score - new_largest);");
        line(&mut text, "largest = new_largest;\ntotal = fma(total, keep, weight);");
        for i in 0..width {
            line(&mut text, format!("sum{i} = fma(sum{i}, keep, weight * value[there + {i}u]);"));
        }
        line(&mut text, "there += width;\n}");
        for i in 0..width {
            line(&mut text, format!("output[here + {i}u] = sum{i} / total;"));
        }
        text
    }
}

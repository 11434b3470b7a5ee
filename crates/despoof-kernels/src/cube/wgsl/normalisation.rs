//! Group and layer normalisation. Sums are taken over differences to the first value, which keeps
//! the variance precise where the mean is far from zero.

use super::{Launch, Program, WORKGROUP, line, words};

/// Invocations that share a row of a layer normalisation.
const LANES_OF_ROW: usize = 32;

/// Scale and shift of every channel, two values each, that normalise its group. The second pass of a
/// group normalisation is [`super::channelwise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupStatistics;

/// `input` is `[batch, channels, height, width]`.
pub fn group_statistics(
    [batch, channels, height, width]: [usize; 4],
    groups: usize,
    epsilon: f32,
) -> Launch<GroupStatistics> {
    let mut sizes = words([groups, channels / groups, height * width]);
    sizes.push(epsilon.to_bits());
    Launch { program: GroupStatistics, sizes, workgroups: [(batch * groups) as u32, 1, 1] }
}

impl Program for GroupStatistics {
    fn buffers(&self) -> Vec<&'static str> {
        vec!["input", "gamma", "beta", "output"]
    }

    fn sizes(&self) -> &'static [&'static str] {
        &["groups", "channels", "plane", "epsilon"]
    }

    fn declarations(&self) -> String {
        sums(WORKGROUP)
    }

    fn body(&self) -> String {
        let mut text = String::from("let count = channels * plane;\n");
        statistics(&mut text, WORKGROUP);
        line(&mut text, format!("for (var c = lane; c < channels; c += {WORKGROUP}u) {{"));
        line(&mut text, "let channel = group.x % groups * channels + c;");
        line(&mut text, "let at = 2u * (group.x * channels + c);");
        line(&mut text, "let scale = gamma[channel] * inverse;");
        line(&mut text, "output[at] = scale;\noutput[at + 1u] = beta[channel] - mean * scale;\n}");
        text
    }
}

/// Layer normalisation of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayerNorm;

/// `rows` of `width` values.
pub fn layer_norm(rows: usize, width: usize, epsilon: f32) -> Launch<LayerNorm> {
    let sizes = vec![width as u32, epsilon.to_bits()];
    Launch { program: LayerNorm, sizes, workgroups: [rows as u32, 1, 1] }
}

impl Program for LayerNorm {
    fn buffers(&self) -> Vec<&'static str> {
        vec!["input", "gamma", "beta", "output"]
    }

    fn sizes(&self) -> &'static [&'static str] {
        &["count", "epsilon"]
    }

    fn declarations(&self) -> String {
        sums(LANES_OF_ROW)
    }

    fn workgroup(&self) -> usize {
        LANES_OF_ROW
    }

    fn body(&self) -> String {
        let mut text = String::new();
        statistics(&mut text, LANES_OF_ROW);
        line(&mut text, format!("for (var i = lane; i < count; i += {LANES_OF_ROW}u) {{"));
        line(&mut text, "let normalised = (input[start + i] - mean) * inverse;");
        line(&mut text, "output[start + i] = fma(normalised, gamma[i], beta[i]);\n}");
        text
    }
}

fn sums(lanes: usize) -> String {
    format!("var<workgroup> sums: array<vec2<f32>, {lanes}>;\n")
}

/// `mean` and `inverse` deviation of the `count` values of a workgroup, which begin at `start`.
fn statistics(text: &mut String, lanes: usize) {
    line(text, "let start = group.x * count;\nlet origin = input[start];");
    line(text, "var sum = vec2<f32>(0.0, 0.0);");
    line(text, format!("for (var i = lane; i < count; i += {lanes}u) {{"));
    line(text, "let difference = input[start + i] - origin;");
    line(text, "sum += vec2<f32>(difference, difference * difference);\n}");
    line(text, "sums[lane] = sum;\nworkgroupBarrier();\nvar total = vec2<f32>(0.0, 0.0);");
    line(text, format!("for (var i = 0u; i < {lanes}u; i++) {{ total += sums[i]; }}"));
    line(text, "let offset = total.x / f32(count);\nlet mean = origin + offset;");
    line(text, "let spread = max(total.y / f32(count) - offset * offset, 0.0);");
    line(text, "let inverse = inverseSqrt(spread + bitcast<f32>(epsilon));");
}

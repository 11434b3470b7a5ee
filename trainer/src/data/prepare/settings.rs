//! What a preparation is made with; the same settings on the same files give the same shards.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Settings of `despoof data prepare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
pub struct Settings {
    /// How the data lies on disk: folder, shards, oulu-npu, casia-fasd, replay-attack, msu-mfsd,
    /// celeba-spoof, hkbu-mars, wffd, rose-youtu, siw or nuaa.
    #[arg(long)]
    pub layout: String,
    /// Name of the domain; default: the layout's, the folder's or the shards' own.
    #[arg(long)]
    pub domain: Option<String>,
    /// One of the set's own protocols.
    #[arg(long)]
    pub protocol: Option<String>,
    /// Who is in which split.
    #[arg(long, value_enum, default_value_t = Splits::Given)]
    pub splits: Splits,
    /// Take the persons on both sides of given splits as they are, with a warning.
    #[arg(long)]
    pub allow_overlap: bool,
    /// What a prepared photo shows.
    #[arg(long, value_enum, default_value_t = Form::Crop)]
    pub form: Form,
    /// Side of a crop in sides of the face box.
    #[arg(long, default_value_t = 2.2)]
    pub context: f32,
    /// Scale every crop so that the face (square root of its box's area) has this many pixels.
    #[arg(long)]
    pub face_side: Option<u32>,
    /// Refuse smaller faces, in pixels of the photo; with the value of --face-side no face is enlarged.
    #[arg(long, default_value_t = 32)]
    pub smallest_face: u32,
    /// JPEG quality of every prepared photo, 1 to 100.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub jpeg_quality: u8,
    /// Frames taken of a video, evenly spread.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub frames: u32,
    /// Photos in a shard, about.
    #[arg(long, default_value_t = 1000)]
    pub shard_photos: usize,
    /// Turn photos in which no upright face is found by 90, 180 and 270 degrees.
    #[arg(long)]
    pub turn: bool,
    /// At most this many photos or videos of each domain and label, chosen by their key.
    #[arg(long)]
    pub limit: Option<usize>,
}

/// Who is in which split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Splits {
    /// The set's own splits; persons without one go to train or dev by a hash of their name.
    Given,
    /// The set's own test split; the persons of its train split go to train or dev by a hash, where
    /// the set has no dev split.
    DevFromTrain,
    /// Every person by a hash of the name.
    BySubject,
}

/// What a prepared photo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The face with what is around it.
    Crop,
    /// The 224 pixel crop that the networks see.
    Aligned,
}

//! One photo or video of a set, made into photos of a shard; whatever is wrong with it is a reason.

use despoof::photo;
use image::RgbImage;

use super::Tools;
use super::face_picture::{FacePicture, face_picture};
use super::settings::Settings;
use crate::data::layouts::{Item, Media, Skipped, photo_bytes, scaled_box};

/// What became of an item.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Photos, by key.
    pub pictures: Vec<(String, FacePicture)>,
    /// What gave no photo, and why.
    pub rejected: Vec<Skipped>,
}

impl Outcome {
    fn reject(&mut self, file: String, reason: String) {
        self.rejected.push(Skipped { file, reason });
    }

    fn take(
        &mut self,
        item: &Item,
        frame: Option<u64>,
        bytes: &[u8],
        settings: &Settings,
        tools: &Tools,
    ) {
        match picture(item, bytes, settings, tools) {
            Ok(mut picture) => {
                picture.metadata.frame = frame;
                let key = match frame {
                    Some(frame) => format!("{}-{frame:06}", item.key),
                    None => item.key.clone(),
                };
                self.pictures.push((key, picture));
            }
            Err(reason) => {
                let frame = frame.map(|frame| format!("#{frame}")).unwrap_or_default();
                self.reject(format!("{}{frame}", item.file), reason);
            }
        }
    }
}

/// Prepares an item.
pub fn prepared(item: &Item, settings: &Settings, tools: &Tools) -> Outcome {
    let mut outcome = Outcome::default();
    match (&item.media, &tools.ffmpeg) {
        (Media::Video(_), None) => {
            outcome.reject(item.file.clone(), "there is nothing to read videos with".to_owned());
        }
        (Media::Video(path), Some(ffmpeg)) => {
            let wanted = settings.frames;
            let taken = ffmpeg.for_each_frame(path, wanted, |frame, bytes| {
                outcome.take(item, Some(frame), bytes, settings, tools);
            });
            if let Err(error) = taken {
                outcome.reject(item.file.clone(), error.to_string());
            }
        }
        (media, _) => match photo_bytes(media) {
            Ok(bytes) => outcome.take(item, None, &bytes, settings, tools),
            Err(error) => outcome.reject(item.file.clone(), error.to_string()),
        },
    }
    outcome
}

fn picture(
    item: &Item,
    bytes: &[u8],
    settings: &Settings,
    tools: &Tools,
) -> Result<FacePicture, String> {
    let image = photo::decode(bytes).map_err(|error| error.to_string())?;
    let hint = face_hint(item, &image);
    face_picture(image, hint, &item.metadata, settings, &tools.detector)
        .map_err(|error| error.to_string())
}

fn face_hint(item: &Item, image: &RgbImage) -> Option<[f32; 4]> {
    let from_file = || scaled_box(item.box_file.as_deref()?, image.width(), image.height());
    item.metadata.face.or_else(from_file)
}

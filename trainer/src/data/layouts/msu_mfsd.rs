//! MSU-MFSD (Wen et al. 2015), the public part of 35 persons.

use std::collections::HashMap;

use anyhow::Result;
use regex::Regex;

use super::files::{Place, described_files};
use super::{Description, Layout, Listing, Request};

/// A laptop's and a phone's camera; a tablet, a phone and prints in front of them.
pub struct MsuMfsd;

impl Layout for MsuMfsd {
    fn name(&self) -> &'static str {
        "msu-mfsd"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/scene01/real/real_client001_android_SD_scene01.mp4   (or …_laptop_SD_scene01.mov)
  ROOT/scene01/attack/attack_client001_android_SD_ipad_video_scene01.mp4   (iphone_video, printed_photo)
  ROOT/train_sub_list.txt, ROOT/test_sub_list.txt   (a person's number a line)"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let splits = splits_of_persons(self, request)?;
        let pattern = Regex::new(
            r"(?:^|/)scene01/(?:real|attack)/(?:real|attack)_client(\d+)_(?:android|laptop)_SD_(?:(ipad_video|iphone_video|printed_photo)_)?scene01\.\w+$",
        )
        .expect("the pattern is valid");
        described_files(request, self, |path| {
            let Some(parts) = pattern.captures(path) else { return Place::Unknown };
            let person = parts[1].parse().unwrap_or(0);
            let Some(split) = splits.get(&person) else { return Place::LeftOut };
            let description = match parts.get(2).map(|attack| attack.as_str()) {
                None => Description::live(),
                Some("printed_photo") => Description::attack("print", "printed-photo"),
                Some(video) => Description::attack("replay", video.replace('_', "-")),
            };
            Place::Item(description.of(&parts[1]).within(split))
        })
    }
}

/// Which split each person is in; a person in neither list is not part of the set's protocol.
fn splits_of_persons(layout: &MsuMfsd, request: &Request) -> Result<HashMap<u32, &'static str>> {
    let mut splits = HashMap::new();
    for (name, split) in [("train_sub_list.txt", "train"), ("test_sub_list.txt", "test")] {
        let text = std::fs::read_to_string(request.root.join(name))
            .map_err(|error| request.wrong_root(layout, &format!("{name}: {error}")))?;
        splits.extend(text.split_whitespace().filter_map(|word| Some((word.parse().ok()?, split))));
    }
    Ok(splits)
}

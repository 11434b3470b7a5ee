//! CelebA-Spoof (Zhang et al. 2020): photos with 44 annotations each in JSON files.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::{Description, Layout, Listing, Request};

/// Place of the spoof type among a photo's annotations.
const SPOOF_TYPE: usize = 40;
/// Side of the picture that the boxes of `…_BB.txt` count in, whatever the photo's size.
const BOX_UNITS: f32 = 224.0;

/// 10,177 persons; prints, paper masks, screens and 3D masks.
pub struct CelebaSpoof;

impl Layout for CelebaSpoof {
    fn name(&self) -> &'static str {
        "celeba-spoof"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/metas/intra_test/train_label.json, test_label.json   ({\"Data/train/1/live/000001.jpg\": [44 numbers], …})
  ROOT/Data/train/1/live/000001.jpg, 000001_BB.txt
  ROOT/Data/train/1/spoof/000002.png, …; ROOT/Data/test/…   (--protocol names another folder of metas)"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        let metas = request.root.join("metas").join(request.protocol.unwrap_or("intra_test"));
        let mut listing = Listing::default();
        for split in ["train", "test"] {
            let path = metas.join(format!("{split}_label.json"));
            let text = std::fs::read(&path).map_err(|error| {
                request.wrong_root(self, &format!("{}: {error}", path.display()))
            })?;
            let labels: BTreeMap<String, Vec<i64>> =
                serde_json::from_slice(&text).map_err(|error| {
                    request.wrong_root(self, &format!("{}: {error}", path.display()))
                })?;
            for (file, annotations) in labels {
                self.add(request, split, &file, &annotations, &mut listing);
            }
        }
        if listing.items.is_empty() {
            let problem =
                format!("none of the {} listed photos can be used", listing.skipped.len());
            return Err(request.wrong_root(self, &problem));
        }
        Ok(listing)
    }
}

impl CelebaSpoof {
    fn add(
        &self,
        request: &Request,
        split: &str,
        file: &str,
        annotations: &[i64],
        listing: &mut Listing,
    ) {
        let described = annotations.get(SPOOF_TYPE).and_then(|kind| description(*kind));
        let Some(description) = described else {
            return listing.skip(file, "its annotations have no spoof type from 0 to 10");
        };
        let person = file.split('/').nth(2).unwrap_or("unknown");
        let path = request.root.join(file);
        let before = listing.items.len();
        listing.add_file(request, self, &path, file, description.of(person).within(split));
        if let Some(item) = listing.items.get_mut(before) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            item.box_file = Some(path.with_file_name(format!("{stem}_BB.txt")));
        }
    }
}

fn description(spoof_type: i64) -> Option<Description> {
    Some(match spoof_type {
        0 => Description::live(),
        1 => Description::attack("print", "photo"),
        2 => Description::attack("print", "poster"),
        3 => Description::attack("print", "a4"),
        4 => Description::attack("mask", "paper-face"),
        5 => Description::attack("mask", "paper-upper-body"),
        6 => Description::attack("mask", "paper-region"),
        7 => Description::attack("replay", "pc"),
        8 => Description::attack("replay", "pad"),
        9 => Description::attack("replay", "phone"),
        10 => Description::attack("mask", "3d"),
        _ => return None,
    })
}

/// The box of a `…_BB.txt` (`x y width height score`, in 224ths of the photo's sides) in pixels of a
/// photo of `width` × `height`; none where the file does not have one.
pub fn scaled_box(path: &Path, width: u32, height: u32) -> Option<[f32; 4]> {
    let text = std::fs::read_to_string(path).ok()?;
    let numbers: Vec<f32> = text.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let [x, y, box_width, box_height, ..] = numbers[..] else { return None };
    let (across, down) = (width as f32 / BOX_UNITS, height as f32 / BOX_UNITS);
    Some([x * across, y * down, (x + box_width) * across, (y + box_height) * down])
}

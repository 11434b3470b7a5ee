//! Paper figure 3: rows of faces; columns input, then reconstruction and residual by each source of
//! cues. All residuals share one colour scale.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use burn::tensor::Device;
use despoof::images::images_from_batch;
use image::{Rgb, RgbImage};
use serde_json::json;

use super::page::{self, escaped, picture, section, table};
use super::residual::{mean, residual};
use crate::cue_source::CueSource;
use crate::data::face_store::{ALIGNED, ALIGNED_SIDE, FaceStore};
use crate::evaluation::scored::LIVE;
use crate::revision::revision;
use crate::training::batch;
use crate::training::labelled_faces::{instrument, is_live};
use crate::training::samples::write_grid;

/// Share of the residuals' pixels that the colour scale reaches.
const SCALE_SHARE: f64 = 0.99;
/// Colours of residuals from none to the scale's end, evenly spaced.
const COLOURS: [[f32; 3]; 5] =
    [[0.0, 0.0, 8.0], [80.0, 20.0, 110.0], [190.0, 55.0, 80.0], [250.0, 145.0, 10.0], [255.0; 3]];

/// A face of the figure.
pub struct ChosenFace {
    /// Its photo.
    pub key: String,
    /// Live, or what it is presented with.
    pub kind: String,
    image: RgbImage,
}

/// What a source makes of the faces.
pub struct Column {
    name: String,
    drawn: Vec<RgbImage>,
    /// Absolute difference of every pixel, mean over the colours, 0 to 255.
    residuals: Vec<Vec<f32>>,
}

/// The whole figure.
pub struct Figure<'a> {
    /// A row each.
    pub faces: &'a [ChosenFace],
    /// Two columns each.
    pub columns: &'a [Column],
    /// Which faces were chosen.
    pub seed: u64,
}

/// Place of a face in the seed's order, its store, its index there.
type Place = (u64, usize, usize);

/// `per_kind` faces of every kind, live ones first: those that the seed puts first.
///
/// # Errors
/// A face that cannot be read.
pub fn chosen_faces(stores: &[FaceStore], per_kind: usize, seed: u64) -> Result<Vec<ChosenFace>> {
    let mut kinds: BTreeMap<(bool, &str), Vec<Place>> = BTreeMap::new();
    for (store, faces) in stores.iter().enumerate() {
        for (index, entry) in faces.entries.iter().enumerate() {
            let kind = if is_live(entry) { LIVE } else { instrument(entry) };
            let order = entry.order(seed);
            kinds.entry((!is_live(entry), kind)).or_default().push((order, store, index));
        }
    }
    let mut chosen = Vec::new();
    for ((_, kind), mut faces) in kinds {
        faces.sort_unstable();
        for &(_, store, index) in faces.iter().take(per_kind) {
            let plane = stores[store].image_plane(ALIGNED, ALIGNED_SIDE)?;
            chosen.push(ChosenFace {
                key: stores[store].entries[index].key.clone(),
                kind: kind.to_owned(),
                image: plane.read(index)?,
            });
        }
    }
    Ok(chosen)
}

impl Column {
    /// Reconstructs the faces one by one: what a source makes of a face does not hang on its row.
    ///
    /// # Errors
    /// A device that cannot be read.
    pub fn draw(
        name: String,
        source: &dyn CueSource,
        faces: &[ChosenFace],
        device: &Device,
    ) -> Result<Self> {
        let mut drawn = Vec::new();
        for face in faces {
            let input = batch::tensor(std::slice::from_ref(&face.image), device);
            drawn.extend(pollster::block_on(images_from_batch(source.reconstruct(input)))?);
        }
        let residuals =
            faces.iter().zip(&drawn).map(|(face, drawn)| residual(&face.image, drawn)).collect();
        Ok(Self { name, drawn, residuals })
    }
}

impl Figure<'_> {
    /// Writes picture, numbers and page into `folder`, which is made if missing.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let scale = self.scale();
        let rows: Vec<Vec<RgbImage>> =
            (0..self.faces.len()).map(|row| self.row(row, scale)).collect();
        write_grid(&folder.join("figure3.png"), &rows)?;
        let numbers = self.numbers(scale);
        let path = folder.join("figure3.json");
        std::fs::write(&path, serde_json::to_string_pretty(&numbers)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        page::write(folder, "Figure 3", &self.page(scale))
    }

    /// The residual that the brightest colour stands for, the same in the whole figure.
    fn scale(&self) -> f32 {
        let mut all: Vec<f32> = self
            .columns
            .iter()
            .flat_map(|column| column.residuals.iter().flatten().copied())
            .collect();
        if all.is_empty() {
            return 1.0;
        }
        let at = ((all.len() - 1) as f64 * SCALE_SHARE) as usize;
        let (_, value, _) = all.select_nth_unstable_by(at, f32::total_cmp);
        value.max(1.0)
    }

    fn row(&self, row: usize, scale: f32) -> Vec<RgbImage> {
        let mut pictures = vec![self.faces[row].image.clone()];
        for column in self.columns {
            pictures.push(column.drawn[row].clone());
            let colours = column.residuals[row].iter().map(|&value| colour(value / scale));
            let bytes = colours.flat_map(|colour| colour.0).collect();
            let coloured = RgbImage::from_raw(ALIGNED_SIDE, ALIGNED_SIDE, bytes);
            pictures.push(coloured.expect("a residual is as large as its face"));
        }
        pictures
    }

    fn numbers(&self, scale: f32) -> serde_json::Value {
        let row = |(row, face): (usize, &ChosenFace)| {
            let means: BTreeMap<&str, f32> = self
                .columns
                .iter()
                .map(|column| (column.name.as_str(), mean(&column.residuals[row]) as f32))
                .collect();
            json!({ "key": face.key, "kind": face.kind, "mean_residual": means })
        };
        json!({
            "seed": self.seed,
            "revision": revision(),
            "scale": scale,
            "columns": self.columns.iter().map(|column| &column.name).collect::<Vec<_>>(),
            "rows": self.faces.iter().enumerate().map(row).collect::<Vec<_>>(),
        })
    }

    fn page(&self, scale: f32) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let columns: Vec<String> =
            names.iter().map(|name| format!("{name}: reconstruction, residual")).collect();
        let facts = format!(
            "<p>Columns: input; {}. Rows as in the table. Residuals: absolute difference, mean over the \
             colours; black is none, white is {scale:.0} of 255 or more, in the whole figure. Seed {}, \
             revision {}.</p>\n",
            escaped(&columns.join("; ")),
            self.seed,
            escaped(&revision()),
        );
        let lines: Vec<Vec<String>> = self
            .faces
            .iter()
            .enumerate()
            .map(|(row, face)| {
                let mean_of = |column: &Column| format!("{:.2}", mean(&column.residuals[row]));
                let name = format!("{}: {}", face.kind, face.key);
                std::iter::once(name).chain(self.columns.iter().map(mean_of)).collect()
            })
            .collect();
        let head: Vec<&str> = std::iter::once("face").chain(names).collect();
        facts
            + &picture("figure3.png", "")
            + &section("Mean residual, of 255", &table(&head, &lines))
    }
}

/// Colour of a share of the scale.
fn colour(share: f32) -> Rgb<u8> {
    let place = share.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f32;
    let below = (place as usize).min(COLOURS.len() - 2);
    let part = place - below as f32;
    let blend = |channel: usize| {
        COLOURS[below][channel] * (1.0 - part) + COLOURS[below + 1][channel] * part
    };
    Rgb([0, 1, 2].map(|channel| blend(channel).round() as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_run_from_none_to_the_scales_end() {
        assert_eq!(colour(0.0), Rgb([0, 0, 8]));
        assert_eq!(colour(1.0), Rgb([255, 255, 255]));
        assert_eq!(colour(7.0), colour(1.0));
        let brightness = |share: f32| colour(share).0.iter().map(|&value| u32::from(value)).sum();
        let steps: Vec<u32> = (0..=20).map(|step| brightness(step as f32 / 20.0)).collect();
        assert!(steps.is_sorted(), "{steps:?}");
    }

    #[test]
    fn one_scale_for_all_residuals() {
        let face = ChosenFace {
            key: "k".to_owned(),
            kind: LIVE.to_owned(),
            image: RgbImage::new(ALIGNED_SIDE, ALIGNED_SIDE),
        };
        let column = |value: f32| Column {
            name: value.to_string(),
            drawn: vec![face.image.clone()],
            residuals: vec![vec![value; (ALIGNED_SIDE * ALIGNED_SIDE) as usize]],
        };
        let columns = [column(50.0), column(100.0)];
        let figure = Figure { faces: std::slice::from_ref(&face), columns: &columns, seed: 0 };
        assert_eq!(figure.scale(), 100.0);
        let row = figure.row(0, figure.scale());
        assert_eq!(row.len(), 5);
        assert_eq!((row[2].get_pixel(0, 0), row[4].get_pixel(0, 0)), (&colour(0.5), &colour(1.0)));
    }
}

//! Draws a contact sheet: live recaptures in the first row, then a row for every species. Prints
//! the mean time of a picture in every row.
//!
//! `cargo run --release -p despoof-simulate --example sheet -- PHOTO OUT.png [SEEDS [FIRST_SEED [SIDE]]]`

use std::{env, error::Error, time::Instant};

use despoof_simulate::{Simulated, Species, recapture_live, simulate};
use image::{
    RgbImage,
    imageops::{self, FilterType},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let number =
        |index: usize, default: u32| arguments.get(index).map_or(Ok(default), |text| text.parse());
    let (Some(photo), Some(out)) = (arguments.get(1), arguments.get(2)) else {
        return Err("usage: sheet PHOTO OUT.png [SEEDS [FIRST_SEED [SIDE]]]".into());
    };
    let (columns, first, side) = (number(3, 6)?, number(4, 0)?, number(5, 256)?);
    let live = image::open(photo)?.into_rgb8();
    let live = imageops::resize(&live, side, side, FilterType::Triangle);

    let mut sheet = RgbImage::new(side * columns, side * (1 + Species::all().len() as u32));
    row(&mut sheet, 0, first, side, "live", |seed| recapture_live(&live, seed));
    for (index, species) in (1..).zip(Species::all()) {
        row(&mut sheet, index, first, side, species.name(), |seed| simulate(&live, species, seed));
    }
    sheet.save(out)?;
    Ok(())
}

/// Draws one row, a seed a column.
fn row(
    sheet: &mut RgbImage,
    index: u32,
    first: u32,
    side: u32,
    name: &str,
    picture: impl Fn(u64) -> Simulated,
) {
    let columns = sheet.width() / side;
    let start = Instant::now();
    for column in 0..columns {
        let simulated = picture(u64::from(first + column));
        let (x, y) = (i64::from(column * side), i64::from(index * side));
        imageops::replace(sheet, &simulated.image, x, y);
    }
    let each = start.elapsed().as_secs_f64() * 1000.0 / f64::from(columns);
    println!("{name:14} {each:6.1} ms");
}

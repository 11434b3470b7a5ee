//! The browser against the command line: both must score the same photo alike.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use despoof_simulate::{Species, recapture_live, simulate};

use crate::serve::Site;
use crate::tally::Tally;
use crate::test::run_counted;
use crate::workspace::{cargo, root, run, target_dir};
use crate::{browser_check, chromium, demo};

/// Recaptures of the live face; with the attacks and the photo itself more than the ten photos promised.
const LIVE_PHOTOS: u64 = 3;

/// Seed of the attacks: one of which every face is found, so that there are enough scores.
const ATTACK_SEED: u64 = 2;

/// Runs `tests/browser/agreement.test.mjs`.
pub fn test(tally: &mut Tally) -> Result<()> {
    // The whole workspace, so that cargo takes what the Rust tests compiled: asking for the one package
    // would choose other features of burn and compile it a second time.
    run(&mut cargo(&["build", "--workspace"]))?;
    let target = target_dir()?;
    let photos = target.join("xtask/agreement");
    agreement_photos(&photos).with_context(|| format!("making photos in {}", photos.display()))?;
    let site = Site::start(&demo::site_folder(), 0)?;
    let script = browser_check::scripts()?.join("agreement.test.mjs");
    run_counted(
        Command::new("node")
            // Not the reporter for terminals, whose summary differs between versions.
            .args(["--test", "--test-reporter", "tap"])
            .arg(script)
            .env("DESPOOF_CLI", target.join("debug/despoof"))
            .env("DESPOOF_BUNDLE", root().join("models/web"))
            .env("DESPOOF_SITE", site.url())
            .env("DESPOOF_PHOTOS", &photos)
            .env(chromium::VARIABLE, chromium::find_or_install()?),
        tally,
    )
}

/// Writes live photos, attacks, and files that must get the same error everywhere.
fn agreement_photos(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let portrait = root().join("tests/photos/astronaut.png");
    fs::copy(&portrait, folder.join("astronaut.png"))?;
    let live = image::open(&portrait)?.into_rgb8();
    for seed in 0..LIVE_PHOTOS {
        recapture_live(&live, seed).image.save(folder.join(format!("live-{seed}.png")))?;
    }
    for species in Species::all() {
        let attack = simulate(&live, species, ATTACK_SEED).image;
        attack.save(folder.join(format!("{}.png", species.name())))?;
    }
    fs::write(folder.join("bad-empty.png"), [])?;
    fs::write(folder.join("bad-text.png"), "this is no picture")?;
    image::RgbImage::new(64, 64).save(folder.join("bad-no-face.png"))?;
    Ok(())
}

//! HKBU-MARs (Liu et al. 2016): rigid 3D masks.
//!
//! The naming is not published; this reads what users of version 2 describe, folders `real` and
//! `attack`, and the sessions `s1`, `s2` (live) and `s3` (mask) of version 1+.

use anyhow::Result;
use regex::Regex;

use super::files::described_files;
use super::{Description, Layout, Listing, Request, means_live};

/// 12 persons and their masks under changing light; no official split.
pub struct HkbuMars;

impl Layout for HkbuMars {
    fn name(&self) -> &'static str {
        "hkbu-mars"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/…/real/…/VIDEO.avi, ROOT/…/attack/…/VIDEO.avi   (`mask` for `attack`; or sessions s1, s2 live and s3 mask)
  the person is the first folder with a number in its name, else the first number of the video's name"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let number = Regex::new(r"\d+").expect("the pattern is valid");
        described_files(request, self, |path| description(path, &number).into())
    }
}

fn description(path: &str, number: &Regex) -> Option<Description> {
    let mut folders: Vec<&str> = path.split('/').collect();
    let file = folders.pop()?;
    let described = |folder: &str| match folder.to_ascii_lowercase().as_str() {
        "s1" | "s2" => Some(Description::live()),
        "s3" | "attack" | "mask" => Some(Description::attack("mask", "3d")),
        folder => means_live(folder).then(Description::live),
    };
    let (place, description) =
        folders.iter().enumerate().find_map(|(place, folder)| Some((place, described(folder)?)))?;
    // The set's own folder (`HKBU_MARs_V2`) has a number, too, and is no person.
    let is_person = |(at, folder): &(usize, &&str)| *at != place && !is_set(folder);
    let mut folders = folders.iter().enumerate().filter(is_person).map(|(_, folder)| *folder);
    let person = folders.find_map(|folder| number.find(folder)).or_else(|| number.find(file));
    Some(match person {
        Some(person) => description.of(person.as_str()),
        None => description,
    })
}

fn is_set(folder: &str) -> bool {
    folder.to_ascii_lowercase().contains("mars")
}

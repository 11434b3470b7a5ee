//! OULU-NPU (Boulkenafet et al. 2017): `Phone_Session_User_File.avi`, four protocols.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use regex::Regex;

use super::files::{Place, described_files};
use super::{Description, Layout, Listing, Request};

/// 55 persons, 6 phones; printers and displays.
pub struct OuluNpu;

impl Layout for OuluNpu {
    fn name(&self) -> &'static str {
        "oulu-npu"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/Train_files/1_1_01_1.avi   (Phone_Session_User_File; File 1 live, 2 and 3 print, 4 and 5 replay)
  ROOT/Dev_files/…, ROOT/Test_files/…
  ROOT/Protocols/Protocol_1/Train.txt, Protocols/Protocol_3/Train_1.txt, …   (for --protocol 1, 2, 3_1 … 4_6)"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        let chosen = request.protocol.map(|name| videos_of_protocol(request, name)).transpose()?;
        let pattern =
            Regex::new(r"(?:^|/)(Train|Dev|Test)_files/(?:.*/)?((\d)_(\d)_(\d+)_([1-5]))\.\w+$")
                .expect("the pattern is valid");
        described_files(request, self, |path| {
            let Some(parts) = pattern.captures(path) else { return Place::Unknown };
            if chosen.as_ref().is_some_and(|chosen| !chosen.contains(&parts[2])) {
                return Place::LeftOut;
            }
            let description = match &parts[6] {
                "1" => Description::live(),
                "2" => Description::attack("print", "printer-1"),
                "3" => Description::attack("print", "printer-2"),
                "4" => Description::attack("replay", "display-1"),
                _ => Description::attack("replay", "display-2"),
            };
            Place::Item(description.of(&parts[5]).within(&parts[1]))
        })
    }
}

/// The videos that a protocol's lists (`+1,1_1_01_1` a line) name, all three parts together.
fn videos_of_protocol(request: &Request, name: &str) -> Result<HashSet<String>> {
    let (number, fold) = name.split_once('_').map_or((name, None), |(n, fold)| (n, Some(fold)));
    let folder = request.root.join("Protocols").join(format!("Protocol_{number}"));
    let mut videos = HashSet::new();
    for part in ["Train", "Dev", "Test"] {
        let fold = fold.map(|fold| format!("_{fold}")).unwrap_or_default();
        let path: PathBuf = folder.join(format!("{part}{fold}.txt"));
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!("cannot read {}; protocols are 1, 2, 3_1 to 3_6, 4_1 to 4_6", path.display())
        })?;
        videos.extend(text.lines().filter_map(|line| Some(line.split_once(',')?.1.trim().into())));
    }
    Ok(videos)
}

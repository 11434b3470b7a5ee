//! SiW, Spoofing in the Wild (Liu et al. 2018): `Subject-Sensor-Type-Medium-Session.mov`.

use anyhow::Result;
use regex::Regex;

use super::files::described_files;
use super::{Description, Layout, Listing, Request};

/// 165 persons; prints and replays.
pub struct Siw;

impl Layout for Siw {
    fn name(&self) -> &'static str {
        "siw"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/Train/live/003/003-1-1-1-1.mov   (Subject-Sensor-Type-Medium-Session; Type 1 live, 2 print, 3 replay)
  ROOT/Train/spoof/003/003-1-2-1-1.mov; ROOT/Test/…"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let pattern =
            Regex::new(r"(?:^|/)(Train|Test)/(?:live|spoof)/\d+/(\d+)-\d-([123])-(\d)-\d\.\w+$")
                .expect("the pattern is valid");
        described_files(request, self, |path| {
            let described = |parts: regex::Captures| {
                let description = match &parts[3] {
                    "1" => Description::live(),
                    "2" => Description::attack("print", format!("print-{}", &parts[4])),
                    _ => Description::attack("replay", format!("replay-{}", &parts[4])),
                };
                description.of(&parts[2]).within(&parts[1])
            };
            pattern.captures(path).map(described).into()
        })
    }
}

//! Idiap Replay-Attack (Chingovska et al. 2012).

use anyhow::Result;
use regex::Regex;

use super::files::{Place, described_files};
use super::{Description, Layout, Listing, Request};

/// 50 persons; prints, a phone and a tablet, held by hand or fixed.
pub struct ReplayAttack;

impl Layout for ReplayAttack {
    fn name(&self) -> &'static str {
        "replay-attack"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/train/real/client001_session01_webcam_authenticate_adverse_1.mov
  ROOT/train/attack/fixed/attack_print_client001_session01_highdef_photo_adverse.mov   (and attack/hand)
  ROOT/devel/…, ROOT/test/…   (ROOT/enroll is not used: it is for face recognition)"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let real = Regex::new(r"(?:^|/)(train|devel|test)/real/client(\d+)_[^/]*\.\w+$")
            .expect("the pattern is valid");
        let attack = Regex::new(
            r"(?:^|/)(train|devel|test)/attack/(?:fixed|hand)/attack_(highdef|mobile|print)_client(\d+)_.*_(photo|video)_[^/_]+\.\w+$",
        )
        .expect("the pattern is valid");
        described_files(request, self, |path| {
            if path.starts_with("enroll/") || path.contains("/enroll/") {
                return Place::LeftOut;
            }
            if let Some(parts) = real.captures(path) {
                return Place::Item(Description::live().of(&parts[2]).within(&parts[1]));
            }
            let Some(parts) = attack.captures(path) else { return Place::Unknown };
            // "highdef" is a tablet and "mobile" a phone, each showing a photo or a video.
            let label = if &parts[2] == "print" { "print" } else { "replay" };
            let attack = format!("{}-{}", &parts[2], &parts[4]);
            Place::Item(Description::attack(label, attack).of(&parts[3]).within(&parts[1]))
        })
    }
}

//! CASIA-FASD (Zhang et al. 2012): twelve videos a person in three qualities.

use anyhow::Result;
use regex::Regex;

use super::files::described_files;
use super::{Description, Layout, Listing, Request};

/// 20 persons to train, 30 others to test; their numbers start at 1 in both.
pub struct CasiaFasd;

impl Layout for CasiaFasd {
    fn name(&self) -> &'static str {
        "casia-fasd"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/train_release/1/1.avi … 8.avi, HR_1.avi … HR_4.avi
  ROOT/test_release/1/…
  1, 2, HR_1 live; 3, 4, HR_2 warped photo; 5, 6, HR_3 cut photo; 7, 8, HR_4 video"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let pattern = Regex::new(r"(?:^|/)(train|test)_release/(\d+)/(HR_[1-4]|[1-8])\.\w+$")
            .expect("the pattern is valid");
        described_files(request, self, |path| {
            let described = |parts: regex::Captures| {
                let description = match &parts[3] {
                    "1" | "2" | "HR_1" => Description::live(),
                    "3" | "4" | "HR_2" => Description::attack("print", "warped-photo"),
                    "5" | "6" | "HR_3" => Description::attack("print", "cut-photo"),
                    _ => Description::attack("replay", "tablet-video"),
                };
                // Number 1 to train and number 1 to test are two persons.
                let person = format!("{}-{}", &parts[1], &parts[2]);
                description.of(&person).within(&parts[1])
            };
            pattern.captures(path).map(described).into()
        })
    }
}

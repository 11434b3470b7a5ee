//! WFFD (Jia et al. 2019): wax figures.
//!
//! Published are the protocol and split folders and that every photo is labelled real or wax; how,
//! is not. This takes the word from a folder's or the file's name.

use anyhow::{Result, bail};
use regex::Regex;

use super::files::{Place, described_files};
use super::{Description, Layout, Listing, Request};

/// Photos in three protocols (WFFD), and face sequences (WFFD-V).
pub struct Wffd;

impl Layout for Wffd {
    fn name(&self) -> &'static str {
        "wffd"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/Protocol3/Train|Dev|Test/…   (--protocol 1, 2 or 3; 3 is the default and holds the other two)
  or ROOT/Real|Wax/Train|Test/SEQUENCE/FRAME.jpg   (WFFD-V)
  `real` or `wax` is a folder's name or a word of the file's name"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        let protocol = request.protocol.unwrap_or("3");
        if !["1", "2", "3"].contains(&protocol) {
            bail!("wffd has the protocols 1, 2 and 3, not {protocol}");
        }
        let protocol_folder = format!("protocol{protocol}");
        let split = Regex::new(r"(?i)(?:^|/)(train|dev|test)/").expect("the pattern is valid");
        let label = Regex::new(r"(?i)(?:^|[/_\-. ])(real|wax)(?:[/_\-. \d]|$)")
            .expect("the pattern is valid");
        described_files(request, self, |path| {
            let lower = path.to_ascii_lowercase();
            let in_protocols = lower.starts_with("protocol");
            if in_protocols && !lower.starts_with(&protocol_folder) {
                return Place::LeftOut;
            }
            let (Some(split), Some(label)) = (split.captures(path), label.captures(path)) else {
                return Place::Unknown;
            };
            let live = label[1].eq_ignore_ascii_case("real");
            let mut description =
                if live { Description::live() } else { Description::attack("wax", "wax-figure") };
            if !in_protocols {
                description.subject = sequence(path);
            }
            Place::Item(description.within(&split[1]))
        })
    }
}

/// WFFD-V: the folder of a frame is its sequence, the nearest to a person that is known.
fn sequence(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    (parts.len() > 2).then(|| parts[parts.len() - 3..].join("-").to_ascii_lowercase())
}

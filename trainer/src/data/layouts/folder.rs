//! Any tree of photos and videos whose folders say what they hold.

use anyhow::Result;

use super::files::described_files;
use super::{Description, Layout, Listing, Request, means_live, split_from_name};

/// `[SPLIT/]LABEL/[SUBJECT/…]FILE`.
pub struct Folder;

impl Layout for Folder {
    fn name(&self) -> &'static str {
        "folder"
    }

    fn expected(&self) -> &'static str {
        "  ROOT/[train|dev|test/]LABEL/[SUBJECT/…]FILE.jpg|png|mp4|…
  LABEL is `live` (also `real`, `genuine`, `bonafide`) or the attack (`print`, `replay`, …)"
    }

    fn read(&self, request: &Request) -> Result<Listing> {
        request.no_protocol(self)?;
        let folder_name = request.root.file_name().map(|name| name.to_string_lossy().into_owned());
        let domain = request.domain.or(folder_name.as_deref());
        described_files(&Request { domain, ..*request }, self, |path| description(path).into())
    }
}

fn description(path: &str) -> Option<Description> {
    let mut folders: Vec<&str> = path.split('/').collect();
    folders.pop();
    let mut folders = folders.into_iter().peekable();
    let split = folders.next_if(|name| split_from_name(name).is_some());
    let label = folders.next()?.to_ascii_lowercase();
    let mut description = Description {
        label: if means_live(&label) { "live".to_owned() } else { label },
        subject: folders.next().map(str::to_owned),
        ..Description::default()
    };
    if let Some(split) = split {
        description = description.within(split);
    }
    Some(description)
}

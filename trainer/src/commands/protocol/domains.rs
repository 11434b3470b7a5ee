//! The list of domains on the command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;

use crate::commands::data::{PrepareOptions, prepared_shards};
use crate::data::layouts;
use crate::evaluation::domain::Domain;

/// Parses options as the command line of `data prepare` does, its defaults included.
#[derive(Parser)]
struct SetOptions {
    #[command(flatten)]
    prepare: PrepareOptions,
}

/// Where faces are.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// A WebDataset shard.
    Shard(PathBuf),
    /// A folder of prepared faces.
    Faces(PathBuf),
    /// A data set as it was published.
    Set { layout: String, root: PathBuf },
}

/// Reads `name=shard.tar`, `name=FACES` and `name=layout:ROOT`; a name given twice has two sources. Data
/// sets are made into shards below `out`.
///
/// # Errors
/// A name or a source that is none, a data set that does not lie as its layout says.
pub fn domains_from_arguments(arguments: &[String], out: Option<&Path>) -> Result<Vec<Domain>> {
    let mut domains: Vec<Domain> = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.trim().is_empty()) {
        let Some((name, source)) = argument.trim().split_once('=') else {
            bail!("{argument:?} is no domain; write name=shard.tar");
        };
        ensure!(
            !name.is_empty() && !name.contains(['/', '\\', '.']),
            "{name:?} is no name of a domain: it becomes a file name"
        );
        let position = domains.iter().position(|domain| domain.name == name);
        let position = position.unwrap_or_else(|| {
            domains.push(Domain { name: name.to_owned(), ..Domain::default() });
            domains.len() - 1
        });
        add(&mut domains[position], source, out).with_context(|| format!("domain {name}"))?;
    }
    Ok(domains)
}

fn add(domain: &mut Domain, source: &str, out: Option<&Path>) -> Result<()> {
    match source_from_text(source)? {
        Source::Shard(shard) => domain.shards.push(shard),
        Source::Faces(folder) => domain.faces.push(folder),
        Source::Set { layout, root } => {
            let out = out.context("a data set is made into shards in --out DIR")?;
            domain.shards.extend(shards_of_set(&domain.name, &layout, &root, out)?);
        }
    }
    Ok(())
}

/// Makes a data set into shards, once.
fn shards_of_set(name: &str, layout: &str, root: &Path, out: &Path) -> Result<Vec<PathBuf>> {
    let out = out.join("shards").join(name);
    let (data, out) = (root.to_string_lossy(), out.to_string_lossy());
    let splits = if layouts::by_name(layout)?.persons_overlap() { "by-subject" } else { "given" };
    let line = ["set", "--data", &data, "--out", &out, "--layout", layout, "--domain", name];
    let line = line.into_iter().chain(["--splits", splits]);
    prepared_shards(&SetOptions::try_parse_from(line)?.prepare)
}

fn source_from_text(text: &str) -> Result<Source> {
    let path = PathBuf::from(text);
    if path.is_file() {
        return Ok(Source::Shard(path));
    }
    if path.join("index.jsonl").is_file() {
        return Ok(Source::Faces(path));
    }
    if let Some((layout, root)) = text.split_once(':').filter(|(_, root)| Path::new(root).is_dir())
    {
        return Ok(Source::Set { layout: layout.to_owned(), root: root.into() });
    }
    bail!("{text} is no shard, no folder of prepared faces and no layout:ROOT of a data set")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::scratch::Scratch;

    fn read(arguments: &[&str]) -> Result<Vec<Domain>> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        domains_from_arguments(&arguments, None)
    }

    #[test]
    fn domains_are_named_lists_of_sources() {
        let shard = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let arguments = ["a", "b", "a"].map(|name| format!("{name}={shard}"));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let domains = read(&arguments).expect("a good list");
        assert_eq!(domains.len(), 2);
        assert_eq!((domains[0].name.as_str(), domains[0].shards.len()), ("a", 2));
        let set = format!("nuaa:{}", env!("CARGO_MANIFEST_DIR"));
        let root = env!("CARGO_MANIFEST_DIR").into();
        let expected = Source::Set { layout: "nuaa".to_owned(), root };
        assert_eq!(source_from_text(&set).expect("a data set"), expected);
        let error = |argument: &str| format!("{:#}", read(&[argument]).expect_err("a bad list"));
        assert!(error("shard.tar").contains("write name=shard.tar"));
        assert!(error(&format!("c={set}")).contains("--out"));
        assert!(error("a=/none.tar").contains("/none.tar is no shard"));
        assert!(error("a/b=x").contains("no name of a domain"));
    }

    #[test]
    fn a_set_whose_lists_overlap_is_split_by_subject() {
        let scratch = Scratch::new("overlapping-set");
        let root = scratch.path().join("nuaa");
        let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/photos/astronaut.png");
        for (folder, kind) in [("ClientRaw", "client"), ("ImposterRaw", "imposter")] {
            std::fs::create_dir_all(root.join(folder).join("0001")).expect("it can be made");
            std::fs::copy(photo, root.join(folder).join("0001/1.png")).expect("it is copied");
            for split in ["train", "test"] {
                // The one person is live in one split and printed in the other.
                let here = (kind == "client") == (split == "train");
                let list = if here { "0001\\1.png\n" } else { "" };
                let file = root.join(format!("{kind}_{split}_raw.txt"));
                std::fs::write(file, list).expect("it can be written");
            }
        }
        let argument = format!("n=nuaa:{}", root.display());
        let domains = domains_from_arguments(&[argument], Some(&scratch.path().join("out")));
        assert_eq!(domains.expect("it is prepared")[0].shards.len(), 1);
    }
}

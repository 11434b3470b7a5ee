//! Which tensor of a checkpoint becomes which of ours, or everything that does not fit.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use despoof::layout::TensorLayout;
use regex::{Regex, RegexSet};
use thiserror::Error;

use super::checkpoint_file::Entry;
use super::rename::Rename;

/// How many names of each kind an error spells out.
const NAMED: usize = 20;

/// How the tensors of one publisher become those of one of our networks.
pub struct Table {
    /// What to call the network in messages.
    pub label: &'static str,
    /// Regular expressions and replacements, applied in order to every name.
    pub renames: Vec<(&'static str, &'static str)>,
    /// Publisher's tensors that hold several of ours, one after the other along the first dimension.
    pub splits: Vec<Split>,
    /// Publisher's tensors that are known to have no place here, such as classifiers.
    pub left_out: Vec<&'static str>,
    /// Our tensors that the publisher is known not to have; they stay as initialised.
    pub stays_initialised: Vec<&'static str>,
}

/// A tensor that is several of ours.
pub struct Split {
    /// Matches the publisher's name.
    pub pattern: &'static str,
    /// Replacements that make our names, in the order of the parts.
    pub parts: &'static [&'static str],
}

/// Everything that has its place.
#[derive(Debug)]
pub struct Fit {
    /// What becomes what.
    pub pieces: Vec<Piece>,
    /// The publisher's names that were left out.
    pub left_out: Vec<String>,
    /// Our names that stay as initialised.
    pub stays_initialised: Vec<String>,
}

/// A tensor of ours and where its values are.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Name and shape in our network.
    pub target: TensorLayout,
    /// The tensor in the checkpoint.
    pub source: Entry,
    /// Which part of the source it is, and how many parts the source has.
    pub part: (usize, usize),
}

/// A checkpoint that is not of this network: all that does not fit, by name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the checkpoint is not of {label}{}", details(missing, unexpected, wrong_shape))]
pub struct Misfit {
    /// The network.
    pub label: &'static str,
    /// Our tensors that the checkpoint lacks.
    pub missing: Vec<String>,
    /// The checkpoint's tensors that have no place, or share one.
    pub unexpected: Vec<String>,
    /// Tensors of another shape, with both shapes.
    pub wrong_shape: Vec<String>,
}

impl Table {
    /// Finds the place of every tensor.
    ///
    /// # Errors
    /// [`Misfit`].
    pub fn fit(&self, layout: &[TensorLayout], entries: Vec<Entry>) -> Result<Fit> {
        let known = RegexSet::new(&self.left_out)?;
        let (left_out, entries): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| known.is_match(&entry.name));
        let mut misfit = Misfit::of(self.label);
        let mut places: BTreeMap<&str, &TensorLayout> =
            layout.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        let mut pieces = Vec::with_capacity(layout.len());
        for piece in self.pieces(entries)? {
            let stored = &piece.source.stored;
            match places.remove(piece.target.name.as_str()) {
                None if *stored == piece.target.name => misfit.unexpected.push(stored.clone()),
                None => misfit.unexpected.push(format!("{stored} (as {})", piece.target.name)),
                Some(place) if place.shape != piece.target.shape => misfit.wrong_shape.push(
                    format!("{stored} is {:?}, expected {:?}", piece.target.shape, place.shape),
                ),
                Some(_) => pieces.push(piece),
            }
        }
        let may_stay = RegexSet::new(&self.stays_initialised)?;
        let (stays, missing): (Vec<&str>, Vec<&str>) =
            places.into_keys().partition(|name| may_stay.is_match(name));
        misfit.missing = owned(missing);
        misfit.none_or()?;
        Ok(Fit {
            pieces,
            left_out: left_out.into_iter().map(|entry| entry.stored).collect(),
            stays_initialised: owned(stays),
        })
    }

    /// The checkpoint's tensors under our names.
    fn pieces(&self, entries: Vec<Entry>) -> Result<Vec<Piece>> {
        let rename = Rename::new(&self.renames)?;
        let splits: Vec<(Regex, &Split)> = self
            .splits
            .iter()
            .map(|split| Ok((Regex::new(split.pattern)?, split)))
            .collect::<Result<_>>()?;
        Ok(entries
            .into_iter()
            .flat_map(|entry| match splits.iter().find(|(regex, _)| regex.is_match(&entry.name)) {
                Some((regex, split)) => parts(&entry, regex, split, &rename),
                None => vec![Piece {
                    target: TensorLayout {
                        name: rename.apply(&entry.name),
                        shape: entry.shape.clone(),
                    },
                    source: entry,
                    part: (0, 1),
                }],
            })
            .collect())
    }
}

fn parts(entry: &Entry, regex: &Regex, split: &Split, rename: &Rename) -> Vec<Piece> {
    let count = split.parts.len();
    let mut shape = entry.shape.clone();
    // What cannot be divided keeps its shape, which then fits nowhere and is named.
    if let Some(rows) = shape.first_mut().filter(|rows| rows.is_multiple_of(count)) {
        *rows /= count;
    }
    let piece = |(index, part): (usize, &&str)| Piece {
        target: TensorLayout {
            name: rename.apply(&regex.replace(&entry.name, *part)),
            shape: shape.clone(),
        },
        source: entry.clone(),
        part: (index, count),
    };
    split.parts.iter().enumerate().map(piece).collect()
}

impl Misfit {
    fn of(label: &'static str) -> Self {
        Self { label, missing: Vec::new(), unexpected: Vec::new(), wrong_shape: Vec::new() }
    }

    fn none_or(self) -> Result<(), Self> {
        let fits =
            self.missing.is_empty() && self.unexpected.is_empty() && self.wrong_shape.is_empty();
        if fits { Ok(()) } else { Err(self) }
    }
}

fn details(missing: &[String], unexpected: &[String], wrong_shape: &[String]) -> String {
    let kinds =
        [("missing", missing), ("without a place", unexpected), ("of a wrong shape", wrong_shape)];
    kinds
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| format!("\n  {} {kind}: {}", names.len(), listed(names)))
        .collect()
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn owned(names: Vec<&str>) -> Vec<String> {
    let sorted: BTreeSet<&str> = names.into_iter().collect();
    sorted.into_iter().map(str::to_owned).collect()
}

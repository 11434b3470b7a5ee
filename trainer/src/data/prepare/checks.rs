//! What is wrong with a set before a photo of it is looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::layouts::Item;

/// Persons named in a message at most.
const NAMED: usize = 5;

/// A sentence for each domain with persons in more than one split.
pub fn overlapping_persons(items: &[Item]) -> Vec<String> {
    let mut splits: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for item in items {
        if let (Some(subject), Some(split)) =
            (item.metadata.known_subject(), item.metadata.split.as_deref())
        {
            splits.entry((&item.metadata.domain, subject)).or_default().insert(split);
        }
    }
    let mut persons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ((domain, subject), splits) in splits {
        if splits.len() > 1 {
            persons.entry(domain).or_default().push(subject);
        }
    }
    persons
        .into_iter()
        .map(|(domain, persons)| {
            let named = persons.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
            let more = if persons.len() > NAMED { ", …" } else { "" };
            format!("{domain}: {} persons are in several splits ({named}{more})", persons.len())
        })
        .collect()
}

/// A sentence for each thing that makes a set worth less than its size.
pub fn warnings(items: &[Item]) -> Vec<String> {
    let mut domains: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in items {
        domains.entry(&item.metadata.domain).or_default().push(item);
    }
    domains.into_iter().flat_map(|(domain, items)| domain_warnings(domain, &items)).collect()
}

fn domain_warnings(domain: &str, items: &[&Item]) -> Vec<String> {
    let mut warnings = Vec::new();
    let persons: BTreeSet<&str> =
        items.iter().filter_map(|item| item.metadata.known_subject()).collect();
    let unknown = items.iter().filter(|item| item.metadata.known_subject().is_none()).count();
    if persons.len() == 1 && unknown == 0 {
        warnings.push(format!("{domain}: everything shows one person; no split tests strangers"));
    }
    if unknown > 0 {
        warnings.push(format!(
            "{domain}: the person is unknown for {unknown} of {}; the same one may be in several splits",
            items.len()
        ));
    }
    let mut splits: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for item in items {
        let counts = splits.entry(item.metadata.split.as_deref().unwrap_or("train")).or_default();
        counts[usize::from(item.metadata.is_live())] += 1;
    }
    for (split, [attacks, live]) in splits {
        if live == 0 || attacks == 0 {
            let class = if live == 0 { "live photos" } else { "attacks" };
            warnings.push(format!("{domain}: the split {split} has no {class}"));
        }
    }
    warnings
}

//! What is trained on and what is tested in one part of a protocol.

use std::collections::BTreeSet;

use crate::data::face_store::{FaceEntry, FaceStore};
use crate::data::metadata::stable_hash;
use crate::training::labelled_faces::{instrument, is_live};

/// One training, and what is tested with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Name of its runs.
    pub name: String,
    /// Domains that are trained on.
    pub sources: Vec<String>,
    /// Domains that are tested; none tests persons of the sources that training held out.
    pub targets: Vec<String>,
    /// Attack family, or one instrument of a family, that is neither trained on nor used for a
    /// threshold, and alone tested.
    pub family: Option<String>,
}

/// What a face is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Trained on.
    Training,
    /// Fixes thresholds.
    Development,
    /// Tested, in the row of this name.
    Test(String),
    /// Nothing.
    Unused,
}

impl Fold {
    /// Names of its rows.
    pub fn rows(&self) -> Vec<String> {
        if self.targets.is_empty() { vec![self.name.clone()] } else { self.targets.clone() }
    }

    /// Domains whose photos are tested in row number `row`.
    pub fn tested_domains(&self, row: usize) -> &[String] {
        if self.targets.is_empty() {
            &self.sources
        } else {
            std::slice::from_ref(&self.targets[row])
        }
    }

    /// What a face is for.
    pub fn role(&self, entry: &FaceEntry) -> Role {
        let domain = &entry.metadata.domain;
        let is_attack = !is_live(entry);
        let of_family = is_attack && self.leaves_out(instrument(entry));
        let is_tested = self.family.is_none() || of_family || !is_attack;
        if self.targets.contains(domain) {
            return if is_tested { Role::Test(domain.clone()) } else { Role::Unused };
        }
        if !self.sources.contains(domain) {
            return Role::Unused;
        }
        if entry.metadata.is_for_training() {
            return if of_family { Role::Unused } else { Role::Training };
        }
        if self.targets.is_empty() && is_tested_person(entry) {
            return if is_tested { Role::Test(self.name.clone()) } else { Role::Unused };
        }
        if of_family { Role::Unused } else { Role::Development }
    }

    /// A store in which training sees the faces for training alone.
    pub fn sources(&self, mut store: FaceStore) -> FaceStore {
        for entry in &mut store.entries {
            let split = if self.role(entry) == Role::Training { "train" } else { "test" };
            entry.metadata.split = Some(split.to_owned());
        }
        store
    }

    /// Which attacks training knows.
    pub fn seen(&self, store: &FaceStore) -> SeenAttacks {
        let seen = store.entries.iter().filter(|entry| self.role(entry) == Role::Training);
        let families = seen
            .filter(|entry| !is_live(entry))
            .map(|entry| family_of(instrument(entry)).to_owned())
            .collect();
        SeenAttacks { families, left_out: self.family.clone() }
    }

    fn leaves_out(&self, instrument: &str) -> bool {
        self.family.as_deref().is_some_and(|left_out| is_of(instrument, left_out))
    }
}

/// Attacks that a training knows.
#[derive(Debug, Clone, Default)]
pub struct SeenAttacks {
    /// Families of which it has seen some instrument.
    pub families: BTreeSet<String>,
    /// What it was not shown, though it may know others of the family.
    pub left_out: Option<String>,
}

impl SeenAttacks {
    /// Whether the family of an instrument is known, and it was not left out.
    pub fn knows(&self, instrument: &str) -> bool {
        let left_out = self.left_out.as_deref().is_some_and(|it| is_of(instrument, it));
        self.families.contains(family_of(instrument)) && !left_out
    }
}

/// Whether an instrument is of a family, or is what the name says itself.
fn is_of(instrument: &str, name: &str) -> bool {
    [instrument, family_of(instrument)].contains(&name)
}

/// Half of the persons that training held out: the others fix the threshold. Where a person is not known,
/// the photo stands for it, together with all that is simulated from it.
fn is_tested_person(entry: &FaceEntry) -> bool {
    let person = entry.metadata.known_subject().unwrap_or(entry.photo());
    stable_hash(&format!("tested {person}")).is_multiple_of(2)
}

/// Family of an attack instrument: simulated species and recorded attacks of one kind are one family.
pub fn family_of(instrument: &str) -> &str {
    match instrument.split(['-', '_', ' ']).next().unwrap_or(instrument) {
        "print" | "photo" => "print",
        "screen" | "replay" | "video" => "screen",
        _ => instrument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(domain: &str, label: &str, simulated: Option<&str>, split: &str) -> FaceEntry {
        let metadata = serde_json::json!({
            "label": label, "domain": domain, "split": split, "subject": "s",
        });
        FaceEntry::for_test("k", metadata, simulated)
    }

    fn fold(targets: &[&str], family: Option<&str>) -> Fold {
        Fold {
            name: "fold".to_owned(),
            sources: vec!["a".to_owned(), "b".to_owned()],
            targets: targets.iter().map(|&name| name.to_owned()).collect(),
            family: family.map(str::to_owned),
        }
    }

    #[test]
    fn a_target_is_never_trained_on() {
        let fold = fold(&["c"], None);
        let test = Role::Test("c".to_owned());
        assert_eq!(fold.role(&entry("a", "live", None, "train")), Role::Training);
        assert_eq!(fold.role(&entry("b", "print", None, "dev")), Role::Development);
        assert_eq!(fold.role(&entry("c", "live", None, "train")), test);
        assert_eq!(fold.role(&entry("c", "live", None, "dev")), test);
        assert_eq!(fold.role(&entry("d", "live", None, "train")), Role::Unused);
    }

    #[test]
    fn a_family_left_out_is_simulated_and_recorded() {
        let fold = fold(&["c"], Some("screen"));
        for (label, simulated) in [("replay", None), ("live", Some("screen-phone"))] {
            assert_eq!(fold.role(&entry("a", label, simulated, "train")), Role::Unused);
            assert_eq!(fold.role(&entry("a", label, simulated, "dev")), Role::Unused);
            let test = Role::Test("c".to_owned());
            assert_eq!(fold.role(&entry("c", label, simulated, "train")), test);
        }
        assert_eq!(fold.role(&entry("a", "live", Some("print-cut"), "train")), Role::Training);
        assert_eq!(fold.role(&entry("a", "live", Some("recaptured"), "train")), Role::Training);
        assert_eq!(fold.role(&entry("c", "print", None, "train")), Role::Unused);
        assert_eq!(family_of("paper-mask"), "paper-mask");
    }

    #[test]
    fn one_instrument_can_be_left_out_of_its_family() {
        let fold = fold(&["c"], Some("print-cut"));
        let of = |domain, species| fold.role(&entry(domain, "live", Some(species), "train"));
        assert_eq!(of("a", "print-cut"), Role::Unused);
        assert_eq!(of("a", "print-flat"), Role::Training);
        assert_eq!(of("c", "print-cut"), Role::Test("c".to_owned()));
        assert_eq!(of("c", "print-flat"), Role::Unused);
        let families = BTreeSet::from(["print".to_owned()]);
        let seen = SeenAttacks { families, left_out: fold.family.clone() };
        assert!(seen.knows("print-flat") && seen.knows("print"));
        assert!(!seen.knows("print-cut") && !seen.knows("screen-phone"));
    }

    #[test]
    fn without_targets_held_out_persons_are_tested_or_fix_the_threshold() {
        let fold = fold(&[], Some("screen"));
        let held_out = |person: &str| {
            let mut entry = entry("a", "live", None, "dev");
            entry.metadata.subject = Some(person.to_owned());
            fold.role(&entry)
        };
        let roles: Vec<Role> = (0..50).map(|person| held_out(&person.to_string())).collect();
        for role in [Role::Development, Role::Test("fold".to_owned())] {
            assert!(roles.contains(&role), "{role:?}");
        }
        assert_eq!(fold.role(&entry("a", "live", None, "train")), Role::Training);
        assert_eq!(fold.tested_domains(0), ["a", "b"]);
    }

    #[test]
    fn what_is_simulated_from_a_photo_of_an_unknown_person_is_for_what_the_photo_is_for() {
        let fold = fold(&[], Some("screen"));
        for photo in 0..20 {
            let role = |simulated: Option<&str>| {
                let mut entry = entry("a", "live", simulated, "dev");
                entry.metadata.subject = None;
                let suffix = simulated.map(|species| format!("#{species}")).unwrap_or_default();
                entry.key = format!("live#{photo}{suffix}");
                fold.role(&entry)
            };
            let expected = match role(None) {
                Role::Test(_) => Role::Test("fold".to_owned()),
                _ => Role::Unused,
            };
            assert_eq!(role(Some("screen-phone")), expected);
            assert_eq!(role(Some("recaptured")), role(None));
        }
    }
}

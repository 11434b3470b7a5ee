//! Same person or two: pairs of faces and the accuracy of a similarity over them, by the protocol of LFW's
//! "view 2" (Huang et al. 2007, section 3): ten folds of persons, a threshold from nine, measured on the
//! tenth.

use std::collections::BTreeMap;

use despoof::metrics::area_under_curve;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Serialize;

use super::spread::standard_error;
use crate::data::metadata::stable_hash;

/// Folds of persons.
const FOLDS: u64 = 10;

/// Two faces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Their places in the list of persons.
    pub faces: [usize; 2],
    /// Whether they show one person.
    pub same: bool,
    /// Which fold their persons are in.
    fold: u64,
}

/// How well a similarity tells pairs apart, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verification {
    /// Share of pairs on the right side of their fold's threshold.
    pub accuracy: f64,
    /// Standard error of the folds' mean accuracy.
    pub error: f64,
    /// Area under the curve over all pairs.
    pub auc: f64,
}

/// Every pair of one person, and in every fold as many pairs of two: `persons` names each face's.
/// Folds without both kinds, or with a single person, give none.
pub fn pairs(persons: &[String], seed: u64) -> Vec<Pair> {
    let mut folds: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (face, person) in persons.iter().enumerate() {
        folds.entry(stable_hash(person) % FOLDS).or_default().push(face);
    }
    let mut rng = StdRng::seed_from_u64(seed);
    let of_fold = |(fold, faces): (u64, Vec<usize>)| of_fold(fold, &faces, persons, &mut rng);
    folds.into_iter().flat_map(of_fold).collect()
}

fn of_fold(fold: u64, faces: &[usize], persons: &[String], rng: &mut impl Rng) -> Vec<Pair> {
    let pair = |faces: [usize; 2], same| Pair { faces, same, fold };
    let all = faces.iter().enumerate();
    let all = all.flat_map(|(at, &a)| faces[at + 1..].iter().map(move |&b| [a, b]));
    let (same, different): (Vec<_>, Vec<_>) = all.partition(|[a, b]| persons[*a] == persons[*b]);
    let different: Vec<_> = different.choose_multiple(rng, same.len()).copied().collect();
    if same.is_empty() || different.is_empty() {
        return Vec::new();
    }
    let same = same.into_iter().map(|faces| pair(faces, true));
    same.chain(different.into_iter().map(|faces| pair(faces, false))).collect()
}

/// Accuracy of `similarities`, one for each pair; `None` with fewer than two folds.
pub fn verification(pairs: &[Pair], similarities: &[f32]) -> Option<Verification> {
    let all: Vec<Compared> = pairs.iter().copied().zip(similarities.iter().copied()).collect();
    let mut folds: Vec<u64> = pairs.iter().map(|pair| pair.fold).collect();
    folds.dedup();
    if folds.len() < 2 {
        return None;
    }
    let right_of = |&fold: &u64| -> [usize; 2] {
        let (tested, others): (Vec<_>, Vec<_>) =
            all.iter().copied().partition(|(pair, _)| pair.fold == fold);
        [rightly_told(&tested, best_threshold(&others)), tested.len()]
    };
    let right: Vec<[usize; 2]> = folds.iter().map(right_of).collect();
    let accuracies = right.iter().map(|[right, count]| 100.0 * *right as f64 / *count as f64);
    let same: Vec<bool> = pairs.iter().map(|pair| pair.same).collect();
    Some(Verification {
        accuracy: 100.0 * right.iter().map(|[right, _]| right).sum::<usize>() as f64
            / all.len() as f64,
        error: standard_error(&accuracies.collect::<Vec<_>>()),
        auc: 100.0 * area_under_curve(similarities, &same)?,
    })
}

/// A pair and its similarity.
type Compared = (Pair, f32);

fn rightly_told(pairs: &[Compared], threshold: f32) -> usize {
    pairs.iter().filter(|(pair, similarity)| (*similarity >= threshold) == pair.same).count()
}

/// The similarity from which on "same" is right most often.
fn best_threshold(pairs: &[Compared]) -> f32 {
    let candidates = pairs.iter().map(|(_, similarity)| *similarity);
    candidates.max_by_key(|&threshold| rightly_told(pairs, threshold)).unwrap_or(f32::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(counts: &[usize]) -> Vec<String> {
        let of_person = |(person, count): (usize, &usize)| vec![format!("person {person}"); *count];
        counts.iter().enumerate().flat_map(of_person).collect()
    }

    #[test]
    fn folds_are_balanced_and_share_no_person() {
        let persons = names(&[3; 40]);
        let pairs = pairs(&persons, 1);
        assert_eq!(pairs.iter().filter(|pair| pair.same).count(), 40 * 3);
        let mut fold_of: BTreeMap<&str, u64> = BTreeMap::new();
        for pair in &pairs {
            let [a, b] = pair.faces.map(|face| persons[face].as_str());
            assert_eq!(a == b, pair.same);
            for person in [a, b] {
                assert_eq!(*fold_of.entry(person).or_insert(pair.fold), pair.fold);
            }
        }
        for fold in 0..FOLDS {
            let of_fold = pairs.iter().filter(|pair| pair.fold == fold);
            let signs: i32 = of_fold.map(|pair| if pair.same { 1 } else { -1 }).sum();
            assert_eq!(signs, 0);
        }
    }

    #[test]
    fn the_threshold_of_a_fold_comes_from_the_others() {
        let pair = |fold, same| Pair { faces: [0, 1], same, fold };
        let pairs = [pair(0, true), pair(0, false), pair(1, true), pair(1, false)];
        let measured = verification(&pairs, &[0.9, 0.1, 0.8, 0.2]).expect("there are two folds");
        assert_eq!(measured.auc, 100.0);
        // Fold 1 is judged from 0.9 on: its 0.8 counts as two persons.
        assert_eq!(measured.accuracy, 75.0);
        assert!((measured.error - 25.0).abs() < 1e-9);
        assert_eq!(verification(&pairs[..2], &[0.9, 0.1]), None);
    }
}

//! What another network says of the training faces, mixed into their labels (Hinton et al. 2015), after its
//! scores have become probabilities of live among these faces (Platt 1999): a network that calls simulated attacks live
//! with 0.6 and live faces with 0.9999 knows the difference, but labels mixed with such scores hide it.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::calibrate::{logistic, logit};
use crate::evaluation::scores_file;

/// Steps of the calibration, of which a few suffice.
const NEWTON_STEPS: usize = 20;
/// Least curvature of the calibration's likelihood.
const RIDGE: f64 = 1e-6;
/// Distance of scores from 0 and 1.
const SMALLEST: f64 = 1e-6;

/// Scores of a teacher by the faces' keys.
pub struct Teacher {
    scores: HashMap<String, f32>,
    share: f32,
    file: String,
}

impl Teacher {
    /// Reads a score file (`sample,label,score`, a sample being the key of a prepared face); `share` is
    /// how much of a label the teacher decides, 0 to 1.
    ///
    /// # Errors
    /// A file that is no score file.
    pub fn read(file: &Path, share: f32) -> Result<Self> {
        let scores = scores_file::read(file)?;
        let scores = scores.into_iter().map(|scored| (scored.name, scored.sample.score as f32));
        Ok(Self { scores: scores.collect(), share, file: file.display().to_string() })
    }

    /// The teacher whose scores are calibrated on faces and whether they are live.
    ///
    /// # Errors
    /// A face without a score.
    pub fn calibrated<'a>(&self, faces: impl Iterator<Item = (&'a str, bool)>) -> Result<Self> {
        let scored = faces
            .map(|(key, live)| Ok((bounded_logit(self.score(key)?), live)))
            .collect::<Result<Vec<(f64, bool)>>>()?;
        let calibration = Calibration::fitted(&scored);
        let calibrated = |&score: &f32| calibration.at(bounded_logit(score)) as f32;
        let scores = self.scores.iter().map(|(key, score)| (key.clone(), calibrated(score)));
        let scores = scores.collect();
        Ok(Self { scores, share: self.share, file: self.file.clone() })
    }

    /// The probability of live to aim for, where the label alone says `label`.
    ///
    /// # Errors
    /// A face without a score.
    pub fn target(&self, key: &str, label: f32) -> Result<f32> {
        Ok(label + self.share * (self.score(key)? - label))
    }

    fn score(&self, key: &str) -> Result<f32> {
        let score = self.scores.get(key);
        score.copied().with_context(|| format!("{} has no score of {key}", self.file))
    }
}

/// Probability of live from a logit, a line of it through the logistic function.
struct Calibration {
    slope: f64,
    offset: f64,
}

impl Calibration {
    /// The likeliest line, both classes weighing the same, by Newton's method.
    fn fitted(scored: &[(f64, bool)]) -> Self {
        let live = scored.iter().filter(|(_, live)| *live).count();
        let [live, attacks] = [live, scored.len() - live].map(|count| 0.5 / count.max(1) as f64);
        let mut line = Self { slope: 0.0, offset: 0.0 };
        for _ in 0..NEWTON_STEPS {
            let mut gradient = [0.0; 2];
            // Of slope twice, of both, of offset twice; never quite flat.
            let mut curvature = [RIDGE, 0.0, RIDGE];
            for &(logit, is_live) in scored {
                let (weight, target) = if is_live { (live, 1.0) } else { (attacks, 0.0) };
                let probability = line.at(logit);
                let bend = weight * probability * (1.0 - probability);
                let error = weight * (target - probability);
                gradient = [gradient[0] + error * logit, gradient[1] + error];
                let bends = [bend * logit * logit, bend * logit, bend];
                curvature = std::array::from_fn(|index| curvature[index] + bends[index]);
            }
            let [slope, both, offset] = curvature;
            let determinant = slope * offset - both * both;
            line.slope += (offset * gradient[0] - both * gradient[1]) / determinant;
            line.offset += (slope * gradient[1] - both * gradient[0]) / determinant;
        }
        line
    }

    fn at(&self, logit: f64) -> f64 {
        logistic(self.slope * logit + self.offset)
    }
}

/// Of a score that stays away from 0 and 1, where nothing could be told apart any more.
fn bounded_logit(score: f32) -> f64 {
    logit(f64::from(score).clamp(SMALLEST, 1.0 - SMALLEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teacher_pulls_labels_towards_its_scores_and_names_what_it_lacks() {
        let scores = HashMap::from([("a".to_owned(), 0.2)]);
        let teacher = Teacher { scores, share: 0.5, file: "scores.csv".to_owned() };
        assert!((teacher.target("a", 1.0).expect("it has a score") - 0.6).abs() < 1e-6);
        assert!((teacher.target("a", 0.0).expect("it has a score") - 0.1).abs() < 1e-6);
        let error = teacher.target("b", 0.0).expect_err("it has none");
        assert_eq!(error.to_string(), "scores.csv has no score of b");
    }

    #[test]
    fn calibration_agrees_with_scikit_learn() {
        let faces = [
            ("a", 0.9999, true),
            ("b", 0.98, true),
            ("c", 0.7, true),
            ("d", 0.999, true),
            ("e", 0.4, false),
            ("f", 0.95, false),
            ("g", 0.2, false),
            ("h", 0.03, false),
            ("i", 0.6, true),
            ("j", 0.99, false),
        ];
        let scores = faces.iter().map(|(key, score, _)| ((*key).to_owned(), *score)).collect();
        let teacher = Teacher { scores, share: 1.0, file: "scores.csv".to_owned() };
        let labelled = || faces.iter().map(|(key, _, live)| (*key, *live));
        let calibrated = teacher.calibrated(labelled()).expect("all have scores");
        // LogisticRegression(C=1e10, class_weight="balanced") on the logits, scikit-learn 1.9.1.
        let expected: [f32; 3] = [0.921_148, 0.379_578, 0.117_521];
        for (key, expected) in ["a", "c", "h"].into_iter().zip(expected) {
            let found = calibrated.target(key, 0.0).expect("it has a score");
            assert!((found - expected).abs() < 1e-4, "{key}: {found}, expected {expected}");
        }
        let error = teacher.calibrated([("k", true)].into_iter()).err().expect("no score");
        assert_eq!(error.to_string(), "scores.csv has no score of k");
    }

    #[test]
    fn a_teacher_that_is_always_right_or_says_nothing_has_a_calibration() {
        let right = [(-6.0, false), (-2.0, false), (3.0, true), (9.0, true)];
        let line = Calibration::fitted(&right);
        assert!(line.at(-2.0) < 0.01 && line.at(3.0) > 0.99, "{} {}", line.slope, line.offset);
        let nothing = Calibration::fitted(&[(1.0, false), (1.0, true), (1.0, true)]);
        assert!((nothing.at(1.0) - 0.5).abs() < 1e-6);
    }
}

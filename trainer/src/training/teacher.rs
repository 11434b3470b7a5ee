//! What another network says of the training faces, mixed into their labels (Hinton et al. 2015), after its
//! scores have become probabilities of live among these faces (Platt 1999): a network that calls simulated attacks live
//! with 0.6 and live faces with 0.9999 knows the difference, but labels mixed with such scores hide it. Where the network itself
//! is there it is asked of every face as it was disturbed: what it sees and what is to be learnt from it is then the same (Beyer
//! et al. 2022, "Knowledge distillation: a good teacher is patient and consistent").

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use burn::tensor::Tensor;

use super::minifasnet::MiniFasNets;
use crate::calibrate::{logistic, logit};
use crate::evaluation::scores_file;

/// Steps of the calibration, of which a few suffice.
const NEWTON_STEPS: usize = 20;
/// Least curvature of the calibration's likelihood.
const RIDGE: f64 = 1e-6;
/// Distance of scores from 0 and 1.
const SMALLEST: f64 = 1e-6;

/// Scores of a teacher by the faces' keys, and the teacher itself, if it can be asked.
pub struct Teacher {
    scores: HashMap<String, f32>,
    share: f32,
    file: String,
    network: Option<Arc<MiniFasNets>>,
    calibration: Calibration,
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
        let (scores, file) = (scores.collect(), file.display().to_string());
        Ok(Self { scores, share, file, network: None, calibration: Calibration::NONE })
    }

    /// The same teacher, asked of every disturbed face; its scores in the file are those of the faces as they are.
    #[must_use]
    pub fn asking(self, network: MiniFasNets) -> Self {
        Self { network: Some(Arc::new(network)), ..self }
    }

    /// Whether it is asked anew of every face.
    pub fn can_be_asked(&self) -> bool {
        self.network.is_some()
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
        let calibrated = |(key, &score): (&String, &f32)| (key.clone(), calibration.of(score));
        let scores = self.scores.iter().map(calibrated).collect();
        let (file, network) = (self.file.clone(), self.network.clone());
        Ok(Self { scores, share: self.share, file, network, calibration })
    }

    /// The probability of live to aim for, where the label alone says `label`.
    ///
    /// # Errors
    /// A face without a score.
    pub fn target(&self, key: &str, label: f32) -> Result<f32> {
        Ok(self.mixed(self.score(key)?, label))
    }

    /// The same of crops `[faces, 3, height, width]` in [−1, 1] with what is around the face, whose labels are `labels`; nothing of a
    /// teacher that cannot be asked.
    pub fn answers(&self, crops: &Tensor<4>, labels: &[f32]) -> Option<Vec<f32>> {
        let live = self.network.as_ref()?.live(crops.clone());
        let answer = |(live, &label)| self.mixed(self.calibration.of(live), label);
        Some(live.into_iter().zip(labels).map(answer).collect())
    }

    fn mixed(&self, score: f32, label: f32) -> f32 {
        label + self.share * (score - label)
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
    /// Leaves scores as they are.
    const NONE: Self = Self { slope: 1.0, offset: 0.0 };

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

    fn of(&self, score: f32) -> f32 {
        self.at(bounded_logit(score)) as f32
    }
}

/// Of a score that stays away from 0 and 1, where nothing could be told apart any more.
fn bounded_logit(score: f32) -> f64 {
    logit(f64::from(score).clamp(SMALLEST, 1.0 - SMALLEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn teacher(scores: HashMap<String, f32>, share: f32) -> Teacher {
        let file = "scores.csv".to_owned();
        Teacher { scores, share, file, network: None, calibration: Calibration::NONE }
    }

    #[test]
    fn a_teacher_pulls_labels_towards_its_scores_and_names_what_it_lacks() {
        let scores = HashMap::from([("a".to_owned(), 0.2)]);
        let teacher = teacher(scores, 0.5);
        assert!((teacher.target("a", 1.0).expect("it has a score") - 0.6).abs() < 1e-6);
        assert!((teacher.target("a", 0.0).expect("it has a score") - 0.1).abs() < 1e-6);
        let error = teacher.target("b", 0.0).expect_err("it has none");
        assert_eq!(error.to_string(), "scores.csv has no score of b");
    }

    #[test]
    fn a_teacher_that_is_there_is_asked_of_the_faces_as_they_are_seen() {
        let (networks, crops, live) = crate::training::minifasnet::tests::small();
        let known = teacher(HashMap::new(), 0.25);
        assert_eq!(known.answers(&crops, &[1.0, 0.0]), None);
        assert!(!known.can_be_asked());
        let mut asked = known.asking(networks);
        assert!(asked.can_be_asked());
        asked.calibration = Calibration { slope: 0.5, offset: -1.0 };
        let expected = |at: usize, label: f32| {
            let calibrated = logistic(0.5 * logit(f64::from(live[at])) - 1.0) as f32;
            0.75 * label + 0.25 * calibrated
        };
        let found = asked.answers(&crops, &[1.0, 0.0]).expect("it can be asked");
        for (at, label) in [1.0, 0.0].into_iter().enumerate() {
            assert!((found[at] - expected(at, label)).abs() < 1e-4, "{found:?}");
        }
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
        let teacher = teacher(scores, 1.0);
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

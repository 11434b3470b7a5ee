//! What another network says of the training faces, mixed into their labels (Hinton et al. 2015).

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};

use crate::evaluation::scores_file;

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

    /// The probability of live to aim for, where the label alone says `label`.
    ///
    /// # Errors
    /// A face without a score.
    pub fn target(&self, key: &str, label: f32) -> Result<f32> {
        let score = self.scores.get(key);
        let score = score.with_context(|| format!("{} has no score of {key}", self.file))?;
        Ok(label + self.share * (score - label))
    }
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
}

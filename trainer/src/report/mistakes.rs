//! The worst mistakes as pictures.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use despoof::metrics::Label;

use crate::evaluation::pipeline::{Pipeline, Refusal};
use crate::evaluation::scored::{Scored, name_from_label};
use crate::evaluation::shards::{Choice, for_each_chosen};
use crate::training::samples::write_grid;

/// Mistakes shown of each kind.
const SHOWN: usize = 12;
/// Folder of the pictures.
const FOLDER: &str = "mistakes";

/// A picture of a mistake.
pub struct Mistake {
    /// File, relative to the report; none where there is no photo to draw.
    pub picture: Option<String>,
    /// Name of the sample.
    pub name: String,
    /// `live`, or the attack type.
    pub label: String,
    /// Its score.
    pub score: f64,
}

/// Live faces refused at `threshold` (lowest score first), then attacks accepted (highest first).
pub fn worst(scored: &[Scored], threshold: f64) -> Vec<Mistake> {
    let wrong = |live: bool| {
        let mut wrong: Vec<&Scored> = scored
            .iter()
            .filter(|scored| (scored.sample.label == Label::Live) == live)
            .filter(|scored| (scored.sample.score >= threshold) != live)
            .collect();
        wrong.sort_by(|left, right| left.sample.score.total_cmp(&right.sample.score));
        if !live {
            wrong.reverse();
        }
        wrong.truncate(SHOWN);
        wrong
    };
    let mistake = |scored: &Scored| Mistake {
        picture: None,
        name: scored.name.clone(),
        label: name_from_label(&scored.sample.label).to_owned(),
        score: scored.sample.score,
    };
    wrong(true).into_iter().chain(wrong(false)).map(mistake).collect()
}

/// Draws each mistake below `folder`: aligned face, generated face, their difference.
///
/// The folder gets a `.gitignore` for everything in it: it shows people.
///
/// # Errors
/// A shard that cannot be read, a picture that cannot be written.
pub fn draw(
    mistakes: &mut [Mistake],
    pipeline: &Pipeline,
    shards: &[PathBuf],
    choice: Choice,
    folder: &Path,
) -> Result<()> {
    let pictures = folder.join(FOLDER);
    std::fs::create_dir_all(&pictures)
        .with_context(|| format!("cannot make {}", pictures.display()))?;
    std::fs::write(folder.join(".gitignore"), "*\n")?;
    let mut waiting: HashMap<String, usize> = HashMap::new();
    for (index, mistake) in mistakes.iter().enumerate() {
        waiting.insert(mistake.name.clone(), index);
    }
    for_each_chosen(shards, choice, |photos| {
        for photo in photos {
            let Some(&index) = waiting.get(&photo.key) else { continue };
            let evidence = match pipeline.score(photo, true) {
                Ok(answer) => answer.evidence,
                Err(Refusal::NoAnswer(_)) => None,
                Err(Refusal::Fatal(error)) => return Err(error),
            };
            if let Some(evidence) = evidence {
                let file = format!("{FOLDER}/{index:02}.png");
                let row = vec![evidence.aligned, evidence.generated, evidence.cue];
                write_grid(&folder.join(&file), &[row])?;
                mistakes[index].picture = Some(file);
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::scored::label_from_name;
    use despoof::metrics::Sample;

    #[test]
    fn the_worst_come_first_and_the_right_ones_not_at_all() {
        let scored: Vec<Scored> = [
            ("a", "live", 0.4),
            ("b", "live", 0.1),
            ("c", "live", 0.5),
            ("d", "print", 0.5),
            ("e", "print", 0.9),
            ("f", "print", 0.2),
        ]
        .map(|(name, label, score)| Scored {
            name: name.to_owned(),
            sample: Sample::single(score, label_from_name(label)),
        })
        .into();
        let names: Vec<String> =
            worst(&scored, 0.5).into_iter().map(|mistake| mistake.name).collect();
        assert_eq!(names, ["b", "a", "e", "d"]);
    }
}

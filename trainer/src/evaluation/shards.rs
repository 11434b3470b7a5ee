//! Scores the photos of WebDataset shards.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::pipeline::{Answer, Pipeline, Refusal};
use super::scored::{Scored, ScoredSet, sample_from_metadata};
use crate::data::metadata::{PhotoMetadata, assign_split, is_in_share};
use crate::data::shard::{ShardPhoto, for_each_photo};

/// Photos scored side by side: bounds memory.
const CHUNK: usize = 16;

/// Which photos of a shard to take.
#[derive(Debug, Clone, Copy, Args)]
pub struct Choice {
    /// Share of the photos to take, chosen by their key.
    #[arg(long, default_value_t = 1.0)]
    pub share: f64,
    /// Only photos of persons that training held out.
    #[arg(long)]
    pub held_out: bool,
}

impl Choice {
    /// Whether the photo is taken; gives one of a set without splits its split first.
    pub fn takes(&self, metadata: &mut PhotoMetadata, key: &str) -> bool {
        assign_split(metadata, key);
        is_in_share("evaluation", key, self.share) && !(self.held_out && metadata.is_for_training())
    }
}

/// Scores the chosen photos of all shards, in their order.
///
/// # Errors
/// A shard that cannot be read, a device that fails, or no photo at all.
pub fn score_shards(pipeline: &Pipeline, shards: &[PathBuf], choice: Choice) -> Result<ScoredSet> {
    let mut set = ScoredSet::default();
    for_each_answer(pipeline, shards, choice, |photo, answer| match answer {
        Ok(answer) => {
            set.scored.push(scored(photo, answer.score));
            let group = &photo.metadata.group;
            if !group.is_empty() {
                set.groups.insert(photo.key.clone(), group.clone());
            }
            if photo.metadata.is_for_test() {
                set.for_test.insert(photo.key.clone());
            }
        }
        Err(code) => set.non_response.add(code, &photo.metadata.label),
    })?;
    Ok(set)
}

/// Calls `visit` with the answer to each chosen photo, or the code of the reason why there is none, in
/// their order.
///
/// # Errors
/// A shard that cannot be read, a device that fails, or no photo at all.
pub fn for_each_answer(
    pipeline: &Pipeline,
    shards: &[PathBuf],
    choice: Choice,
    mut visit: impl FnMut(&ShardPhoto, Result<Answer, &'static str>),
) -> Result<()> {
    let mut count = 0;
    for_each_chosen(shards, choice, |photos| {
        let answers: Vec<Result<Answer, Refusal>> =
            photos.par_iter().map(|photo| pipeline.score(photo, false)).collect();
        count += photos.len();
        for (photo, answer) in photos.iter().zip(answers) {
            match answer {
                Ok(answer) => visit(photo, Ok(answer)),
                Err(Refusal::NoAnswer(code)) => visit(photo, Err(code)),
                Err(Refusal::Fatal(error)) => return Err(error),
            }
        }
        Ok(())
    })?;
    ensure!(count > 0, "{}: no photo was chosen", names(shards).join(", "));
    Ok(())
}

/// Calls `visit` with some chosen photos at a time; shows how many went through.
///
/// # Errors
/// A shard that cannot be read, or an error of `visit`.
pub fn for_each_chosen(
    shards: &[PathBuf],
    choice: Choice,
    mut visit: impl FnMut(&[ShardPhoto]) -> Result<()>,
) -> Result<()> {
    let progress = ProgressBar::new_spinner();
    for shard in shards {
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut flush = |chunk: &mut Vec<ShardPhoto>| {
            progress.inc(chunk.len() as u64);
            progress.set_message(format!("{} photos", progress.position()));
            let visited = visit(chunk);
            chunk.clear();
            visited
        };
        for_each_photo(shard, |mut photo| {
            if choice.takes(&mut photo.metadata, &photo.key) {
                chunk.push(photo);
            }
            if chunk.len() == CHUNK { flush(&mut chunk) } else { Ok(()) }
        })?;
        flush(&mut chunk)?;
    }
    progress.finish_and_clear();
    Ok(())
}

/// File names of shards without extension.
pub fn names(shards: &[PathBuf]) -> Vec<String> {
    let name = |path: &PathBuf| Path::file_stem(path).unwrap_or_default().to_string_lossy().into();
    shards.iter().map(name).collect()
}

/// A photo's score under its name.
pub fn scored(photo: &ShardPhoto, score: f64) -> Scored {
    let sample = sample_from_metadata(&photo.metadata, &photo.metadata.label, score);
    Scored { name: photo.key.clone(), sample }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use despoof::metrics::Bootstrap;
    use serde_json::json;

    use super::super::summary::Summary;
    use super::*;

    fn repository(path: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
    }

    fn shard(name: &str, photos: &[(&str, &[u8], serde_json::Value)]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("despoof-{name}-{}.tar", std::process::id()));
        let mut archive = tar::Builder::new(std::fs::File::create(&path).expect("a file"));
        for (key, bytes, metadata) in photos {
            let json = metadata.to_string();
            for (extension, content) in [("jpg", *bytes), ("json", json.as_bytes())] {
                let mut header = tar::Header::new_gnu();
                header.set_size(content.len() as u64);
                header.set_mode(0o644);
                archive
                    .append_data(&mut header, format!("{key}.{extension}"), content)
                    .expect("written");
            }
        }
        archive.finish().expect("written");
        path
    }

    #[test]
    fn photos_without_an_answer_are_counted_by_reason_and_stop_nothing() {
        let portrait = std::fs::read(repository("tests/photos/astronaut.png")).expect("the photo");
        let progressive = std::fs::read(repository("tests/bad-input/progressive.jpg"));
        let cut = progressive.map(|bytes| bytes[..bytes.len() / 2].to_vec()).expect("the photo");
        let live = |extra: serde_json::Value| {
            let mut metadata = json!({ "label": "live", "domain": "a" });
            metadata
                .as_object_mut()
                .expect("an object")
                .extend(extra.as_object().expect("an object").clone());
            metadata
        };
        let path = shard(
            "evaluation",
            &[
                (
                    "portrait",
                    &portrait,
                    live(json!({ "subject": "s", "video": 3, "split": "test" })),
                ),
                ("cut", &cut, live(json!({}))),
                ("text", b"no picture", json!({ "label": "print", "domain": "a" })),
                ("empty", b"", json!({ "label": "mask", "domain": "a" })),
            ],
        );
        let pipeline = Pipeline::open(&repository("models/web"), None).expect("the bundle");
        let shards = std::slice::from_ref(&path);
        let everything = Choice { share: 1.0, held_out: false };
        let set = score_shards(&pipeline, shards, everything).expect("scores");
        let nothing = score_shards(&pipeline, shards, Choice { share: 0.0, ..everything });
        std::fs::remove_file(&path).expect("removed");
        assert!(nothing.expect_err("no photo").to_string().contains("no photo was chosen"));
        assert_eq!((set.scored.len(), set.presentations()), (1, 4));
        assert!(set.development_samples().is_empty(), "no threshold is fixed on the test");
        let sample = &set.scored[0].sample;
        assert_eq!((sample.subject.as_deref(), sample.video.as_deref()), (Some("s"), Some("a/3")));
        let reasons = ["photo_empty", "photo_format_unknown", "photo_truncated"];
        let counted: BTreeMap<String, usize> = reasons.map(|reason| (reason.to_owned(), 1)).into();
        assert_eq!(set.non_response.reasons, counted);
        assert_eq!(set.non_response.labels["mask"], 1);
        let bootstrap = Bootstrap { resamples: 10, seed: 0 };
        let threshold = pipeline.decision().map(|rule| f64::from(rule.threshold));
        let summary = Summary::of_images(&set.samples(), threshold, &bootstrap);
        assert!(summary.rates.honest.bpcer.is_some() && summary.rates.auc.is_none());
    }
}

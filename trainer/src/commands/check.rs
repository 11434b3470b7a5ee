//! `despoof check`: one line a photo; one broken photo does not stop the others.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use despoof::bundle::BundleLoader;
use despoof::decide::Outcome;
use despoof::{Check, Checker, Evidence, photo};
use image::{RgbImage, imageops};
use serde_json::{Value, json};

/// Options of `despoof check`.
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// Photos to check.
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    /// Folder of the bundle.
    #[arg(long, default_value = "models/web")]
    bundle: PathBuf,
    /// Print a JSON object a line.
    #[arg(long)]
    json: bool,
    /// Write aligned face, generated face, cue and a side-by-side sheet of each photo into this folder.
    #[arg(long, value_name = "DIR")]
    explain: Option<PathBuf>,
}

/// A photo that got no answer.
struct Failure {
    code: &'static str,
    message: String,
}

/// Runs `despoof check`: exit code 0 when every photo got an answer, else 1.
pub fn run(options: &CheckOptions) -> Result<ExitCode> {
    let device = Device::flex();
    let loader = BundleLoader::from_folder(&options.bundle)
        .with_context(|| format!("cannot use the bundle in {}", options.bundle.display()))?;
    let checker = loader.finish(&device, &device)?;
    if let Some(folder) = &options.explain {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut answered = true;
    for path in &options.photos {
        let result = check_photo(&checker, path, options.explain.as_deref());
        answered &= result.is_ok();
        if options.json {
            println!("{}", json_line(path, &result, &checker));
        } else {
            println!("{}", text_line(path, &result));
        }
    }
    Ok(if answered { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn check_photo(checker: &Checker, path: &Path, explain: Option<&Path>) -> Result<Check, Failure> {
    let unreadable = |message: String| Failure { code: "photo_unreadable", message };
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let photo = photo::decode(&bytes)
        .map_err(|error| Failure { code: error.code(), message: error.to_string() })?;
    let check = pollster::block_on(checker.check(&photo, explain.is_some(), |_| {}))
        .map_err(|error| Failure { code: error.code(), message: error.to_string() })?;
    if let (Some(folder), Some(evidence)) = (explain, &check.evidence) {
        write_evidence(folder, path, evidence)
            .map_err(|error| Failure { code: "explain_unwritable", message: error.to_string() })?;
    }
    Ok(check)
}

fn json_line(path: &Path, result: &Result<Check, Failure>, checker: &Checker) -> Value {
    match result {
        Ok(check) => json!({
            "photo": path.display().to_string(),
            "outcome": check.verdict.outcome,
            "score": check.verdict.score,
            "threshold": check.verdict.threshold,
            "faces": check.faces,
            "stages_ms": check.stages,
            "bundle_digest": checker.manifest().digest,
        }),
        Err(failure) => json!({
            "photo": path.display().to_string(),
            "error": { "code": failure.code, "message": failure.message },
        }),
    }
}

fn text_line(path: &Path, result: &Result<Check, Failure>) -> String {
    match result {
        Ok(check) => {
            let outcome = match check.verdict.outcome {
                Outcome::Live => "live",
                Outcome::Spoof => "spoof",
                Outcome::Uncertain => "uncertain",
            };
            let several = if check.faces > 1 {
                format!(", largest of {} faces", check.faces)
            } else {
                String::new()
            };
            format!(
                "{}: {outcome} (score {:.3}, threshold {:.3}{several})",
                path.display(),
                check.verdict.score,
                check.verdict.threshold
            )
        }
        Err(failure) => format!("{}: no answer: {}", path.display(), failure.message),
    }
}

fn write_evidence(
    folder: &Path,
    photo: &Path,
    evidence: &Evidence,
) -> Result<(), image::ImageError> {
    let stem = photo.file_stem().unwrap_or_default().to_string_lossy();
    let save =
        |name: &str, picture: &RgbImage| picture.save(folder.join(format!("{stem}-{name}.png")));
    save("aligned", &evidence.aligned)?;
    save("generated", &evidence.generated)?;
    save("cue", &evidence.cue)?;
    save("sheet", &side_by_side(&[&evidence.aligned, &evidence.generated, &evidence.cue]))
}

fn side_by_side(pictures: &[&RgbImage]) -> RgbImage {
    let width: u32 = pictures.iter().map(|picture| picture.width()).sum();
    let height = pictures.iter().map(|picture| picture.height()).max().unwrap_or(0);
    let mut sheet = RgbImage::new(width, height);
    let mut left = 0;
    for picture in pictures {
        imageops::replace(&mut sheet, *picture, i64::from(left), 0);
        left += picture.width();
    }
    sheet
}

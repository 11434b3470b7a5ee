//! `report.html` of a protocol: its tables, how it was run, and the numbers as JSON beside it.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::page::{self, escaped, section, table};
use crate::evaluation::figures::{AttackFigures, TrainedRow};
use crate::evaluation::table::percent;
use crate::evaluation::trained_table::{HEAD, cells};

/// File of the numbers.
const NUMBERS: &str = "protocol.json";

/// Writes the report of trained folds into `folder`, which is made if missing; `printed` is what
/// `--json` prints.
///
/// # Errors
/// A file that cannot be written.
pub fn write_trained(
    folder: &Path,
    title: &str,
    rows: &[TrainedRow],
    printed: &Value,
) -> Result<()> {
    let of = |cells: Vec<[String; HEAD.len()]>| -> String {
        table(&HEAD, &cells.into_iter().map(Vec::from).collect::<Vec<_>>())
    };
    let mut body = section("Per image, in percent", &of(cells(rows, |row| Some(&row.figures))));
    if rows.iter().any(|row| row.per_video.is_some()) {
        let videos = of(cells(rows, |row| row.per_video.as_ref()));
        body += &section("Per video, in percent", &videos);
    }
    body += &section("Attack types, APCER in percent", &attacks(rows));
    write(folder, title, &body, printed)
}

/// Writes the report of a protocol whose tables are text.
///
/// # Errors
/// A file that cannot be written.
pub fn write_text(folder: &Path, title: &str, text: &str, printed: &Value) -> Result<()> {
    write(folder, title, &format!("<pre>{}</pre>\n", escaped(text)), printed)
}

fn attacks(rows: &[TrainedRow]) -> String {
    let line = |row: &TrainedRow| -> Vec<Vec<String>> {
        let of = |(name, attack): (&String, &AttackFigures)| {
            vec![
                format!("{}: {name}", row.target),
                attack.count.to_string(),
                if attack.unseen { "unseen" } else { "" }.to_owned(),
                percent(attack.honest_apcer),
                percent(attack.eer_apcer),
            ]
        };
        row.attacks.iter().map(of).collect()
    };
    let lines: Vec<Vec<String>> = rows.iter().flat_map(line).collect();
    table(&["type", "photos", "in training", "honest", "at own EER"], &lines)
}

fn write(folder: &Path, title: &str, body: &str, printed: &Value) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(NUMBERS);
    std::fs::write(&path, printed.to_string())
        .with_context(|| format!("cannot write {}", path.display()))?;
    let config = serde_json::to_string_pretty(&printed["config"])?;
    let facts = format!(
        "<p>Revision {}, bundle {}. Oracle: the best of all checkpoints on the target, at its own EER \
         threshold. Honest: the last checkpoint at a threshold of the sources' development data. \
         Intervals of 95 %. All numbers: <a href=\"{NUMBERS}\">{NUMBERS}</a>.</p>\n",
        escaped(printed["revision"].as_str().unwrap_or_default()),
        escaped(printed["bundle_digest"].as_str().unwrap_or_default()),
    );
    let config = section("Configuration", &format!("<pre>{}</pre>", escaped(&config)));
    page::write(folder, title, &(facts + body + &config))
}

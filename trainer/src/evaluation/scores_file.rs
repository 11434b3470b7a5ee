//! Score files: `sample,label,score` and optionally `subject,video,photo,attack`, anybody's scores.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use despoof::metrics::{Label, Sample};

use super::csv::{fields_from_line, line_from_fields};
use super::scored::{LIVE, Scored, label_from_name, name_from_label};

/// Columns, in the order in which they are written; the first three must be there.
const COLUMNS: [&str; 7] = ["sample", "label", "score", "subject", "video", "photo", "attack"];
/// How many columns must be there.
const NEEDED: usize = 3;

/// Reads a score file. A score is the probability of live, 0 to 1; a label is `live` or an attack
/// species; where there is a column `attack`, it names the species of what is not live.
///
/// # Errors
/// A file that cannot be read or holds no score, an unknown or missing column, a bad row: named
/// with file and line.
pub fn read(path: &Path) -> Result<Vec<Scored>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    scores_from_text(&text).with_context(|| path.display().to_string())
}

/// Writes a score file that [`read`] reads.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, scored: &[Scored]) -> Result<()> {
    let mut text = line_from_fields(&COLUMNS[..COLUMNS.len() - 1]) + "\n";
    for Scored { name, sample } in scored {
        let score = sample.score.to_string();
        let optional = |field: &Option<String>| field.clone().unwrap_or_default();
        let [subject, video, photo] = [&sample.subject, &sample.video, &sample.photo].map(optional);
        let fields = [name, name_from_label(&sample.label), &score, &subject, &video, &photo];
        text += &(line_from_fields(&fields) + "\n");
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn scores_from_text(text: &str) -> Result<Vec<Scored>> {
    let text = text.trim_start_matches('\u{FEFF}');
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().context("the file is empty")?;
    let header = Header::from_line(header).context("line 1, the header")?;
    let scored: Vec<Scored> = lines
        .map(|(index, line)| header.scored(line).with_context(|| format!("line {}", index + 1)))
        .collect::<Result<_>>()?;
    ensure!(!scored.is_empty(), "there is a header, but no score");
    Ok(scored)
}

/// Position of each of [`COLUMNS`].
struct Header {
    positions: [Option<usize>; COLUMNS.len()],
    width: usize,
}

impl Header {
    fn from_line(line: &str) -> Result<Header> {
        let names = fields_from_line(line).context("a quote is not closed")?;
        let mut positions = [None; COLUMNS.len()];
        for (position, name) in names.iter().enumerate() {
            let Some(column) = COLUMNS.iter().position(|known| known == name) else {
                bail!("unknown column {name:?}; known are {}", COLUMNS.join(", "));
            };
            ensure!(positions[column].is_none(), "column {name:?} is there twice");
            positions[column] = Some(position);
        }
        let missing = (0..NEEDED).find(|column| positions[*column].is_none());
        if let Some(column) = missing {
            bail!("column {:?} is missing", COLUMNS[column]);
        }
        Ok(Header { positions, width: names.len() })
    }

    fn scored(&self, line: &str) -> Result<Scored> {
        let fields = fields_from_line(line).context("a quote is not closed")?;
        ensure!(
            fields.len() == self.width,
            "{} fields, the header has {}",
            fields.len(),
            self.width
        );
        let field = |column: usize| {
            let text = self.positions[column].map(|position| fields[position].as_str());
            text.filter(|text| !text.is_empty())
        };
        let needed =
            |column: usize| field(column).with_context(|| format!("{} is empty", COLUMNS[column]));
        Ok(Scored {
            name: needed(0)?.to_owned(),
            sample: Sample {
                label: label_from_fields(needed(1)?, field(6))?,
                score: score_from_text(needed(2)?)?,
                subject: field(3).map(str::to_owned),
                video: field(4).map(str::to_owned),
                photo: field(5).map(str::to_owned),
            },
        })
    }
}

fn label_from_fields(label: &str, attack: Option<&str>) -> Result<Label> {
    match (label_from_name(label), attack.filter(|attack| *attack != LIVE)) {
        (Label::Live, Some(attack)) => bail!("the label is live, the attack {attack:?}"),
        (Label::Attack(_), Some(attack)) => Ok(Label::Attack(attack.to_owned())),
        (label, None) => Ok(label),
    }
}

fn score_from_text(text: &str) -> Result<f64> {
    let score: f64 =
        text.parse().ok().with_context(|| format!("score {text:?} is not a number"))?;
    ensure!((0.0..=1.0).contains(&score), "score {text} is not a probability of live from 0 to 1");
    Ok(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", scores_from_text(text).expect_err("a bad file"))
    }

    #[test]
    fn a_good_file_in_any_order_of_columns() {
        let text = "\u{FEFF}score,label,sample,attack,subject,video\r\n\
                    0.9,live,\"a,1\",,s,v\r\n\r\n0.25,spoof,b,print,,\r\n1e-3,replay,c,,,\r\n";
        let scored = scores_from_text(text).expect("a good file");
        assert_eq!(scored.len(), 3);
        assert_eq!(scored[0].name, "a,1");
        assert_eq!(scored[0].sample.subject.as_deref(), Some("s"));
        assert_eq!(scored[0].sample.video.as_deref(), Some("v"));
        assert_eq!(scored[1].sample.label, Label::Attack("print".into()));
        assert_eq!(scored[2].sample.label, Label::Attack("replay".into()));
        assert_eq!(scored[2].sample.score, 1e-3);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = "sample,label,score,subject,video,photo,attack\n\
                    a,live,0.123456789,s,v,p,\nb,x,1,,,,\n";
        let scored = scores_from_text(text).expect("a good file");
        let path = std::env::temp_dir().join(format!("despoof-scores-{}", std::process::id()));
        write(&path, &scored).expect("written");
        assert_eq!(read(&path).expect("read"), scored);
        std::fs::remove_file(&path).expect("removed");
    }

    #[test]
    fn bad_rows_name_their_line() {
        let rows = [
            ("a,live", "line 3: 2 fields, the header has 3"),
            ("a,live,0.5,x", "line 3: 4 fields, the header has 3"),
            ("a,live,high", "line 3: score \"high\" is not a number"),
            ("a,live,", "line 3: score is empty"),
            ("a,live,NaN", "line 3: score NaN is not a probability of live from 0 to 1"),
            ("a,live,-0.1", "line 3: score -0.1 is not a probability of live from 0 to 1"),
            ("a,,0.5", "line 3: label is empty"),
            ("\"a,live,0.5", "line 3: a quote is not closed"),
        ];
        for (row, expected) in rows {
            assert_eq!(error(&format!("sample,label,score\ngood,live,1\n{row}\n")), expected);
        }
        let contradiction = "sample,label,score,attack\na,live,0.5,print\n";
        assert_eq!(error(contradiction), "line 2: the label is live, the attack \"print\"");
    }

    #[test]
    fn bad_files_say_what_is_wrong() {
        assert_eq!(error(""), "the file is empty");
        assert_eq!(error("\n \n"), "the file is empty");
        assert_eq!(error("sample,label,score\n"), "there is a header, but no score");
        assert_eq!(
            error("sample,label\na,live\n"),
            "line 1, the header: column \"score\" is missing"
        );
        assert!(error("sample,label,score,mood\n").contains("unknown column \"mood\""));
        assert!(error("sample,label,score,label\n").contains("column \"label\" is there twice"));
        let missing = format!("{:#}", read(Path::new("/none.csv")).expect_err("no file"));
        assert!(missing.contains("/none.csv"), "{missing}");
    }
}

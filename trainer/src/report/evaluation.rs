//! `report.html` of an evaluation.

use std::path::Path;

use anyhow::{Context, Result};
use despoof::metrics::{Sample, Scores, averaged_by_video};

use super::curves;
use super::mistakes::Mistake;
use super::page::{self, escaped, picture, row_of, section, table};
use crate::evaluation::scored::{LIVE, NonResponse};
use crate::evaluation::summary::{RatesAtThreshold, Summary};
use crate::evaluation::table::{percent, text_from_non_response};

/// What the pictures of a mistake are.
const PICTURE_WORDS: &str = "Aligned face, generated face, difference.";

/// What a report shows.
pub struct Contents<'a> {
    /// Heading.
    pub title: String,
    /// Lines below it: bundle, data, revision.
    pub facts: Vec<String>,
    /// Samples behind the plots.
    pub samples: &'a [Sample],
    /// Numbers of the images, and of the videos where there are some.
    pub summaries: Vec<&'a Summary>,
    /// What got no score.
    pub non_response: &'a NonResponse,
    /// The worst mistakes.
    pub mistakes: &'a [Mistake],
}

/// Writes the report into `folder`, which is made if missing.
///
/// # Errors
/// A file that cannot be written.
pub fn write(folder: &Path, contents: &Contents) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let facts: Vec<String> = contents.facts.iter().map(|fact| escaped(fact)).collect();
    let mut body = format!("<p>{}</p>\n", facts.join("<br>"));
    for summary in &contents.summaries {
        let samples = match summary.unit {
            "video" => averaged_by_video(contents.samples),
            _ => Some(contents.samples.to_vec()),
        };
        body += &measured(summary, &samples.unwrap_or_default());
    }
    let presentations = contents.samples.len() + contents.non_response.count;
    let non_response = text_from_non_response(contents.non_response, presentations);
    body += &section("Without an answer", &format!("<p>{}</p>", escaped(&non_response)));
    body += &mistakes(contents.mistakes);
    page::write(folder, &contents.title, &body)
}

fn measured(summary: &Summary, samples: &[Sample]) -> String {
    let scores = Scores::from_samples(samples);
    let rates = &summary.rates;
    let thresholds: Vec<(&str, f64)> = [("honest", &rates.honest), ("oracle", &rates.oracle)]
        .into_iter()
        .filter_map(|(name, rates)| Some((name, rates.threshold.value()?)))
        .collect();
    let attacks: Vec<String> =
        summary.counts.attacks.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let content = format!(
        "<p>{} live; attacks: {}</p>\n{}{}<p>In brackets: 95 % of {} bootstrap resamples over {}. \
         <i>Honest</i>: threshold fixed on other data. <i>Oracle</i>: threshold of this set's own \
         EER, which no user has.</p>\n{}",
        summary.counts.live,
        if attacks.is_empty() { "none".to_owned() } else { escaped(&attacks.join(", ")) },
        row_of("plots", &curves::plots(&scores, &thresholds)),
        threshold_free(summary),
        summary.bootstrap.resamples,
        escaped(&summary.bootstrap.over),
        at_thresholds(summary)
    );
    section(&format!("Per {}", summary.unit), &content)
}

fn threshold_free(summary: &Summary) -> String {
    let (rates, intervals) = (&summary.rates, &summary.intervals);
    let mut rows = vec![
        row("AUC, %", &[(rates.auc, intervals.auc)]),
        row("EER, %", &[(rates.eer, intervals.eer)]),
    ];
    for (apcer, bpcer) in rates.bpcer_at_apcer.iter().rev() {
        let interval = intervals.bpcer_at_apcer.get(apcer).copied().flatten();
        rows.push(row(&format!("BPCER at APCER {apcer} %, %"), &[(*bpcer, interval)]));
    }
    table(&["", "value"], &rows)
}

fn at_thresholds(summary: &Summary) -> String {
    let (rates, intervals) = (&summary.rates, &summary.intervals);
    let attacks: Vec<&String> = summary.counts.attacks.keys().collect();
    let cells = |rates: &RatesAtThreshold<f64>, intervals: &RatesAtThreshold<[f64; 2]>| {
        let values = column(rates, &attacks);
        values.into_iter().zip(column(intervals, &attacks)).collect::<Vec<_>>()
    };
    let honest = cells(&rates.honest, &intervals.honest);
    let oracle = cells(&rates.oracle, &intervals.oracle);
    let threshold = |rates: &RatesAtThreshold<f64>| {
        rates.threshold.value().map_or_else(|| percent(None), |value| format!("{value:.4}"))
    };
    let mut names =
        ["HTER", "ACER", "BPCER", "APCER of the worst attack"].map(str::to_owned).to_vec();
    names.extend(attacks.iter().map(|attack| format!("APCER {attack}")));
    let mut rows =
        vec![vec!["threshold".to_owned(), threshold(&rates.honest), threshold(&rates.oracle)]];
    for (index, name) in names.iter().enumerate() {
        rows.push(row(&format!("{name}, %"), &[honest[index], oracle[index]]));
    }
    table(&["", "honest", "oracle"], &rows)
}

/// The rates at a threshold, in the order of the table.
fn column<T: Copy>(rates: &RatesAtThreshold<T>, attacks: &[&String]) -> Vec<Option<T>> {
    let overall = [rates.hter, rates.acer, rates.bpcer, rates.apcer];
    let by_attack = attacks.iter().map(|attack| rates.apcer_by_attack.get(*attack).copied());
    overall.into_iter().chain(by_attack).collect()
}

fn row(name: &str, values: &[(Option<f64>, Option<[f64; 2]>)]) -> Vec<String> {
    let cell = |(value, interval): &(Option<f64>, Option<[f64; 2]>)| {
        let interval =
            interval.map_or_else(String::new, |[low, high]| format!(" [{low:.1}, {high:.1}]"));
        percent(*value) + &interval
    };
    std::iter::once(name.to_owned()).chain(values.iter().map(cell)).collect()
}

fn mistakes(mistakes: &[Mistake]) -> String {
    let (refused, accepted): (Vec<&Mistake>, Vec<&Mistake>) =
        mistakes.iter().partition(|mistake| mistake.label == LIVE);
    let kind = |heading: &str, mistakes: &[&Mistake]| {
        let parts: Vec<String> = mistakes.iter().map(|mistake| mistake_figure(mistake)).collect();
        let words = if parts.is_empty() { "None." } else { PICTURE_WORDS };
        section(heading, &(format!("<p>{words}</p>") + &row_of("pictures", &parts)))
    };
    kind("Live faces refused, lowest score first", &refused)
        + &kind("Attacks accepted, highest score first", &accepted)
}

fn mistake_figure(mistake: &Mistake) -> String {
    let caption = format!("{} ({}), score {:.3}", mistake.name, mistake.label, mistake.score);
    match &mistake.picture {
        Some(file) => picture(file, &caption),
        None => format!("<figure><figcaption>{}</figcaption></figure>", escaped(&caption)),
    }
}

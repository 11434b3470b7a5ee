//! `report.html` of an evaluation.

use std::path::Path;

use anyhow::{Context, Result};
use despoof::metrics::{Sample, Scores, averaged_by_video};

use super::curves;
use super::mistakes::Mistake;
use super::page::{self, escaped, picture, row_of, section, table};
use crate::evaluation::scored::NonResponse;
use crate::evaluation::summary::{RatesAtThreshold, Summary};
use crate::evaluation::table::{percent, text_from_non_response};

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
    body += &section("No answer", &format!("<p>{}</p>", escaped(&non_response)));
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
    let pair = |select: &dyn Fn(&RatesAtThreshold<f64>) -> Option<f64>,
                interval: &dyn Fn(&RatesAtThreshold<[f64; 2]>) -> Option<[f64; 2]>| {
        [
            (select(&rates.honest), interval(&intervals.honest)),
            (select(&rates.oracle), interval(&intervals.oracle)),
        ]
    };
    let threshold = |rates: &RatesAtThreshold<f64>| {
        rates.threshold.value().map_or_else(|| percent(None), |value| format!("{value:.4}"))
    };
    let mut rows = vec![
        vec!["threshold".to_owned(), threshold(&rates.honest), threshold(&rates.oracle)],
        row("HTER, %", &pair(&|rates| rates.hter, &|rates| rates.hter)),
        row("ACER, %", &pair(&|rates| rates.acer, &|rates| rates.acer)),
        row("BPCER, %", &pair(&|rates| rates.bpcer, &|rates| rates.bpcer)),
        row("APCER of the worst attack, %", &pair(&|rates| rates.apcer, &|rates| rates.apcer)),
    ];
    for attack in summary.counts.attacks.keys() {
        rows.push(row(
            &format!("APCER {attack}, %"),
            &pair(&|rates| rates.apcer_by_attack.get(attack).copied(), &|rates| {
                rates.apcer_by_attack.get(attack).copied()
            }),
        ));
    }
    table(&["", "honest", "oracle"], &rows)
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
    if mistakes.is_empty() {
        return section("Worst mistakes", "<p>None.</p>");
    }
    let caption = |mistake: &Mistake| {
        format!("{} ({}), score {:.3}", mistake.name, mistake.label, mistake.score)
    };
    let part = |mistake: &Mistake| match &mistake.picture {
        Some(file) => picture(file, &caption(mistake)),
        None => format!("<figure><figcaption>{}</figcaption></figure>", escaped(&caption(mistake))),
    };
    let parts: Vec<String> = mistakes.iter().map(part).collect();
    let words = "<p>Aligned face, generated face, difference. Live faces refused, lowest score \
                 first; then attacks accepted, highest first.</p>";
    section("Worst mistakes", &(words.to_owned() + &row_of("pictures", &parts)))
}

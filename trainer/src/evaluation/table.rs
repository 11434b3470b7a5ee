//! Results as text.

use std::fmt::Write;

use super::scored::NonResponse;
use super::summary::{RatesAtThreshold, Summary};

/// One set's numbers, a line each; what the set cannot say is "not defined".
pub fn text_from_summary(summary: &Summary) -> String {
    let (rates, intervals) = (&summary.rates, &summary.intervals);
    let attacks = summary.counts.attacks.iter();
    let attacks: Vec<String> = attacks.map(|(name, count)| format!("{count} {name}")).collect();
    let attacks = if attacks.is_empty() { "no attack".to_owned() } else { attacks.join(", ") };
    let mut text = format!("per {}: {} live, {attacks}\n", summary.unit, summary.counts.live);
    text += &line("AUC", rates.auc, intervals.auc);
    text += &line("EER", rates.eer, intervals.eer);
    for (apcer, bpcer) in rates.bpcer_at_apcer.iter().rev() {
        let interval = intervals.bpcer_at_apcer.get(apcer).copied().flatten();
        text += &line(&format!("BPCER@APCER {apcer} %"), *bpcer, interval);
    }
    text += &at_threshold("honest", "fixed on other data", &rates.honest, &intervals.honest);
    text += &at_threshold("oracle", "this set's own EER", &rates.oracle, &intervals.oracle);
    let bootstrap = &summary.bootstrap;
    let _ = writeln!(
        text,
        "  in brackets: 95 % of {} bootstrap resamples over {}",
        bootstrap.resamples, bootstrap.over
    );
    text
}

/// What got no score, and why.
pub fn text_from_non_response(non_response: &NonResponse, presentations: usize) -> String {
    if non_response.count == 0 {
        return format!("no answer: 0 of {presentations}\n");
    }
    let list = |counts: &std::collections::BTreeMap<String, usize>| {
        let parts: Vec<String> =
            counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
        parts.join(", ")
    };
    format!(
        "no answer: {} of {presentations} ({}; of these {})\n",
        non_response.count,
        list(&non_response.reasons),
        list(&non_response.labels)
    )
}

/// A number in percent, or that there is none.
pub fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "not defined".to_owned(), |value| format!("{value:.2}"))
}

/// The same with its interval behind it, where there is one.
pub fn with_interval(value: Option<f64>, interval: Option<[f64; 2]>) -> String {
    let interval =
        interval.map_or_else(String::new, |[low, high]| format!(" [{low:.1}, {high:.1}]"));
    percent(value) + &interval
}

/// Width of a column of short targets.
pub const TARGET_WIDTH: usize = 16;

/// Width of a column of names that others gave: its longest name and a gap, `least` where they are short.
pub fn name_width<'a>(names: impl Iterator<Item = &'a str>, least: usize) -> usize {
    names.map(|name| name.chars().count() + 2).fold(least, usize::max)
}

fn at_threshold(
    name: &str,
    origin: &str,
    rates: &RatesAtThreshold<f64>,
    intervals: &RatesAtThreshold<[f64; 2]>,
) -> String {
    let Some(threshold) = rates.threshold.value() else {
        return format!("  {name} (threshold: {origin}): not defined\n");
    };
    let mut text = format!("  {name} (threshold {threshold:.4}, {origin}):\n");
    text += &line("  HTER", rates.hter, intervals.hter);
    text += &line("  ACER", rates.acer, intervals.acer);
    text += &line("  BPCER", rates.bpcer, intervals.bpcer);
    text += &line("  APCER, worst", rates.apcer, intervals.apcer);
    for (attack, apcer) in &rates.apcer_by_attack {
        let interval = intervals.apcer_by_attack.get(attack).copied();
        text += &line(&format!("  APCER {attack}"), Some(*apcer), interval);
    }
    text
}

fn line(name: &str, value: Option<f64>, interval: Option<[f64; 2]>) -> String {
    let interval =
        interval.map_or_else(String::new, |[low, high]| format!("  [{low:.2}, {high:.2}]"));
    format!("  {name:<22}{:>11}{interval}\n", percent(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_distance_to_what_is_beside_it() {
        assert_eq!(name_width(["nuaa", "phone-a"].into_iter(), 16), 16);
        assert_eq!(name_width(["nuaa", "unseen-print-cut"].into_iter(), 16), 18);
    }
}

//! Protocols over trained folds as text.

use super::figures::{Figures, TrainedRow};
use super::table::{TARGET_WIDTH, name_width, percent, with_interval};
use super::trained_mean::{TrainedMean, mean_of};

/// Column headings.
pub const HEAD: [&str; 7] =
    ["target", "AUC", "EER", "HTER oracle", "AUC oracle", "HTER honest", "threshold"];

/// The paper's table: a line a target, HTER and AUC in percent, the mean below; then every attack type.
pub fn table(rows: &[TrainedRow]) -> String {
    let mut text = unit("per image", &cells(rows, |row| Some(&row.figures)));
    if rows.iter().any(|row| row.per_video.is_some()) {
        text += &unit("\nper video", &cells(rows, |row| row.per_video.as_ref()));
    }
    text + &attacks(rows)
}

/// Cells of the rows that have these figures, and of their mean.
pub fn cells(
    rows: &[TrainedRow],
    of: impl Fn(&TrainedRow) -> Option<&Figures>,
) -> Vec<[String; HEAD.len()]> {
    let chosen: Vec<(&TrainedRow, &Figures)> =
        rows.iter().filter_map(|row| Some((row, of(row)?))).collect();
    let mut cells: Vec<_> =
        chosen.iter().map(|(row, figures)| line(&row.target, figures)).collect();
    let figures: Vec<&Figures> = chosen.iter().map(|(_, figures)| *figures).collect();
    cells.push(mean_line(&mean_of(&figures)));
    cells
}

fn line(target: &str, figures: &Figures) -> [String; HEAD.len()] {
    let intervals = &figures.intervals;
    let threshold = figures.honest.threshold;
    [
        target.to_owned(),
        with_interval(figures.auc, intervals.auc),
        percent(figures.eer),
        with_interval(figures.oracle.hter, intervals.oracle_hter),
        percent(figures.oracle.auc),
        with_interval(figures.honest.hter, intervals.honest_hter),
        threshold.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}")),
    ]
}

fn mean_line(mean: &TrainedMean) -> [String; HEAD.len()] {
    let intervals = &mean.intervals;
    [
        "mean".to_owned(),
        with_interval(mean.auc, intervals.auc),
        percent(mean.eer),
        with_interval(mean.oracle.hter, intervals.oracle_hter),
        percent(mean.oracle.auc),
        with_interval(mean.honest.hter, intervals.honest_hter),
        "-".to_owned(),
    ]
}

fn unit(heading: &str, cells: &[[String; HEAD.len()]]) -> String {
    let mut text = format!("{heading}, in percent, 95 % intervals in brackets\n");
    let head = HEAD.map(str::to_owned);
    let width = name_width(cells.iter().map(|[target, ..]| target.as_str()), TARGET_WIDTH);
    for cells in std::iter::once(&head).chain(cells) {
        let [target, auc, eer, oracle, oracle_auc, honest, threshold] = cells;
        text += &format!(
            "{target:<width$}{auc:>23}{eer:>13}{oracle:>23}{oracle_auc:>13}{honest:>23}{threshold:>11}\n"
        );
    }
    text
}

/// A line for each attack type of each target: masks and wax figures are not among the others.
fn attacks(rows: &[TrainedRow]) -> String {
    let width = name_width(rows.iter().map(|row| row.target.as_str()), TARGET_WIDTH);
    let types = rows.iter().flat_map(|row| row.attacks.keys());
    let type_width = name_width(types.map(String::as_str), 18);
    let mut text = format!(
        "\nattack types, APCER in percent\n{:<width$}{:<type_width$}{:>8}{:>10}{:>13}{:>13}\n",
        "target", "type", "photos", "unseen", "honest", "at own EER"
    );
    for row in rows {
        for (name, attack) in &row.attacks {
            text += &format!(
                "{:<width$}{name:<type_width$}{:>8}{:>10}{:>13}{:>13}\n",
                row.target,
                attack.count,
                if attack.unseen { "unseen" } else { "" },
                percent(attack.honest_apcer),
                percent(attack.eer_apcer)
            );
        }
    }
    text
}

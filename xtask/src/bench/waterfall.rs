//! The timeline of `bench load` as a picture: a bar for every file and every part of the work.

use std::fmt::Write;

use super::load::{Kind, Row, Visit};

/// Pixels.
const LABELS: f64 = 250.0;
const BARS: f64 = 480.0;
const ROW: f64 = 16.0;
const HEADER: f64 = 44.0;
/// Seconds between two lines, at most this many of them.
const MOST_LINES: f64 = 10.0;

/// A picture of one visit.
pub fn svg(visit: &Visit) -> String {
    let rows: Vec<&Row> = visit.rows.iter().filter(|row| row.is_shown()).collect();
    let last = rows.iter().map(|row| row.end).fold(1.0, f64::max);
    let (width, height) = (LABELS + BARS + 20.0, HEADER + ROW * rows.len() as f64 + 24.0);
    let x = |milliseconds: f64| LABELS + BARS * milliseconds / last;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (index, (kind, name)) in
        [(Kind::Network, "on the line"), (Kind::Work, "at work")].iter().enumerate()
    {
        let x = LABELS + 110.0 * index as f64;
        let colour = colour(*kind);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"10\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"19\">{name}</text>",
            x + 14.0
        );
    }
    for second in lines(last) {
        let x = x(1000.0 * second);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{HEADER}\" y2=\"{}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{second} s</text>",
            height - 20.0,
            height - 7.0
        );
    }
    for (index, row) in rows.iter().enumerate() {
        let y = HEADER + ROW * index as f64;
        let _ = writeln!(
            svg,
            "<text x=\"8\" y=\"{}\">{}</text>\
             <rect x=\"{:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\" fill=\"{}\"/>",
            y + ROW - 5.0,
            row.name,
            x(row.start),
            x(row.end) - x(row.start),
            ROW - 4.0,
            colour(row.kind)
        );
    }
    svg + "</svg>\n"
}

fn colour(kind: Kind) -> &'static str {
    match kind {
        Kind::Network => "#4f7cac",
        Kind::Work => "#c06c54",
    }
}

/// Whole seconds, so many of them that they do not touch.
fn lines(last: f64) -> impl Iterator<Item = f64> {
    let seconds = last / 1000.0;
    let apart = (seconds / MOST_LINES).ceil().max(1.0);
    (0..=(seconds / apart) as usize).map(move |index| index as f64 * apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_begin_and_end_in_proportion() {
        let row = |name: &str, start, end| Row { name: name.into(), kind: Kind::Work, start, end };
        let rows = vec![row("a", 0.0, 500.0), row("b", 500.0, 1000.0), row("short", 3.0, 4.0)];
        let svg = svg(&Visit { ready: 0.0, rows });
        assert!(svg.contains("x=\"490.0\" y=\"60\" width=\"240.0\""), "{svg}");
        assert!(!svg.contains("short"));
        assert_eq!(lines(25_500.0).collect::<Vec<_>>()[..3], [0.0, 3.0, 6.0]);
    }
}

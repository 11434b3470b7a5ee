//! Line and bar plots as SVG. Everything is placed in the unit square; axes say what it means.

use std::fmt::Write;

use super::page::escaped;

/// Size of the picture and of its plotted square, in SVG units.
const SIZE: [f64; 2] = [420.0, 320.0];
const LEFT: f64 = 52.0;
const TOP: f64 = 26.0;
const INNER: [f64; 2] = [SIZE[0] - LEFT - 14.0, SIZE[1] - TOP - 44.0];
/// Width of a character and height of a line of text.
const CHARACTER: f64 = 6.2;
const LINE: f64 = 12.0;
/// Radius of a dot.
const DOT: f64 = 4.0;

/// Colours of the series, by the page's names.
pub const COLOURS: [&str; 4] = ["var(--a)", "var(--b)", "var(--c)", "var(--d)"];

/// A labelled axis.
pub struct Axis {
    /// What it shows.
    pub label: String,
    /// Positions from 0 to 1, with what is written there.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis from `from` to `to` in five equal parts.
    pub fn even(label: &str, [from, to]: [f64; 2]) -> Self {
        let tick = |part: i32| {
            let share = f64::from(part) / 5.0;
            (share, format!("{:.1}", from + (to - from) * share))
        };
        Self { label: label.to_owned(), ticks: (0..=5).map(tick).collect() }
    }
}

/// How a series is drawn.
pub enum Shape {
    /// Connected points.
    Line(Vec<[f64; 2]>),
    /// Points with their names beside them.
    Points(Vec<([f64; 2], String)>),
    /// Heights of bars that share the width equally.
    Bars(Vec<f64>),
    /// A thin vertical line.
    Mark(f64),
    /// A thin line from the lower left corner to the upper right one.
    Diagonal,
}

/// What is drawn, with its name for the legend.
pub struct Series {
    /// Name for the legend.
    pub name: String,
    /// Index into [`COLOURS`], round again behind the last.
    pub colour: usize,
    /// What is drawn.
    pub shape: Shape,
}

/// A plot.
pub struct Plot {
    /// Heading.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// What is drawn, in order.
    pub series: Vec<Series>,
}

impl Plot {
    /// The plot as an SVG element.
    pub fn svg(&self) -> String {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n",
            SIZE[0],
            SIZE[1],
            escaped(&self.title)
        );
        svg += &text([LEFT, 14.0], "start", &format!("{} ", self.title), " font-weight=\"600\"");
        self.write_axes(&mut svg);
        for series in &self.series {
            svg += &series.svg();
        }
        self.write_legend(&mut svg);
        svg + "</svg>"
    }

    /// The same as a file of its own, which has no page's style.
    pub fn standalone_svg(&self) -> String {
        let style = "<style>svg{--a:#2a6fdb;--b:#d9534f;--c:#3a9d5d;--d:#b8860b;background:#fff}\
                     text{font:11px sans-serif}.grid{stroke:#ddd;fill:none}.guide{stroke:#888;fill:none}\
                     .series{fill:none;stroke-width:2}.bars{fill-opacity:.45}</style>";
        let svg = self.svg();
        let inner = svg.split_once(">\n").map_or("", |(_, inner)| inner);
        let [width, height] = SIZE;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\">\n{style}\n{inner}\n"
        )
    }

    fn write_axes(&self, svg: &mut String) {
        for (position, label) in &self.x.ticks {
            let [x, bottom] = place([*position, 0.0]);
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom:.1}\"/>");
            *svg += &text([x, bottom + 15.0], "middle", label, "");
        }
        for (position, label) in &self.y.ticks {
            let [left, y] = place([0.0, *position]);
            let right = LEFT + INNER[0];
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{left:.1} {y:.1}H{right:.1}\"/>");
            *svg += &text([left - 6.0, y + 4.0], "end", label, "");
        }
        let [middle, bottom] = place([0.5, 0.0]);
        *svg += &text([middle, bottom + 34.0], "middle", &self.x.label, "");
        let [_, middle] = place([0.0, 0.5]);
        let turned = format!(" transform=\"rotate(-90 13 {middle:.1})\"");
        *svg += &text([13.0, middle], "middle", &self.y.label, &turned);
    }

    fn write_legend(&self, svg: &mut String) {
        let named = self.series.iter().filter(|series| !series.name.is_empty());
        let mut x = LEFT + INNER[0];
        for series in named.collect::<Vec<_>>().into_iter().rev() {
            *svg += &text([x, 14.0], "end", &series.name, "");
            x -= CHARACTER * series.name.chars().count() as f64 + 8.0;
            let colour = series.css_colour();
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"10\" r=\"4\" fill=\"{colour}\"/>");
            x -= 12.0;
        }
    }
}

impl Series {
    fn css_colour(&self) -> &'static str {
        COLOURS[self.colour % COLOURS.len()]
    }

    fn svg(&self) -> String {
        let colour = self.css_colour();
        match &self.shape {
            Shape::Line(points) => {
                let path = path_through(points);
                format!("<path class=\"series\" style=\"stroke:{colour}\" d=\"{path}\"/>\n")
            }
            Shape::Points(points) => named_points(points, colour),
            Shape::Diagonal => {
                let path = path_through(&[[0.0, 0.0], [1.0, 1.0]]);
                format!("<path class=\"guide\" d=\"{path}\"/>\n")
            }
            Shape::Mark(x) => {
                let [x, bottom] = place([*x, 0.0]);
                format!(
                    "<path class=\"series\" stroke-dasharray=\"4 3\" style=\"stroke:{colour}\" \
                     d=\"M{x:.1} {TOP}V{bottom:.1}\"/>\n"
                )
            }
            Shape::Bars(heights) => {
                let width = INNER[0] / heights.len() as f64;
                let bars = heights.iter().enumerate().filter(|(_, height)| **height > 0.0);
                let bars: String = bars
                    .map(|(index, height)| {
                        let [x, y] = place([index as f64 / heights.len() as f64, *height]);
                        let tall = height.clamp(0.0, 1.0) * INNER[1];
                        format!("M{x:.1} {y:.1}h{width:.2}v{tall:.2}h-{width:.2}z")
                    })
                    .collect();
                format!("<path class=\"bars\" style=\"fill:{colour}\" d=\"{bars}\"/>\n")
            }
        }
    }
}

/// From the unit square to the picture; what lies outside is moved to its border.
fn place([x, y]: [f64; 2]) -> [f64; 2] {
    [LEFT + x.clamp(0.0, 1.0) * INNER[0], TOP + (1.0 - y.clamp(0.0, 1.0)) * INNER[1]]
}

/// Dots, their names on the side where there is more room, or as near as others let them be.
fn named_points(points: &[([f64; 2], String)], colour: &str) -> String {
    let mut svg = String::new();
    let dots = points.iter().map(|(point, _)| place(*point));
    let mut taken: Vec<[f64; 3]> = dots.clone().map(|[x, y]| [x - DOT, x + DOT, y]).collect();
    for ([x, y], (point, name)) in dots.zip(points) {
        let width = CHARACTER * name.chars().count() as f64;
        let mut places = places_beside([x, y], point[0] > 0.5);
        let span = |[x, y]: [f64; 2], before: bool| {
            if before { [x - width, x, y] } else { [x, x + width, y] }
        };
        let is_free = |(at, before): &([f64; 2], bool)| {
            !taken.iter().any(|other| overlap(*other, span(*at, *before)))
        };
        let (at, before) = places.find(is_free).unwrap_or(([x, y], false));
        taken.push(span(at, before));
        svg += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{DOT}\" fill=\"{colour}\"/>\n");
        svg += &text([at[0], at[1] + 4.0], if before { "end" } else { "start" }, name, "");
    }
    svg
}

/// Where a dot's name may end (`true`) or begin: beside it, then ever farther above and below.
fn places_beside([x, y]: [f64; 2], before: bool) -> impl Iterator<Item = ([f64; 2], bool)> {
    let sides = [before, !before].map(|before| (x + if before { -7.0 } else { 7.0 }, before));
    let lines = (0..40).map(|line| if line % 2 == 0 { line / 2 } else { -(line + 1) / 2 });
    lines.flat_map(move |line| sides.map(|(x, before)| ([x, y + LINE * f64::from(line)], before)))
}

/// Whether two names or dots, each from left to right at a height, lie over one another.
fn overlap([left, right, y]: [f64; 3], [other_left, other_right, other_y]: [f64; 3]) -> bool {
    left < other_right && other_left < right && (y - other_y).abs() < LINE
}

fn path_through(points: &[[f64; 2]]) -> String {
    let step = |(index, point): (usize, &[f64; 2])| {
        let [x, y] = place(*point);
        format!("{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' })
    };
    points.iter().enumerate().map(step).collect()
}

fn text([x, y]: [f64; 2], anchor: &str, content: &str, attributes: &str) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{attributes}>{}</text>\n",
        escaped(content)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_points_that_lie_close_are_not_written_over_one_another() {
        let points = [0.3, 0.7, 0.71].map(|x| ([x, 0.5], "a name".to_owned()));
        let svg = named_points(&points, "red");
        let names: Vec<&str> = svg.lines().filter(|line| line.starts_with("<text")).collect();
        let [_, y] = place([0.0, 0.5]);
        for (name, anchor) in names.iter().zip(["start", "end", "start"]) {
            assert!(
                name.contains(anchor) && name.contains(&format!("y=\"{:.1}\"", y + 4.0)),
                "{name}"
            );
        }
        assert_eq!(names.len(), 3);
    }
}

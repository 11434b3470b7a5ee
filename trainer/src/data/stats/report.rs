//! `report.html`: statements, contact sheet, histograms side by side on common axes.

use std::fmt::Write;

use image::{RgbImage, imageops};

use super::histogram::{axis, svg};
use super::measures::{MEASURES, THUMBNAIL_SIDE};
use super::{Class, FACES_SHOWN, Statistics, median};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}\
table{border-collapse:collapse}th,td{padding:.3rem .7rem;text-align:left;vertical-align:bottom;\
border-bottom:1px solid #ddd;white-space:nowrap}svg{fill:#3b6ea5;border-bottom:1px solid #888}\
small{color:#666}li{max-width:60rem}";

/// File of the faces of the class with that number.
pub fn strip_name(number: usize) -> String {
    format!("faces-{number:03}.png")
}

/// The chosen faces of a class in a row.
pub fn face_strip(class: &Class) -> RgbImage {
    let mut strip = RgbImage::new(THUMBNAIL_SIDE * FACES_SHOWN as u32, THUMBNAIL_SIDE);
    strip.pixels_mut().for_each(|pixel| pixel.0 = [255; 3]);
    for (place, face) in class.faces.values().enumerate() {
        imageops::replace(&mut strip, face, i64::from(THUMBNAIL_SIDE) * place as i64, 0);
    }
    strip
}

/// The page.
pub fn page(statistics: &Statistics) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Data</title>\
         <style>{STYLE}</style><h1>Data</h1>"
    );
    page.push_str(
        "<h2>What tells live photos and attacks apart without looking at the face</h2><ul>",
    );
    let statements = statistics.statements();
    if statements.is_empty() {
        page.push_str("<li>Nothing of what is measured here.</li>");
    }
    for statement in statements {
        let _ = write!(page, "<li>{}</li>", escaped(&statement));
    }
    page.push_str("</ul><h2>Faces</h2>");
    page.push_str(&contact_sheet(statistics));
    page.push_str("<h2>Histograms</h2><p>One axis for each column.</p>");
    page.push_str(&histograms(statistics));
    if !statistics.unreadable.is_empty() {
        let _ = write!(page, "<h2>{} photos cannot be read</h2><ul>", statistics.unreadable.len());
        for skipped in &statistics.unreadable {
            let (file, reason) = (escaped(&skipped.file), escaped(&skipped.reason));
            let _ = write!(page, "<li>{file}: {reason}</li>");
        }
        page.push_str("</ul>");
    }
    page.push_str("</html>\n");
    page
}

fn contact_sheet(statistics: &Statistics) -> String {
    let mut table = String::from("<table>");
    for (number, (name, class)) in statistics.classes.iter().enumerate() {
        let _ = write!(
            table,
            "<tr><th>{}</th><td><img src=\"{}\" alt=\"some of the faces\"></td></tr>",
            heading(name, class),
            strip_name(number)
        );
    }
    table.push_str("</table>");
    table
}

fn histograms(statistics: &Statistics) -> String {
    let mut table = String::from("<table><tr><th></th>");
    for measure in &MEASURES {
        let _ = write!(table, "<th>{}</th>", measure.title);
    }
    table.push_str("</tr>");
    let axes: Vec<_> = (0..MEASURES.len())
        .map(|at| axis(statistics.classes.values().flat_map(|class| &class.values[at])))
        .collect();
    for (name, class) in &statistics.classes {
        let _ = write!(table, "<tr><th>{}</th>", heading(name, class));
        for (values, axis) in class.values.iter().zip(&axes) {
            match (median(values), axis) {
                (Some(median), Some(axis)) => {
                    let _ = write!(
                        table,
                        "<td>{}<br><small>{:.1} … median {median:.1} … {:.1}</small></td>",
                        svg(values, *axis),
                        axis[0],
                        axis[1]
                    );
                }
                _ => table.push_str("<td>–</td>"),
            }
        }
        table.push_str("</tr>");
    }
    table.push_str("</table>");
    table
}

fn heading((domain, label): &(String, String), class: &Class) -> String {
    format!("{}<br>{}<br><small>{} photos</small>", escaped(domain), escaped(label), class.photos)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

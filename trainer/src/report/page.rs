//! The frame of a report page, and its small parts.

use std::path::Path;

use anyhow::{Context, Result};

/// Name of a report in its folder.
pub const FILE: &str = "report.html";

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--soft:#888;--a:#2a6fdb;--b:#d9534f;--c:#3a9d5d;--d:#b8860b}\
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1.5rem}\
h1{font-size:1.5rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin-top:2.2rem}p{color:var(--soft)}\
.plots{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0}figcaption{color:var(--soft);font-size:.85rem}\
table{border-collapse:collapse}td,th{padding:.25rem .9rem .25rem 0;text-align:left;border-bottom:1px solid var(--line);\
font-variant-numeric:tabular-nums}th{font-weight:600}td.n,th.n{text-align:right}\
svg{width:24rem;max-width:100%;height:auto}svg text{fill:currentColor;font:11px system-ui,sans-serif}\
.grid{stroke:var(--line);fill:none}.guide{stroke:var(--soft);fill:none;stroke-dasharray:3 3}.series{fill:none;stroke-width:2}.bars{fill-opacity:.45}\
.pictures{display:flex;flex-wrap:wrap;gap:1rem}.pictures img{display:block;width:23rem;max-width:100%}\
pre{overflow:auto;padding:1rem;border:1px solid var(--line);border-radius:.4rem;font-size:.8rem}";

/// Writes a page.
///
/// # Errors
/// A file that cannot be written.
pub fn write(folder: &Path, title: &str, body: &str) -> Result<()> {
    let path = folder.join(FILE);
    let title = escaped(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n{body}</html>\n"
    );
    std::fs::write(&path, html).with_context(|| format!("cannot write {}", path.display()))
}

/// A section with a heading.
pub fn section(heading: &str, content: &str) -> String {
    format!("<h2>{}</h2>\n{content}\n", escaped(heading))
}

/// Pictures or plots beside each other.
pub fn row_of(class: &str, parts: &[String]) -> String {
    format!("<div class=\"{class}\">\n{}\n</div>\n", parts.join("\n"))
}

/// A picture that lies beside the report, with a line below.
pub fn picture(file: &str, caption: &str) -> String {
    format!(
        "<figure><a href=\"{0}\"><img src=\"{0}\" alt=\"\" loading=\"lazy\"></a>\
         <figcaption>{1}</figcaption></figure>",
        escaped(file),
        escaped(caption)
    )
}

/// A table; the first column is text, the others are numbers.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |tag: &str, cells: Vec<&str>| {
        let cell = |(column, text): (usize, &&str)| {
            let class = if column == 0 { "" } else { " class=\"n\"" };
            format!("<{tag}{class}>{}</{tag}>", escaped(text))
        };
        format!("<tr>{}</tr>\n", cells.iter().enumerate().map(cell).collect::<String>())
    };
    let body: String =
        rows.iter().map(|row| cells("td", row.iter().map(String::as_str).collect())).collect();
    format!("<table>\n{}{body}</table>\n", cells("th", head.to_vec()))
}

/// Text that may stand between tags and in attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_page() {
        let cell = table(&["name"], &[vec!["<script>\"&".to_owned()]]);
        assert!(cell.contains("<td>&lt;script&gt;&quot;&amp;</td>"), "{cell}");
    }
}

//! Fields of a CSV line (RFC 4180, without line breaks inside a field).

/// Splits a line; `None` where a quote is not closed or text follows a closing quote.
pub fn fields_from_line(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(rest),
        };
        fields.push(field);
        match behind {
            Some(behind) => rest = behind,
            None => return Some(fields),
        }
    }
}

/// A line of fields, quoted where they must be.
pub fn line_from_fields(fields: &[&str]) -> String {
    let quoted = |field: &&str| {
        if field.contains([',', '"']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            (*field).to_owned()
        }
    };
    fields.iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// A field, and what follows its comma.
type Split<'a> = (String, Option<&'a str>);

fn plain_field(text: &str) -> Split<'_> {
    match text.split_once(',') {
        Some((field, behind)) => (field.trim().to_owned(), Some(behind)),
        None => (text.trim().to_owned(), None),
    }
}

fn quoted_field(text: &str) -> Option<Split<'_>> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (inside, behind) = rest.split_once('"')?;
        field.push_str(inside);
        if let Some(doubled) = behind.strip_prefix('"') {
            field.push('"');
            rest = doubled;
        } else if behind.is_empty() {
            return Some((field, None));
        } else {
            return Some((field, Some(behind.strip_prefix(',')?)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_travel() {
        for fields in [vec!["a", "b c", ""], vec!["a,b", "say \"so\"", "x"], vec![""]] {
            let line = line_from_fields(&fields);
            assert_eq!(fields_from_line(&line).expect("a good line"), fields, "{line}");
        }
    }

    #[test]
    fn broken_quotes_are_seen() {
        assert_eq!(fields_from_line("\"open,b"), None);
        assert_eq!(fields_from_line("\"a\"b,c"), None);
    }
}

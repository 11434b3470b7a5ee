//! Names of one publisher to names of another.

use anyhow::Result;
use regex::Regex;

/// Regular expressions and replacements that are applied in order.
pub struct Rename(Vec<(Regex, &'static str)>);

impl Rename {
    /// Compiles the rules.
    ///
    /// # Errors
    /// An expression that is none.
    pub fn new(rules: &[(&'static str, &'static str)]) -> Result<Self> {
        let compiled = rules
            .iter()
            .map(|(pattern, to)| Ok((Regex::new(pattern)?, *to)))
            .collect::<Result<_>>();
        Ok(Self(compiled?))
    }

    /// The new name.
    pub fn apply(&self, name: &str) -> String {
        self.0.iter().fold(name.to_owned(), |name, (pattern, to)| {
            pattern.replace_all(&name, *to).into_owned()
        })
    }
}

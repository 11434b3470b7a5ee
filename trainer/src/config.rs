//! One config system for every command: `--config FILE.toml` holds options under their long names;
//! what stands on the command line overrides it. clap checks both alike, so a key that no option
//! has, or a value of the wrong kind, is the same error wherever it came from.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

const FLAG: &str = "--config";

/// The command line with the options of the file that `--config` names put in.
///
/// # Errors
/// A file that cannot be read, is no TOML, or holds tables or dates.
pub fn arguments_with_config(arguments: Vec<OsString>) -> Result<Vec<OsString>> {
    let (arguments, path) = split_off_config(arguments)?;
    let Some(path) = path else { return Ok(arguments) };
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", Path::new(&path).display()))?;
    let table: Table =
        text.parse().with_context(|| format!("{} is no TOML", Path::new(&path).display()))?;
    let mut merged = arguments.clone();
    for (key, value) in table {
        let name = format!("--{}", key.replace('_', "-"));
        if !is_given(&arguments, &name) {
            append(&mut merged, &name, value)
                .with_context(|| format!("{}: {key}", Path::new(&path).display()))?;
        }
    }
    Ok(merged)
}

/// The arguments without `--config`, and its value where it was there.
fn split_off_config(arguments: Vec<OsString>) -> Result<(Vec<OsString>, Option<OsString>)> {
    let mut kept = Vec::with_capacity(arguments.len());
    let mut path = None;
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        let joined = argument.to_str().and_then(|text| text.strip_prefix("--config="));
        let value = if argument == FLAG {
            rest.next().with_context(|| format!("{FLAG} needs a file"))?
        } else if let Some(value) = joined {
            value.into()
        } else {
            kept.push(argument);
            continue;
        };
        if path.replace(value).is_some() {
            bail!("{FLAG} is given twice");
        }
    }
    Ok((kept, path))
}

fn is_given(arguments: &[OsString], name: &str) -> bool {
    arguments.iter().any(|argument| {
        argument.to_str().is_some_and(|text| {
            text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        })
    })
}

/// Appends an option as it would stand on the command line; `false` leaves a flag out.
fn append(arguments: &mut Vec<OsString>, name: &str, value: Value) -> Result<()> {
    match value {
        Value::Boolean(true) => arguments.push(name.into()),
        Value::Boolean(false) => {}
        Value::Array(values) => {
            for value in values {
                append(arguments, name, value)?;
            }
        }
        Value::String(text) => arguments.push(format!("{name}={text}").into()),
        Value::Integer(number) => arguments.push(format!("{name}={number}").into()),
        Value::Float(number) => arguments.push(format!("{name}={number}").into()),
        Value::Table(_) | Value::Datetime(_) => {
            bail!("an option is a word, a number, true, false, or a list of these")
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(Into::into).collect()
    }

    fn merged(line: &str, toml: &str, name: &str) -> Result<Vec<OsString>> {
        let path =
            std::env::temp_dir().join(format!("despoof-config-{name}-{}.toml", std::process::id()));
        std::fs::write(&path, toml).expect("the temporary folder can be written");
        let result = arguments_with_config(words(&format!("{line} --config {}", path.display())));
        std::fs::remove_file(&path).expect("it was written");
        result
    }

    #[test]
    fn the_command_line_overrides_the_file() {
        let toml =
            "steps = 100\nlearning_rate = 0.5\nresume = true\ndry-run = false\ndata = ['a', 'b']";
        let merged = merged("despoof train dfg --steps=7", toml, "override").expect("it is valid");
        let expected =
            words("despoof train dfg --steps=7 --data=a --data=b --learning-rate=0.5 --resume");
        assert_eq!(merged, expected);
    }

    #[test]
    fn an_option_is_not_taken_for_a_longer_one() {
        let merged = merged("despoof x --step 7", "steps = 1", "prefix").expect("it is valid");
        assert_eq!(merged, words("despoof x --step 7 --steps=1"));
    }

    #[test]
    fn bad_files_are_named() {
        for (name, toml) in [("table", "[steps]\na = 1"), ("text", "steps 100")] {
            let error = merged("despoof x", toml, name).expect_err("it is no config");
            assert!(format!("{error:#}").contains(&format!("despoof-config-{name}")), "{error:#}");
        }
        let error = arguments_with_config(words("despoof --config=/no/such.toml")).unwrap_err();
        assert!(format!("{error:#}").contains("/no/such.toml"), "{error:#}");
        assert!(arguments_with_config(words("despoof x --config")).is_err());
        assert!(arguments_with_config(words("despoof --config a --config b")).is_err());
    }
}

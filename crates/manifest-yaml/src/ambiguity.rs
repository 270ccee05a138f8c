//! Plain scalars that YAML readers take for different values, or that lose their text.

use std::sync::LazyLock;

use regex::Regex;

use super::number::print_float;
use super::scalar::{Dialect, ResolvedScalar, resolve_scalar};

/// A plain scalar that readers disagree on, and the spellings to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguity {
    /// The readings in words; continues a sentence that starts with the scalar.
    pub readings: String,
    /// Unambiguous spellings, with the best guess first.
    pub instead: Vec<String>,
}

/// Finds the readings that a plain scalar has; `None` when every reader sees the same and no text is lost.
pub fn find_ambiguity(text: &str) -> Option<Ambiguity> {
    let found = |readings: &str, instead: &[String]| {
        Some(Ambiguity {
            readings: readings.to_owned(),
            instead: instead.to_vec(),
        })
    };
    let quoted = serde_json::to_string(text).unwrap_or_else(|_| format!("'{text}'"));
    match text {
        "null" | "true" | "false" => return None,
        "" => {
            return found(
                "is null, although nothing was written",
                &["null".into(), "{}".into(), "\"\"".into()],
            );
        }
        "~" | "Null" | "NULL" => return found("is null to most readers", &["null".into(), quoted]),
        "=" | "<<" => return found("has a meaning of its own in YAML 1.1", &[quoted]),
        _ => {}
    }
    match resolve_scalar(text, Dialect::Configuration) {
        ResolvedScalar::Bool(bool) => {
            return found(boolean_readings(text), &[bool.to_string(), quoted]);
        }
        ResolvedScalar::Timestamp(time) => {
            return found(&format!("is the time {time} to some readers"), &[quoted]);
        }
        ResolvedScalar::Int(int) if int.to_string() != text => {
            return found(
                &integer_readings(text, &int.to_string()),
                &[quoted, int.to_string()],
            );
        }
        ResolvedScalar::Uint(_) => {
            return found(
                "is an integer to some readers and a rounded float to others",
                &[quoted],
            );
        }
        ResolvedScalar::Float(float) if !float.is_finite() => {
            return found("is not a finite number", &[quoted]);
        }
        ResolvedScalar::Float(float) if print_float(float) != text => {
            return found(
                &format!("is the number {}", print_float(float)),
                &[quoted, print_float(float)],
            );
        }
        _ => {}
    }
    let yaml_1_1 = resolve_scalar(text, Dialect::Configuration) == ResolvedScalar::Text
        && YAML_1_1.is_match(text);
    if yaml_1_1 {
        found(
            "is text to some readers and a number or a time to others",
            &[quoted],
        )
    } else {
        None
    }
}

fn boolean_readings(text: &str) -> &'static str {
    match text.to_ascii_lowercase().as_str() {
        "true" | "false" => "is a boolean to some readers and text to others",
        _ => "is a boolean to YAML 1.1 readers and text to others",
    }
}

fn integer_readings(text: &str, value: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let decimal = text.trim_start_matches('0');
        return format!(
            "is {value} to some readers and {} to others",
            if decimal.is_empty() { "0" } else { decimal }
        );
    }
    format!("is the number {value} to some readers and text to others")
}

/// Checks that a reader of YAML 1.1, 1.2 or the JSON subset could take the text for another type.
///
/// Wider than any one reader: it also covers readers that know sexagesimal numbers, thousands separated by commas, and symbols.
pub(crate) fn could_be_other_than_text(text: &str) -> bool {
    matches!(text, "=" | "<<")
        || text.starts_with(':')
        || (text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
            && text
                .bytes()
                .all(|b| b"0123456789_,.:+-eExXoObBaAcCdDfFtTzZ ".contains(&b)))
        || text.get(1..).is_some_and(|t| {
            text.starts_with(['+', '-', '.']) && WORDS.contains(&&*t.to_ascii_lowercase())
        })
}

const WORDS: [&str; 4] = ["inf", "nan", ".inf", ".nan"];

/// The integers, floats and times of YAML 1.1 (yaml.org/type) that go-yaml takes for text.
static YAML_1_1: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"^(?:[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?",
        r"|[-+]?0[0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*",
        r"|[-+]?(?:[0-9][0-9_]*)?\.[0-9_]+(?:[eE][-+][0-9]+)?",
        r"|[-+]?0x[0-9a-fA-F_]+|[-+]?0b[01_]+|[-+]?0[0-7_]+",
        r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?",
        r"|[-+]?\.(?i:inf)|\.(?i:nan)",
        r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}.*)?)$",
    );
    #[expect(
        clippy::expect_used,
        reason = "the pattern is a constant and a test compiles it"
    )]
    Regex::new(pattern).expect("a constant pattern")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_reader_sees_alike_passes() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "5",
            "-5",
            "0.5",
            "1.27",
            "abc",
            "10.20.0.5",
            "172.16.1.0/24",
            "v1",
            "1Gi",
            "rack-a",
            "x86_64",
            "yesterday",
            "00:11:22:33:44:55",
            "2Gi",
            "1,5",
            "a: b",
            "bad-0",
            "4.18.22",
        ] {
            assert_eq!(find_ambiguity(text), None, "{text}");
        }
    }

    #[test]
    fn what_readers_see_differently_is_found() {
        for text in [
            "yes",
            "No",
            "on",
            "OFF",
            "y",
            "N",
            "012",
            "0o14",
            "0x1F",
            "1_000",
            "12:30:45",
            "52:54:00:12:34:56",
            "2024-01-01",
            "2024-02-30",
            "2001-12-14t21:59:43.10-05:00",
            ".5",
            "5.",
            "1e3",
            "4.20",
            "1.0",
            "~",
            "Null",
            "",
            "=",
            "<<",
            "True",
            "+5",
            "-0",
            "08",
            ".inf",
            ".NaN",
            "18446744073709551615",
            "1e400",
            ".5_5",
        ] {
            assert!(find_ambiguity(text).is_some(), "{text}");
        }
    }
}

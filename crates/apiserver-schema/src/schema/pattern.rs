//! Patterns in Go's syntax (RE2), compiled with the `regex` crate.

use std::sync::OnceLock;

use regex::Regex;

/// The largest program of a pattern; counted repetitions of Unicode classes take megabytes.
const MAX_PROGRAM: usize = 1 << 26;

/// A pattern, compiled when it is first matched.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Makes a pattern.
    pub(crate) fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            compiled: OnceLock::new(),
        }
    }

    /// Returns the compiled pattern; `None` if it uses something that the `regex` crate does not have.
    pub(crate) fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| compile_pattern(&self.source))
            .as_ref()
    }
}

/// Compiles a pattern of a schema; `None` if it uses something that the `regex` crate does not have.
pub(crate) fn compile_pattern(pattern: &str) -> Option<Regex> {
    regex::RegexBuilder::new(&translate_pattern(pattern))
        .size_limit(MAX_PROGRAM)
        .build()
        .ok()
}

/// Translates what Go and the `regex` crate read differently: `\d`, `\w` and `\s` are ASCII in Go, and `[`, `&&`, `--`
/// and `~~` are ordinary characters inside its classes. A `{` that begins no repetition stands for itself.
fn translate_pattern(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut class_start: Option<usize> = None;
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        match (c, class_start) {
            ('\\', _) => {
                push_escape(&mut out, next, class_start.is_some());
                at += 1;
            }
            ('[', None) => {
                out.push('[');
                if next == Some('^') {
                    out.push('^');
                    at += 1;
                }
                class_start = Some(at + 1);
            }
            ('[', Some(_)) if next == Some(':') => {
                let end = chars
                    .get(at..)
                    .and_then(|rest| rest.windows(2).position(|pair| pair == [':', ']']));
                let length = end.map_or(1, |end| end + 2);
                out.extend(chars.iter().skip(at).take(length));
                at += length - 1;
            }
            (']', Some(start)) if at != start => {
                out.push(']');
                class_start = None;
            }
            ('[' | ']' | '&' | '~', Some(_)) => out.extend(['\\', c]),
            ('-', Some(start)) if at == start || next == Some(']') || next == Some('-') => {
                out.push_str("\\-");
            }
            ('{', None) if !begins_repetition(chars.get(at + 1..).unwrap_or_default()) => {
                out.push_str("\\{");
            }
            _ => out.push(c),
        }
        at += 1;
    }
    out
}

fn push_escape(out: &mut String, escaped: Option<char>, in_class: bool) {
    match escaped {
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('s') => out.push_str("[\\t\\n\\f\\r ]"),
        Some('S') => out.push_str("[^\\t\\n\\f\\r ]"),
        Some('b') if !in_class => out.push_str("(?-u:\\b)"),
        Some(other) => out.extend(['\\', other]),
        None => out.push('\\'),
    }
}

fn begins_repetition(rest: &[char]) -> bool {
    let inner: Vec<char> = rest.iter().copied().take_while(|c| *c != '}').collect();
    let closed = rest.get(inner.len()) == Some(&'}');
    let mut parts = inner.split(|c| *c == ',');
    let digits = |part: &[char]| part.iter().all(char::is_ascii_digit);
    closed
        && parts
            .next()
            .is_some_and(|first| !first.is_empty() && digits(first))
        && parts.all(digits)
}

#[cfg(test)]
mod tests {
    use super::compile_pattern;

    fn matches(pattern: &str, text: &str) -> bool {
        compile_pattern(pattern).expect("compiles").is_match(text)
    }

    #[test]
    fn go_patterns_keep_their_meaning() {
        assert!(matches(r"^\d+$", "12") && !matches(r"^\d+$", "١٢"));
        assert!(matches(r"^[^[]+$", "ab") && !matches(r"^[^[]+$", "a["));
        assert!(matches(r"^[\w-]+$", "a-b_1") && !matches(r"^[\w-]+$", "é"));
        assert!(matches(r"^[[:alpha:]&&]+$", "a&b"));
        assert!(matches(r"^{a}$", "{a}") && matches("^a{2}$", "aa"));
        assert!(matches(r"^[]a]+$", "]a"));
        assert!(matches(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "a-b"));
    }
}

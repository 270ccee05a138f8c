//! Patterns of AppProjects, as Argo CD's glob library (gobwas/glob) reads them.
//!
//! `*` is any text, `?` one character, `[a-z]`, `[abc]` and `[!abc]` one of a class, `{a,b}` one of several patterns, `\` takes the
//! meaning from the next character. In repositories `*` and `?` stop at a slash, and `**` does not; elsewhere they cross slashes.
//! A pattern becomes a regular expression, so a match takes time linear in the text, whatever the pattern.

use regex::{Regex, RegexBuilder};
use thiserror::Error;

/// The longest pattern that is read, in characters. Names and URLs of Kubernetes are shorter.
const MAX_PATTERN: usize = 1024;
/// The memory that a pattern may take once it is compiled, in bytes.
const MAX_COMPILED: usize = 1 << 20;

/// A pattern, compiled.
#[derive(Debug, Clone)]
pub(super) enum Glob {
    /// `*` alone, which matches everything, slashes too.
    Anything,
    /// A text without special characters.
    Literal(String),
    /// Everything else.
    Pattern(Regex),
}

/// Behaviour of `*` and `?` at a slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slashes {
    /// They stop.
    Separate,
    /// They go on.
    AreOrdinary,
}

/// A pattern that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum GlobError {
    #[error("has {0} characters, at most {MAX_PATTERN} are read")]
    TooLong(usize),
    #[error("has a bracket or brace that is not closed, or ends with `\\`")]
    Unclosed,
    #[error("is too complex")]
    TooComplex,
}

impl Glob {
    /// Compiles a pattern.
    pub(super) fn parse(pattern: &str, slashes: Slashes) -> Result<Self, GlobError> {
        let length = pattern.chars().count();
        if length > MAX_PATTERN {
            return Err(GlobError::TooLong(length));
        }
        if pattern == "*" {
            return Ok(Self::Anything);
        }
        if !pattern.contains(['*', '?', '[', '{', '\\']) {
            return Ok(Self::Literal(pattern.to_owned()));
        }
        let regex = RegexBuilder::new(&translate(pattern, slashes)?)
            .size_limit(MAX_COMPILED)
            .dot_matches_new_line(true)
            .build();
        regex.map(Self::Pattern).map_err(|_| GlobError::TooComplex)
    }

    /// Checks that the pattern matches the whole text.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Literal(literal) => literal == text,
            Self::Pattern(regex) => regex.is_match(text),
        }
    }
}

/// Translates a pattern to a regular expression.
fn translate(pattern: &str, slashes: Slashes) -> Result<String, GlobError> {
    let one = match slashes {
        Slashes::Separate => "[^/]",
        Slashes::AreOrdinary => ".",
    };
    let mut regex = String::from("^");
    let mut braces = 0_usize;
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => {
                while rest.next_if_eq(&'*').is_some() {}
                regex.push_str(".*");
            }
            '*' => {
                regex.push_str(one);
                regex.push('*');
            }
            '?' => regex.push_str(one),
            '[' => regex.push_str(&translate_class(&mut rest)?),
            '{' => {
                braces += 1;
                regex.push_str("(?:");
            }
            ',' if braces > 0 => regex.push('|'),
            '}' if braces > 0 => {
                braces -= 1;
                regex.push(')');
            }
            '\\' => push_literal(&mut regex, rest.next().ok_or(GlobError::Unclosed)?),
            c => push_literal(&mut regex, c),
        }
    }
    if braces > 0 {
        return Err(GlobError::Unclosed);
    }
    regex.push('$');
    Ok(regex)
}

/// Translates what follows `[`, up to and with `]`.
fn translate_class(rest: &mut impl Iterator<Item = char>) -> Result<String, GlobError> {
    let mut members = Vec::new();
    let mut negated = false;
    loop {
        match rest.next().ok_or(GlobError::Unclosed)? {
            ']' => break,
            '!' | '^' if members.is_empty() && !negated => negated = true,
            '\\' => members.push(rest.next().ok_or(GlobError::Unclosed)?),
            c => members.push(c),
        }
    }
    if members.is_empty() {
        return Err(GlobError::Unclosed);
    }
    let mut class = String::from(if negated { "[^" } else { "[" });
    if let [low, '-', high] = members[..] {
        push_literal(&mut class, low);
        class.push('-');
        push_literal(&mut class, high);
    } else {
        for member in members {
            push_literal(&mut class, member);
        }
    }
    class.push(']');
    Ok(class)
}

fn push_literal(regex: &mut String, c: char) {
    regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str, slashes: Slashes) -> bool {
        Glob::parse(pattern, slashes).unwrap().matches(text)
    }

    #[test]
    fn patterns_match_whole_texts() {
        for (pattern, text) in [
            ("*", "anything/at all"),
            ("web-*", "web-a"),
            ("", ""),
            ("a?c", "abc"),
            ("*é*", "caféine"),
            ("a.c", "a.c"),
            ("{web,db}-*", "db-1"),
            ("node-[0-9]", "node-7"),
            ("node-[!ab]", "node-c"),
            (r"a\*", "a*"),
            ("https://*", "https://10.0.0.1:6443/x"),
        ] {
            assert!(
                matches(pattern, text, Slashes::AreOrdinary),
                "{pattern} {text}"
            );
        }
        for (pattern, text) in [
            ("web-*", "db-a"),
            ("web", "web-a"),
            ("", "a"),
            ("a?c", "ac"),
            ("a.c", "abc"),
            ("{web,db}-*", "cache-1"),
            ("node-[!ab]", "node-a"),
            (r"a\*", "ab"),
        ] {
            assert!(
                !matches(pattern, text, Slashes::AreOrdinary),
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn a_star_in_urls_is_one_segment_unless_it_stands_alone() {
        let is_match = |pattern, text| matches(pattern, text, Slashes::Separate);
        assert!(is_match("https://git/x/*", "https://git/x/y"));
        assert!(!is_match("https://git/x/*", "https://git/x/y/z"));
        assert!(!is_match("https://git/x?y", "https://git/x/y"));
        assert!(is_match("https://git/x/**", "https://git/x/y/z"));
        assert!(is_match("*", "https://git/x/y/z"));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = format!("{}b", "*a".repeat(500));
        let text = "a".repeat(20_000);
        assert!(!matches(&pattern, &text, Slashes::AreOrdinary));
        assert!(!matches(&pattern, &text, Slashes::Separate));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let refusal = |pattern: &str| Glob::parse(pattern, Slashes::AreOrdinary).unwrap_err();
        for pattern in ["[a", "{a,b", "a\\", "[]"] {
            assert_eq!(refusal(pattern), GlobError::Unclosed, "{pattern}");
        }
        assert_eq!(refusal(&"*".repeat(1025)), GlobError::TooLong(1025));
    }
}

//! Plain scalars as Go's YAML libraries resolve them.

use std::fmt::Write as _;

/// The meaning of a plain scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum ResolvedScalar {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer that an `i64` holds.
    Int(i64),
    /// An integer that only a `u64` holds.
    Uint(u64),
    /// Any other number.
    Float(f64),
    /// A date or time, in RFC 3339.
    Timestamp(String),
    /// Text.
    Text,
}

/// The library whose rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// go-yaml 3 reads manifests: `yes` is text.
    Manifest,
    /// go-yaml 2 reads kustomizations and JSON patches in YAML: `yes` is true.
    Configuration,
}

/// Resolves a plain scalar.
pub fn resolve_scalar(text: &str, dialect: Dialect) -> ResolvedScalar {
    let Some(first) = text.bytes().next() else {
        return ResolvedScalar::Null;
    };
    match first {
        b'0'..=b'9' => resolve_number(text),
        b'+' | b'-' => resolve_special_float(text).unwrap_or_else(|| resolve_number(text)),
        b'.' => resolve_special_float(text).unwrap_or_else(|| {
            parse_float(text).map_or(ResolvedScalar::Text, ResolvedScalar::Float)
        }),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            resolve_word(text, dialect)
        }
        _ => ResolvedScalar::Text,
    }
}

fn resolve_word(text: &str, dialect: Dialect) -> ResolvedScalar {
    match text {
        "~" | "null" | "Null" | "NULL" => ResolvedScalar::Null,
        "true" | "True" | "TRUE" => ResolvedScalar::Bool(true),
        "false" | "False" | "FALSE" => ResolvedScalar::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON"
            if dialect == Dialect::Configuration =>
        {
            ResolvedScalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF"
            if dialect == Dialect::Configuration =>
        {
            ResolvedScalar::Bool(false)
        }
        _ => ResolvedScalar::Text,
    }
}

fn resolve_special_float(text: &str) -> Option<ResolvedScalar> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(ResolvedScalar::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            Some(ResolvedScalar::Float(f64::INFINITY))
        }
        "-.inf" | "-.Inf" | "-.INF" => Some(ResolvedScalar::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}

/// Resolves a scalar that starts with a digit or a sign: a time, an integer, a float or text.
fn resolve_number(text: &str) -> ResolvedScalar {
    if let Some(time) = parse_timestamp(text) {
        return ResolvedScalar::Timestamp(time);
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if let Some(number) = parse_integer(&plain) {
        return number;
    }
    if looks_like_float(&plain)
        && let Some(number) = parse_float(&plain)
    {
        return ResolvedScalar::Float(number);
    }
    signed_after_prefix(&plain).unwrap_or(ResolvedScalar::Text)
}

/// Parses an integer with the prefixes of Go: `0x`, `0o`, `0b`, and a leading `0` for octal.
fn parse_integer(text: &str) -> Option<ResolvedScalar> {
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => (Some('-'), &text[1..]),
        [b'+', ..] => (Some('+'), &text[1..]),
        _ => (None, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    parse_digits(sign, digits, radix)
}

/// Parses `0b-1` and `0o-7`: after the prefix, Go's libraries read a sign once more.
fn signed_after_prefix(text: &str) -> Option<ResolvedScalar> {
    let (negative, rest) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (radix, digits) = match rest.get(..2)? {
        "0b" => (2, &rest[2..]),
        "0o" => (8, &rest[2..]),
        _ => return None,
    };
    match digits.as_bytes() {
        [b'-', ..] if !negative => parse_digits(Some('-'), &digits[1..], radix),
        [b'+', ..] if !negative => parse_digits(Some('+'), &digits[1..], radix),
        _ => parse_digits(negative.then_some('-'), digits, radix),
    }
}

fn parse_digits(sign: Option<char>, digits: &str, radix: u32) -> Option<ResolvedScalar> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let value = if sign == Some('-') { -value } else { value };
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(int), _) => Some(ResolvedScalar::Int(int)),
        (Err(_), Ok(uint)) if sign.is_none() => Some(ResolvedScalar::Uint(uint)),
        _ => None,
    }
}

/// Matches `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn looks_like_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa && exponent.is_none_or(|e| digits(e.strip_prefix(['-', '+']).unwrap_or(e)))
}

/// Parses a finite number in decimal notation.
fn parse_float(text: &str) -> Option<f64> {
    let decimal = text
        .bytes()
        .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    text.parse::<f64>()
        .ok()
        .filter(|f| decimal && f.is_finite())
}

/// Parses a date, or a date and a time, and prints it as RFC 3339 does.
fn parse_timestamp(text: &str) -> Option<String> {
    let mut rest = Scan { rest: text };
    let year = rest.exactly(4)?;
    rest.literal('-')?;
    let month = rest.up_to_two(1, 12)?;
    rest.literal('-')?;
    let day = rest.up_to_two(1, days_in_month(year, month))?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let separator = rest.one_of(&['T', 't', ' '])?;
    let hour = rest.up_to_two(0, 23)?;
    rest.literal(':')?;
    let minute = rest.up_to_two(0, 59)?;
    rest.literal(':')?;
    let second = rest.up_to_two(0, 59)?;
    let fraction = rest.fraction();
    let zone = if separator == ' ' {
        "Z".to_owned()
    } else {
        rest.zone()?
    };
    rest.rest
        .is_empty()
        .then(|| format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"))
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Scan<'t> {
    rest: &'t str,
}

impl Scan<'_> {
    fn digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    fn take(&mut self, count: usize) -> Option<u32> {
        let (number, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        number.parse().ok()
    }

    fn exactly(&mut self, count: usize) -> Option<u32> {
        if self.digits() == count {
            self.take(count)
        } else {
            None
        }
    }

    fn up_to_two(&mut self, low: u32, high: u32) -> Option<u32> {
        let count = self.digits().min(2);
        self.take(count).filter(|n| (low..=high).contains(n))
    }

    fn literal(&mut self, expected: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn one_of(&mut self, expected: &[char]) -> Option<char> {
        let found = self.rest.chars().next().filter(|c| expected.contains(c))?;
        self.rest = &self.rest[found.len_utf8()..];
        Some(found)
    }

    /// Reads a fraction of a second; at most nine digits count, and trailing zeros are dropped.
    fn fraction(&mut self) -> String {
        let mark = self.rest.starts_with(['.', ',']);
        let count = self
            .rest
            .bytes()
            .skip(1)
            .take_while(u8::is_ascii_digit)
            .count();
        if !mark || count == 0 {
            return String::new();
        }
        let digits = self.rest[1..=count.min(9)].trim_end_matches('0').to_owned();
        self.rest = &self.rest[1 + count..];
        if digits.is_empty() {
            digits
        } else {
            format!(".{digits}")
        }
    }

    fn zone(&mut self) -> Option<String> {
        if self.rest.starts_with('Z') {
            self.rest = &self.rest[1..];
            return Some("Z".to_owned());
        }
        let sign = self.one_of(&['+', '-'])?;
        let two = |scan: &mut Self, high| {
            let number = scan
                .rest
                .get(..2)
                .filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
            number
                .map(str::len)
                .and_then(|count| scan.take(count))
                .filter(|n| *n <= high)
        };
        let hours = two(self, 24)?;
        self.literal(':')?;
        let minutes = two(self, 60)?;
        if hours == 0 && minutes == 0 {
            return Some("Z".to_owned());
        }
        let mut zone = String::new();
        let total = hours * 60 + minutes;
        write!(zone, "{sign}{:02}:{:02}", total / 60, total % 60).ok()?;
        Some(zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> ResolvedScalar {
        resolve_scalar(text, Dialect::Manifest)
    }

    #[test]
    fn integers_are_read_with_every_prefix_of_go() {
        for (text, value) in [
            ("0644", 420),
            ("012", 10),
            ("0x1F", 31),
            ("0X1f", 31),
            ("0O14", 12),
            ("0b11", 3),
            ("1_000", 1000),
            ("-07", -7),
            ("+5", 5),
            ("0b-1", -1),
            ("0o-7", -7),
            ("0_", 0),
        ] {
            assert_eq!(manifest(text), ResolvedScalar::Int(value), "{text}");
        }
        assert_eq!(
            manifest("18446744073709551615"),
            ResolvedScalar::Uint(u64::MAX)
        );
        assert_eq!(manifest("08"), ResolvedScalar::Float(8.0));
    }

    #[test]
    fn words_are_booleans_only_where_the_dialect_says_so() {
        assert_eq!(manifest("yes"), ResolvedScalar::Text);
        assert_eq!(
            resolve_scalar("yes", Dialect::Configuration),
            ResolvedScalar::Bool(true)
        );
        assert_eq!(manifest("True"), ResolvedScalar::Bool(true));
        assert_eq!(manifest("tRue"), ResolvedScalar::Text);
        assert_eq!(manifest(""), ResolvedScalar::Null);
    }

    #[test]
    fn dates_become_rfc_3339() {
        for (text, value) in [
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("2001-1-2", "2001-01-02T00:00:00Z"),
            (
                "2001-12-14t21:59:43.10-05:00",
                "2001-12-14T21:59:43.1-05:00",
            ),
            ("2001-12-15 2:59:43.10", "2001-12-15T02:59:43.1Z"),
        ] {
            assert_eq!(
                manifest(text),
                ResolvedScalar::Timestamp(value.to_owned()),
                "{text}"
            );
        }
        for text in [
            "2023-02-29",
            "2001-12-14 24:00:00",
            "12:30:45",
            "2001-12-14T21:59:43",
            "20011-1-1",
        ] {
            assert_eq!(manifest(text), ResolvedScalar::Text, "{text}");
        }
    }

    #[test]
    fn floats_need_a_mantissa_and_a_finite_value() {
        assert_eq!(manifest("1e3"), ResolvedScalar::Float(1000.0));
        assert_eq!(manifest("5."), ResolvedScalar::Float(5.0));
        assert_eq!(manifest(".5"), ResolvedScalar::Float(0.5));
        for text in [
            "1e400",
            ".",
            "-",
            "+",
            "1.2.3",
            "1e",
            "e5",
            ".5_5",
            "0x",
            "10.20.0.5",
        ] {
            assert_eq!(manifest(text), ResolvedScalar::Text, "{text}");
        }
    }
}

//! Durations, in Go's notation and in the looser one of custom resources.

use chrono::Duration;

/// Units of Go's `time.ParseDuration`, in nanoseconds.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
];

/// Units of the loose notation: exact names, a prefix of longer ones, nanoseconds (kube-openapi,
/// pkg/validation/strfmt/duration.go).
const LOOSE_UNITS: [(&[&str], &str, f64); 8] = [
    (&["ns"], "nano", 1.0),
    (&["us", "µs"], "micro", 1e3),
    (&["ms"], "milli", 1e6),
    (&["s"], "sec", 1e9),
    (&["m"], "min", 6e10),
    (&["h", "hr"], "hour", 3.6e12),
    (&["d"], "day", 8.64e13),
    (&["w", "wk"], "week", 6.048e14),
];

/// Parses a duration as Go's `time.ParseDuration` does: `1h30m`, `-1.5s`, `0`.
pub(crate) fn parse_go_duration(text: &str) -> Option<Duration> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Duration::zero());
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(end);
        let matching = UNITS.into_iter().filter(|(unit, _)| tail.starts_with(unit));
        let (unit, nanoseconds) = matching.max_by_key(|(unit, _)| unit.len())?;
        total += number.parse::<f64>().ok()? * nanoseconds;
        rest = tail.get(unit.len()..)?;
    }
    from_nanoseconds(sign * total)
}

/// Parses a duration as custom resources may write it: also `2 days` or `1 week`.
pub(crate) fn parse_loose_duration(text: &str) -> Option<Duration> {
    if let Some(duration) = parse_go_duration(text) {
        return Some(duration);
    }
    let mut total = None;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (_, number_on) = rest.split_at(start);
        let end = number_on
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(number_on.len());
        let (number, tail) = number_on.split_at(end);
        let tail = tail.trim_start();
        let unit_end = tail
            .find(|c: char| !c.is_ascii_alphabetic() && c != 'µ')
            .unwrap_or(tail.len());
        let (unit, after) = tail.split_at(unit_end);
        if let (Some(nanoseconds), Ok(number)) = (find_loose_unit(unit), number.parse::<f64>()) {
            total = Some(total.unwrap_or(0.0) + number * nanoseconds);
        }
        rest = after;
    }
    total.and_then(from_nanoseconds)
}

fn find_loose_unit(unit: &str) -> Option<f64> {
    let unit = unit.to_lowercase();
    let matches = |(exact, prefix, _): &&(&[&str], &str, f64)| {
        exact.contains(&unit.as_str()) || unit.starts_with(prefix)
    };
    LOOSE_UNITS
        .iter()
        .find(matches)
        .map(|(_, _, nanoseconds)| *nanoseconds)
}

fn from_nanoseconds(nanoseconds: f64) -> Option<Duration> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates; Go refuses what an i64 of nanoseconds cannot hold"
    )]
    let whole = nanoseconds as i64;
    (nanoseconds.abs() < 9.2e18).then(|| Duration::nanoseconds(whole))
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::{parse_go_duration, parse_loose_duration};

    #[test]
    fn durations_are_read_as_by_go() {
        assert_eq!(parse_go_duration("1h30m"), Some(Duration::minutes(90)));
        assert_eq!(
            parse_go_duration("-1.5s"),
            Some(Duration::milliseconds(-1500))
        );
        assert!(
            ["0", "10ms", "1µs"]
                .iter()
                .all(|good| parse_go_duration(good).is_some())
        );
        assert!(
            ["", "1", "1d", "h", "1h 2m", "s", ".", "1e3s", "9999999h"]
                .iter()
                .all(|bad| parse_go_duration(bad).is_none())
        );
    }

    #[test]
    fn custom_resources_may_count_days() {
        assert_eq!(parse_loose_duration("2 days"), Some(Duration::days(2)));
        assert_eq!(parse_loose_duration("1wk"), Some(Duration::weeks(1)));
        assert_eq!(parse_loose_duration("often"), None);
        assert_eq!(parse_loose_duration("5 parsecs"), None);
    }
}

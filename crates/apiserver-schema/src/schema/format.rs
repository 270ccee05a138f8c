//! Formats of strings.

use base64::Engine as _;
use chrono::DateTime;

use super::duration::{parse_go_duration, parse_loose_duration};

const DURATION_EXPECTED: FormatProblem = "a duration such as `1h30m` or `45s` expected";

/// A format that a server checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `resource.Quantity`.
    Quantity,
    /// `metav1.Time`: RFC 3339.
    DateTime,
    /// `metav1.MicroTime`: RFC 3339 with six digits after the point.
    MicroTime,
    /// A full date.
    Date,
    /// Go's `time.ParseDuration`.
    GoDuration,
    /// The same, or units up to weeks in words.
    LooseDuration,
    /// Base64, standard alphabet with padding.
    Byte,
    /// Base64 that is not empty.
    FilledByte,
    Int32,
    Int64,
    Ipv4,
    Ipv6,
    Cidr,
    Uuid,
    Mac,
    Uri,
    Email,
    Hostname,
}

/// Formats that are checked in custom resources, without their hyphens (`apiextensions/validation/formats.go`).
const CUSTOM: &[(&str, Format)] = &[
    ("byte", Format::FilledByte),
    ("cidr", Format::Cidr),
    ("date", Format::Date),
    ("datetime", Format::DateTime),
    ("duration", Format::LooseDuration),
    ("email", Format::Email),
    ("hostname", Format::Hostname),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("mac", Format::Mac),
    ("uri", Format::Uri),
    ("uuid", Format::Uuid),
];

/// Formats that the decoder of built-in types enforces.
const BUILT_IN: &[(&str, Format)] = &[
    ("byte", Format::Byte),
    ("date-time", Format::DateTime),
    ("go-duration", Format::GoDuration),
    ("int32", Format::Int32),
    ("int64", Format::Int64),
    ("micro-time", Format::MicroTime),
    ("quantity", Format::Quantity),
];

/// Says how a string breaks its format, and what was expected.
pub(crate) type FormatProblem = &'static str;

impl Format {
    /// Returns the format of a custom resource's schema, `None` for formats that servers ignore.
    pub(crate) fn of_custom(name: &str) -> Option<Self> {
        let name = name.replace('-', "");
        CUSTOM
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format)
    }

    /// Returns the format of a built-in type.
    pub(crate) fn of_built_in(name: &str) -> Option<Self> {
        BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format)
    }

    /// Returns what was expected of a string that does not have the format.
    pub(crate) fn find_problem(self, text: &str) -> Option<FormatProblem> {
        let (holds, expected) = match self {
            Self::Quantity => (
                is_quantity(text.trim()),
                "a quantity such as `500m`, `1.5` or `2Gi` expected",
            ),
            Self::DateTime => (
                is_date_time(text),
                "a time such as `2024-01-31T12:00:00Z` expected (RFC 3339)",
            ),
            Self::MicroTime => (
                is_micro_time(text),
                "a time such as `2024-01-31T12:00:00.000000Z` expected",
            ),
            Self::Date => (chrono_date(text), "a date such as `2024-01-31` expected"),
            Self::GoDuration => (parse_go_duration(text).is_some(), DURATION_EXPECTED),
            Self::LooseDuration => (parse_loose_duration(text).is_some(), DURATION_EXPECTED),
            Self::Byte => (is_base64(text), "base64 with padding expected"),
            Self::FilledByte => (
                !text.is_empty() && is_base64(text),
                "base64 with padding expected",
            ),
            Self::Int32 | Self::Int64 => (true, ""),
            Self::Ipv4 => (
                text.parse::<std::net::Ipv4Addr>().is_ok(),
                "an IPv4 address expected",
            ),
            Self::Ipv6 => (
                text.parse::<std::net::Ipv6Addr>().is_ok(),
                "an IPv6 address expected",
            ),
            Self::Cidr => (is_cidr(text), "a network such as `10.0.0.0/8` expected"),
            Self::Uuid => (is_uuid(text), "a UUID expected"),
            Self::Mac => (
                is_mac(text),
                "a MAC address such as `02:00:00:00:00:01` expected",
            ),
            Self::Uri => (
                is_request_uri(text),
                "a URI with a scheme, or an absolute path, expected",
            ),
            Self::Email => (is_email(text), "an e-mail address expected"),
            Self::Hostname => (is_hostname(text), "a host name expected"),
        };
        (!holds).then_some(expected)
    }
}

/// Checks the grammar of `resource.ParseQuantity` (apimachinery, pkg/api/resource/quantity.go).
fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let number_end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(number_end);
    let numeric = number.matches('.').count() <= 1 && number.chars().any(|c| c.is_ascii_digit());
    numeric && is_quantity_suffix(suffix)
}

fn is_quantity_suffix(suffix: &str) -> bool {
    const SUFFIXES: [&str; 16] = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];
    let exponent = suffix
        .strip_prefix(['e', 'E'])
        .map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    SUFFIXES.contains(&suffix)
        || exponent.is_some_and(|digits| {
            !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit())
        })
}

fn is_date_time(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T')
        && !text.ends_with('z')
        && DateTime::parse_from_rfc3339(text).is_ok()
}

fn is_micro_time(text: &str) -> bool {
    let fraction = text.get(19..26).unwrap_or_default();
    let six = fraction
        .strip_prefix('.')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()));
    six && !text.as_bytes().get(26).is_some_and(u8::is_ascii_digit) && is_date_time(text)
}

fn chrono_date(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Checks as Go's `base64.StdEncoding` does, which skips line ends.
fn is_base64(text: &str) -> bool {
    let engine = &base64::engine::general_purpose::STANDARD;
    if text.contains(['\r', '\n']) {
        engine.decode(text.replace(['\r', '\n'], "")).is_ok()
    } else {
        engine.decode(text).is_ok()
    }
}

fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, length)| {
        let Ok(address) = address.parse::<std::net::IpAddr>() else {
            return false;
        };
        let widest = if address.is_ipv4() { 32 } else { 128 };
        !length.starts_with('+') && length.parse::<u8>().is_ok_and(|length| length <= widest)
    })
}

fn is_uuid(text: &str) -> bool {
    let hex: String = text.chars().filter(|c| *c != '-').collect();
    hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_mac(text: &str) -> bool {
    let parts: Vec<&str> = text.split([':', '-']).collect();
    [6, 8, 20].contains(&parts.len())
        && parts
            .iter()
            .all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Checks as Go's `url.ParseRequestURI` does in outline: a scheme, or an absolute path.
fn is_request_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let scheme_holds = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    (text.starts_with('/') || scheme_holds)
        && !text.contains(|c: char| c.is_ascii_control() || c == ' ')
}

fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !text.contains([' ', '\n'])
    })
}

fn is_hostname(text: &str) -> bool {
    let text = text.strip_suffix('.').unwrap_or(text);
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::{Format, is_quantity};

    #[test]
    fn quantities_are_read_as_by_parse_quantity() {
        for good in [
            "1", "500m", "1.5Gi", ".5", "5.", "1e3", "1E-2", "-1", "+2Ki", "1E", "100M", "12e6",
        ] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in [
            "", "1GB", "1 Gi", "Gi", "1mi", "1K", "0x10", "1e", "1.2.3", "1e3Gi", "10Mb", "five",
            ".",
        ] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn times_addresses_and_encodings_are_told_apart() {
        assert_eq!(
            Format::DateTime.find_problem("2024-01-31T12:00:00+02:00"),
            None
        );
        assert!(
            Format::DateTime
                .find_problem("2024-01-31 12:00:00Z")
                .is_some()
        );
        assert!(
            Format::DateTime
                .find_problem("2024-02-31T12:00:00Z")
                .is_some()
        );
        assert_eq!(
            Format::MicroTime.find_problem("2024-01-31T12:00:00.123456Z"),
            None
        );
        assert!(
            Format::MicroTime
                .find_problem("2024-01-31T12:00:00Z")
                .is_some()
        );
        assert_eq!(Format::Byte.find_problem("aGVs\nbG8="), None);
        assert!(Format::Byte.find_problem("aGVsbG8").is_some());
        assert_eq!(Format::Cidr.find_problem("fd00::/64"), None);
        assert!(Format::Cidr.find_problem("10.0.0.0/33").is_some());
    }
}

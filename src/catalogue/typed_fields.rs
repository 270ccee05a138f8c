//! Fields that an operator's webhook reads into a type and writes back: in one form only, whatever was written.

use serde::Deserialize;
use serde_json::Value;

use crate::manifest::Object;
use crate::patch::FieldPath;
use pointer_diagnostics::Pointer;

/// The fields of a kind whose text changes on its way through its operator's own type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawTypedFields")]
pub struct TypedFields {
    /// The writer, and the place where that was read.
    pub by: String,
    durations: Vec<FieldPath>,
    quantities: Vec<FieldPath>,
}

/// A field that comes back in another form than it is written in.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedForm {
    /// The field.
    pub pointer: Pointer,
    /// The value as it is written.
    pub written: Value,
    /// The text that comes back.
    pub comes_back: String,
}

/// The fields as they are written in the data.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RawTypedFields {
    by: String,
    #[serde(default)]
    durations: Vec<String>,
    #[serde(default)]
    quantities: Vec<String>,
}

impl TryFrom<RawTypedFields> for TypedFields {
    type Error = String;

    fn try_from(raw: RawTypedFields) -> Result<Self, String> {
        let parse = |texts: Vec<String>| -> Result<Vec<FieldPath>, String> {
            let paths = texts.iter().map(|text| {
                FieldPath::parse(text).map_err(|e| format!("`{text}` is not a path: {e}"))
            });
            paths.collect()
        };
        Ok(Self {
            by: raw.by,
            durations: parse(raw.durations)?,
            quantities: parse(raw.quantities)?,
        })
    }
}

impl TypedFields {
    /// Returns the fields of an object that come back in another form. A value that is no duration or quantity is left to the schema.
    pub fn changed_forms(&self, object: &Object) -> Vec<ChangedForm> {
        let mut changed = Vec::new();
        collect_changed(&mut changed, object, &self.durations, canonical_duration);
        collect_changed(&mut changed, object, &self.quantities, canonical_quantity);
        changed
    }
}

fn collect_changed(
    changed: &mut Vec<ChangedForm>,
    object: &Object,
    paths: &[FieldPath],
    canonical: fn(&str) -> Option<String>,
) {
    for pointer in paths.iter().flat_map(|path| path.resolve(object.value())) {
        let Some(written) = object.get(pointer.as_str()) else {
            continue;
        };
        let text = match written {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        if let Some(comes_back) = canonical(&text)
            && *written != Value::String(comes_back.clone())
        {
            changed.push(ChangedForm {
                pointer,
                written: written.clone(),
                comes_back,
            });
        }
    }
}

/// Units of a duration in Go, in nanoseconds; those that another begins with come after it.
const DURATION_UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("μs", 1_000),
];

/// Returns a duration as Go prints it (`1m0s`); `None` where it is none, or shorter than a second.
fn canonical_duration(text: &str) -> Option<String> {
    let mut rest = text;
    let mut nanoseconds: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let units = DURATION_UNITS.iter();
        let (unit, size) = units.copied().find(|(unit, _)| after.starts_with(unit))?;
        nanoseconds = nanoseconds.checked_add(scale_decimal(number, size)?)?;
        rest = &after[unit.len()..];
    }
    let second = 1_000_000_000;
    if text.is_empty() || nanoseconds == 0 || nanoseconds < second {
        return None;
    }
    let (whole, fraction) = (nanoseconds / second, nanoseconds % second);
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    let seconds = if fraction == 0 {
        format!("{seconds}s")
    } else {
        let digits = format!("{fraction:09}");
        format!("{seconds}.{}s", digits.trim_end_matches('0'))
    };
    Some(match (hours, minutes) {
        (0, 0) => seconds,
        (0, minutes) => format!("{minutes}m{seconds}"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
    })
}

/// Suffixes of quantities that are powers of ten, from 10^-9 in steps of a thousand.
const DECIMAL_SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Suffixes of quantities that are powers of 1024.
const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// A unit in billionths, in which quantities are whole numbers.
const UNIT: i128 = 1_000_000_000;

/// Returns a quantity as Kubernetes' Go type prints it (`"4"`, `1536Mi`); `None` where it is none, or has an exponent.
fn canonical_quantity(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let binary = BINARY_SUFFIXES.iter().position(|known| *known == suffix);
    if let Some(power) = binary.filter(|power| *power > 0) {
        let size = 1024_i128.checked_pow(u32::try_from(power).ok()?)?;
        let billionths = scale_decimal(number, UNIT.checked_mul(size)?)?;
        let is_small = billionths < 1024 * UNIT || billionths % UNIT != 0;
        return Some(if is_small {
            print_scaled(billionths, 1000, &DECIMAL_SUFFIXES)
        } else {
            print_scaled(billionths / UNIT, 1024, &BINARY_SUFFIXES)
        });
    }
    let power = DECIMAL_SUFFIXES.iter().position(|known| *known == suffix)?;
    let size = 1000_i128.checked_pow(u32::try_from(power).ok()?)?;
    let billionths = scale_decimal(number, size)?;
    Some(print_scaled(billionths, 1000, &DECIMAL_SUFFIXES))
}

/// Returns a number with the largest suffix that leaves it whole.
fn print_scaled(mut number: i128, step: i128, suffixes: &[&str]) -> String {
    let mut index = 0;
    if number == 0 {
        return "0".to_owned();
    }
    while number % step == 0 && index + 1 < suffixes.len() {
        number /= step;
        index += 1;
    }
    format!("{number}{}", suffixes[index])
}

/// Returns a decimal number times a size; `None` where that is not a whole number, or too large.
fn scale_decimal(number: &str, size: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let scaled = digits.checked_mul(size)?;
    (scaled % divisor == 0).then_some(scaled / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_come_back_as_go_prints_them() {
        let cases = [
            ("60s", "1m0s"),
            ("1m0s", "1m0s"),
            ("5s", "5s"),
            ("90m", "1h30m0s"),
            ("1.5s", "1.5s"),
            ("1h", "1h0m0s"),
            ("1500ms", "1.5s"),
        ];
        for (written, back) in cases {
            assert_eq!(canonical_duration(written).as_deref(), Some(back));
        }
        for none in ["", "5", "s", "5 s", "fast", "1x"] {
            assert_eq!(canonical_duration(none), None, "{none}");
        }
    }

    /// As resource.ParseQuantity(…).String() of k8s.io/apimachinery v0.34 prints them.
    #[test]
    fn quantities_come_back_as_kubernetes_prints_them() {
        let cases = [
            ("4", "4"),
            ("4000m", "4"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("1000", "1k"),
            ("1024Mi", "1Gi"),
            ("1536Mi", "1536Mi"),
            ("1.5Gi", "1536Mi"),
            ("512", "512"),
            ("0.5Ki", "512"),
            ("8Gi", "8Gi"),
            ("0", "0"),
            ("100M", "100M"),
        ];
        for (written, back) in cases {
            assert_eq!(canonical_quantity(written).as_deref(), Some(back));
        }
        for none in ["", "many", "1e3", "1KiB", "."] {
            assert_eq!(canonical_quantity(none), None, "{none}");
        }
    }
}

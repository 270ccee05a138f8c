//! Quantities (`k8s.io/apimachinery/pkg/api/resource/quantity.go`).

use serde_json::Value;

/// An amount in billionths, with the notation that it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity {
    nano: i128,
    notation: Notation,
}

/// The notation of a quantity's scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Notation {
    /// `k`, `M`, `m`, or nothing.
    Decimal,
    /// `Ki`, `Mi`.
    Binary,
    /// `e3`.
    Exponent,
}

const NANO: i128 = 1_000_000_000;
/// The largest amount; larger ones are capped to it.
const MOST: i128 = i64::MAX as i128 * NANO;

impl Quantity {
    /// Reads a quantity from a string or a number; none when the value is malformed or of another type.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text.trim()),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Some(Quantity {
                    nano: cap(i128::from(whole) * NANO),
                    notation: Notation::Decimal,
                }),
                None => Self::parse(&number.to_string()),
            },
            _ => None,
        }
    }

    /// Reads a quantity (`ParseQuantity`).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let (notation, scale) = parse_suffix(suffix)?;
        let magnitude = scale_number(whole, fraction, scale);
        Some(Quantity {
            nano: if negative { -magnitude } else { magnitude },
            notation,
        })
    }

    /// Tells that the amount is below zero.
    pub(crate) fn is_negative(self) -> bool {
        self.nano < 0
    }

    /// Tells that the amount is above zero.
    pub(crate) fn is_positive(self) -> bool {
        self.nano > 0
    }

    /// Tells that the amount is whole, as far as thousandths tell.
    pub(crate) fn is_whole(self) -> bool {
        self.milli() % 1000 == 0
    }

    /// Returns the amount rounded up to a whole number (`Value`).
    pub(crate) fn whole(self) -> i128 {
        round_up(self.nano, NANO)
    }

    /// Returns the amount in thousandths, rounded up (`MilliValue`).
    pub(crate) fn milli(self) -> i128 {
        round_up(self.nano, NANO / 1000)
    }

    /// Compares two amounts, whatever their notation.
    pub(crate) fn compare(self, other: Self) -> std::cmp::Ordering {
        self.nano.cmp(&other.nano)
    }

    /// Tells that the amount is one of the divisors of a downward API field: a power of 1000 in decimal notation or
    /// of 1024 in binary notation (`validContainerResourceDivisorForMemory`).
    pub(crate) fn is_unit(self) -> bool {
        let base: i128 = match self.notation {
            Notation::Decimal => 1000,
            Notation::Binary => 1024,
            Notation::Exponent => return self.nano == NANO,
        };
        (0..=6).any(|power| self.nano == NANO * base.pow(power))
    }

    /// Returns one, as `1`.
    pub(crate) fn one() -> Self {
        Quantity {
            nano: NANO,
            notation: Notation::Decimal,
        }
    }

    /// Returns one thousandth, as `1m`.
    pub(crate) fn one_milli() -> Self {
        Quantity {
            nano: NANO / 1000,
            notation: Notation::Decimal,
        }
    }

    /// Tells that the amount is zero.
    pub(crate) fn is_zero(self) -> bool {
        self.nano == 0
    }

    /// Adds two amounts.
    pub(crate) fn plus(self, other: Self) -> Self {
        Quantity {
            nano: cap(self.nano.saturating_add(other.nano)),
            notation: self.notation,
        }
    }
}

/// The factor of the digits: a power of ten or of two.
#[derive(Clone, Copy)]
enum Scale {
    Ten(i32),
    Two(u32),
}

fn parse_suffix(suffix: &str) -> Option<(Notation, Scale)> {
    let ten = |power| Some((Notation::Decimal, Scale::Ten(power)));
    let two = |power| Some((Notation::Binary, Scale::Two(power)));
    match suffix {
        "" => ten(0),
        "n" => ten(-9),
        "u" => ten(-6),
        "m" => ten(-3),
        "k" => ten(3),
        "M" => ten(6),
        "G" => ten(9),
        "T" => ten(12),
        "P" => ten(15),
        "E" => ten(18),
        "Ki" => two(10),
        "Mi" => two(20),
        "Gi" => two(30),
        "Ti" => two(40),
        "Pi" => two(50),
        "Ei" => two(60),
        _ => {
            let digits = suffix.strip_prefix(['e', 'E'])?;
            let power: i32 = digits.parse().ok()?;
            Some((Notation::Exponent, Scale::Ten(power)))
        }
    }
}

/// Multiplies digits with a scale; the result is in billionths, rounded up and capped.
fn scale_number(whole: &str, fraction: &str, scale: Scale) -> i128 {
    let digits = whole
        .bytes()
        .chain(fraction.bytes())
        .skip_while(|b| *b == b'0');
    let mut mantissa: i128 = 0;
    let mut dropped: i32 = 0;
    for digit in digits {
        if mantissa < 10_i128.pow(18) {
            mantissa = mantissa * 10 + i128::from(digit - b'0');
        } else {
            dropped = dropped.saturating_add(1);
        }
    }
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let mut power = dropped.saturating_sub(places).saturating_add(9);
    match scale {
        Scale::Ten(exponent) => power = power.saturating_add(exponent),
        Scale::Two(exponent) => {
            // 10^19 * 2^60 fits into 127 bits.
            mantissa = mantissa.saturating_mul(1_i128 << exponent);
        }
    }
    shift(mantissa, power)
}

/// Multiplies with a power of ten, rounded up and capped.
fn shift(mut mantissa: i128, power: i32) -> i128 {
    if mantissa == 0 {
        return 0;
    }
    if power < -40 {
        return 1;
    }
    for _ in 0..power.clamp(0, 40) {
        mantissa = mantissa.saturating_mul(10);
    }
    for _ in power.min(0)..0 {
        mantissa = round_up(mantissa, 10);
    }
    cap(mantissa)
}

fn cap(nano: i128) -> i128 {
    nano.clamp(-MOST, MOST)
}

fn round_up(value: i128, unit: i128) -> i128 {
    value / unit + i128::from(value % unit > 0) - i128::from(value % unit < 0)
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    fn nano(text: &str) -> Option<i128> {
        Quantity::parse(text).map(|q| q.nano)
    }

    #[test]
    fn notations_of_the_same_amount_are_equal() {
        for (a, b) in [
            ("1", "1000m"),
            ("1Ki", "1024"),
            ("1.5Gi", "1536Mi"),
            ("1e3", "1k"),
            ("1E", "1000P"),
            (".5", "500m"),
        ] {
            assert_eq!(nano(a), nano(b), "{a} {b}");
            assert!(nano(a).is_some());
        }
    }

    #[test]
    fn malformed_quantities_are_refused() {
        for text in [
            "", "1gb", "1 Gi", "1,5", "Gi", "1.2.3", "1KiB", "1e", "--1", "1mi", "0x10", ".",
        ] {
            assert_eq!(nano(text), None, "{text}");
        }
    }

    #[test]
    fn extreme_amounts_neither_panic_nor_wrap() {
        assert_eq!(
            nano("9999999999999999999999999E"),
            nano("9223372036854775807")
        );
        assert_eq!(nano("1e-2147483648"), Some(1));
        assert!(
            nano("1e2147483647").is_some_and(|n| n > 0)
                && nano("-9e999999999").is_some_and(|n| n < 0)
        );
        assert!(
            nano(&"9".repeat(10_000)).is_some()
                && nano(&format!("0.{}", "0".repeat(10_000))) == Some(0)
        );
    }
}

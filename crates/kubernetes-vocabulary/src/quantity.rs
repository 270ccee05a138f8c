//! Exact resource quantities, as Kubernetes writes them (`apimachinery/pkg/api/resource`): `500m`, `1.5`, `256Gi`, `1e3`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A resource quantity, exact to a billionth; never a float.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    nano: i128,
}

/// The error for a text that is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityError;

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity is a number with an optional suffix: 500m, 2, 256Gi, 1.5e3")
    }
}

impl std::error::Error for QuantityError {}

const NANO: i128 = 1_000_000_000;
const BINARY: [(&str, u32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];
const DECIMAL: [(&str, i32); 9] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

impl Quantity {
    /// Zero.
    pub const ZERO: Self = Self { nano: 0 };

    /// A whole number of units.
    pub fn units(units: i64) -> Self {
        Self {
            nano: i128::from(units) * NANO,
        }
    }

    /// A whole number of thousandths.
    pub fn milli(milli: i64) -> Self {
        Self {
            nano: i128::from(milli) * (NANO / 1000),
        }
    }

    /// Reads a quantity.
    ///
    /// # Errors
    ///
    /// When the text is not a quantity, or larger than any machine.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let digits = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(digits);
        if let Some((_, shift)) = BINARY.iter().find(|(s, _)| *s == suffix) {
            return scaled(number, 1i128 << shift, 0);
        }
        if let Some((_, exponent)) = DECIMAL.iter().find(|(s, _)| *s == suffix) {
            return scaled(number, 1, *exponent);
        }
        match suffix.strip_prefix(['e', 'E']) {
            Some(exponent) => scaled(number, 1, exponent.parse().map_err(|_| QuantityError)?),
            None if suffix.is_empty() => scaled(number, 1, 0),
            None => Err(QuantityError),
        }
    }

    /// The value in thousandths, rounded up, as the scheduler counts CPUs.
    pub fn as_milli(self) -> i128 {
        -(-self.nano).div_euclid(NANO / 1000)
    }

    /// The value in whole units, rounded up, as the scheduler counts bytes and pods.
    pub fn as_units(self) -> i128 {
        -(-self.nano).div_euclid(NANO)
    }

    /// The sum; saturates at the largest quantity.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            nano: self.nano.saturating_add(other.nano),
        }
    }

    /// The difference, which may be negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            nano: self.nano.saturating_sub(other.nano),
        }
    }

    /// The quantity several times.
    #[must_use]
    pub fn times(self, factor: i128) -> Self {
        Self {
            nano: self.nano.saturating_mul(factor),
        }
    }

    /// The quantity cut into equal shares, rounded up.
    #[must_use]
    pub fn divided_by(self, shares: i128) -> Self {
        Self {
            nano: -(-self.nano).div_euclid(shares.max(1)),
        }
    }
}

/// `number` × `factor` × 10^`exponent`, in billionths, rounded up as Kubernetes does.
fn scaled(number: &str, factor: i128, exponent: i32) -> Result<Quantity, QuantityError> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) {
        return Err(QuantityError);
    }
    let mantissa: i128 = all.parse().map_err(|_| QuantityError)?;
    let fraction_digits = i32::try_from(fraction.len()).map_err(|_| QuantityError)?;
    let shift = exponent
        .checked_add(9)
        .and_then(|e| e.checked_sub(fraction_digits))
        .ok_or(QuantityError)?;
    let value = mantissa.checked_mul(factor).ok_or(QuantityError)?;
    let power = 10i128.checked_pow(shift.unsigned_abs());
    let nano = match (shift >= 0, power) {
        (true, Some(power)) => value.checked_mul(power).ok_or(QuantityError)?,
        (true, None) if value == 0 => 0,
        (true, None) => return Err(QuantityError),
        (false, Some(power)) => -(-value).div_euclid(power),
        (false, None) => i128::from(value != 0),
    };
    Ok(Quantity { nano: nano * sign })
}

impl fmt::Display for Quantity {
    /// Prints the shortest exact form: a binary suffix where it divides, else units, thousandths or billionths.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano % NANO != 0 {
            return match self.nano % (NANO / 1000) {
                0 => write!(f, "{}m", self.nano / (NANO / 1000)),
                _ => write!(f, "{}n", self.nano),
            };
        }
        let units = self.nano / NANO;
        let binary = BINARY
            .iter()
            .rev()
            .find(|(_, shift)| units != 0 && units % (1i128 << shift) == 0);
        match binary {
            Some((suffix, shift)) => write!(f, "{}{suffix}", units >> shift),
            None => write!(f, "{units}"),
        }
    }
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(serde::de::Error::custom(QuantityError)),
        };
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A resource quantity, as Kubernetes writes it: 500m, 2, 256Gi.",
            "type": ["string", "integer"],
            "pattern": r"^[+-]?([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?[0-9]+))?$",
            "x-expects": "a number with an optional unit: 500m, 2, 256Gi",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn suffixes_scale_exactly() {
        let same = [
            ("1500m", "1.5"),
            ("1Ki", "1024"),
            ("1.5Gi", "1536Mi"),
            ("1e3", "1k"),
            ("2E", "2e18"),
            (".5", "500m"),
        ];
        for (a, b) in same {
            assert_eq!(Quantity::parse(a), Quantity::parse(b), "{a} = {b}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "Gi",
            "1.2.3",
            "1 Gi",
            "0x10",
            "1e",
            "--1",
            "1e999999999999",
            "99999999999999999999999999999999999999999E",
        ] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn printing_and_reading_agree() {
        for text in ["0", "1", "250m", "256Gi", "1500", "3n", "-2Ki", "1000"] {
            let quantity = Quantity::parse(text).unwrap();
            assert_eq!(
                Quantity::parse(&quantity.to_string()),
                Ok(quantity),
                "{text}"
            );
        }
    }
}

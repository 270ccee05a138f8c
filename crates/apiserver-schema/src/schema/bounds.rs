//! Bounds of numbers, and of the sizes of strings, lists and maps.

use serde_json::Value;

use super::pattern::Pattern;

/// Bounds of a value. Numbers are compared as f64, as the API server does.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) minimum: Option<Limit>,
    pub(crate) maximum: Option<Limit>,
    pub(crate) multiple_of: Option<f64>,
    pub(crate) length: SizeRange,
    pub(crate) items: SizeRange,
    pub(crate) properties: SizeRange,
    pub(crate) unique_items: bool,
    pub(crate) pattern: Option<Pattern>,
}

/// A bound of a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) value: f64,
    pub(crate) inclusion: Inclusion,
}

/// Tells whether a bound itself is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inclusion {
    Inclusive,
    Exclusive,
}

/// The smallest and largest size.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SizeRange {
    pub(crate) minimum: Option<u64>,
    pub(crate) maximum: Option<u64>,
}

impl SizeRange {
    fn read(schema: &Value, minimum: &str, maximum: &str) -> Self {
        let size = |key: &str| schema.get(key).and_then(Value::as_u64);
        Self {
            minimum: size(minimum),
            maximum: size(maximum),
        }
    }

    fn is_open(self) -> bool {
        self.minimum.is_none() && self.maximum.is_none()
    }

    /// Returns what is wrong with a size, for instance `4 items, at most 3 are allowed`.
    pub(crate) fn find_problem(self, size: usize, noun: &str) -> Option<String> {
        let size = size as u64;
        match (self.minimum, self.maximum) {
            (Some(minimum), _) if size < minimum => {
                Some(format!("{size} {noun}, at least {minimum} expected"))
            }
            (_, Some(maximum)) if size > maximum => {
                Some(format!("{size} {noun}, at most {maximum} allowed"))
            }
            _ => None,
        }
    }
}

impl Bounds {
    /// Reads the bounds of a schema; `None` if it has none.
    pub(crate) fn read(schema: &Value) -> Option<Box<Self>> {
        let limit = |key: &str, exclusive: &str| {
            let inclusion = match schema.get(exclusive).and_then(Value::as_bool) {
                Some(true) => Inclusion::Exclusive,
                _ => Inclusion::Inclusive,
            };
            schema
                .get(key)
                .and_then(Value::as_f64)
                .map(|value| Limit { value, inclusion })
        };
        let pattern = schema
            .get("pattern")
            .and_then(Value::as_str)
            .filter(|pattern| !pattern.is_empty());
        let bounds = Self {
            minimum: limit("minimum", "exclusiveMinimum"),
            maximum: limit("maximum", "exclusiveMaximum"),
            multiple_of: schema.get("multipleOf").and_then(Value::as_f64),
            length: SizeRange::read(schema, "minLength", "maxLength"),
            items: SizeRange::read(schema, "minItems", "maxItems"),
            properties: SizeRange::read(schema, "minProperties", "maxProperties"),
            unique_items: schema
                .get("uniqueItems")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            pattern: pattern.map(Pattern::new),
        };
        (!bounds.is_open()).then(|| Box::new(bounds))
    }

    fn is_open(&self) -> bool {
        self.minimum.is_none()
            && self.maximum.is_none()
            && self.multiple_of.is_none()
            && self.pattern.is_none()
            && !self.unique_items
            && [self.length, self.items, self.properties]
                .into_iter()
                .all(SizeRange::is_open)
    }

    /// Returns what is wrong with a number.
    pub(crate) fn find_number_problem(&self, number: f64) -> Option<String> {
        if let Some(Limit { value, inclusion }) = self.minimum
            && (number < value || inclusion == Inclusion::Exclusive && number <= value)
        {
            let relation = if inclusion == Inclusion::Exclusive {
                "greater than"
            } else {
                "at least"
            };
            return Some(format!(
                "{number} is too small, {relation} {value} expected"
            ));
        }
        if let Some(Limit { value, inclusion }) = self.maximum
            && (number > value || inclusion == Inclusion::Exclusive && number >= value)
        {
            let relation = if inclusion == Inclusion::Exclusive {
                "less than"
            } else {
                "at most"
            };
            return Some(format!(
                "{number} is too large, {relation} {value} expected"
            ));
        }
        let factor = self.multiple_of.filter(|factor| *factor > 0.0)?;
        let quotient = number / factor;
        ((quotient - quotient.round()).abs() > 1e-9)
            .then(|| format!("{number} is no multiple of {factor}"))
    }
}

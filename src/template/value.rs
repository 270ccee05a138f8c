//! The result of an expression, as JSON or as text. Nothing undefined, infinite or too large gets through.

use minijinja::Value;
use minijinja::value::ValueKind;

/// The text of a result is not longer than this, in bytes.
pub(super) const LONGEST_TEXT: usize = 1 << 20;
/// A result has no more values in it than this.
const MOST_VALUES: usize = 100_000;
/// A result is not nested deeper than this.
const DEEPEST: usize = 64;

/// The error for a result that has no form as JSON or text. Continues a sentence that begins with the expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResultError {
    #[error("is empty, and cannot stand inside of text")]
    EmptyInText,
    #[error("is a list: use `join(', ')` inside of text")]
    ListInText,
    #[error("is a map, and cannot stand inside of text: use `tojson`")]
    MapInText,
    #[error("is nested too deep")]
    TooDeep,
    #[error("has too many values")]
    TooManyValues,
    #[error("makes too much text")]
    TooMuchText,
    #[error("has something undefined in it")]
    UndefinedWithin,
    #[error("is neither text, number, boolean, list nor map")]
    OtherType,
    #[error("is a map with the key {key}, which is not text")]
    KeyNotText { key: String },
    #[error("has a map that cannot be read")]
    UnreadableMap,
    #[error("cannot be gone through")]
    NotIterable,
    #[error("is too large")]
    TooLarge,
    #[error("is not a number")]
    NotANumber,
    #[error("is not a finite number")]
    NotFinite,
}

/// Converts the result to JSON.
pub(super) fn json(value: &Value) -> Result<serde_json::Value, ResultError> {
    Budget {
        text: LONGEST_TEXT,
        values: MOST_VALUES,
    }
    .json(value, DEEPEST)
}

/// Converts the result to a part of a text.
pub(super) fn text(value: &Value) -> Result<String, ResultError> {
    match value.kind() {
        ValueKind::None => Err(ResultError::EmptyInText),
        ValueKind::Seq | ValueKind::Iterable => Err(ResultError::ListInText),
        ValueKind::Map => Err(ResultError::MapInText),
        _ => match json(value)? {
            serde_json::Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        },
    }
}

/// Converts JSON to a value of expressions.
pub(super) fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(truth) => Value::from(*truth),
        serde_json::Value::Number(number) => {
            match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(small), ..) => Value::from(small),
                (None, Some(large), _) => Value::from(large),
                (None, None, float) => Value::from(float.unwrap_or(f64::NAN)),
            }
        }
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => {
            items.iter().map(from_json).collect::<Vec<Value>>().into()
        }
        serde_json::Value::Object(fields) => Value::from_pairs(
            fields
                .iter()
                .map(|(key, value)| (key.as_str(), from_json(value))),
        ),
    }
}

struct Budget {
    text: usize,
    values: usize,
}

impl Budget {
    fn json(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, ResultError> {
        if depth == 0 {
            return Err(ResultError::TooDeep);
        }
        self.values = self
            .values
            .checked_sub(1)
            .ok_or(ResultError::TooManyValues)?;
        match value.kind() {
            ValueKind::Undefined => Err(ResultError::UndefinedWithin),
            ValueKind::None => Ok(serde_json::Value::Null),
            ValueKind::Bool => Ok(value.is_true().into()),
            ValueKind::Number => number(value),
            ValueKind::String => self
                .string(value.as_str().unwrap_or_default())
                .map(Into::into),
            ValueKind::Seq | ValueKind::Iterable => self.list(value, depth),
            ValueKind::Map => self.map(value, depth),
            _ => Err(ResultError::OtherType),
        }
    }

    fn string(&mut self, text: &str) -> Result<String, ResultError> {
        self.text = self
            .text
            .checked_sub(text.len())
            .ok_or(ResultError::TooMuchText)?;
        Ok(text.to_owned())
    }

    fn list(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, ResultError> {
        let mut list = Vec::new();
        for item in items(value)? {
            list.push(self.json(&item, depth - 1)?);
        }
        Ok(list.into())
    }

    fn map(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, ResultError> {
        let mut map = serde_json::Map::new();
        for key in items(value)? {
            let Some(name) = key.as_str() else {
                return Err(ResultError::KeyNotText {
                    key: key.to_string(),
                });
            };
            let below = value
                .get_item(&key)
                .map_err(|_| ResultError::UnreadableMap)?;
            map.insert(self.string(name)?, self.json(&below, depth - 1)?);
        }
        Ok(map.into())
    }
}

fn items(value: &Value) -> Result<minijinja::value::ValueIter, ResultError> {
    value.try_iter().map_err(|_| ResultError::NotIterable)
}

fn number(value: &Value) -> Result<serde_json::Value, ResultError> {
    if value.is_integer() {
        let small = i64::try_from(value.clone()).map(serde_json::Value::from);
        return small
            .or_else(|_| u64::try_from(value.clone()).map(Into::into))
            .map_err(|_| ResultError::TooLarge);
    }
    let float = f64::try_from(value.clone()).map_err(|_| ResultError::NotANumber)?;
    let number = serde_json::Number::from_f64(float).ok_or(ResultError::NotFinite)?;
    Ok(number.into())
}

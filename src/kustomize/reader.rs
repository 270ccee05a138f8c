//! Reads fields of kustomizations as Go's JSON library does: names in any case, no unknown fields, no conversions.

use serde_json::{Map, Value};

use super::problem::{Outcome, of_field, of_file};
use crate::diagnostic::{Pointer, rules};
use crate::yaml::{Limits, expand_merge_keys, read_first};

/// The value of a configuration file. Only its first document counts.
pub(super) fn configuration(file: &str, bytes: &[u8]) -> Outcome<Value> {
    let syntax = |message: String, start: usize, end: usize| {
        let (start, end) = (start.min(bytes.len()), end.min(bytes.len()));
        Box::new(rules::KUSTOMIZATION_FIELD.report(message).primary_bytes(file, start..end, ""))
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| of_file(&rules::KUSTOMIZATION_FIELD, file, "the file is not UTF-8 text"))?;
    let wrap = |e: crate::yaml::ReadError| syntax(e.message, e.range.bytes().start, e.range.bytes().end);
    let Some(mut node) = read_first(text, &Limits::MANIFEST).map_err(wrap)? else { return Ok(Value::Null) };
    expand_merge_keys(&mut node).map_err(wrap)?;
    node.to_configuration_value().map_err(wrap)
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Field<'v> {
    pub(super) file: &'v str,
    pub(super) pointer: Pointer,
    pub(super) value: &'v Value,
}

/// The fields of a map that were not taken yet.
#[derive(Debug)]
pub(super) struct Fields<'v> {
    file: &'v str,
    pointer: Pointer,
    map: Option<&'v Map<String, Value>>,
    taken: Vec<&'v str>,
}

impl<'v> Field<'v> {
    /// An error about this field.
    pub(super) fn wrong<T>(&self, expected: &str) -> Outcome<T> {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "a map",
        };
        let message = format!("{expected} is expected, but `{}` is {found}", self.value);
        let mut problem = of_field(&rules::KUSTOMIZATION_FIELD, self.file, &self.pointer, message);
        if matches!(self.value, Value::Bool(_) | Value::Number(_)) && expected == "text" {
            problem = Box::new(problem.help("quote it: kustomizations are read as YAML 1.1 and nothing is converted"));
        }
        Err(problem)
    }

    /// The fields of a map; null has none.
    pub(super) fn fields(&self) -> Outcome<Fields<'v>> {
        let map = match self.value {
            Value::Object(map) => Some(map),
            Value::Null => None,
            _ => return self.wrong("a map"),
        };
        Ok(Fields { file: self.file, pointer: self.pointer.clone(), map, taken: Vec::new() })
    }

    /// Text; null is empty.
    pub(super) fn text(&self) -> Outcome<String> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Ok(String::new()),
            _ => self.wrong("text"),
        }
    }

    /// A boolean; null is false.
    pub(super) fn boolean(&self) -> Outcome<bool> {
        match self.value {
            Value::Bool(bool) => Ok(*bool),
            Value::Null => Ok(false),
            _ => self.wrong("a boolean"),
        }
    }

    /// An integer; null is 0.
    pub(super) fn integer(&self) -> Outcome<i64> {
        match self.value {
            Value::Null => Ok(0),
            other => other.as_i64().map_or_else(|| self.wrong("an integer"), Ok),
        }
    }

    /// The elements of a list; null has none.
    pub(super) fn items(&self) -> Outcome<Vec<Field<'v>>> {
        match self.value {
            Value::Null => Ok(Vec::new()),
            Value::Array(items) => {
                let item = |(i, value)| Field { file: self.file, pointer: self.pointer.at(i), value };
                Ok(items.iter().enumerate().map(item).collect())
            }
            _ => self.wrong("a list"),
        }
    }

    /// The entries of a map of text, sorted by key.
    pub(super) fn texts(&self) -> Outcome<Vec<(String, String)>> {
        match self.value {
            Value::Null => Ok(Vec::new()),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| {
                    let field = Field { file: self.file, pointer: self.pointer.at(key), value };
                    Ok((key.clone(), field.text()?))
                })
                .collect(),
            _ => self.wrong("a map"),
        }
    }
}

impl<'v> Fields<'v> {
    /// A field by its name, in any case.
    pub(super) fn take(&mut self, name: &str) -> Option<Field<'v>> {
        let map = self.map?;
        let exact = map.get_key_value(name);
        let (key, value) = exact.or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)))?;
        self.taken.push(key);
        Some(Field { file: self.file, pointer: self.pointer.at(key), value })
    }

    /// Text, or empty.
    pub(super) fn text(&mut self, name: &str) -> Outcome<String> {
        self.take(name).map_or(Ok(String::new()), |f| f.text())
    }

    /// A boolean, or false.
    pub(super) fn boolean(&mut self, name: &str) -> Outcome<bool> {
        self.take(name).map_or(Ok(false), |f| f.boolean())
    }

    /// The elements of a list, or none.
    pub(super) fn items(&mut self, name: &str) -> Outcome<Vec<Field<'v>>> {
        self.take(name).map_or(Ok(Vec::new()), |f| f.items())
    }

    /// The entries of a map of text, or none.
    pub(super) fn texts(&mut self, name: &str) -> Outcome<Vec<(String, String)>> {
        self.take(name).map_or(Ok(Vec::new()), |f| f.texts())
    }

    /// Elements of a list that are text, with their places.
    pub(super) fn text_items(&mut self, name: &str) -> Outcome<Vec<(Pointer, String)>> {
        self.items(name)?.into_iter().map(|f| Ok((f.pointer.clone(), f.text()?))).collect()
    }

    /// An error when a field was not taken.
    pub(super) fn finish(self) -> Outcome<()> {
        let unknown =
            self.map.into_iter().flat_map(Map::keys).find(|key| {
                !self.taken.contains(&key.as_str()) && !self.taken.iter().any(|t| t.eq_ignore_ascii_case(key))
            });
        let Some(key) = unknown else { return Ok(()) };
        let origin = crate::diagnostic::Origin { file: self.file.into(), pointer: self.pointer.at(key) };
        let found = rules::KUSTOMIZATION_FIELD.report(format!("kustomize does not know the field `{key}`"));
        Err(Box::new(found.primary_key(origin, "").help("remove it, or correct its name")))
    }
}

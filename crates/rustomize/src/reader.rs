//! Reads fields of kustomizations as Go's JSON library does: names in any case, no unknown fields, no conversions.

use std::borrow::Cow;

use serde_json::Value;

use super::problem::{Outcome, of_field, of_file};
use crate::rules;
use manifest_yaml::{
    Meaning, ReadError, ReadLimits, YamlNode, expand_merge_keys, read_first_document,
};
use pointer_diagnostics::Pointer;

/// Decodes a configuration file. Only its first document counts.
pub(super) fn decode<T>(
    file: &str,
    bytes: &[u8],
    decode: impl FnOnce(&Field<'_>) -> Outcome<T>,
) -> Outcome<T> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        of_file(
            &rules::KUSTOMIZATION_FIELD,
            file,
            "the file is not UTF-8 text",
        )
    })?;
    let syntax = |e: ReadError| {
        let range = e.range.bytes();
        let range = range.start.min(bytes.len())..range.end.min(bytes.len());
        Box::new(
            rules::KUSTOMIZATION_FIELD
                .report(e.message)
                .primary_bytes(file, range, ""),
        )
    };
    let mut node = read_first_document(text, &ReadLimits::MANIFEST).map_err(syntax)?;
    node.as_mut()
        .map_or(Ok(()), expand_merge_keys)
        .map_err(syntax)?;
    let value = node
        .as_ref()
        .map_or(Ok(Meaning::Null), YamlNode::configuration)
        .map_err(syntax)?;
    decode(&Field {
        file,
        pointer: Pointer::root(),
        value: &value,
    })
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Field<'v> {
    pub(super) file: &'v str,
    pub(super) pointer: Pointer,
    pub(super) value: &'v Meaning<'v>,
}

/// The fields of a map that were not taken yet.
#[derive(Debug)]
pub(super) struct Fields<'v> {
    file: &'v str,
    pointer: Pointer,
    map: &'v [(Cow<'v, str>, Meaning<'v>)],
    taken: Vec<&'v str>,
}

impl<'v> Field<'v> {
    /// An error about this field.
    pub(super) fn wrong<T>(&self, expected: &str) -> Outcome<T> {
        let found = match self.value {
            Meaning::Null => "null",
            Meaning::Bool(_) => "a boolean",
            Meaning::Number(_) => "a number",
            Meaning::Text(_) | Meaning::Written(_) => "text",
            Meaning::Sequence(_) => "a list",
            Meaning::Mapping(_) => "a map",
        };
        let message = format!(
            "{expected} is expected, but `{}` is {found}",
            Value::from(self.value.clone())
        );
        let mut problem = of_field(
            &rules::KUSTOMIZATION_FIELD,
            self.file,
            &self.pointer,
            message,
        );
        if matches!(self.value, Meaning::Bool(_) | Meaning::Number(_)) && expected == "text" {
            problem = Box::new(
                problem
                    .help("quote it: kustomizations are read as YAML 1.1 and nothing is converted"),
            );
        }
        Err(problem)
    }

    /// Whether it is null.
    pub(super) fn is_null(&self) -> bool {
        *self.value == Meaning::Null
    }

    /// The fields of a map; null has none.
    pub(super) fn fields(&self) -> Outcome<Fields<'v>> {
        let map = match self.value {
            Meaning::Mapping(map) => map.as_slice(),
            Meaning::Null => &[],
            _ => return self.wrong("a map"),
        };
        Ok(Fields {
            file: self.file,
            pointer: self.pointer.clone(),
            map,
            taken: Vec::new(),
        })
    }

    /// Text; null is empty.
    pub(super) fn text(&self) -> Outcome<String> {
        match self.value {
            Meaning::Text(text) => Ok(text.to_string()),
            Meaning::Null => Ok(String::new()),
            _ => self.wrong("text"),
        }
    }

    /// A boolean; null is false.
    pub(super) fn boolean(&self) -> Outcome<bool> {
        match self.value {
            Meaning::Bool(bool) => Ok(*bool),
            Meaning::Null => Ok(false),
            _ => self.wrong("a boolean"),
        }
    }

    /// An integer; null is 0.
    pub(super) fn integer(&self) -> Outcome<i64> {
        match self.value {
            Meaning::Null => Ok(0),
            Meaning::Number(number) => number.as_i64().map_or_else(|| self.wrong("an integer"), Ok),
            _ => self.wrong("an integer"),
        }
    }

    /// The elements of a list; null has none.
    pub(super) fn items(&self) -> Outcome<Vec<Field<'v>>> {
        match self.value {
            Meaning::Null => Ok(Vec::new()),
            Meaning::Sequence(items) => {
                let item = |(i, value)| Field {
                    file: self.file,
                    pointer: self.pointer.at(i),
                    value,
                };
                Ok(items.iter().enumerate().map(item).collect())
            }
            _ => self.wrong("a list"),
        }
    }

    /// The entries of a map of text, sorted by key.
    pub(super) fn texts(&self) -> Outcome<Vec<(String, String)>> {
        match self.value {
            Meaning::Null => Ok(Vec::new()),
            Meaning::Mapping(map) => map
                .iter()
                .map(|(key, value)| {
                    let field = Field {
                        file: self.file,
                        pointer: self.pointer.at(key),
                        value,
                    };
                    Ok((key.to_string(), field.text()?))
                })
                .collect(),
            _ => self.wrong("a map"),
        }
    }
}

impl<'v> Fields<'v> {
    /// A field by its name, in any case.
    pub(super) fn take(&mut self, name: &str) -> Option<Field<'v>> {
        let exact = self.map.iter().find(|(key, _)| key == name);
        let (key, value) = exact.or_else(|| {
            self.map
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
        })?;
        self.taken.push(key);
        Some(Field {
            file: self.file,
            pointer: self.pointer.at(key),
            value,
        })
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
        self.items(name)?
            .into_iter()
            .map(|f| Ok((f.pointer.clone(), f.text()?)))
            .collect()
    }

    /// An error when a field was not taken.
    pub(super) fn finish(self) -> Outcome<()> {
        let unknown = self.map.iter().map(|(key, _)| key).find(|key| {
            !self.taken.contains(&&***key)
                && !self
                    .taken
                    .iter()
                    .any(|taken| taken.eq_ignore_ascii_case(key))
        });
        let Some(key) = unknown else { return Ok(()) };
        let origin = pointer_diagnostics::Origin {
            file: self.file.into(),
            document: 0,
            pointer: self.pointer.at(key),
        };
        let found =
            rules::KUSTOMIZATION_FIELD.report(format!("kustomize does not know the field `{key}`"));
        Err(Box::new(
            found
                .primary_key(origin, "")
                .help("remove it, or correct its name"),
        ))
    }
}

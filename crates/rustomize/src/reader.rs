//! Reads configuration files as Go's JSON library does: field names in any case, no conversions between types.
//!
//! Every mistake is reported where it is found; reading goes on with the default of the field, so that one run tells all.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::problem::{field_problem, file_problem};
use crate::rules;
use crate::version::KustomizeVersion;
use crate::yaml::read_document;
use manifest_yaml::{Meaning, NodeData, YamlNode};
use pointer_diagnostics::{Diagnostics, Origin, Pointer, Reported};

/// Decodes the first document of a configuration file.
///
/// Fails where the file is not YAML; other mistakes are reported by `read`, which gets the root.
pub(crate) fn decode<T>(
    file: &str,
    bytes: &[u8],
    reading: Reading,
    problems: &mut Diagnostics,
    read: impl FnOnce(&Field<'_>, &mut Diagnostics) -> T,
) -> Result<T, Reported> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let message = "the file is not UTF-8 text";
        return Err(problems.report(file_problem(&rules::KUSTOMIZATION_FIELD, file, message)));
    };
    let document = read_document(text).map_err(|e| {
        let range = e.range.bytes();
        let range = range.start.min(bytes.len())..range.end.min(bytes.len());
        let problem = rules::KUSTOMIZATION_FIELD.report(e.message);
        problems.report(problem.primary_bytes(file, range, ""))
    })?;
    if reading.repeated == RepeatedKeys::Refused
        && let Some(key) = document.as_ref().and_then(find_repeated_key)
    {
        let problem = rules::KUSTOMIZATION_FIELD.report("a key is repeated");
        return Err(problems.report(problem.primary_bytes(file, key.span.bytes(), "")));
    }
    let value = match &document {
        None => Meaning::Null,
        Some(node) => node.configuration().map_err(|e| {
            let problem = rules::KUSTOMIZATION_FIELD.report(e.message);
            problems.report(problem.primary_bytes(file, e.range.bytes(), ""))
        })?,
    };
    let root = Field {
        file,
        pointer: Pointer::root(),
        value: &value,
        reading,
    };
    Ok(read(&root, problems))
}

/// Returns the first key that a map of a document has twice.
fn find_repeated_key(node: &YamlNode) -> Option<&YamlNode> {
    match &node.data {
        NodeData::Scalar { .. } => None,
        NodeData::Sequence { items, .. } => items.iter().find_map(find_repeated_key),
        NodeData::Mapping { entries, .. } => {
            let mut seen = BTreeSet::new();
            entries.iter().find_map(|(key, value)| {
                let is_first = match &key.data {
                    NodeData::Scalar { text, .. } => seen.insert(text),
                    _ => true,
                };
                if is_first {
                    find_repeated_key(value)
                } else {
                    Some(key)
                }
            })
        }
    }
}

/// Treatment of fields that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownFields {
    /// Each is a problem, as in a kustomization.
    Reported,
    /// They are ignored, as in configurations of plugins.
    Ignored,
}

/// Way of reading a configuration file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// The version of kustomize, which decides what fields there are.
    pub(crate) version: KustomizeVersion,
    pub(crate) unknown: UnknownFields,
    pub(crate) repeated: RepeatedKeys,
}

/// Treatment of a key that a map has twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RepeatedKeys {
    /// The last one counts, as in a kustomization.
    LastCounts,
    /// It is a mistake, as in configurations of transformers.
    Refused,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Field<'v> {
    pub(crate) file: &'v str,
    pub(crate) pointer: Pointer,
    pub(crate) value: &'v Meaning<'v>,
    pub(crate) reading: Reading,
}

/// The fields of a map, and which of them were taken.
#[derive(Debug)]
pub(crate) struct Fields<'v> {
    file: &'v str,
    pointer: Pointer,
    map: &'v [(Cow<'v, str>, Meaning<'v>)],
    taken: BTreeSet<String>,
    reading: Reading,
}

impl<'v> Field<'v> {
    /// Reports that the field is of the wrong type.
    pub(crate) fn report_mismatch(&self, expected: &str, problems: &mut Diagnostics) -> Reported {
        let kind = match self.value {
            Meaning::Null => "null",
            Meaning::Bool(_) => "a boolean",
            Meaning::Number(_) => "a number",
            Meaning::Text(_) | Meaning::Written(_) => "text",
            Meaning::Sequence(_) => "a list",
            Meaning::Mapping(_) => "a map",
        };
        let shown = Value::from(self.value.clone());
        let message = format!("{expected} is expected, but `{shown}` is {kind}");
        let rule = &rules::KUSTOMIZATION_FIELD;
        let mut problem = field_problem(rule, self.file, &self.pointer, message);
        if matches!(self.value, Meaning::Bool(_) | Meaning::Number(_)) && expected == "text" {
            problem = problem
                .help("quote it: kustomizations are read as YAML 1.1 and nothing is converted");
        }
        problems.report(problem)
    }

    /// Returns whether the value is null.
    pub(crate) fn is_null(&self) -> bool {
        *self.value == Meaning::Null
    }

    /// Returns the fields of a map; null has none.
    pub(crate) fn fields(&self, problems: &mut Diagnostics) -> Fields<'v> {
        let map = match self.value {
            Meaning::Mapping(map) => map.as_slice(),
            Meaning::Null => &[],
            _ => {
                self.report_mismatch("a map", problems);
                &[]
            }
        };
        Fields {
            file: self.file,
            pointer: self.pointer.clone(),
            map,
            taken: BTreeSet::new(),
            reading: self.reading,
        }
    }

    /// Returns text; `None` where it is null, empty, or of another type.
    pub(crate) fn text(&self, problems: &mut Diagnostics) -> Option<String> {
        match self.value {
            Meaning::Text(text) if text.is_empty() => None,
            Meaning::Text(text) => Some(text.to_string()),
            Meaning::Null => None,
            _ => {
                self.report_mismatch("text", problems);
                None
            }
        }
    }

    /// Returns a boolean; null is false.
    pub(crate) fn boolean(&self, problems: &mut Diagnostics) -> bool {
        match self.value {
            Meaning::Bool(bool) => *bool,
            Meaning::Null => false,
            _ => {
                self.report_mismatch("a boolean", problems);
                false
            }
        }
    }

    /// Returns an integer; null is 0.
    pub(crate) fn integer(&self, problems: &mut Diagnostics) -> i64 {
        let integer = match self.value {
            Meaning::Null => Some(0),
            Meaning::Number(number) => number.as_i64(),
            _ => None,
        };
        integer.unwrap_or_else(|| {
            self.report_mismatch("an integer", problems);
            0
        })
    }

    /// Returns the elements of a list; null has none.
    pub(crate) fn items(&self, problems: &mut Diagnostics) -> Vec<Self> {
        let items = match self.value {
            Meaning::Sequence(items) => items.as_slice(),
            Meaning::Null => &[],
            _ => {
                self.report_mismatch("a list", problems);
                &[]
            }
        };
        let field = |(at, value)| Field {
            file: self.file,
            pointer: self.pointer.at(at),
            value,
            reading: self.reading,
        };
        items.iter().enumerate().map(field).collect()
    }

    /// Returns the entries of a map of text, sorted by key.
    pub(crate) fn texts(&self, problems: &mut Diagnostics) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (key, value) in self.fields(problems).map {
            let field = Field {
                file: self.file,
                pointer: self.pointer.at(key),
                value,
                reading: self.reading,
            };
            texts.push((key.to_string(), field.text(problems).unwrap_or_default()));
        }
        texts
    }

    /// Returns the elements of a list of texts, with their places.
    pub(crate) fn text_items(&self, problems: &mut Diagnostics) -> Vec<PlacedText> {
        let mut texts = Vec::new();
        for item in self.items(problems) {
            let text = item.text(problems).unwrap_or_default();
            let pointer = item.pointer;
            texts.push(PlacedText { pointer, text });
        }
        texts
    }
}

/// A text and where it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PlacedText {
    pub(crate) pointer: Pointer,
    pub(crate) text: String,
}

impl<'v> Fields<'v> {
    /// Takes a field by its name, in any case.
    pub(crate) fn take(&mut self, name: &str) -> Option<Field<'v>> {
        let exact = self.map.iter().find(|(key, _)| key == name);
        let (key, value) = exact.or_else(|| {
            self.map
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
        })?;
        self.taken.insert(key.to_ascii_lowercase());
        Some(Field {
            file: self.file,
            pointer: self.pointer.at(key),
            value,
            reading: self.reading,
        })
    }

    /// Returns the version of kustomize that the fields are for.
    pub(crate) fn version(&self) -> KustomizeVersion {
        self.reading.version
    }

    /// Takes a field that is not null.
    pub(crate) fn take_written(&mut self, name: &str) -> Option<Field<'v>> {
        self.take(name).filter(|field| !field.is_null())
    }

    /// Takes text; `None` where it is missing or empty.
    pub(crate) fn text(&mut self, name: &str, problems: &mut Diagnostics) -> Option<String> {
        self.take(name)?.text(problems)
    }

    /// Takes text; empty where it is missing.
    pub(crate) fn text_or_empty(&mut self, name: &str, problems: &mut Diagnostics) -> String {
        self.text(name, problems).unwrap_or_default()
    }

    /// Takes a boolean; false where it is missing.
    pub(crate) fn boolean(&mut self, name: &str, problems: &mut Diagnostics) -> bool {
        self.take(name).is_some_and(|field| field.boolean(problems))
    }

    /// Takes the elements of a list; none where it is missing.
    pub(crate) fn items(&mut self, name: &str, problems: &mut Diagnostics) -> Vec<Field<'v>> {
        match self.take(name) {
            Some(field) => field.items(problems),
            None => Vec::new(),
        }
    }

    /// Takes the entries of a map of text; none where it is missing.
    pub(crate) fn texts(
        &mut self,
        name: &str,
        problems: &mut Diagnostics,
    ) -> Vec<(String, String)> {
        match self.take(name) {
            Some(field) => field.texts(problems),
            None => Vec::new(),
        }
    }

    /// Takes the elements of a list of texts; none where it is missing.
    pub(crate) fn text_items(&mut self, name: &str, problems: &mut Diagnostics) -> Vec<PlacedText> {
        match self.take(name) {
            Some(field) => field.text_items(problems),
            None => Vec::new(),
        }
    }

    /// Reports every field that was not taken, where that counts.
    pub(crate) fn finish(self, problems: &mut Diagnostics) {
        if self.reading.unknown == UnknownFields::Ignored {
            return;
        }
        for (key, _) in self.map {
            if self.taken.contains(&key.to_ascii_lowercase()) {
                continue;
            }
            let origin = Origin {
                file: self.file.into(),
                document: 0,
                pointer: self.pointer.at(key),
            };
            let message = format!("kustomize does not know the field `{key}`");
            let problem = rules::KUSTOMIZATION_FIELD.report(message);
            let help = "remove it, or correct its name";
            problems.push(problem.primary_key(origin, "").help(help));
        }
    }
}

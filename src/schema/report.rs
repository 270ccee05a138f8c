//! Words for what a validator found.

use serde_json::Value;

use super::finding::{Finding, SchemaFault, strs};
use crate::nearest::nearest;
use crate::rules;
use crate::wording::{join_names, join_words};
use pointer_diagnostics::{Diagnostic, Edit, FieldPart, Origin, Pointer};

/// The value that was checked.
pub(super) struct Checked<'a> {
    /// The value.
    pub(super) value: &'a Value,
    /// The part of it that somebody wrote.
    pub(super) written: &'a Value,
    /// Lookup of the place of a field.
    pub(super) origin: &'a dyn Fn(&Pointer) -> Origin,
}

/// Words a fact as a diagnostic.
pub(super) fn report(finding: &Finding, checked: &Checked<'_>) -> Diagnostic {
    let place = FindingPlace {
        at: &finding.at,
        value: checked.value,
        written: checked.written,
        origin: checked.origin,
    };
    match &finding.fault {
        SchemaFault::UnknownKey { key, known, inside } => place.unknown_key(key, known, inside),
        SchemaFault::MissingKey { key, about } => place.missing_key(key, about),
        SchemaFault::WrongType { expected } => place.wrong_type(expected),
        SchemaFault::NotAChoice { choices } => place.not_a_choice(choices),
        SchemaFault::Malformed { expected } => {
            let message = format!("{} is {}, expected {expected}", place.name(), place.shown());
            rules::MALFORMED_VALUE
                .report(message)
                .primary(place.origin(), "")
        }
        SchemaFault::OutOfRange { expected } => {
            let message = format!(
                "{} is {}, expected {expected}",
                place.name(),
                place.measured()
            );
            rules::OUT_OF_RANGE
                .report(message)
                .primary(place.origin(), "")
        }
    }
}

struct FindingPlace<'a> {
    at: &'a Pointer,
    value: &'a Value,
    written: &'a Value,
    origin: &'a dyn Fn(&Pointer) -> Origin,
}

impl FindingPlace<'_> {
    fn origin(&self) -> Origin {
        (self.origin)(self.at)
    }

    /// Returns the value at the place.
    fn here(&self) -> &Value {
        self.value.pointer(self.at.as_str()).unwrap_or(&Value::Null)
    }

    /// Names the place: `` `spec.pools.acp` ``, or `the document`.
    fn name(&self) -> String {
        let pointer = self.origin().pointer;
        if pointer.parent().is_none() {
            "the document".to_owned()
        } else {
            format!("`{}`", path(&pointer))
        }
    }

    fn unknown_key(&self, key: &str, known: &[String], inside: &[String]) -> Diagnostic {
        let field = (self.origin)(&self.at.at(key));
        let report = rules::UNKNOWN_KEY
            .report(format!("{} has no key `{key}`", self.name()))
            .primary_key(field.clone(), "unknown key");
        let here = self.written.pointer(self.at.as_str());
        let written = |candidate: &&str| here.is_some_and(|map| map.get(candidate).is_some());
        match nearest(key, strs(known).filter(|k| !written(k))) {
            Some(meant) => {
                let edit = Edit {
                    origin: field,
                    part: FieldPart::Key,
                    replacement: meant.to_owned(),
                };
                report.help_edit(format!("did you mean `{meant}`?"), edit)
            }
            None if known.is_empty() => report.help("there are no keys here: remove it"),
            None if !inside.is_empty() => report.help(format!(
                "`{key}` is a key of {}: write it there",
                listed(strs(inside), "or")
            )),
            None if known.len() == 1 => report.help(format!("the only key here is `{}`", known[0])),
            None => report.help(format!("the keys here are {}", listed(strs(known), "and"))),
        }
    }

    /// Points at the key of the map that lacks something; an item of a list has no key.
    fn missing_key(&self, key: &str, about: &str) -> Diagnostic {
        let report = rules::MISSING_KEY.report(format!("{} lacks the key `{key}`", self.name()));
        let in_list = self
            .at
            .parent()
            .and_then(|p| self.value.pointer(p.as_str()))
            .is_none_or(Value::is_array);
        let text = format!("`{key}` is missing here");
        let report = if in_list {
            report.primary(self.origin(), text)
        } else {
            report.primary_key(self.origin(), text)
        };
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(": {}", lower_first(about))
        };
        report.help(format!("add `{key}`{about}"))
    }

    fn wrong_type(&self, expected: &[&str]) -> Diagnostic {
        let wanted = either(expected.iter().map(|e| (*e).to_owned()));
        let report = rules::WRONG_TYPE.report(format!(
            "{} is {}, expected {wanted}",
            self.name(),
            self.shown()
        ));
        let here = self.here();
        let report = if here.is_null() && self.at.parent().is_some() {
            report.primary_key(self.origin(), "")
        } else {
            report.primary(self.origin(), "")
        };
        let help = match here {
            Value::Null if self.at.parent().is_some() => {
                "write a value, or remove the key".to_owned()
            }
            Value::Number(_) | Value::Bool(_) if expected.contains(&"text") => {
                "put the value as you wrote it in double quotes".to_owned()
            }
            Value::Number(n) if expected == ["an integer"] => {
                format!("write it without a fraction, for instance {}", whole(n))
            }
            Value::String(text) if is_plain(text, expected) => {
                format!("write {text} without quotes")
            }
            Value::String(item) if expected == ["a list"] && is_word(item) => {
                let edit = Edit {
                    origin: self.origin(),
                    part: FieldPart::Value,
                    replacement: format!("[{item}]"),
                };
                return report.help_edit("write a list of one item", edit);
            }
            _ if expected == ["a list"] => {
                "write each item on a line of its own behind `- `".to_owned()
            }
            _ => format!("write {wanted} here"),
        };
        report.help(help)
    }

    fn not_a_choice(&self, choices: &[Value]) -> Diagnostic {
        let texts: Vec<String> = choices.iter().map(plain).collect();
        let wanted = listed(strs(&texts), "or");
        let report = rules::NOT_A_CHOICE
            .report(format!(
                "{} is {}, expected {wanted}",
                self.name(),
                self.shown()
            ))
            .primary(self.origin(), "");
        let only = if let [only] = texts.as_slice() {
            Some(only.as_str())
        } else {
            None
        };
        let meant = self
            .here()
            .as_str()
            .and_then(|text| meant(&text.to_lowercase(), &texts))
            .or(only);
        match meant {
            Some(meant) => {
                let edit = Edit {
                    origin: self.origin(),
                    part: FieldPart::Value,
                    replacement: scalar(meant, choices),
                };
                report.help_edit(format!("did you mean `{meant}`?"), edit)
            }
            None => report.help("write one of these"),
        }
    }

    /// Describes the value in a few words; long texts are cut.
    fn shown(&self) -> String {
        shown(self.here())
    }

    /// Describes the size of the value.
    fn measured(&self) -> String {
        match self.here() {
            Value::Array(items) => format!("a list of {}", items.len()),
            Value::Object(fields) => format!("a map of {}", fields.len()),
            Value::String(text) => format!("{} characters long", text.chars().count()),
            other => shown(other),
        }
    }
}

/// Prints a pointer as `spec.pools.acp.nodes[0]`.
pub(super) fn path(pointer: &Pointer) -> String {
    let mut path = String::new();
    for token in pointer.tokens() {
        if token.bytes().all(|b| b.is_ascii_digit()) && !token.is_empty() {
            path.extend(["[", token.as_str(), "]"]);
        } else {
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(&token);
        }
    }
    path
}

fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(yes) => format!("`{yes}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) if text.chars().count() > LONGEST => {
            format!(
                "the text `{}…`",
                text.chars().take(LONGEST).collect::<String>()
            )
        }
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}

/// Returns the text of a choice.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Finds the choice that was meant: misspelt, or one that is only begun or goes on.
fn meant<'a>(text: &str, choices: &'a [String]) -> Option<&'a str> {
    let begun = |choice: &&str| {
        text.len().min(choice.len()) > 2 && (choice.starts_with(text) || text.starts_with(*choice))
    };
    nearest(text, strs(choices)).or_else(|| {
        let mut begun = strs(choices).filter(begun);
        begun.next().filter(|_| begun.next().is_none())
    })
}

/// Prints a choice as YAML: quoted where a reader could take a text for something else.
fn scalar(text: &str, choices: &[Value]) -> String {
    let is_text = choices.iter().any(|c| c.as_str() == Some(text));
    if is_text && !is_word(text) {
        Value::String(text.to_owned()).to_string()
    } else {
        text.to_owned()
    }
}

/// Checks that every reader of YAML takes a plain scalar for this text.
fn is_word(text: &str) -> bool {
    const OTHERS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && !OTHERS.contains(&text.to_lowercase().as_str())
}

/// Checks that a text would be valid without its quotes.
fn is_plain(text: &str, expected: &[&str]) -> bool {
    let number = expected
        .iter()
        .any(|e| matches!(*e, "an integer" | "a number"));
    (number && text.parse::<i64>().is_ok())
        || (expected == ["a boolean"] && matches!(text, "true" | "false"))
}

fn whole(number: &serde_json::Number) -> String {
    number
        .as_f64()
        .map_or_else(|| number.to_string(), |n| format!("{:.0}", n.trunc()))
}

/// Joins names: `` `a`, `b` and `c` ``.
fn listed<'a>(names: impl Iterator<Item = &'a str>, word: &str) -> String {
    join_names(names, word).unwrap_or_else(|| "nothing".to_owned())
}

/// Joins alternatives: `text or a number`.
fn either(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    join_words(&words, "or").unwrap_or_else(|| "nothing".to_owned())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let second_is_lower = text.chars().nth(1).is_none_or(|c| !c.is_uppercase());
    match chars.next() {
        Some(first) if second_is_lower => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

//! Values as YAML, in the bytes that kustomize prints.
//!
//! Two spellings share one path: exactly kustomize's, for rendered manifests, and a safer one for files that siteplan makes, in
//! which every string is quoted that any YAML reader could take for something else.

mod order;
mod text;

use std::borrow::Cow;

use serde_json::Value;

use super::number::print_number;
use super::{Meaning, ScalarStyle};

pub use text::choose_text_style;
use text::{LineFolding, Notation, Spelling, TextPlace, TextStart};

/// Writes a value as one document that every YAML reader reads back as it is.
pub fn write_document(value: &Value) -> String {
    print_document(value, Spelling::Portable)
}

/// Writes values as one stream that every YAML reader reads back as they are.
pub fn write_documents<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    write_stream(values, Spelling::Portable)
}

/// Writes a value exactly as kustomize prints it.
pub fn write_as_kustomize(value: &Value) -> String {
    print_document(value, Spelling::Kustomize)
}

/// Writes values exactly as kustomize prints them.
pub fn write_documents_as_kustomize<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    write_stream(values, Spelling::Kustomize)
}

fn write_stream<'v>(values: impl IntoIterator<Item = &'v Value>, spelling: Spelling) -> String {
    values
        .into_iter()
        .map(|value| print_document(value, spelling))
        .collect::<Vec<_>>()
        .join("---\n")
}

fn print_document(value: &Value, spelling: Spelling) -> String {
    let mut out = String::new();
    append_document(&mut out, Meaning::from(value), spelling);
    out
}

/// Appends a document exactly as kustomize prints it.
pub fn append_as_kustomize(out: &mut String, value: Meaning<'_>) {
    append_document(out, value, Spelling::Kustomize);
}

/// Prints the text that kustomize writes after the colon of a field at the top of a document. As [`Meaning::Written`] it is
/// printed again without being laid out again.
pub fn print_field(value: Meaning<'_>) -> String {
    let mut out = String::from(":");
    DocumentWriter {
        out: &mut out,
        spelling: Spelling::Kustomize,
    }
    .field(value, 0);
    out.split_off(1)
}

/// Appends a text in a style of its own, without folding long lines. The lines of a literal block are indented by `indent` columns; a
/// folded block is written as a literal one.
pub fn append_styled_text(out: &mut String, text: &str, style: ScalarStyle, indent: usize) {
    let start = TextStart {
        column: 0,
        indent,
        folding: LineFolding::Never,
    };
    match style {
        ScalarStyle::Plain => out.push_str(text),
        ScalarStyle::Single => text::write_single_quoted(out, text, start),
        ScalarStyle::Double => text::write_double_quoted(out, text, start),
        ScalarStyle::Literal | ScalarStyle::Folded => text::write_literal(out, text, indent),
    }
}

fn append_document(out: &mut String, value: Meaning<'_>, spelling: Spelling) {
    DocumentWriter { out, spelling }.value(value, 0, ValuePosition::Document);
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

/// The position of a value, on which its layout depends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValuePosition {
    Document,
    /// After `key:`.
    Field,
    /// After `- `.
    Item,
}

struct DocumentWriter<'o> {
    out: &'o mut String,
    spelling: Spelling,
}

impl DocumentWriter<'_> {
    /// Writes a value whose children are indented by `indent` columns. The cursor is after `key:`, after `- ` or at the start.
    fn value(&mut self, value: Meaning<'_>, indent: usize, context: ValuePosition) {
        match value {
            Meaning::Sequence(items) if !items.is_empty() => self.sequence(items, indent, context),
            Meaning::Mapping(mut entries) if !entries.is_empty() => {
                order::sort_entries(&mut entries);
                self.mapping(entries, indent, context);
            }
            _ => self.scalar(&value, indent, context),
        }
    }

    fn sequence(&mut self, items: Vec<Meaning<'_>>, indent: usize, context: ValuePosition) {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 || context == ValuePosition::Field {
                self.line(indent);
            }
            self.out.push_str("- ");
            self.value(item, indent + 2, ValuePosition::Item);
        }
    }

    fn mapping(
        &mut self,
        entries: Vec<(Cow<'_, str>, Meaning<'_>)>,
        indent: usize,
        context: ValuePosition,
    ) {
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if index > 0 || context == ValuePosition::Field {
                self.line(indent);
            }
            let simple = text::is_simple_key(&key);
            if simple {
                self.text(&key, indent, TextPlace::SimpleKey);
                self.out.push(':');
            } else {
                self.out.push_str("? ");
                self.text(&key, indent + 2, TextPlace::LongKey);
                self.line(indent);
                self.out.push(':');
            }
            if !simple && value.is_collection() {
                self.out.push(' ');
                self.value(value, indent + 2, ValuePosition::Item);
            } else {
                self.field(value, indent);
            }
        }
    }

    /// Writes what follows the colon of a field that is indented by `indent` columns.
    fn field(&mut self, value: Meaning<'_>, indent: usize) {
        // Sequences in a mapping are not indented.
        let indent = if matches!(value, Meaning::Mapping(_)) {
            indent + 2
        } else {
            indent
        };
        self.value(value, indent, ValuePosition::Field);
    }

    fn scalar(&mut self, value: &Meaning<'_>, indent: usize, context: ValuePosition) {
        if let Meaning::Written(text) = value {
            return self.out.push_str(text);
        }
        if context == ValuePosition::Field {
            self.out.push(' ');
        }
        match value {
            Meaning::Null | Meaning::Written(_) => self.out.push_str("null"),
            Meaning::Bool(bool) => self.out.push_str(if *bool { "true" } else { "false" }),
            Meaning::Number(number) => self.out.push_str(&print_number(number)),
            Meaning::Text(text) => {
                // The indentation of what continues the scalar: two more than the collection around it.
                match context {
                    ValuePosition::Field => self.text(text, indent + 2, TextPlace::Value),
                    ValuePosition::Item => self.text(text, indent, TextPlace::Value),
                    ValuePosition::Document => self.text(text, 0, TextPlace::Document),
                }
            }
            Meaning::Sequence(_) => self.out.push_str("[]"),
            Meaning::Mapping(_) => self.out.push_str("{}"),
        }
    }

    fn text(&mut self, text: &str, indent: usize, place: TextPlace) {
        let form = text::choose_notation(text, place, self.spelling);
        if form == Notation::Plain && !text.contains(' ') {
            return self.out.push_str(text);
        }
        let column = self.out.chars().rev().take_while(|c| *c != '\n').count();
        let start = text::TextStart {
            column,
            indent,
            folding: match place {
                TextPlace::SimpleKey => text::LineFolding::Never,
                _ => text::LineFolding::AtSpaces,
            },
        };
        match form {
            Notation::Plain => text::write_plain(self.out, text, start),
            Notation::Single => text::write_single_quoted(self.out, text, start),
            Notation::Double => text::write_double_quoted(self.out, text, start),
            Notation::Literal => text::write_literal(self.out, text, indent),
        }
    }

    fn line(&mut self, indent: usize) {
        if !self.out.ends_with('\n') && !self.out.is_empty() {
            self.out.push('\n');
        }
        text::write_indentation(self.out, indent);
    }
}

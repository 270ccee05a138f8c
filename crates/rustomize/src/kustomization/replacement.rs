//! Entries of `replacements`.

use super::{Selector, read_kind_filter, read_selector};
use crate::problem::field_problem;
use crate::reader::{Field, Fields};
use crate::rules;
use crate::version::KustomizeVersion;
use pointer_diagnostics::{Diagnostics, Pointer};

/// An entry of `replacements`.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a kustomization has few of them")]
pub(crate) enum ReplacementEntry {
    /// It stands in the kustomization.
    Inline {
        pointer: Pointer,
        replacement: Replacement,
    },
    /// It stands in a file, or several do.
    File { pointer: Pointer, path: String },
}

/// A value that is copied from one object to others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replacement {
    pub(crate) source: Option<ReplacementSource>,
    /// The value itself, instead of a source (kustomize 5.7 and later).
    pub(crate) source_value: Option<String>,
    pub(crate) targets: Option<Vec<ReplacementTarget>>,
}

/// The field that a replacement takes its value from.
#[derive(Debug, Clone)]
pub(crate) struct ReplacementSource {
    pub(crate) select: Selector,
    pub(crate) field_path: Option<String>,
    pub(crate) options: FieldOptions,
}

/// The fields that a replacement puts its value into.
#[derive(Debug, Clone)]
pub(crate) struct ReplacementTarget {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<String>,
    pub(crate) options: FieldOptions,
}

/// Options for taking a field apart or making it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: Option<String>,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

/// Reads an entry of `replacements`; `None` where it is a path and a replacement at once.
pub(crate) fn read_replacement_entry(
    entry: &Field<'_>,
    problems: &mut Diagnostics,
) -> Option<ReplacementEntry> {
    let mut fields = entry.fields(problems);
    let path = fields.text("path", problems);
    let replacement = read_fields(&mut fields, problems);
    fields.finish(problems);
    let pointer = entry.pointer.clone();
    let Some(path) = path else {
        return Some(ReplacementEntry::Inline {
            pointer,
            replacement,
        });
    };
    let has_targets = replacement.targets.is_some_and(|t| !t.is_empty());
    if replacement.source.is_some() || has_targets {
        let message = "`path` excludes `source` and `targets`";
        let rule = &rules::KUSTOMIZATION_FIELD;
        problems.push(field_problem(rule, entry.file, &pointer, message));
        return None;
    }
    Some(ReplacementEntry::File { pointer, path })
}

/// Reads a replacement that stands in a file of its own.
pub(crate) fn read_replacement(entry: &Field<'_>, problems: &mut Diagnostics) -> Replacement {
    let mut fields = entry.fields(problems);
    read_fields(&mut fields, problems)
}

fn read_fields(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Replacement {
    let source = fields.take_written("source");
    let source_value = match fields.version() {
        KustomizeVersion::V5_8 => fields.text("sourceValue", problems),
        _ => None,
    };
    let targets = fields.take_written("targets").map(|list| {
        let mut targets = Vec::new();
        for entry in list.items(problems) {
            targets.push(read_target(&entry, problems));
        }
        targets
    });
    Replacement {
        source: source.map(|field| read_source(&field, problems)),
        source_value,
        targets,
    }
}

fn read_source(entry: &Field<'_>, problems: &mut Diagnostics) -> ReplacementSource {
    let mut fields = entry.fields(problems);
    let select = Selector {
        kinds: read_kind_filter(&mut fields, problems),
        name: fields.text_or_empty("name", problems),
        namespace: fields.text_or_empty("namespace", problems),
        ..Selector::default()
    };
    let source = ReplacementSource {
        select,
        field_path: fields.text("fieldPath", problems),
        options: read_options(fields.take("options"), problems),
    };
    fields.finish(problems);
    source
}

fn read_target(entry: &Field<'_>, problems: &mut Diagnostics) -> ReplacementTarget {
    let mut fields = entry.fields(problems);
    let select = fields.take_written("select");
    let mut reject = Vec::new();
    for selector in fields.items("reject", problems) {
        reject.push(read_selector(&selector, problems));
    }
    let mut field_paths = Vec::new();
    for path in fields.text_items("fieldPaths", problems) {
        field_paths.push(path.text);
    }
    let target = ReplacementTarget {
        select: select.map(|field| read_selector(&field, problems)),
        reject,
        field_paths,
        options: read_options(fields.take("options"), problems),
    };
    fields.finish(problems);
    target
}

fn read_options(entry: Option<Field<'_>>, problems: &mut Diagnostics) -> FieldOptions {
    let Some(entry) = entry else {
        return FieldOptions::default();
    };
    let mut fields = entry.fields(problems);
    fields.text("encoding", problems);
    let index = fields.take("index");
    let options = FieldOptions {
        delimiter: fields.text("delimiter", problems),
        index: index.map_or(0, |field| field.integer(problems)),
        create: fields.boolean("create", problems),
    };
    fields.finish(problems);
    options
}

impl ReplacementEntry {
    /// Returns the place of the entry.
    pub(crate) fn pointer(&self) -> &Pointer {
        match self {
            Self::Inline { pointer, .. } | Self::File { pointer, .. } => pointer,
        }
    }
}

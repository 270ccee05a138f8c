//! Entries of `patches` and `patchesJson6902`, and the selectors of their targets.

use super::{Selector, read_kind_filter};
use crate::problem::field_problem;
use crate::reader::{Field, Fields};
use crate::rules;
use crate::version::KustomizeVersion;
use manifest_yaml::Meaning;
use pointer_diagnostics::{Diagnostics, Pointer};

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug)]
pub(crate) struct PatchEntry {
    pub(crate) pointer: Pointer,
    pub(crate) source: PatchSource,
    pub(crate) target: Option<Selector>,
    /// Parts of the object's identity that the patch may change.
    pub(crate) allowed: Vec<IdentityChange>,
}

/// The place of a patch's text.
#[derive(Debug)]
pub(crate) enum PatchSource {
    /// In the entry itself.
    Inline { pointer: Pointer, text: String },
    /// In a file.
    File { pointer: Pointer, path: String },
}

/// A part of an object's identity that a patch may be allowed to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentityChange {
    Name,
    Kind,
}

/// Interpretation of the text of an inline patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchText {
    /// Without white space around it, as in `patches`.
    Trimmed,
    /// As it is written, as in `patchesJson6902`.
    Verbatim,
}

/// Reads an entry of `patches` or `patchesJson6902`; `None` where it names no patch, or two.
pub(crate) fn read_patch_entry(
    entry: &Field<'_>,
    text: PatchText,
    problems: &mut Diagnostics,
) -> Option<PatchEntry> {
    let mut fields = entry.fields(problems);
    let target = fields.take_written("target");
    let allowed = read_options(&mut fields, problems);
    let source = read_source(entry, &mut fields, text, problems);
    let target = target.map(|field| read_selector(&field, problems));
    fields.finish(problems);
    Some(PatchEntry {
        pointer: entry.pointer.clone(),
        source: source?,
        target,
        allowed,
    })
}

fn read_source(
    entry: &Field<'_>,
    fields: &mut Fields<'_>,
    text: PatchText,
    problems: &mut Diagnostics,
) -> Option<PatchSource> {
    let before = problems.iter().count();
    let path = fields.text("path", problems);
    let mut inline = fields.text("patch", problems);
    if text == PatchText::Trimmed {
        inline = inline.map(|patch| patch.trim().to_owned());
    }
    let mistake = match (inline.filter(|patch| !patch.is_empty()), path) {
        (Some(text), None) => {
            let pointer = entry.pointer.at("patch");
            return Some(PatchSource::Inline { pointer, text });
        }
        (None, Some(path)) => {
            let pointer = entry.pointer.at("path");
            return Some(PatchSource::File { pointer, path });
        }
        (Some(_), Some(_)) => "`patch` and `path` exclude each other",
        (None, None) if problems.iter().count() > before => return None,
        (None, None) => "one of `patch` and `path` is needed",
    };
    let rule = &rules::PATCH_NOT_READABLE;
    problems.push(field_problem(rule, entry.file, &entry.pointer, mistake));
    None
}

fn read_options(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Vec<IdentityChange> {
    let mut allowed = Vec::new();
    let Some(field) = fields.take("options") else {
        return allowed;
    };
    if field.reading.version == KustomizeVersion::V5_8 {
        return read_typed_options(&field, problems);
    }
    let Meaning::Mapping(map) = field.value else {
        field.report_mismatch("a map", problems);
        return allowed;
    };
    for (key, value) in map {
        let option = Field {
            pointer: field.pointer.at(key),
            value,
            ..field.clone()
        };
        let change = match &**key {
            "allowNameChange" => Some(IdentityChange::Name),
            "allowKindChange" => Some(IdentityChange::Kind),
            _ => None,
        };
        if option.boolean(problems) {
            allowed.extend(change);
        }
    }
    allowed
}

/// Reads options as kustomize 5.8 does: null is allowed, other fields are not.
fn read_typed_options(field: &Field<'_>, problems: &mut Diagnostics) -> Vec<IdentityChange> {
    let mut allowed = Vec::new();
    let mut options = field.fields(problems);
    if options.boolean("allowNameChange", problems) {
        allowed.push(IdentityChange::Name);
    }
    if options.boolean("allowKindChange", problems) {
        allowed.push(IdentityChange::Kind);
    }
    options.finish(problems);
    allowed
}

/// Reads a selector with its conditions on labels and annotations.
pub(crate) fn read_selector(entry: &Field<'_>, problems: &mut Diagnostics) -> Selector {
    let mut fields = entry.fields(problems);
    let selector = Selector {
        kinds: read_kind_filter(&mut fields, problems),
        name: fields.text_or_empty("name", problems),
        namespace: fields.text_or_empty("namespace", problems),
        labels: fields.text_or_empty("labelSelector", problems),
        annotations: fields.text_or_empty("annotationSelector", problems),
    };
    fields.finish(problems);
    selector
}

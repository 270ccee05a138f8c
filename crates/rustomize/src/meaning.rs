//! What trees mean when they are printed.
//!
//! kustomize writes a tree as YAML, reads it again, and prints what it read. This module knows the outcome without the detour.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::tree::{Mapping, Node, Scalar, Sequence, Tag, type_of};
use manifest_yaml::{
    Dialect, Meaning, ReadLimits, ResolvedScalar, ScalarStyle, choose_text_style, convert_float,
    decode_binary_text, read_first_document, resolve_scalar,
};

/// Reason why a tree cannot be printed, and its place: keys and indexes from the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unprintable {
    pub(crate) path: Vec<String>,
    pub(crate) reason: String,
}

impl Unprintable {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            reason: reason.into(),
        }
    }

    /// The same, seen from one level above.
    pub(crate) fn below(mut self, step: impl std::fmt::Display) -> Self {
        self.path.insert(0, step.to_string());
        self
    }
}

/// Finds what was written before for a field at the top of an object.
pub(crate) type Known<'k> = dyn Fn(&Scalar, &Node) -> Option<Arc<str>> + 'k;

/// Returns the value that is printed for an object. Annotations are text whatever they look like; that of the origin is for kustomize itself, unless it
/// is kept.
pub(crate) fn printable<'n>(
    root: &'n Node,
    keep_origin: bool,
    known: &Known<'_>,
) -> Result<Meaning<'n>, Unprintable> {
    let Node::Mapping(mapping) = root else {
        return meaning(root, false);
    };
    let mut entries = Vec::with_capacity(mapping.entries.len());
    for (key, child) in mapping.entries.iter() {
        let name = key_text(key, mapping.flow)?;
        let flow = mapping.flow || child.is_flow();
        let printable = match (&*name, child) {
            ("metadata", Node::Mapping(metadata)) => metadata_meaning(metadata, flow, keep_origin),
            _ => match known(key, child).filter(|_| !mapping.flow) {
                Some(text) => Ok(Meaning::Written(text)),
                None => meaning(child, mapping.flow),
            },
        };
        push(&mut entries, name, printable)?;
    }
    // kustomize removes its annotations at the end, and leaves the map that they were in.
    if mapping.position("metadata").is_none() && mapping.position("kind").is_some() {
        let metadata = Meaning::Mapping(Vec::new());
        entries.push((Cow::Borrowed("metadata"), metadata));
    }
    unique(entries)
}

fn metadata_meaning(
    metadata: &Mapping,
    flow: bool,
    keep_origin: bool,
) -> Result<Meaning<'_>, Unprintable> {
    let mut entries = Vec::with_capacity(metadata.entries.len());
    for (key, child) in metadata.entries.iter() {
        let name = key_text(key, flow)?;
        if name != "annotations" {
            push(&mut entries, name, meaning(child, flow))?;
            continue;
        }
        let annotations =
            annotation_texts(child, keep_origin).map_err(|e| e.below("annotations"))?;
        if annotations != Meaning::Mapping(Vec::new()) {
            entries.push((name, annotations));
        }
    }
    unique(entries)
}

fn annotation_texts(annotations: &Node, keep_origin: bool) -> Result<Meaning<'_>, Unprintable> {
    let Node::Mapping(annotations) = annotations else {
        return Ok(Meaning::Mapping(Vec::new()));
    };
    let mut texts = Vec::with_capacity(annotations.entries.len());
    for (key, child) in annotations.entries.iter() {
        // kustomize writes these keys anew, without quotes.
        let key = match key_text(&Scalar::untyped(&key.text), false)? {
            Cow::Borrowed(_) => Cow::Borrowed(&*key.text),
            Cow::Owned(text) => Cow::Owned(text),
        };
        if !BOOKKEEPING.contains(&&*key) && (keep_origin || key != ORIGIN) {
            if let Node::Scalar(scalar) = child {
                refuse_leading_tab(scalar).map_err(|e| e.below(&key))?;
            }
            let text = checked(child.text()).map_err(|e| e.below(&key))?;
            texts.push((key, Meaning::Text(Cow::Borrowed(text))));
        }
    }
    Ok(Meaning::mapping_of_last(texts))
}

/// Annotations that kustomize keeps its books in and removes at the end.
const BOOKKEEPING: [&str; 19] = [
    "alpha.config.kubernetes.io/transformations",
    "config.k8s.io/id",
    "config.kubernetes.io/index",
    "config.kubernetes.io/path",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/suffixes",
];

/// The annotation that says where an object came from.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";

/// The value of a tree. `flow`: whether it stands inside braces or brackets.
pub(crate) fn value(node: &Node, flow: bool) -> Result<Value, Unprintable> {
    meaning(node, flow).map(Value::from)
}

/// The same, with borrowed texts.
pub(crate) fn meaning(node: &Node, flow: bool) -> Result<Meaning<'_>, Unprintable> {
    match node {
        Node::Scalar(scalar) => scalar_meaning(scalar, flow),
        Node::Sequence(Sequence { items, flow: inner }) => {
            let inner = flow || *inner;
            let items = items
                .iter()
                .enumerate()
                .map(|(i, item)| meaning(item, inner).map_err(|e| e.below(i)));
            items.collect::<Result<Vec<_>, _>>().map(Meaning::Sequence)
        }
        Node::Mapping(Mapping {
            entries,
            flow: inner,
        }) => {
            let inner = flow || *inner;
            let mut pairs = Vec::with_capacity(entries.len());
            for (key, child) in entries.iter() {
                push(&mut pairs, key_text(key, inner)?, meaning(child, inner))?;
            }
            unique(pairs)
        }
    }
}

/// A map of pairs, which may not repeat a key.
fn unique<'n>(pairs: Vec<(Cow<'n, str>, Meaning<'n>)>) -> Result<Meaning<'n>, Unprintable> {
    Meaning::mapping(pairs)
        .map_err(|key| Unprintable::new(format!("the key `{key}` is repeated")).below(key))
}

fn push<'n>(
    pairs: &mut Vec<(Cow<'n, str>, Meaning<'n>)>,
    key: Cow<'n, str>,
    meaning: Result<Meaning<'n>, Unprintable>,
) -> Result<(), Unprintable> {
    match meaning {
        Ok(meaning) => pairs.push((key, meaning)),
        Err(e) => return Err(e.below(key)),
    }
    Ok(())
}

fn key_text(key: &Scalar, flow: bool) -> Result<Cow<'_, str>, Unprintable> {
    // Go's reader looks for the colon within 1,024 characters.
    if key.text.len() > 1000 {
        return Err(Unprintable::new("a key of more than 1,000 bytes"));
    }
    if key.tag == Tag::Text && key.text.bytes().all(|b| b < 0x7F) {
        return Ok(Cow::Borrowed(&key.text));
    }
    match scalar_meaning(key, flow) {
        Ok(Meaning::Text(text)) => Ok(text),
        Ok(_) => Err(Unprintable::new(format!(
            "the key `{}` is not text",
            key.text
        ))),
        Err(e) => Err(e),
    }
}

fn scalar_meaning(scalar: &Scalar, flow: bool) -> Result<Meaning<'_>, Unprintable> {
    if scalar.tag == Tag::Text {
        if !flow {
            refuse_leading_tab(scalar)?;
        }
        let folded = (scalar.style == ScalarStyle::Folded && !flow)
            .then(|| refolded(&scalar.text))
            .flatten();
        return match folded {
            Some(text) => checked(&text).map(|t| Meaning::Text(Cow::Owned(t.to_owned()))),
            None => text_meaning(&scalar.text),
        };
    }
    let plain = scalar.style == ScalarStyle::Plain && !scalar.text.contains('\n');
    // Without content, and with a colon, a plain scalar inside braces is quoted on the way.
    let quoted_in_flow =
        flow && plain && !scalar.explicit && (scalar.text.is_empty() || scalar.text.contains(':'));
    let resolved = resolve_scalar(&scalar.text, Dialect::Manifest);
    let typed = scalar.explicit || (scalar.tag != Tag::None && type_of(&resolved) != scalar.tag);
    if quoted_in_flow || (!plain && !typed) {
        return text_meaning(&scalar.text);
    }
    match (scalar.tag, typed) {
        (Tag::Other, _) => text_meaning(&scalar.text),
        (Tag::Binary, _) => binary(&scalar.text),
        (tag, true) => typed_meaning(tag, resolved, &scalar.text),
        (_, false) => plain_meaning(resolved, &scalar.text),
    }
}

fn text_meaning(text: &str) -> Result<Meaning<'_>, Unprintable> {
    checked(text).map(|text| Meaning::Text(Cow::Borrowed(text)))
}

fn binary(text: &str) -> Result<Meaning<'_>, Unprintable> {
    let decoded = decode_binary_text(text)
        .ok_or_else(|| Unprintable::new("`!!binary` does not hold UTF-8 in base64"))?;
    checked(&decoded).map(|t| Meaning::Text(Cow::Owned(t.to_owned())))
}

fn typed_meaning(
    tag: Tag,
    resolved: ResolvedScalar,
    text: &str,
) -> Result<Meaning<'_>, Unprintable> {
    let wrong = |what: &str| Err(Unprintable::new(format!("`{text}` is not {what}")));
    match (tag, &resolved) {
        (Tag::Int, ResolvedScalar::Int(_) | ResolvedScalar::Uint(_))
        | (
            Tag::Float,
            ResolvedScalar::Int(_) | ResolvedScalar::Uint(_) | ResolvedScalar::Float(_),
        )
        | (Tag::Bool, ResolvedScalar::Bool(_))
        | (Tag::Null, ResolvedScalar::Null)
        | (Tag::Timestamp, ResolvedScalar::Timestamp(_)) => plain_meaning(resolved, text),
        (Tag::Int, _) => wrong("an integer"),
        (Tag::Float, _) => wrong("a number"),
        (Tag::Bool, _) => wrong("a boolean"),
        (Tag::Timestamp, _) => wrong("a time"),
        _ => wrong("null"),
    }
}

fn plain_meaning(resolved: ResolvedScalar, text: &str) -> Result<Meaning<'_>, Unprintable> {
    Ok(match resolved {
        ResolvedScalar::Null => Meaning::Null,
        ResolvedScalar::Bool(bool) => Meaning::Bool(bool),
        ResolvedScalar::Int(int) => Meaning::Number(int.into()),
        ResolvedScalar::Uint(uint) => Meaning::Number(uint.into()),
        ResolvedScalar::Float(float) => Meaning::Number(
            convert_float(float)
                .ok_or_else(|| Unprintable::new(format!("`{text}` is not a number")))?,
        ),
        ResolvedScalar::Timestamp(time) => Meaning::Text(Cow::Owned(time)),
        ResolvedScalar::Text => return text_meaning(text),
    })
}

/// Refuses characters that kustomize cannot print or changes on the way.
fn checked(text: &str) -> Result<&str, Unprintable> {
    let bad = |c: char| matches!(c, '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}');
    if !text.bytes().any(|b| b == 0x7F || b >= 0xC2) {
        return Ok(text);
    }
    match text.chars().find(|c| bad(*c)) {
        None => Ok(text),
        Some(found) => Err(Unprintable::new(format!(
            "a text contains the character U+{:04X}",
            u32::from(found)
        ))),
    }
}

/// Returns whether go-yaml writes a text after `|` or `>` if it is asked to; other texts come in double quotes.
pub(crate) fn fits_block(text: &str) -> bool {
    let is_special = |c: char| {
        c != '\n' && c != '\t' && (c.is_control() || u32::from(c) > 0xFFFF || c == '\u{FEFF}')
    };
    !(text.is_empty() || text.ends_with(' ') || text.contains(" \n") || text.contains(is_special))
}

/// Returns whether a scalar that is text is written after `|` or `>`.
fn is_written_as_block(scalar: &Scalar) -> bool {
    matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded) && fits_block(&scalar.text)
}

/// Returns the style in which kustomize writes a text that came through JSON, between two steps of a build: several lines become a
/// block, also those that it cannot read again.
pub(crate) fn choose_style_between_steps(text: &str) -> ScalarStyle {
    if text.starts_with('\t') && text.contains('\n') && fits_block(text) {
        return ScalarStyle::Literal;
    }
    choose_text_style(text)
}

/// Refuses a block that begins with a tab: kustomize writes no indentation before it and cannot read what it wrote.
fn refuse_leading_tab(scalar: &Scalar) -> Result<(), Unprintable> {
    if scalar.text.starts_with('\t') && is_written_as_block(scalar) {
        let reason = "a text of several lines begins with a tab, which kustomize writes and cannot read again";
        return Err(Unprintable::new(reason));
    }
    Ok(())
}

/// Returns an object as it is read again when a comment ends its document: kustomize writes an empty line before the comment, which
/// belongs to a `|+` or `>+` that comes last. `None`: nothing changes.
pub(crate) fn extend_last_block(node: &Node) -> Option<Node> {
    match node {
        Node::Scalar(scalar) => {
            let is_kept = scalar.text.ends_with("\n\n") || &*scalar.text == "\n";
            if scalar.tag != Tag::Text || !is_kept || !is_written_as_block(scalar) {
                return None;
            }
            let folded = (scalar.style == ScalarStyle::Folded)
                .then(|| refolded(&scalar.text))
                .flatten();
            let text = folded.as_deref().unwrap_or(&scalar.text);
            Some(Node::Scalar(Scalar {
                text: format!("{text}\n").into(),
                style: ScalarStyle::Literal,
                ..scalar.clone()
            }))
        }
        Node::Sequence(sequence) if !sequence.flow => {
            let last = extend_last_block(sequence.items.last()?)?;
            let mut items = sequence.items.to_vec();
            *items.last_mut()? = last;
            Some(Node::sequence(items))
        }
        Node::Mapping(mapping) if !mapping.flow => {
            let (_, value) = mapping.entries.last()?;
            let last = extend_last_block(value)?;
            let mut entries = mapping.entries.to_vec();
            entries.last_mut()?.1 = last;
            Some(Node::mapping(entries))
        }
        _ => None,
    }
}

/// A folded scalar after it was written and read once more; `None` where it is written in quotes.
///
/// Lines that are indented more than the others, and `>+`, gain line breaks (known upstream as issue 4201).
fn refolded(text: &str) -> Option<String> {
    if !fits_block(text) {
        return None;
    }
    let mut written = String::from("a: ");
    write_folded(&mut written, text, 2);
    let read = read_first_document(&written, &ReadLimits::MANIFEST)
        .ok()
        .flatten()?;
    read.get("a")?.text().map(str::to_owned)
}

/// Appends a folded block as go-yaml writes it, indented by so many columns.
pub(crate) fn write_folded(written: &mut String, text: &str, indent: usize) {
    written.push('>');
    if text.starts_with([' ', '\n']) {
        written.push('2');
    }
    match text.strip_suffix('\n') {
        None => written.push('-'),
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => written.push('+'),
        Some(_) => {}
    }
    written.push('\n');
    let first_is_blank = text
        .trim_start_matches('\n')
        .chars()
        .next()
        .is_none_or(|c| matches!(c, ' ' | '\t'));
    let (mut at_break, mut indented) = (true, true);
    for c in text.chars() {
        if c == '\n' {
            if !at_break && !indented && !first_is_blank {
                written.push('\n');
            }
            written.push('\n');
            at_break = true;
        } else {
            if at_break {
                written.extend(std::iter::repeat_n(' ', indent));
                indented = matches!(c, ' ' | '\t');
            }
            written.push(c);
            at_break = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> Result<Value, String> {
        let read = read_first_document(text, &ReadLimits::MANIFEST)
            .unwrap()
            .unwrap();
        let root = Node::read(read).unwrap();
        printable(&root, false, &|_, _| None)
            .map(Value::from)
            .map_err(|e| format!("{}: {}", e.path.join("/"), e.reason))
    }

    #[test]
    fn what_stands_in_braces_is_read_differently() {
        let expected =
            serde_json::json!({"a": {"b": "", "t": "2001-12-14T21:59:43Z", "n": null}, "c": null});
        assert_eq!(
            print("a: {b: , t: 2001-12-14T21:59:43Z, n: null}\nc:\n"),
            Ok(expected)
        );
    }

    #[test]
    fn annotations_are_text_and_vanish_when_empty() {
        let text = "metadata:\n  annotations: {a: 1.10, b: true, c: null, d: [x]}\n";
        let expected = serde_json::json!({"metadata": {"annotations": {"a": "1.10", "b": "true", "c": "null", "d": ""}}});
        assert_eq!(print(text), Ok(expected));
        assert_eq!(
            print("metadata:\n  annotations: {}\n"),
            Ok(serde_json::json!({"metadata": {}}))
        );
    }

    #[test]
    fn what_cannot_be_printed_says_where() {
        assert_eq!(
            print("a: {b: [{1: x}]}\n"),
            Err("a/b/0: the key `1` is not text".to_owned())
        );
        assert_eq!(
            print("a: 1\na: 2\n"),
            Err("a: the key `a` is repeated".to_owned())
        );
        assert_eq!(
            print("a: .inf\n"),
            Err("a: `.inf` is not a number".to_owned())
        );
    }

    #[test]
    fn folded_scalars_gain_line_breaks_before_indented_lines() {
        assert_eq!(
            print("a: >\n  x\n    y\n  z\n"),
            Ok(serde_json::json!({"a": "x\n\n  y\nz\n"}))
        );
    }
}

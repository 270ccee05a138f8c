//! Generated ConfigMaps and Secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kustomization::{GeneratedHash, Generator, GeneratorKind, GeneratorOptions};
use crate::resource::{Behavior, Generated, ObjectOrigin, PluginOrigin, Resource, Source};
use crate::tree::{Mapping, Node, Scalar, Tag};
use manifest_yaml::ScalarStyle;

/// A key of a generated object and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GeneratedPair {
    pub(crate) key: String,
    pub(crate) content: Vec<u8>,
}

/// The keys and contents that a generator collected from literals and files.
pub(crate) type GeneratedPairs = Vec<GeneratedPair>;

/// Reason why a generator cannot make its object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GeneratorError {
    #[error("a generator needs a `name`")]
    NoName,
    #[error("`{name}` gets the key `{key}` twice")]
    RepeatedKey { name: String, key: String },
    #[error("the literal `{0}` is not of the form `key=value`")]
    Literal(String),
    #[error("the file source `{0}` is not of the form `key=path` or `path`")]
    FileSource(String),
    #[error("line {0} is longer than 64 KiB")]
    LongLine(usize),
    #[error("line {0} is not UTF-8")]
    NotText(usize),
}

/// Makes the object of a generator.
pub(crate) fn generate_object(
    entry: &Generator,
    pairs: GeneratedPairs,
    source: Source,
) -> Result<Resource, GeneratorError> {
    if entry.name.is_empty() {
        return Err(GeneratorError::NoName);
    }
    let mut data: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for GeneratedPair { key, content } in pairs {
        if data.contains_key(&key) {
            let name = entry.name.clone();
            return Err(GeneratorError::RepeatedKey { name, key });
        }
        data.insert(key, content);
    }
    let mut root = Mapping::default();
    root.put("apiVersion", text("v1"));
    match entry.kind {
        GeneratorKind::ConfigMap => root.put("kind", text("ConfigMap")),
        GeneratorKind::Secret => root.put("kind", text("Secret")),
    }
    root.put("metadata", metadata(entry));
    if entry.kind == GeneratorKind::Secret {
        let secret_type = entry.secret_type.as_deref().unwrap_or("Opaque");
        root.put("type", text(secret_type));
    }
    put_data(&mut root, data, entry.kind);
    if entry.options.immutable {
        let immutable = Scalar {
            tag: Tag::Bool,
            ..Scalar::untyped("true")
        };
        root.put("immutable", Node::Scalar(immutable));
    }
    let origin = PluginOrigin::of_field(&source.file, entry.kind.plugin());
    let mut resource = Resource::new(Node::Mapping(root), source);
    resource.origin = ObjectOrigin::Plugin(Arc::new(origin));
    resource.generated = Some(Generated {
        behavior: match entry.behavior.as_deref() {
            Some("merge") => Behavior::Merge,
            Some("replace") => Behavior::Replace,
            _ => Behavior::Create,
        },
        hash: entry.options.hash,
    });
    Ok(resource)
}

fn text(text: &str) -> Node {
    let style = if text.contains('\n') {
        ScalarStyle::Literal
    } else {
        ScalarStyle::Plain
    };
    Node::Scalar(Scalar {
        style,
        ..Scalar::text(text)
    })
}

fn metadata(entry: &Generator) -> Node {
    let mut metadata = Mapping::default();
    metadata.put("name", text(&entry.name));
    if let Some(namespace) = &entry.namespace {
        metadata.put("namespace", text(namespace));
    }
    let GeneratorOptions {
        labels,
        annotations,
        ..
    } = &entry.options;
    if !labels.is_empty() {
        let mut mapping = Mapping::default();
        for (key, value) in labels {
            mapping.put(key, Node::Scalar(Scalar::text(value)));
        }
        metadata.put("labels", Node::Mapping(mapping));
    }
    if !annotations.is_empty() {
        let pairs = annotations.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        metadata.put("annotations", texts(pairs));
    }
    Node::Mapping(metadata)
}

fn texts<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Node {
    let mut mapping = Mapping::default();
    pairs.for_each(|(key, value)| mapping.put(key, text(value)));
    Node::Mapping(mapping)
}

fn put_data(root: &mut Mapping, data: BTreeMap<String, Vec<u8>>, kind: GeneratorKind) {
    let (mut texts, mut binaries) = (Mapping::default(), Mapping::default());
    for (key, content) in data {
        match (kind, String::from_utf8(content)) {
            (GeneratorKind::ConfigMap, Ok(valid)) => texts.put(&key, text(&valid)),
            (GeneratorKind::ConfigMap, Err(e)) => binaries.put(&key, text(&encode(e.as_bytes()))),
            (GeneratorKind::Secret, Ok(valid)) => texts.put(&key, text(&encode(valid.as_bytes()))),
            (GeneratorKind::Secret, Err(e)) => texts.put(&key, text(&encode(e.as_bytes()))),
        }
    }
    if kind == GeneratorKind::Secret || !texts.entries.is_empty() {
        root.put("data", Node::Mapping(texts));
    }
    if !binaries.entries.is_empty() {
        root.put("binaryData", Node::Mapping(binaries));
    }
}

/// Encodes in base64; from 70 characters on in lines that all end in a line break.
fn encode(bytes: &[u8]) -> String {
    const WIDTH: usize = 70;
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < WIDTH {
        return encoded;
    }
    let mut wrapped = String::with_capacity(encoded.len() + encoded.len() / WIDTH + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, below) = rest.split_at(WIDTH.min(rest.len()));
        wrapped.push_str(line);
        wrapped.push('\n');
        rest = below;
    }
    wrapped
}

/// Takes a literal `key=value` apart; one pair of quotes around the value is removed.
pub(crate) fn split_literal(source: &str) -> Result<GeneratedPair, GeneratorError> {
    let malformed = || GeneratorError::Literal(source.to_owned());
    let (key, value) = source.split_once('=').ok_or_else(malformed)?;
    if key.is_empty() {
        return Err(malformed());
    }
    let quoted = |q: char| value.len() >= 2 && value.starts_with(q) && value.ends_with(q);
    let value = if quoted('"') || quoted('\'') {
        &value[1..value.len() - 1]
    } else {
        value
    };
    Ok(GeneratedPair {
        key: key.to_owned(),
        content: value.as_bytes().to_vec(),
    })
}

/// Takes `key=path` or `path` apart.
pub(crate) fn split_file_source(source: &str) -> Result<(String, &str), GeneratorError> {
    match source.split_once('=') {
        None => {
            let name = source.rsplit('/').find(|part| !part.is_empty());
            Ok((name.unwrap_or(source).to_owned(), source))
        }
        Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => {
            Ok((key.to_owned(), path))
        }
        Some(_) => Err(GeneratorError::FileSource(source.to_owned())),
    }
}

/// Reads the variables of an env file.
pub(crate) fn read_env_file(content: &[u8]) -> Result<GeneratedPairs, GeneratorError> {
    let mut pairs = GeneratedPairs::new();
    for (at, line) in content.split(|b| *b == b'\n').enumerate() {
        if line.len() >= 1 << 16 {
            return Err(GeneratorError::LongLine(at + 1));
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| GeneratorError::NotText(at + 1))?;
        let line = if at == 0 {
            line.strip_prefix('\u{FEFF}').unwrap_or(line)
        } else {
            line
        };
        let line = line.trim_start();
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() && !line.starts_with('#') {
            pairs.push(GeneratedPair {
                key: key.to_owned(),
                content: value.as_bytes().to_vec(),
            });
        }
    }
    Ok(pairs)
}

/// Puts a generated object in the place of one that was there: with its name, its labels and annotations where the new one has no
/// others, and, for `merge`, with its data.
pub(crate) fn absorb_object(new: &mut Resource, old: &Resource) {
    for field in ["labels", "annotations"] {
        let mut merged: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in old.texts(field).into_iter().chain(new.texts(field)) {
            merged.insert(key.to_string(), value.to_string());
        }
        set_texts(new, &["metadata", field], &merged);
    }
    let namespace = old.namespace().to_owned();
    new.set_text(&["metadata", "name"], Some(old.name()));
    new.set_text(
        &["metadata", "namespace"],
        Some(namespace.as_str()).filter(|n| !n.is_empty()),
    );
    if new.generated.is_some_and(|g| g.behavior == Behavior::Merge) {
        new.source = old.source.clone();
        new.origin = old.origin.clone();
        for field in ["data", "binaryData"] {
            let mut merged = data_texts(old, field);
            merged.extend(data_texts(new, field));
            set_texts(new, &[field], &merged);
        }
    }
    let omits = |g: Option<Generated>| g.is_none_or(|g| g.hash == GeneratedHash::Omitted);
    let hash = if omits(new.generated) || omits(old.generated) {
        GeneratedHash::Omitted
    } else {
        GeneratedHash::Appended
    };
    new.generated = old.generated.map(|g| Generated { hash, ..g });
    new.variables = Arc::clone(&old.variables);
    new.history = Arc::clone(&old.history);
}

fn data_texts(resource: &Resource, field: &str) -> BTreeMap<String, String> {
    let text = |node: &Node| {
        if node.is_null() {
            String::new()
        } else {
            node.text().to_owned()
        }
    };
    let data = resource.root().get(field).and_then(Node::as_mapping);
    data.map(|m| {
        m.entries
            .iter()
            .map(|(k, v)| (k.text.to_string(), text(v)))
            .collect()
    })
    .unwrap_or_default()
}

fn set_texts(resource: &mut Resource, path: &[&str], pairs: &BTreeMap<String, String>) {
    let (Some((last, way)), Node::Mapping(root)) = (path.split_last(), resource.root()) else {
        return;
    };
    let value = texts(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let put = |mapping: &mut Mapping| {
        mapping.remove(last);
        if !pairs.is_empty() {
            mapping.put(last, value.clone());
        }
    };
    let mut root = root.clone();
    match way {
        [] => put(&mut root),
        [parent, ..] => {
            let mut below = root
                .get(parent)
                .and_then(Node::as_mapping)
                .cloned()
                .unwrap_or_default();
            put(&mut below);
            root.put(parent, Node::Mapping(below));
        }
    }
    resource.set_root(Node::Mapping(root));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, content: &str) -> GeneratedPair {
        GeneratedPair {
            key: key.to_owned(),
            content: content.as_bytes().to_vec(),
        }
    }

    #[test]
    fn base64_is_wrapped_with_a_last_line_break() {
        assert_eq!(encode(b"hello"), "aGVsbG8=");
        let long = encode(&[0; 60]);
        assert_eq!((long.len(), long.matches('\n').count()), (82, 2));
        assert!(long.ends_with('\n'));
    }

    #[test]
    fn sources_are_taken_apart() {
        assert_eq!(split_literal("a=\"b=c\""), Ok(pair("a", "b=c")));
        assert!(split_literal("=b").is_err());
        assert!(split_literal("b").is_err());
        let named = split_file_source("x/y.txt");
        assert_eq!(named, Ok(("y.txt".to_owned(), "x/y.txt")));
        assert!(split_file_source("a=b=c").is_err());
    }

    #[test]
    fn an_env_file_has_a_variable_on_each_line() {
        let pairs = read_env_file(b"\xEF\xBB\xBFA=1\r\n# no\n\n  B\nexport C=3 \n");
        let expected = vec![pair("A", "1"), pair("B", ""), pair("export C", "3 ")];
        assert_eq!(pairs, Ok(expected));
    }
}

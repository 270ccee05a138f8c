//! Generated ConfigMaps and Secrets, and the hashes at the end of their names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::kustomization::Generator;
use super::meaning::{Unprintable, value};
use super::resource::{Behavior, Generated, Resource, Source};
use super::tree::{Mapping, Node, Scalar, Tag};
use manifest_yaml::ScalarStyle;

/// The keys and contents that a generator collected from literals and files.
pub(super) type Pairs = Vec<(String, Vec<u8>)>;

/// Makes the object of a generator.
pub(super) fn object(
    entry: &Generator,
    pairs: Pairs,
    secret: bool,
    source: Source,
) -> Result<Resource, String> {
    if entry.name.is_empty() {
        return Err("a generator needs a `name`".to_owned());
    }
    let mut data: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (key, content) in pairs {
        if data.contains_key(&key) {
            return Err(format!("`{}` gets the key `{key}` twice", entry.name));
        }
        data.insert(key, content);
    }
    let mut root = Mapping::default();
    root.put("apiVersion", text("v1"));
    root.put("kind", text(if secret { "Secret" } else { "ConfigMap" }));
    root.put("metadata", metadata(entry));
    if secret {
        root.put(
            "type",
            text(if entry.secret_type.is_empty() {
                "Opaque"
            } else {
                &entry.secret_type
            }),
        );
    }
    put_data(&mut root, data, secret);
    if entry.options.immutable {
        root.put(
            "immutable",
            Node::Scalar(Scalar {
                tag: Tag::Bool,
                ..Scalar::untyped("true")
            }),
        );
    }
    let mut resource = Resource::new(Node::Mapping(root), source);
    resource.made = true;
    let behavior = match entry.behavior.as_str() {
        "merge" => Behavior::Merge,
        "replace" => Behavior::Replace,
        _ => Behavior::Create,
    };
    resource.generated = Some(Generated {
        behavior,
        hash: !entry.options.disable_hash,
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
    if !entry.namespace.is_empty() {
        metadata.put("namespace", text(&entry.namespace));
    }
    for (field, pairs) in [
        ("labels", &entry.options.labels),
        ("annotations", &entry.options.annotations),
    ] {
        if !pairs.is_empty() {
            metadata.put(
                field,
                texts(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str()))),
            );
        }
    }
    Node::Mapping(metadata)
}

fn texts<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Node {
    let mut mapping = Mapping::default();
    pairs.for_each(|(key, value)| mapping.put(key, text(value)));
    Node::Mapping(mapping)
}

fn put_data(root: &mut Mapping, data: BTreeMap<String, Vec<u8>>, secret: bool) {
    let (mut texts, mut binaries) = (Mapping::default(), Mapping::default());
    for (key, content) in data {
        match String::from_utf8(content) {
            Ok(valid) if !secret => texts.put(&key, text(&valid)),
            Ok(valid) => texts.put(&key, text(&base64(valid.as_bytes()))),
            Err(e) if secret => texts.put(&key, text(&base64(e.as_bytes()))),
            Err(e) => binaries.put(&key, text(&base64(e.as_bytes()))),
        }
    }
    if secret || !texts.entries.is_empty() {
        root.put("data", Node::Mapping(texts));
    }
    if !binaries.entries.is_empty() {
        root.put("binaryData", Node::Mapping(binaries));
    }
}

/// Base64; from 70 characters on in lines that all end in a line break.
fn base64(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for chunk in bytes.chunks(3) {
        let mut bits = 0_usize;
        for at in 0..3 {
            bits = bits << 8 | usize::from(chunk.get(at).copied().unwrap_or_default());
        }
        for at in 0..4 {
            let symbol = SYMBOLS[bits >> (18 - 6 * at) & 63];
            encoded.push(if at <= chunk.len() {
                char::from(symbol)
            } else {
                '='
            });
        }
    }
    if encoded.len() < 70 {
        return encoded;
    }
    let mut wrapped = String::with_capacity(encoded.len() + encoded.len() / 70 + 1);
    for (at, symbol) in encoded.chars().enumerate() {
        if at > 0 && at % 70 == 0 {
            wrapped.push('\n');
        }
        wrapped.push(symbol);
    }
    wrapped.push('\n');
    wrapped
}

/// Takes a literal `key=value` apart; one pair of quotes around the value is removed.
pub(super) fn literal(source: &str) -> Result<(String, Vec<u8>), String> {
    let (key, value) = source
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| format!("the literal `{source}` is not of the form `key=value`"))?;
    let quoted = |q: char| value.len() >= 2 && value.starts_with(q) && value.ends_with(q);
    let value = if quoted('"') || quoted('\'') {
        &value[1..value.len() - 1]
    } else {
        value
    };
    Ok((key.to_owned(), value.as_bytes().to_vec()))
}

/// Takes `key=path` or `path` apart.
pub(super) fn file_source(source: &str) -> Result<(String, &str), String> {
    match source.split_once('=') {
        None => Ok((
            source
                .rsplit('/')
                .find(|p| !p.is_empty())
                .unwrap_or(source)
                .to_owned(),
            source,
        )),
        Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => {
            Ok((key.to_owned(), path))
        }
        Some(_) => Err(format!(
            "the file source `{source}` is not of the form `key=path` or `path`"
        )),
    }
}

/// The variables of an env file.
pub(super) fn env_file(content: &[u8]) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    for (number, line) in content.split(|b| *b == b'\n').enumerate() {
        if line.len() >= 1 << 16 {
            return Err(format!("line {} is longer than 64 KiB", number + 1));
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line =
            std::str::from_utf8(line).map_err(|_| format!("line {} is not UTF-8", number + 1))?;
        let line = if number == 0 {
            line.strip_prefix('\u{FEFF}').unwrap_or(line)
        } else {
            line
        };
        let line = line.trim_start();
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() && !line.starts_with('#') {
            pairs.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    Ok(pairs)
}

/// Puts a generated object in the place of one that was there: with its name, its labels and annotations where the new one has no
/// others, and, for `merge`, with its data.
pub(super) fn absorb(new: &mut Resource, old: &Resource) {
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
        new.made = old.made;
        for field in ["data", "binaryData"] {
            let mut merged = data_texts(old, field);
            merged.extend(data_texts(new, field));
            set_texts(new, &[field], &merged);
        }
    }
    let hash = new.generated.is_some_and(|g| g.hash);
    new.generated = old.generated.map(|g| Generated {
        hash: g.hash && hash,
        ..g
    });
    new.history = std::sync::Arc::clone(&old.history);
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

/// Adds the hash of its content to the name of an object that asks for it.
pub(super) fn add_hash(resource: &mut Resource) -> Result<(), Unprintable> {
    let name = format!("{}-{}", resource.name(), hash(resource.root())?);
    resource.store_previous();
    resource.set_text(&["metadata", "name"], Some(&name));
    Ok(())
}

/// Ten digits that depend on the data (and the type of a Secret) only.
fn hash(root: &Node) -> Result<String, Unprintable> {
    let field = |name: &str| match root.get(name) {
        None => Ok(Value::String(String::new())),
        Some(Node::Scalar(scalar)) => Ok(Value::String(scalar.text.to_string())),
        Some(node) => value(node, false),
    };
    let secret = root.get("kind").is_some_and(|k| k.text() == "Secret");
    let mut content = vec![
        ("data", field("data")?),
        (
            "kind",
            Value::from(if secret { "Secret" } else { "ConfigMap" }),
        ),
    ];
    content.push(("name", Value::from("")));
    let optional = if secret { "stringData" } else { "binaryData" };
    let extra = field(optional)?;
    if extra.is_object() {
        content.push((optional, extra));
    }
    if secret {
        content.push(("type", field("type")?));
    }
    content.sort_by_key(|(key, _)| *key);
    let mut json = String::from("{");
    for (at, (key, value)) in content.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let written = write!(json, "{comma}\"{key}\":");
        debug_assert!(written.is_ok());
        go_json(&mut json, value);
    }
    json.push('}');
    let mut digits = String::new();
    for byte in Sha256::digest(json.as_bytes()).iter().take(5) {
        let written = write!(digits, "{byte:02x}");
        debug_assert!(written.is_ok());
    }
    let replace = |c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    Ok(digits.chars().map(replace).collect())
}

/// JSON in the bytes of Go's library.
fn go_json(out: &mut String, value: &Value) {
    match value {
        Value::Object(map) => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                go_json_text(out, key);
                out.push(':');
                go_json(out, value);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                go_json(out, item);
            }
            out.push(']');
        }
        Value::String(text) => go_json_text(out, text),
        Value::Number(number) => out.push_str(&go_json_number(number.as_f64().unwrap_or_default())),
        other => out.push_str(&other.to_string()),
    }
}

/// A float as Go's JSON library writes it.
fn go_json_number(float: f64) -> String {
    let size = float.abs();
    if float == 0.0 || (1e-6..1e21).contains(&size) {
        return format!("{float}");
    }
    let scientific = format!("{float:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => {
            format!("{mantissa}e+{exponent}")
        }
        _ => scientific,
    }
}

fn go_json_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1F}' => {
                let written = write!(out, "\\u{:04x}", u32::from(c));
                debug_assert!(written.is_ok());
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_kustomize() {
        let hashed = |entry: Generator, pairs: &[(&str, &str)], secret| {
            let pairs = pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
                .collect();
            let source = Source {
                file: "k".into(),
                document: 0,
            };
            let mut resource = object(&entry, pairs, secret, source).unwrap();
            add_hash(&mut resource).unwrap();
            resource.name().to_owned()
        };
        let entry = || Generator {
            name: "x".to_owned(),
            ..Generator::default()
        };
        assert_eq!(hashed(entry(), &[("a", "1")], false), "x-h29d89cmmt");
        assert_eq!(hashed(entry(), &[], false), "x-6ct58987ht");
        assert_eq!(hashed(entry(), &[], true), "x-46f8b28mk5");
    }

    #[test]
    fn base64_is_wrapped_with_a_last_line_break() {
        assert_eq!(base64(b"hello"), "aGVsbG8=");
        let long = base64(&[0; 60]);
        assert_eq!(
            (long.len(), long.ends_with('\n'), long.matches('\n').count()),
            (82, true, 2)
        );
    }

    #[test]
    fn sources_are_taken_apart() {
        assert_eq!(literal("a=\"b=c\""), Ok(("a".to_owned(), b"b=c".to_vec())));
        assert!(literal("=b").is_err() && literal("b").is_err());
        assert_eq!(file_source("x/y.txt"), Ok(("y.txt".to_owned(), "x/y.txt")));
        assert!(file_source("a=b=c").is_err());
        let pairs = env_file(b"\xEF\xBB\xBFA=1\r\n# no\n\n  B\nexport C=3 \n").unwrap();
        assert_eq!(
            pairs,
            [
                ("A".to_owned(), b"1".to_vec()),
                ("B".to_owned(), vec![]),
                ("export C".to_owned(), b"3 ".to_vec())
            ]
        );
    }
}

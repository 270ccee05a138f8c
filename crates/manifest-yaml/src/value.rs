//! [`YamlNode`]s as JSON values, resolved as Go's YAML libraries do.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::Meaning;
use super::node::{NodeData, ReadError, ScalarStyle, TextRange, YamlNode};
use super::number::convert_float;
use super::scalar::{Dialect, ResolvedScalar, resolve_scalar};

impl YamlNode {
    /// Returns the value that kustomize and kubectl see: `0644` is 420, `yes` is text, `1.0` is 1, a date is a time in RFC 3339.
    ///
    /// A key that is not text, a key that repeats, `.inf` and `.nan` are errors.
    pub fn to_value(&self) -> Result<Value, ReadError> {
        resolve_node(self, Dialect::Manifest).map(Value::from)
    }

    /// Returns the value that kustomize sees in a kustomization or in a JSON patch: `yes` is true.
    pub fn configuration(&self) -> Result<Meaning<'_>, ReadError> {
        resolve_node(self, Dialect::Configuration)
    }
}

fn resolve_node(node: &YamlNode, dialect: Dialect) -> Result<Meaning<'_>, ReadError> {
    match &node.data {
        NodeData::Scalar { text, style } => resolve_scalar_node(node, text, *style, dialect),
        NodeData::Sequence { items, .. } => items
            .iter()
            .map(|item| resolve_node(item, dialect))
            .collect::<Result<_, _>>()
            .map(Meaning::Sequence),
        NodeData::Mapping { entries, .. } => resolve_mapping(entries, dialect),
    }
}

fn resolve_mapping(
    entries: &[(YamlNode, YamlNode)],
    dialect: Dialect,
) -> Result<Meaning<'_>, ReadError> {
    let mut pairs = Vec::with_capacity(entries.len());
    for (key, entry) in entries {
        pairs.push((resolve_key(key, dialect)?, resolve_node(entry, dialect)?));
    }
    // go-yaml 2 lets the last of equal keys win.
    if dialect == Dialect::Configuration {
        return Ok(Meaning::mapping_of_last(pairs));
    }
    Meaning::mapping(pairs).map_err(|name| {
        let same = |key: &&YamlNode| resolve_key(key, dialect).is_ok_and(|text| text == name);
        let again = entries.iter().map(|(key, _)| key).filter(same).nth(1);
        ReadError::new(
            again.map_or_else(TextRange::default, |key| key.span),
            format!("the key `{name}` is repeated"),
        )
    })
}

fn resolve_key(key: &YamlNode, dialect: Dialect) -> Result<Cow<'_, str>, ReadError> {
    let NodeData::Scalar { text, style } = &key.data else {
        return Err(ReadError::new(key.span, "a key that is not text"));
    };
    match (resolve_scalar_node(key, text, *style, dialect)?, dialect) {
        (Meaning::Text(name), _) => Ok(name),
        (other @ (Meaning::Bool(_) | Meaning::Number(_)), Dialect::Configuration) => {
            Ok(Cow::Owned(Value::from(other).to_string()))
        }
        _ => Err(ReadError::new(
            key.span,
            format!("the key `{text}` is not text; quote it"),
        )),
    }
}

fn resolve_scalar_node<'n>(
    node: &'n YamlNode,
    text: &'n str,
    style: ScalarStyle,
    dialect: Dialect,
) -> Result<Meaning<'n>, ReadError> {
    let wrong = |what: &str| ReadError::new(node.span, format!("`{text}` is not {what}"));
    match node.tag.as_deref() {
        None | Some("!") if style == ScalarStyle::Plain => {
            match resolve_scalar(text, dialect) {
                // go-yaml 2 takes what looks like a time for text.
                ResolvedScalar::Timestamp(_) if dialect == Dialect::Configuration => {
                    Ok(Meaning::Text(Cow::Borrowed(text)))
                }
                resolved => {
                    resolved_meaning(resolved, text).ok_or_else(|| wrong("a finite number"))
                }
            }
        }
        Some(tag @ ("!!int" | "!!float" | "!!bool" | "!!null" | "!!timestamp")) => {
            resolve_tagged(tag, resolve_scalar(text, dialect), text)
                .ok_or_else(|| wrong(&format!("of the type `{tag}`")))
        }
        Some("!!binary") => decode_binary_text(text)
            .map(|text| Meaning::Text(Cow::Owned(text)))
            .ok_or_else(|| wrong("base64")),
        _ => Ok(Meaning::Text(Cow::Borrowed(text))),
    }
}

fn resolve_tagged<'n>(tag: &str, resolved: ResolvedScalar, text: &'n str) -> Option<Meaning<'n>> {
    let fits = match tag {
        "!!int" => matches!(resolved, ResolvedScalar::Int(_) | ResolvedScalar::Uint(_)),
        "!!float" => matches!(
            resolved,
            ResolvedScalar::Int(_) | ResolvedScalar::Uint(_) | ResolvedScalar::Float(_)
        ),
        "!!bool" => matches!(resolved, ResolvedScalar::Bool(_)),
        "!!null" => matches!(resolved, ResolvedScalar::Null),
        _ => matches!(resolved, ResolvedScalar::Timestamp(_)),
    };
    if fits {
        resolved_meaning(resolved, text)
    } else {
        None
    }
}

/// Returns the value of a resolved scalar; `None` for infinities and NaN.
pub(super) fn resolved_meaning(resolved: ResolvedScalar, text: &str) -> Option<Meaning<'_>> {
    Some(match resolved {
        ResolvedScalar::Null => Meaning::Null,
        ResolvedScalar::Bool(bool) => Meaning::Bool(bool),
        ResolvedScalar::Int(int) => Meaning::Number(int.into()),
        ResolvedScalar::Uint(uint) => Meaning::Number(uint.into()),
        ResolvedScalar::Float(float) => Meaning::Number(convert_float(float)?),
        ResolvedScalar::Timestamp(time) => Meaning::Text(Cow::Owned(time)),
        ResolvedScalar::Text => Meaning::Text(Cow::Borrowed(text)),
    })
}

/// Decodes base64 to text; line breaks are ignored. `None` where it is malformed or not UTF-8.
pub fn decode_binary_text(text: &str) -> Option<String> {
    let symbols: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = GO_BASE64.decode(symbols).ok()?;
    String::from_utf8(bytes).ok()
}

/// Base64 as Go's `StdEncoding` reads it: padding is required, and bits that no byte needs are ignored.
const GO_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{ReadLimits, read_documents};
    use super::decode_binary_text;

    fn value(text: &str) -> Result<serde_json::Value, String> {
        let documents = read_documents(text, &ReadLimits::MANIFEST).map_err(|e| e.message)?;
        documents[0].to_value().map_err(|e| e.message)
    }

    #[test]
    fn plain_scalars_are_resolved_as_kustomize_resolves_them() {
        let text = "mode: 0644\nyes: yes\none: 1.0\ndate: 2024-02-29\ntext: '1'\nnone:\nbig: 1e21\nneg: -0.0\n";
        let expected = json!({
            "mode": 420, "yes": "yes", "one": 1, "date": "2024-02-29T00:00:00Z", "text": "1", "none": null,
            "big": 1e21, "neg": 0
        });
        assert_eq!(value(text), Ok(expected));
    }

    #[test]
    fn tags_decide_where_they_are_written() {
        let text = "a: !!str 1\nb: !!int \"0x10\"\nc: !!float 3\nd: !!binary aGVsbG8=\ne: !custom 1\nf: ! 1\n";
        assert_eq!(
            value(text),
            Ok(json!({"a": "1", "b": 16, "c": 3, "d": "hello", "e": "1", "f": 1}))
        );
    }

    #[test]
    fn base64_is_read_as_go_reads_it() {
        for (text, expected) in [
            ("aGVsbG8=", Some("hello")),
            ("aGVs\r\nbG8=\n", Some("hello")),
            ("aGVsbG9=", Some("hello")),
            ("", Some("")),
            ("aGVsbG8", None),
            ("aGVsbG8==", None),
            ("a===", None),
            ("aGV sbG8=", None),
            ("-_8=", None),
            ("//8=", None),
        ] {
            assert_eq!(decode_binary_text(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_an_error() {
        for text in [
            "a: .inf\n",
            "1: a\n",
            "a: 1\na: 2\n",
            "? [a]\n: b\n",
            "true: a\n",
            "a: !!int x\n",
        ] {
            assert!(value(text).is_err(), "{text}");
        }
    }

    #[test]
    fn merge_keys_are_expanded_and_what_is_written_wins() {
        let text = "base: &b {x: 1, y: 2}\nother: &o {x: 3, z: 4}\nhere:\n  <<: [*o, *b]\n  z: 9\n";
        assert_eq!(
            value(text).map(|v| v["here"].clone()),
            Ok(json!({"x": 3, "y": 2, "z": 9}))
        );
    }
}

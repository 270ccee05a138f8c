//! The hashes at the end of the names of generated objects.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::go_json::{GoLayout, write_go_json};
use crate::kustomization::GeneratedHash;
use crate::meaning::{Unprintable, value};
use crate::resource::{Resource, unprintable};
use crate::tree::Node;
use pointer_diagnostics::{Diagnostics, Reported};

/// Adds the hash to the name of every object that asks for it.
pub(crate) fn add_hashes(
    resources: &mut [Resource],
    problems: &mut Diagnostics,
) -> Result<(), Reported> {
    let mut failed = None;
    for resource in resources {
        if resource
            .generated
            .is_some_and(|g| g.hash == GeneratedHash::Appended)
            && let Err(e) = add_hash(resource)
        {
            failed = Some(problems.report(unprintable(resource, &e)));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Adds the hash of its content to the name of an object that asks for it.
fn add_hash(resource: &mut Resource) -> Result<(), Unprintable> {
    let name = format!("{}-{}", resource.name(), hash_of(resource.root())?);
    resource.store_previous();
    resource.set_text(&["metadata", "name"], Some(&name));
    Ok(())
}

/// Ten digits that depend on the data (and the type of a Secret) only.
fn hash_of(root: &Node) -> Result<String, Unprintable> {
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
        write_go_json(&mut json, &as_floats(value), GoLayout::Compact);
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

/// Returns a value whose numbers are all floats, as Go reads JSON.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.iter().map(as_floats).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), as_floats(value)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{GeneratedPair, generate_object};
    use crate::kustomization::{Generator, GeneratorKind};
    use crate::resource::Source;

    fn hashed_name(kind: GeneratorKind, pairs: Vec<GeneratedPair>) -> String {
        let entry = Generator {
            name: "x".to_owned(),
            kind,
            ..Generator::default()
        };
        let source = Source {
            file: "k".into(),
            document: 0,
        };
        let mut resource = generate_object(&entry, pairs, source).unwrap();
        add_hash(&mut resource).unwrap();
        resource.name().to_owned()
    }

    #[test]
    fn hashes_are_those_of_kustomize() {
        let pair = GeneratedPair {
            key: "a".to_owned(),
            content: b"1".to_vec(),
        };
        let config_map = GeneratorKind::ConfigMap;
        assert_eq!(hashed_name(config_map, vec![pair]), "x-h29d89cmmt");
        assert_eq!(hashed_name(config_map, vec![]), "x-6ct58987ht");
        assert_eq!(hashed_name(GeneratorKind::Secret, vec![]), "x-46f8b28mk5");
    }
}

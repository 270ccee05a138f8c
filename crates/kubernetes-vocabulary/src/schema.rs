//! JSON Schemas of texts that Kubernetes takes, for types that are generated with `schemars` (`#[schemars(schema_with = …)]`).
//!
//! `x-expects` is what a text should be, in words, for those who report what is wrong with one.

use schemars::{Schema, SchemaGenerator, json_schema};

/// The value of a label (`validation.IsValidLabelValue`).
const LABEL_VALUE: &str = "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$";
const LABEL_VALUE_EXPECTED: &str =
    "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends";
/// The key of a label, an annotation or a taint (`validation.IsQualifiedName`).
const QUALIFIED_NAME: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
const QUALIFIED_NAME_EXPECTED: &str =
    "at most 63 letters, digits, `-`, `_` and `.`, perhaps behind a DNS name and one `/`";
/// A DNS name of lower-case labels (RFC 1123).
const DOMAIN: &str = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$";
/// Returns the schema of the key of a label, an annotation or a taint.
pub fn qualified_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": QUALIFIED_NAME,
        "x-expects": QUALIFIED_NAME_EXPECTED,
    })
}

/// Returns the schema of a label's or a taint's value.
pub fn label_value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "maxLength": 63,
        "pattern": LABEL_VALUE,
        "x-expects": LABEL_VALUE_EXPECTED,
    })
}

/// Returns the schema of labels by their keys.
pub fn label_map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": {"type": "string", "pattern": QUALIFIED_NAME, "x-expects": QUALIFIED_NAME_EXPECTED},
        "additionalProperties": {
            "type": "string",
            "maxLength": 63,
            "pattern": LABEL_VALUE,
            "x-expects": LABEL_VALUE_EXPECTED,
        },
    })
}

/// Returns the schema of a text that becomes a label's value, or of nothing.
pub fn optional_label_value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"],
        "maxLength": 63,
        "pattern": LABEL_VALUE,
        "x-expects": LABEL_VALUE_EXPECTED,
    })
}

/// Returns the schema of a DNS domain, or of nothing.
pub fn optional_domain(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"],
        "maxLength": 253,
        "pattern": DOMAIN,
        "x-expects": "a DNS name of lower-case letters, digits, `-` and `.`",
    })
}

#[cfg(test)]
mod tests {
    use schemars::SchemaGenerator;

    use super::{label_map, optional_domain, qualified_name};

    #[test]
    fn a_map_of_labels_bounds_keys_and_values() {
        let mut generator = SchemaGenerator::default();
        let map = label_map(&mut generator).to_value();
        let key = qualified_name(&mut generator).to_value();
        assert_eq!(map["propertyNames"]["pattern"], key["pattern"]);
        assert_eq!(map["additionalProperties"]["maxLength"], 63);
        assert_eq!(optional_domain(&mut generator).to_value()["maxLength"], 253);
    }
}

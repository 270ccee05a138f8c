//! The size that a schema has when its references are followed: a few that name the next one twice make any amount of work.

use std::collections::BTreeMap;

use serde_json::Value;

use super::walk::below;

/// Schemas that a schema may consist of when each reference stands for what it names.
pub(super) const MOST_SCHEMAS: u64 = 10_000;

/// Counts the schemas in a schema, each reference counted as what it names. A reference to a schema around it counts once.
pub(super) fn count_schemas(root: &Value) -> u64 {
    let mut counted = SchemaCount {
        root,
        known: BTreeMap::new(),
    };
    // What nobody refers to is compiled once, too.
    counted.count(root)
}

struct SchemaCount<'s> {
    root: &'s Value,
    /// The sizes of what references name; `None` while one is being counted.
    known: BTreeMap<&'s str, Option<u64>>,
}

impl<'s> SchemaCount<'s> {
    fn count(&mut self, schema: &'s Value) -> u64 {
        let Value::Object(map) = schema else {
            return 1;
        };
        let mut size: u64 = 1;
        for (_, schema) in below(map) {
            size = size.saturating_add(self.count(schema));
        }
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            size = size.saturating_add(self.count_target(reference));
        }
        size
    }

    fn count_target(&mut self, reference: &'s str) -> u64 {
        if let Some(known) = self.known.get(reference) {
            return known.unwrap_or(1);
        }
        let pointer = reference.strip_prefix('#');
        let Some(target) = pointer.and_then(|pointer| self.root.pointer(pointer)) else {
            return 1;
        };
        self.known.insert(reference, None);
        let size = self.count(target);
        self.known.insert(reference, Some(size));
        size
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{MOST_SCHEMAS, count_schemas};

    fn doubled(levels: usize) -> Value {
        let mut definitions = serde_json::Map::new();
        for level in 0..levels {
            let next = json!({"$ref": format!("#/$defs/l{}", level + 1)});
            definitions.insert(format!("l{level}"), json!({"anyOf": [next, next]}));
        }
        definitions.insert(format!("l{levels}"), json!({"type": "string"}));
        json!({"$defs": definitions, "$ref": "#/$defs/l0"})
    }

    #[test]
    fn a_reference_counts_as_what_it_names() {
        assert_eq!(count_schemas(&json!({"items": {"type": "string"}})), 2);
        let shared = json!({"$defs": {"a": {"items": true}}, "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}});
        assert_eq!(count_schemas(&shared), 1 + 2 + 2 * 3);
    }

    #[test]
    fn doubling_at_each_level_is_above_the_limit() {
        assert!(count_schemas(&doubled(4)) < MOST_SCHEMAS);
        assert!(count_schemas(&doubled(16)) > MOST_SCHEMAS);
        assert_eq!(count_schemas(&doubled(200)), u64::MAX);
    }

    #[test]
    fn a_schema_may_contain_itself() {
        let tree = json!({"$defs": {"t": {"properties": {"l": {"$ref": "#/$defs/t"}, "r": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"});
        assert!(count_schemas(&tree) < 20);
    }
}

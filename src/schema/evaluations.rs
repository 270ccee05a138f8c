//! The evaluations that a schema needs on the way to one value: alternatives that each lead back to themselves double them at each level.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Evaluations that a schema may need on the way from the root to one value.
pub(super) const MOST_EVALUATIONS: u64 = 10_000;
/// Evaluations for all values of an instance: seconds.
const MOST_IN_ALL: u64 = 20_000_000;
/// The deepest nesting of a value, that of an input.
const DEEPEST_VALUE: u8 = 64;

/// Keywords whose schemas are for the same value.
const SAME_VALUE: [&str; 4] = ["else", "if", "not", "then"];
/// Keywords with a list of schemas for the same value.
const SAME_VALUE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Keywords whose schemas are for each value of a map, beside that of the value's own property.
const VALUE_OF_MAP: [&str; 2] = ["additionalProperties", "unevaluatedProperties"];
/// Keywords whose schemas are for each item of a list.
const ITEM_OF_LIST: [&str; 3] = ["contains", "items", "unevaluatedItems"];

/// Counts the evaluations of a schema and of those below it on the way to one value, at most as deep as an input; `u64::MAX` where a
/// schema refers to itself for the same value.
pub(super) fn count_evaluations(root: &Value) -> u64 {
    let mut counter = EvaluationCounter {
        root,
        known: BTreeMap::new(),
    };
    counter.count(root, DEEPEST_VALUE).most()
}

/// Checks whether values may need more evaluations than there may be, where each needs up to a number of them.
pub(super) fn exceed_evaluations(values: &Value, evaluations: u64) -> bool {
    count_values(values).saturating_mul(evaluations) > MOST_IN_ALL
}

fn count_values(value: &Value) -> u64 {
    let below: u64 = match value {
        Value::Array(items) => items.iter().map(count_values).sum(),
        Value::Object(map) => map.values().map(count_values).sum(),
        _ => 0,
    };
    below + 1
}

/// Evaluations on the way to one value, by the type of the present one: a list has no properties, and a map no items.
#[derive(Debug, Clone, Copy, Default)]
struct Evaluations {
    map: u64,
    list: u64,
}

impl Evaluations {
    const ENDLESS: Self = Self {
        map: u64::MAX,
        list: u64::MAX,
    };

    fn most(self) -> u64 {
        self.map.max(self.list)
    }

    fn add(&mut self, other: Self) {
        self.map = self.map.saturating_add(other.map);
        self.list = self.list.saturating_add(other.list);
    }
}

struct EvaluationCounter<'s> {
    root: &'s Value,
    /// Counts below references, by the depth that is left; `None` while it is counted.
    known: BTreeMap<(&'s str, u8), Option<Evaluations>>,
}

impl<'s> EvaluationCounter<'s> {
    fn count(&mut self, schema: &'s Value, depth: u8) -> Evaluations {
        let mut sum = Evaluations { map: 1, list: 1 };
        let Value::Object(keywords) = schema else {
            return sum;
        };
        for same in find_schemas_of_same_value(keywords) {
            sum.add(self.count(same, depth));
        }
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            sum.add(self.count_target(reference, depth));
        }
        if let Some(depth) = depth.checked_sub(1) {
            sum.add(Evaluations {
                map: self.count_values(keywords, depth),
                list: self.count_items(keywords, depth),
            });
        }
        sum
    }

    /// Counts the evaluations below a map on the way to the value that needs most.
    fn count_values(&mut self, keywords: &'s Map<String, Value>, depth: u8) -> u64 {
        let mut most = 0;
        for schema in entries_of(keywords, "properties") {
            most = self.count(schema, depth).most().max(most);
        }
        let patterns = entries_of(keywords, "patternProperties");
        let beside = VALUE_OF_MAP.iter().filter_map(|name| keywords.get(*name));
        for schema in patterns.chain(beside) {
            most = self.count(schema, depth).most().saturating_add(most);
        }
        most
    }

    /// Counts the evaluations below a list on the way to the item that needs most.
    fn count_items(&mut self, keywords: &'s Map<String, Value>, depth: u8) -> u64 {
        let mut most = 0;
        let first = keywords.get("prefixItems").and_then(Value::as_array);
        for schema in first.into_iter().flatten() {
            most = self.count(schema, depth).most().max(most);
        }
        for schema in ITEM_OF_LIST.iter().filter_map(|name| keywords.get(*name)) {
            most = self.count(schema, depth).most().saturating_add(most);
        }
        most
    }

    fn count_target(&mut self, reference: &'s str, depth: u8) -> Evaluations {
        if let Some(known) = self.known.get(&(reference, depth)) {
            return known.unwrap_or(Evaluations::ENDLESS);
        }
        let pointer = reference.strip_prefix('#');
        let Some(target) = pointer.and_then(|pointer| self.root.pointer(pointer)) else {
            return Evaluations::default();
        };
        self.known.insert((reference, depth), None);
        let count = self.count(target, depth);
        self.known.insert((reference, depth), Some(count));
        count
    }
}

/// Lists the schemas of a schema that are for the same value.
fn find_schemas_of_same_value(keywords: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let one = SAME_VALUE.iter().filter_map(|name| keywords.get(*name));
    let lists = SAME_VALUE_LISTS
        .iter()
        .filter_map(|name| keywords.get(*name)?.as_array());
    one.chain(lists.flatten())
        .chain(entries_of(keywords, "dependentSchemas"))
}

/// Lists the schemas in a map of schemas.
fn entries_of<'s>(
    keywords: &'s Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = &'s Value> + use<'s> {
    let map = keywords.get(keyword).and_then(Value::as_object);
    map.into_iter().flat_map(Map::values)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{MOST_EVALUATIONS, count_evaluations};

    fn recursive(schema: &Value) -> Value {
        json!({"$defs": {"t": schema}, "$ref": "#/$defs/t"})
    }

    #[test]
    fn alternatives_that_lead_back_double_at_each_level() {
        let below = json!({"properties": {"x": {"$ref": "#/$defs/t"}}});
        let twice = recursive(&json!({"anyOf": [below, below]}));
        assert_eq!(count_evaluations(&twice), u64::MAX);
        let patterns = json!({"^a": {"$ref": "#/$defs/t"}, "a$": {"$ref": "#/$defs/t"}});
        let overlapping = recursive(&json!({"patternProperties": patterns}));
        assert!(count_evaluations(&overlapping) > 1 << 60);
    }

    #[test]
    fn a_tree_and_a_document_of_any_form_are_counted_once_a_level() {
        let t = json!({"$ref": "#/$defs/t"});
        let tree = recursive(&json!({"properties": {"left": t, "right": t}}));
        assert!(count_evaluations(&tree) < 200);
        let any = recursive(&json!({"anyOf": [
            {"type": "string"}, {"type": "array", "items": t}, {"additionalProperties": t}
        ]}));
        assert!(count_evaluations(&any) < MOST_EVALUATIONS);
    }

    #[test]
    fn a_schema_that_is_itself_has_no_end() {
        assert_eq!(
            count_evaluations(&recursive(&json!({"allOf": [{"$ref": "#/$defs/t"}]}))),
            u64::MAX
        );
    }
}

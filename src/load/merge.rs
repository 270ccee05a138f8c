//! Merges the documents of a site: maps merge, exceptions add up, other lists replace, `null` removes.

use serde_json::{Map, Value};

/// The place of the exceptions in a site or profile.
pub(super) const EXCEPTIONS: &str = "/spec/exceptions";

/// Lays a document on those below it. Its exceptions are added to theirs.
pub(super) fn merge_document(base: &mut Value, over: &Value) {
    let below = base.pointer(EXCEPTIONS).and_then(Value::as_array).cloned();
    merge(base, over);
    let own = over.pointer(EXCEPTIONS).and_then(Value::as_array);
    if let (Some(mut all), Some(own)) = (below, own) {
        all.extend(own.iter().map(without_nulls));
        if let Some(merged) = base.pointer_mut(EXCEPTIONS) {
            *merged = Value::Array(all);
        }
    }
}

/// Lays `over` on `base`.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => merge_maps(base, over),
        (base, over) => *base = without_nulls(over),
    }
}

fn merge_maps(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        if value.is_null() {
            base.remove(key);
        } else {
            merge(
                base.entry(key.clone())
                    .or_insert_with(|| Value::Object(Map::new())),
                value,
            );
        }
    }
}

/// Copies a value without the nulls of its maps: there is nothing below that it could remove.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(k, v)| (k.clone(), without_nulls(v)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn merged(base: Value, over: &Value) -> Value {
        let mut base = base;
        super::merge(&mut base, over);
        base
    }

    #[test]
    fn maps_merge_lists_replace_and_null_removes() {
        let base = json!({"a": {"x": 1, "y": [1, 2]}, "b": 1});
        let over = json!({"a": {"y": [3], "z": {"n": null, "m": 1}}, "b": null});
        assert_eq!(
            merged(base, &over),
            json!({"a": {"x": 1, "y": [3], "z": {"m": 1}}})
        );
    }

    #[test]
    fn exceptions_of_a_site_are_added_to_those_of_its_profile() {
        let profile = json!({"spec": {"exceptions": [1, 2], "profiles": [1]}});
        let mut merged = profile.clone();
        super::merge_document(
            &mut merged,
            &json!({"spec": {"exceptions": [3], "profiles": [2]}}),
        );
        assert_eq!(
            merged,
            json!({"spec": {"exceptions": [1, 2, 3], "profiles": [2]}})
        );
        super::merge_document(&mut merged, &json!({"spec": {"exceptions": null}}));
        assert_eq!(merged, json!({"spec": {"profiles": [2]}}));
    }

    #[test]
    fn a_scalar_gives_way_to_a_map_and_back() {
        assert_eq!(
            merged(json!({"a": 1}), &json!({"a": {"b": 2}})),
            json!({"a": {"b": 2}})
        );
        assert_eq!(
            merged(json!({"a": {"b": 2}}), &json!({"a": 1})),
            json!({"a": 1})
        );
    }

    #[test]
    fn laying_a_document_over_nothing_gives_it_without_its_nulls() {
        assert_eq!(
            merged(json!({}), &json!({"a": null, "b": [null]})),
            json!({"b": [null]})
        );
    }
}

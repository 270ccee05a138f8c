//! Changes a value and records the operations that do the same.

use serde_json::{Map, Value};

use super::{Op, Operation, Reason};
use pointer_diagnostics::Pointer;

/// Changes a value and records the operations, with guards.
#[derive(Debug)]
pub struct Editor<'a> {
    value: &'a mut Value,
    operations: Vec<Operation>,
}

impl<'a> Editor<'a> {
    /// Starts to record changes of the value.
    pub fn new(value: &'a mut Value) -> Self {
        Self {
            value,
            operations: Vec::new(),
        }
    }

    /// Returns the value as it is now.
    pub fn value(&self) -> &Value {
        self.value
    }

    /// Returns the field at a pointer, as it is now.
    pub fn get(&self, pointer: &Pointer) -> Option<&Value> {
        self.value.pointer(pointer.as_str())
    }

    /// Returns the recorded operations.
    pub fn finish(self) -> Vec<Operation> {
        self.operations
    }

    /// Tests that a field has the value that it has now, for changes inside of it that nothing else guards.
    pub fn expect(&mut self, pointer: &Pointer) {
        if let Some(now) = self.get(pointer).cloned() {
            self.guard(pointer);
            self.record_guard(pointer, &now);
        }
    }

    /// Sets a field: makes missing maps above it, replaces another value, does nothing where it is already so. Returns whether the
    /// path could be followed: `false` when a list element on it is missing or a scalar is in the way.
    #[must_use = "a path that cannot be followed has to be reported"]
    pub fn set(&mut self, pointer: &Pointer, new: Value, reason: &Reason) -> bool {
        let Some((present, missing)) = self.split(pointer) else {
            return false;
        };
        if missing.is_empty() {
            self.replace(&present, new, reason);
            return true;
        }
        let (first, rest) = (missing[0].clone(), &missing[1..]);
        let wrapped = rest.iter().rev().fold(new, |inner, key| {
            Value::Object(Map::from_iter([(key.clone(), inner)]))
        });
        self.add(&present, &first, wrapped, reason)
    }

    /// Appends to a list, making it where it is missing. Returns whether the path could be followed.
    #[must_use = "a path that cannot be followed has to be reported"]
    pub fn append(&mut self, list: &Pointer, element: Value, reason: &Reason) -> bool {
        match self.get(list) {
            None | Some(Value::Null) => self.set(list, Value::Array(vec![element]), reason),
            Some(Value::Array(_)) => {
                if let Some(Value::Array(items)) = self.value.pointer_mut(list.as_str()) {
                    items.push(element.clone());
                }
                if self.fold_into_added(list, reason) {
                    return true;
                }
                self.guard(list);
                self.record(Op::Add, &list.at("-"), Some(element), Some(reason));
                true
            }
            Some(_) => false,
        }
    }

    /// Removes a field of a map, where it is there.
    pub fn remove(&mut self, pointer: &Pointer, reason: &Reason) {
        let (Some(parent), Some(key)) = (pointer.parent(), pointer.last()) else {
            return;
        };
        let Some(old) = self.get(pointer).cloned() else {
            return;
        };
        let Some(Value::Object(map)) = self.value.pointer_mut(parent.as_str()) else {
            return;
        };
        map.remove(&key);
        self.guard(pointer);
        self.record(Op::Test, pointer, Some(old), None);
        self.record(Op::Remove, pointer, None, Some(reason));
    }

    fn replace(&mut self, pointer: &Pointer, new: Value, reason: &Reason) {
        let Some(slot) = self.value.pointer_mut(pointer.as_str()) else {
            return;
        };
        if *slot == new {
            return;
        }
        let old = std::mem::replace(slot, new.clone());
        if self.fold_into_added(pointer, reason) {
            return;
        }
        self.guard(pointer);
        self.record(Op::Test, pointer, Some(old), None);
        self.record(Op::Replace, pointer, Some(new), Some(reason));
    }

    fn add(&mut self, parent: &Pointer, key: &str, new: Value, reason: &Reason) -> bool {
        let Some(Value::Object(map)) = self.value.pointer_mut(parent.as_str()) else {
            return false;
        };
        map.insert(key.to_owned(), new.clone());
        if self.fold_into_added(parent, reason) {
            return true;
        }
        self.guard(parent);
        self.record(Op::Add, &parent.at(key), Some(new), Some(reason));
        true
    }

    /// Folds a change into the operation that added what is around it for the same reason. Returns whether there is such an operation.
    fn fold_into_added(&mut self, place: &Pointer, reason: &Reason) -> bool {
        let holds_place = |operation: &Operation| {
            operation.op == Op::Add
                && !operation.path.as_str().ends_with("/-")
                && operation.asked_by.as_ref() == Some(reason)
                && is_at_or_below(place, &operation.path)
        };
        let Some(index) = self.operations.iter().rposition(holds_place) else {
            return false;
        };
        let (first, later) = self.operations.split_at_mut(index + 1);
        let Some(added) = first.last_mut() else {
            return false;
        };
        // What another reason changed inside of it since has its own operations, which count on the value as it was added.
        if later
            .iter()
            .any(|operation| is_at_or_below(&operation.path, &added.path))
        {
            return false;
        }
        added.value = self.value.pointer(added.path.as_str()).cloned();
        true
    }

    /// Splits a pointer into the part that is there, and the keys below it that are not; `None` where a missing key would have to be made
    /// in something that is not a map. A null on the way counts as missing.
    fn split(&self, pointer: &Pointer) -> Option<(Pointer, Vec<String>)> {
        let mut present = Pointer::root();
        let mut tokens = pointer.tokens().peekable();
        while let Some(token) = tokens.peek() {
            let next = present.at(token);
            match self.get(&next) {
                Some(Value::Null) if !self.is_list(&present) => break,
                Some(_) => present = next,
                None => break,
            }
            tokens.next();
        }
        let missing: Vec<String> = tokens.collect();
        let makes_in_map = missing.is_empty() || self.get(&present).is_some_and(Value::is_object);
        makes_in_map.then_some((present, missing))
    }

    fn is_list(&self, pointer: &Pointer) -> bool {
        self.get(pointer).is_some_and(Value::is_array)
    }

    /// Tests the name of every list element that the pointer goes through, once each.
    fn guard(&mut self, pointer: &Pointer) {
        let mut at = Pointer::root();
        for token in pointer.tokens() {
            let in_list = self.is_list(&at);
            at = at.at(token);
            if let Some((key, name)) = in_list.then(|| self.identity(&at)).flatten() {
                self.record_guard(&at.join(&Pointer::parse(key)), &name);
            }
        }
    }

    fn record_guard(&mut self, path: &Pointer, value: &Value) {
        let known = self
            .operations
            .iter()
            .any(|o| o.op == Op::Test && o.path == *path && o.value.as_ref() == Some(value));
        if !known {
            self.record(Op::Test, path, Some(value.clone()), None);
        }
    }

    /// Returns the field that names a list element: `name`, else `key`, `topologyKey`, or the name of an object in the list.
    fn identity(&self, element: &Pointer) -> Option<(&'static str, Value)> {
        let element = self.get(element)?;
        ["/name", "/key", "/topologyKey", "/metadata/name"]
            .into_iter()
            .find_map(|k| Some((k, element.pointer(k).filter(|v| v.is_string())?.clone())))
    }

    fn record(&mut self, op: Op, path: &Pointer, value: Option<Value>, reason: Option<&Reason>) {
        self.operations.push(Operation {
            op,
            path: path.clone(),
            value,
            asked_by: reason.cloned(),
        });
    }
}

/// Tells whether a place is another one or a field inside of it.
fn is_at_or_below(place: &Pointer, above: &Pointer) -> bool {
    let rest = place.as_str().strip_prefix(above.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::patch::FieldAuthor;

    fn reason() -> Reason {
        Reason {
            author: FieldAuthor::Placement,
            origins: Vec::new(),
        }
    }

    fn operations(value: &mut Value, change: impl FnOnce(&mut Editor<'_>)) -> Vec<String> {
        let mut editor = Editor::new(value);
        change(&mut editor);
        let text = |o: &Operation| {
            let value = o
                .value
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            format!("{:?} {} {value}", o.op, o.path)
        };
        editor.finish().iter().map(text).collect()
    }

    #[test]
    fn missing_maps_are_added_in_one_operation_below_the_deepest_that_is_there() {
        let mut value = json!({"spec": {}});
        let done = operations(&mut value, |e| {
            assert!(e.set(&Pointer::parse("/spec/a/b"), json!(1), &reason()));
        });
        assert_eq!(done, ["Add /spec/a {\"b\":1}"]);
        assert_eq!(value, json!({"spec": {"a": {"b": 1}}}));
    }

    #[test]
    fn replaced_values_and_list_elements_are_guarded() {
        let mut value = json!({"spec": {"list": [{"name": "x", "n": 1}]}});
        let done = operations(&mut value, |e| {
            assert!(e.set(&Pointer::parse("/spec/list/0/n"), json!(2), &reason()));
        });
        assert_eq!(
            done,
            [
                "Test /spec/list/0/name \"x\"",
                "Test /spec/list/0/n 1",
                "Replace /spec/list/0/n 2"
            ]
        );
    }

    #[test]
    fn an_object_in_a_list_is_guarded_by_its_name() {
        let mut value = json!({"claims": [{"metadata": {"name": "data"}, "spec": {}}]});
        let done = operations(&mut value, |e| {
            assert!(e.set(&Pointer::parse("/claims/0/spec/n"), json!(2), &reason()));
        });
        assert_eq!(
            done,
            [
                "Test /claims/0/metadata/name \"data\"",
                "Add /claims/0/spec/n 2"
            ]
        );
    }

    #[test]
    fn what_is_added_in_steps_for_one_reason_is_one_operation() {
        let mut value = json!({"spec": {"list": [{"name": "x"}]}});
        let set = |e: &mut Editor<'_>, pointer: &str, new: Value| {
            assert!(e.set(&Pointer::parse(pointer), new, &reason()));
        };
        let done = operations(&mut value, |e| {
            set(e, "/spec/a/b", json!([1]));
            set(e, "/spec/a/c", json!(1));
            set(e, "/spec/a/c", json!(2));
            assert!(e.append(&Pointer::parse("/spec/a/b"), json!(2), &reason()));
            let other = Reason {
                author: FieldAuthor::Value,
                origins: Vec::new(),
            };
            assert!(e.set(&Pointer::parse("/spec/a/c"), json!(3), &other));
            set(e, "/spec/a/d", json!(4));
            set(e, "/spec/list/0/n", json!({}));
            set(e, "/spec/list/0/n/m", json!(4));
        });
        let expected = [
            "Add /spec/a {\"b\":[1,2],\"c\":2}",
            "Test /spec/a/c 2",
            "Replace /spec/a/c 3",
            "Add /spec/a/d 4",
            "Test /spec/list/0/name \"x\"",
            "Add /spec/list/0/n {\"m\":4}",
        ];
        assert_eq!(done, expected);
    }

    #[test]
    fn what_is_expected_is_tested_once() {
        let mut value = json!({"list": [1]});
        let list = Pointer::parse("/list");
        let done = operations(&mut value, |e| {
            e.expect(&list);
            e.expect(&list);
            e.expect(&Pointer::parse("/missing"));
        });
        assert_eq!(done, ["Test /list [1]"]);
    }

    #[test]
    fn setting_what_is_already_so_records_nothing() {
        let mut value = json!({"a": 1});
        assert!(
            operations(&mut value, |e| assert!(e.set(
                &Pointer::parse("/a"),
                json!(1),
                &reason()
            )))
            .is_empty()
        );
    }

    #[test]
    fn a_null_is_replaced_as_if_it_were_missing() {
        let mut value = json!({"a": null});
        let done = operations(&mut value, |e| {
            assert!(e.set(&Pointer::parse("/a/b"), json!(1), &reason()));
        });
        assert_eq!(done, ["Add /a {\"b\":1}"]);
    }

    #[test]
    fn a_missing_list_element_or_a_scalar_in_the_way_is_refused() {
        let mut value = json!({"list": [], "text": "x"});
        let done = operations(&mut value, |e| {
            assert!(!e.set(&Pointer::parse("/list/0/n"), json!(2), &reason()));
            assert!(!e.set(&Pointer::parse("/text/n"), json!(2), &reason()));
        });
        assert!(done.is_empty());
    }
}

//! Lists: sizes, items, sets, and lists of objects told apart by keys.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

use super::{Checker, Dialect, values_equal};
use crate::place::{Place, Segment};
use crate::schema::{ListType, StructuralSchema};
use crate::violation::ViolationKind;

impl Checker<'_> {
    pub(super) fn check_list(
        &mut self,
        schema: &StructuralSchema,
        items: &[Value],
        place: &Place<'_>,
    ) {
        if self.is_too_deep(place) {
            return;
        }
        if let Some(bounds) = schema.bounds.as_deref() {
            if let Some(problem) = bounds.items.find_problem(items.len(), "items") {
                self.report(place, ViolationKind::WrongSize, || problem);
            }
            if bounds.unique_items {
                self.check_set(items, place);
            }
        }
        let library = self.library;
        if let Some(child) = &schema.items {
            let item_schema = library.resolve(child);
            for (index, item) in items.iter().enumerate() {
                if item.is_null() {
                    self.check_null_item(item_schema, &place.at(Segment::Index(index)));
                } else {
                    self.check_child(item_schema, item, place, Segment::Index(index));
                }
            }
        }
        match &schema.list {
            ListType::Atomic => {}
            ListType::Set => self.check_set(items, place),
            ListType::Map(keys) => self.check_keys(schema, keys, items, place),
        }
    }

    fn check_set(&mut self, items: &[Value], place: &Place<'_>) {
        for repeated in find_repeated(items, ToString::to_string, values_equal) {
            let RepeatedItem { index, earlier } = repeated;
            let place = place.at(Segment::Index(index));
            self.report(&place, ViolationKind::Duplicate, || {
                format!("{} is already item {earlier} of this set", items[index])
            });
        }
    }

    fn check_keys(
        &mut self,
        schema: &StructuralSchema,
        keys: &[Box<str>],
        items: &[Value],
        place: &Place<'_>,
    ) {
        if self.dialect != Dialect::Custom {
            for (index, _) in items.iter().enumerate().filter(|(_, item)| item.is_null()) {
                let at = place.at(Segment::Index(index));
                self.report(&at, ViolationKind::WrongType, || {
                    "a map expected, got null".to_owned()
                });
            }
        }
        let key_text = |item: &Value| self.describe_keys(schema, keys, item);
        let same = |left: &Value, right: &Value| {
            left.is_object()
                && right.is_object()
                && keys
                    .iter()
                    .all(|key| self.key_values_equal(schema, key, left, right))
        };
        for RepeatedItem { index, earlier } in find_repeated(items, key_text, same) {
            let named = self.describe_keys(schema, keys, &items[index]);
            let at = place.at(Segment::Index(index));
            self.report(&at, ViolationKind::Duplicate, || {
                format!("item {earlier} of this list already has {named}")
            });
        }
    }

    fn key_value<'v>(
        &self,
        schema: &'v StructuralSchema,
        key: &str,
        item: &'v Value,
    ) -> Option<&'v Value>
    where
        Self: 'v,
    {
        item.get(key)
            .filter(|value| !value.is_null())
            .or_else(|| self.default_of(schema, key))
    }

    fn key_values_equal(
        &self,
        schema: &StructuralSchema,
        key: &str,
        left: &Value,
        right: &Value,
    ) -> bool {
        match (
            self.key_value(schema, key, left),
            self.key_value(schema, key, right),
        ) {
            (Some(left), Some(right)) => values_equal(left, right),
            (None, None) => true,
            _ => false,
        }
    }

    fn describe_keys(&self, schema: &StructuralSchema, keys: &[Box<str>], item: &Value) -> String {
        let mut parts = Vec::new();
        for key in keys {
            if let Some(value) = self.key_value(schema, key, item) {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                parts.push(format!("`{key}: {text}`"));
            }
        }
        parts.join(" and ")
    }
}

/// An item that an earlier one equals.
struct RepeatedItem {
    index: usize,
    earlier: usize,
}

/// Finds items that equal an earlier one: in short lists by comparing each with each, in long ones by their texts.
fn find_repeated(
    items: &[Value],
    text: impl Fn(&Value) -> String,
    same: impl Fn(&Value, &Value) -> bool,
) -> Vec<RepeatedItem> {
    const SHORT: usize = 32;
    let mut found = Vec::new();
    if items.len() <= SHORT {
        for (index, item) in items.iter().enumerate() {
            let earlier = items.iter().take(index).position(|other| same(other, item));
            found.extend(earlier.map(|earlier| RepeatedItem { index, earlier }));
        }
        return found;
    }
    let mut seen = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        match seen.entry(text(item)) {
            Entry::Vacant(entry) => _ = entry.insert(index),
            Entry::Occupied(entry) if same(&items[*entry.get()], item) => {
                found.push(RepeatedItem {
                    index,
                    earlier: *entry.get(),
                });
            }
            Entry::Occupied(_) => {}
        }
    }
    found
}

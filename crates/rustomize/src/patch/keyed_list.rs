//! Lists whose elements merge by keys, as kustomize merges them: the elements of the patch come first, and an element without its key
//! takes others with it.

use std::sync::Arc;

use super::schema::NodeSchema;
use super::strategic::{Misfit, PatchDirective, StrategicMerger, Walked, parse_directive};
use crate::tree::{Node, Scalar, Sequence};
use manifest_yaml::ScalarStyle;

/// Returns the directive that stands as an element of its own, and the list without it.
pub(super) fn read_list_directive(patch: &Sequence) -> Result<(PatchDirective, Sequence), String> {
    let Some(value) = patch.items.iter().find(|item| item.get("$patch").is_some()) else {
        return Ok((PatchDirective::Merge, patch.clone()));
    };
    if value.as_mapping().is_some_and(|m| m.entries.len() > 1) {
        return Ok((PatchDirective::Merge, patch.clone()));
    }
    let word = value.get("$patch").map_or("", Node::text).to_owned();
    let directive = parse_directive(&word)?;
    let mut items = patch.items.to_vec();
    set_element(&mut items, None, &["$patch".to_owned()], &[word])?;
    Ok((
        directive,
        Sequence {
            items: Arc::new(items),
            flow: patch.flow,
        },
    ))
}

/// The elements of both sides while they are merged.
pub(super) struct ListElements {
    base: Vec<Node>,
    patch: PatchElements,
}

/// The elements of a patch while they are merged.
enum PatchElements {
    /// The patch does not mention the list.
    Missing,
    /// Elements of the patch.
    Own(Vec<Node>),
    /// Elements of the base itself: a change of one side is one of the other.
    Shared,
}

impl ListElements {
    /// Returns the elements of an object and of a patch.
    pub(super) fn of(base: &Sequence, patch: Option<&Sequence>) -> Self {
        Self {
            base: base.items.to_vec(),
            patch: match patch {
                Some(patch) => PatchElements::Own(patch.items.to_vec()),
                None => PatchElements::Missing,
            },
        }
    }

    /// Returns the elements of a patch that is merged with itself.
    pub(super) fn alone(patch: &Sequence) -> Self {
        Self {
            base: patch.items.to_vec(),
            patch: PatchElements::Shared,
        }
    }

    /// Merges element by element; `keys` without entries means that the elements themselves are the keys.
    pub(super) fn merged<'s>(
        mut self,
        merger: StrategicMerger<'s>,
        keys: &[String],
        schema: Option<NodeSchema<'s>>,
        flow: bool,
    ) -> Result<Node, Misfit> {
        let no_keys = [String::new()];
        let keys = if keys.is_empty() { &no_keys } else { keys };
        let mut tuples = self.tuples(keys);
        if keys.len() > 1 {
            unify(&mut tuples);
        }
        let valid: Vec<usize> = (0..keys.len())
            .filter(|i| tuples.iter().any(|t| !t[*i].is_empty()))
            .collect();
        let valid = if valid.is_empty() {
            (0..keys.len()).collect()
        } else {
            valid
        };
        let valid_keys: Vec<String> = valid.iter().map(|i| keys[*i].clone()).collect();
        let mut result = Vec::new();
        for tuple in &tuples {
            let values: Vec<String> = valid.iter().map(|i| tuple[*i].clone()).collect();
            self.merge_element(&mut result, merger, &valid_keys, &values, schema)?;
        }
        let items = if tuples.is_empty() {
            self.base
        } else {
            append_all(result, self.base, &valid_keys)?
        };
        Ok(Node::Sequence(Sequence {
            items: Arc::new(items),
            flow,
        }))
    }

    /// The key texts of every element, the patch's first, without repetitions.
    fn tuples(&self, keys: &[String]) -> Vec<Vec<String>> {
        let mut found: Vec<Vec<String>> = Vec::new();
        let patch = match &self.patch {
            PatchElements::Own(items) => items.as_slice(),
            PatchElements::Missing | PatchElements::Shared => &[],
        };
        for item in patch.iter().chain(&self.base) {
            let text = |key: &String| match key.as_str() {
                "" => item.text().to_owned(),
                key => item
                    .get(key)
                    .filter(|n| !n.is_null_or_empty())
                    .map_or("", Node::text)
                    .to_owned(),
            };
            let tuple: Vec<String> = keys.iter().map(text).collect();
            if !found.contains(&tuple) {
                found.push(tuple);
            }
        }
        found
    }

    fn merge_element<'s>(
        &mut self,
        result: &mut Vec<Node>,
        merger: StrategicMerger<'s>,
        keys: &[String],
        values: &[String],
        schema: Option<NodeSchema<'s>>,
    ) -> Result<(), Misfit> {
        let at = position(&self.base, keys, values);
        let base = at.map(|i| self.base[i].clone());
        let (value, in_place) = match &self.patch {
            PatchElements::Shared => match &base {
                Some(element) => (merger.walk_alone(element, schema)?, true),
                None => (None, true),
            },
            PatchElements::Own(_) | PatchElements::Missing => {
                let patch = match &self.patch {
                    PatchElements::Own(items) => {
                        position(items, keys, values).map(|i| items[i].clone())
                    }
                    _ => None,
                };
                match merger.walk(base.as_ref(), patch.as_ref(), schema)? {
                    Walked::Gone => (None, false),
                    Walked::Same => (base, true),
                    Walked::InPlace(node) => (Some(node), true),
                    Walked::FromPatch(node) => (Some(node), false),
                }
            }
        };
        let Some(value) = value.filter(|v| !v.is_null_or_empty_mapping()) else {
            return Ok(set_element(&mut self.base, None, keys, values)?);
        };
        let value = with_keys(value, keys, values);
        if let (true, Some(at)) = (in_place, at) {
            self.base[at] = value.clone();
        }
        Ok(set_element(result, Some(&value), keys, values)?)
    }
}

/// Fills in keys that the element lacks.
fn with_keys(value: Node, keys: &[String], values: &[String]) -> Node {
    match value {
        Node::Mapping(mut mapping) => {
            for (key, text) in keys.iter().zip(values) {
                if mapping.get(key).is_none() && !text.is_empty() {
                    mapping.set(key, Node::Scalar(Scalar::untyped(text)), ScalarStyle::Plain);
                }
            }
            Node::Mapping(mapping)
        }
        Node::Scalar(scalar) if !values.iter().all(String::is_empty) => Node::Scalar(Scalar {
            style: scalar.style,
            alias: scalar.alias,
            ..Scalar::untyped(&scalar.text)
        }),
        other => other,
    }
}

/// Tuples that agree on something and contradict each other on nothing become one.
fn unify(tuples: &mut [Vec<String>]) {
    for i in 0..tuples.len() {
        for j in 0..tuples.len() {
            if let Some(unified) = unified(&tuples[i], &tuples[j]) {
                tuples[i].clone_from(&unified);
                tuples[j] = unified;
            }
        }
    }
}

fn unified(left: &[String], right: &[String]) -> Option<Vec<String>> {
    let mut agree = false;
    let mut result = Vec::with_capacity(left.len());
    for (l, r) in left.iter().zip(right) {
        agree |= l == r;
        if l != r && !l.is_empty() && !r.is_empty() {
            return None;
        }
        result.push(if l.is_empty() { r.clone() } else { l.clone() });
    }
    agree.then_some(result)
}

/// The first element whose keys have the values. Keys without a value do not count, unless none has one.
fn position(items: &[Node], keys: &[String], values: &[String]) -> Option<usize> {
    let all_empty = values.iter().all(String::is_empty);
    let pairs: Vec<(&String, &String)> = keys
        .iter()
        .zip(values)
        .filter(|(_, v)| all_empty || !v.is_empty())
        .collect();
    items.iter().position(|item| {
        if keys.first().is_none_or(String::is_empty) {
            return item.text() == values.first().map_or("", String::as_str);
        }
        item.as_mapping().is_some_and(|m| {
            pairs
                .iter()
                .all(|(key, value)| m.get(key).is_some_and(|n| n.text() == **value))
        })
    })
}

/// Adds the base's elements to what was merged; elements with the same keys take the place of what is there.
fn append_all(
    mut result: Vec<Node>,
    base: Vec<Node>,
    keys: &[String],
) -> Result<Vec<Node>, String> {
    for item in base {
        if keys.first().is_none_or(String::is_empty) {
            let value = [item.text().to_owned()];
            set_element(&mut result, Some(&item), &[String::new()], &value)?;
            continue;
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            if item.as_mapping().is_none() && !item.is_null() {
                return Err(format!(
                    "an element is {}, but its key `{key}` is needed",
                    item.kind()
                ));
            }
            match item.get(key) {
                Some(value) => values.push(value.text().to_owned()),
                None => result.push(item.clone()),
            }
        }
        if keys.len() > 1 {
            set_element(&mut result, None, keys, &values)?;
        }
        set_element(&mut result, Some(&item), keys, &values)?;
    }
    Ok(result)
}

/// Replaces (or, without an element, removes) the elements whose keys have the values; adds the element where none has.
///
/// A key without a value matches whatever the element has there, and without any values everything is dropped: so kustomize does.
fn set_element(
    items: &mut Vec<Node>,
    element: Option<&Node>,
    keys: &[String],
    values: &[String],
) -> Result<(), String> {
    let by_map = keys.first().is_some_and(|k| !k.is_empty())
        && values.first().is_some_and(|v| !v.is_empty());
    let mut kept = Vec::with_capacity(items.len() + 1);
    let mut matched = false;
    for item in items.drain(..) {
        if item.is_null_or_empty_mapping() {
            continue;
        }
        if item.as_mapping().is_none() && by_map {
            kept.push(item);
            continue;
        }
        if !matches_keys(&item, keys, values)? {
            kept.extend((!values.is_empty()).then_some(item));
            continue;
        }
        matched = true;
        kept.extend(element.cloned());
    }
    *items = kept;
    if let Some(element) = element.filter(|e| !matched && !e.is_null()) {
        items.push(element.clone());
    }
    Ok(())
}

fn matches_keys(item: &Node, keys: &[String], values: &[String]) -> Result<bool, String> {
    let mut matched = false;
    for (index, key) in keys.iter().enumerate() {
        if let Some(value) = values.get(index) {
            matched = match (key.as_str(), item) {
                ("", Node::Scalar(scalar)) => *scalar.text == **value,
                ("", _) => {
                    return Err(format!(
                        "a scalar is expected, but {} is there",
                        item.kind()
                    ));
                }
                (key, Node::Mapping(m)) => m
                    .get(key)
                    .is_some_and(|n| value.is_empty() || n.text() == value),
                (key, _) => {
                    return Err(format!(
                        "an element is {}, but its key `{key}` is needed",
                        item.kind()
                    ));
                }
            };
        }
        if !matched {
            return Ok(false);
        }
    }
    Ok(matched)
}

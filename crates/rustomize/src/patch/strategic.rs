//! Strategic merge: a patch in the shape of the object.
//!
//! Follows kustomize field by field, also where it surprises: what the patch does not mention is walked as well, the elements of a
//! patched list come first, and an element without its key takes others with it.

use std::sync::Arc;

use super::schema::Schema;
use crate::tree::{Mapping, Node, Scalar, Sequence, quoted_if_needed};
use manifest_yaml::ScalarStyle;

/// Why a patch does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It has another shape than the object, or a directive that nobody knows.
    Shape(String),
    /// kustomize would do something with it that nobody can want.
    Refused(String),
}

impl Misfit {
    /// The same, seen from one level above.
    fn within(self, key: &str) -> Self {
        match self {
            Self::Shape(reason) => Self::Shape(within(key, &reason)),
            Self::Refused(reason) => Self::Refused(within(key, &reason)),
        }
    }
}

impl From<String> for Misfit {
    fn from(reason: String) -> Self {
        Self::Shape(reason)
    }
}

/// What a merge makes of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Merged {
    /// Nothing changed.
    Same,
    /// The object is deleted.
    Gone,
    /// The object as it is now.
    Node(Node),
}

/// Merges a patch into an object.
pub(crate) fn merge(base: &Node, patch: &Node) -> Result<Merged, Misfit> {
    Ok(match walk(Some(base), Some(patch), None)? {
        Walked::Gone => Merged::Gone,
        Walked::InPlace(node) => Merged::Node(node),
        // A patch that would replace the whole object is ignored.
        Walked::Same | Walked::FromPatch(_) => Merged::Same,
    })
}

/// Words that other tools act on and kustomize copies into the output.
pub(crate) fn foreign_directive(patch: &Node) -> Option<String> {
    match patch {
        Node::Scalar(_) => None,
        Node::Sequence(sequence) => sequence.items.iter().find_map(foreign_directive),
        Node::Mapping(mapping) => mapping.entries.iter().find_map(|(key, value)| {
            let foreign = &*key.text == "$retainKeys"
                || key.text.starts_with("$setElementOrder/")
                || key.text.starts_with("$deleteFromPrimitiveList/");
            if foreign {
                Some(key.text.to_string())
            } else {
                foreign_directive(value)
            }
        }),
    }
}

/// The outcome for one value.
enum Walked {
    /// The base is as it was.
    Same,
    /// Nothing is left.
    Gone,
    /// The base, changed.
    InPlace(Node),
    /// The patch takes the place of the base.
    FromPatch(Node),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Delete,
    Replace,
}

fn walk(
    base: Option<&Node>,
    patch: Option<&Node>,
    schema: Option<Schema>,
) -> Result<Walked, Misfit> {
    let written = |node: Option<&'_ Node>| node.filter(|n| !n.is_null()).cloned();
    let schema = schema
        .or_else(|| base.and_then(Schema::of_object))
        .or_else(|| patch.and_then(Schema::of_object));
    let (b, p) = (written(base), written(patch));
    if let (Some(b), Some(p)) = (&b, &p)
        && std::mem::discriminant(b) != std::mem::discriminant(p)
    {
        return Err(Misfit::Shape(format!(
            "the object has {} where the patch has {}",
            b.kind(),
            p.kind()
        )));
    }
    match b.or(p) {
        Some(Node::Sequence(_)) => match schema {
            Some(Schema::List(keys, _)) => walk_keyed_list(base, patch, keys, schema),
            _ => walk_list(patch),
        },
        Some(Node::Scalar(_)) => Ok(walk_scalar(base, patch)),
        _ => walk_mapping(base, patch, schema),
    }
}

fn walk_scalar(base: Option<&Node>, patch: Option<&Node>) -> Walked {
    match (base, patch) {
        (_, Some(patch)) if patch.is_null() => Walked::Gone,
        (_, Some(patch)) => Walked::FromPatch(patch.clone()),
        (Some(base), None) => {
            let quoted = quoted_if_needed(base.clone());
            if quoted == *base {
                Walked::Same
            } else {
                Walked::InPlace(quoted)
            }
        }
        (None, None) => Walked::Gone,
    }
}

/// A list without keys: the patch's replaces the base's.
fn walk_list(patch: Option<&Node>) -> Result<Walked, Misfit> {
    let Some(patch) = patch else {
        return Ok(Walked::Same);
    };
    if patch.is_null() {
        return Ok(Walked::Gone);
    }
    let directive = |node: &Node| node.get("$patch").is_some();
    if patch
        .as_sequence()
        .is_some_and(|s| s.items.iter().any(directive))
    {
        return Err(Misfit::Refused(
            "`$patch` in a list that does not merge by key would be copied into the output"
                .to_owned(),
        ));
    }
    Ok(Walked::FromPatch(patch.clone()))
}

fn walk_mapping(
    base: Option<&Node>,
    patch: Option<&Node>,
    schema: Option<Schema>,
) -> Result<Walked, Misfit> {
    let Some(Node::Mapping(base)) = base else {
        return walk_missing_mapping(base, patch, schema);
    };
    let Some(patch) = patch else {
        return walk_fields(base.clone(), None, schema, false);
    };
    let Node::Mapping(patch) = patch else {
        return Ok(Walked::Gone);
    };
    let (directive, patch) = mapping_directive(patch)?;
    match directive {
        Directive::Delete => Ok(Walked::Gone),
        Directive::Replace => Ok(from_patch(
            walk_fields(patch.clone(), Some(&patch), schema, false)?,
            &patch,
        )),
        Directive::Merge => {
            let mut base = base.clone();
            // An empty map takes the style of the patch.
            let restyled = base.entries.is_empty() && base.flow != patch.flow;
            if restyled {
                base.flow = patch.flow;
            }
            walk_fields(base, Some(&patch), schema, restyled)
        }
    }
}

/// A map that is missing or null in the object.
fn walk_missing_mapping(
    base: Option<&Node>,
    patch: Option<&Node>,
    schema: Option<Schema>,
) -> Result<Walked, Misfit> {
    match patch {
        // A null that was written out stays; one that was not vanishes.
        None => Ok(if base.is_some_and(|b| !b.text().is_empty()) {
            Walked::Same
        } else {
            Walked::Gone
        }),
        Some(Node::Mapping(patch)) => {
            let (directive, patch) =
                mapping_directive(patch).unwrap_or((Directive::Merge, patch.clone()));
            if directive == Directive::Delete {
                return Ok(Walked::Gone);
            }
            Ok(from_patch(
                walk_fields(patch.clone(), Some(&patch), schema, false)?,
                &patch,
            ))
        }
        Some(_) => Ok(Walked::Gone),
    }
}

/// The outcome of merging a patch with itself.
fn from_patch(walked: Walked, patch: &Mapping) -> Walked {
    match walked {
        Walked::Same => Walked::FromPatch(Node::Mapping(patch.clone())),
        Walked::InPlace(node) | Walked::FromPatch(node) => Walked::FromPatch(node),
        Walked::Gone => Walked::Gone,
    }
}

fn walk_fields(
    mut base: Mapping,
    patch: Option<&Mapping>,
    schema: Option<Schema>,
    mut changed: bool,
) -> Result<Walked, Misfit> {
    let Some(patch) = patch else {
        return walk_own_fields(base, schema, changed);
    };
    let mut own: Vec<Arc<str>> = base
        .entries
        .iter()
        .map(|(key, _)| Arc::clone(&key.text))
        .collect();
    own.sort_unstable();
    own.dedup();
    for key in &own {
        let Some(value) = base.get(key).cloned() else {
            continue;
        };
        let below = patch.get(key);
        match walk(Some(&value), below, schema.and_then(|s| s.field(key)))
            .map_err(|e| e.within(key))?
        {
            Walked::Same => continue,
            Walked::Gone => base.remove(key),
            Walked::InPlace(node) => base.put(key, node),
            Walked::FromPatch(node) => base.set(key, quoted_if_needed(node), ScalarStyle::Plain),
        }
        changed = true;
    }
    for (key, value) in patch.entries.iter() {
        if own.binary_search(&key.text).is_ok() || base.get(&key.text).is_some() {
            continue;
        }
        let field = schema.and_then(|s| s.field(&key.text));
        if let Walked::FromPatch(node) =
            walk(None, Some(value), field).map_err(|e| e.within(&key.text))?
            && !node.is_null()
        {
            base.set(&key.text, node, key.style);
            changed = true;
        }
    }
    Ok(if changed {
        Walked::InPlace(Node::Mapping(base))
    } else {
        Walked::Same
    })
}

/// Walks the fields of an object that the patch does not mention.
fn walk_own_fields(
    mut base: Mapping,
    schema: Option<Schema>,
    mut changed: bool,
) -> Result<Walked, Misfit> {
    let entries = Arc::clone(&base.entries);
    for (at, (key, value)) in entries.iter().enumerate() {
        // Only the first of equal keys is seen.
        if entries[..at]
            .iter()
            .any(|(before, _)| before.text == key.text)
        {
            continue;
        }
        let field = schema.and_then(|s| s.field(&key.text));
        match walk(Some(value), None, field).map_err(|e| e.within(&key.text))? {
            Walked::Same => continue,
            Walked::Gone => base.remove(&key.text),
            Walked::InPlace(node) | Walked::FromPatch(node) => base.put(&key.text, node),
        }
        changed = true;
    }
    Ok(if changed {
        Walked::InPlace(Node::Mapping(base))
    } else {
        Walked::Same
    })
}

/// Words where something is wrong: the fields on the way, then the reason.
fn within(key: &str, reason: &str) -> String {
    match reason.strip_prefix("at `") {
        Some(rest) => format!("at `{key}/{rest}"),
        None => format!("at `{key}`: {reason}"),
    }
}

/// The `$patch` of a map, and the map without it.
fn mapping_directive(patch: &Mapping) -> Result<(Directive, Mapping), String> {
    let Some(value) = patch.get("$patch") else {
        return Ok((Directive::Merge, patch.clone()));
    };
    let directive = directive(value.text())?;
    let mut rest = patch.clone();
    rest.remove("$patch");
    Ok((directive, rest))
}

fn directive(word: &str) -> Result<Directive, String> {
    match word {
        "delete" => Ok(Directive::Delete),
        "replace" => Ok(Directive::Replace),
        "merge" => Ok(Directive::Merge),
        other => Err(format!(
            "`$patch: {other}` is not known; `merge`, `replace` or `delete` is expected"
        )),
    }
}

fn walk_keyed_list(
    base: Option<&Node>,
    patch: Option<&Node>,
    keys: &[String],
    schema: Option<Schema>,
) -> Result<Walked, Misfit> {
    let list = |node: Option<&'_ Node>| node.and_then(Node::as_sequence).cloned();
    let elements = schema.and_then(Schema::elements);
    let (Some(base), patch_list) = (list(base), list(patch)) else {
        let Some(patch) = list(patch) else {
            return Ok(Walked::Gone);
        };
        return Ok(Walked::FromPatch(
            Lists::of(&patch, Some(&patch)).merged(keys, elements, patch.flow)?,
        ));
    };
    if patch.is_some() && patch_list.is_none() {
        return Ok(Walked::Gone);
    }
    let Some(patch) = patch_list else {
        let merged = Lists::of(&base, None).merged(keys, elements, base.flow)?;
        let same = matches!(&merged, Node::Sequence(s) if *s == base);
        return Ok(if same {
            Walked::Same
        } else {
            Walked::InPlace(merged)
        });
    };
    let (directive, patch) = list_directive(&patch)?;
    let flow = if base.items.is_empty() {
        patch.flow
    } else {
        base.flow
    };
    match directive {
        Directive::Delete => Ok(Walked::Gone),
        Directive::Replace => Ok(Walked::FromPatch(
            Lists::of(&patch, Some(&patch)).merged(keys, elements, patch.flow)?,
        )),
        Directive::Merge => Ok(Walked::InPlace(
            Lists::of(&base, Some(&patch)).merged(keys, elements, flow)?,
        )),
    }
}

/// The directive that stands as an element of its own, and the list without it.
fn list_directive(patch: &Sequence) -> Result<(Directive, Sequence), String> {
    let Some(value) = patch.items.iter().find(|item| item.get("$patch").is_some()) else {
        return Ok((Directive::Merge, patch.clone()));
    };
    if value.as_mapping().is_some_and(|m| m.entries.len() > 1) {
        return Ok((Directive::Merge, patch.clone()));
    }
    let word = value.get("$patch").map_or("", Node::text).to_owned();
    let directive = directive(&word)?;
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
struct Lists {
    base: Vec<Node>,
    patch: Option<Vec<Node>>,
}

impl Lists {
    fn of(base: &Sequence, patch: Option<&Sequence>) -> Self {
        Self {
            base: base.items.to_vec(),
            patch: patch.map(|p| p.items.to_vec()),
        }
    }

    /// Merges element by element; `keys` without entries means that the elements themselves are the keys.
    fn merged(
        mut self,
        keys: &[String],
        schema: Option<Schema>,
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
            self.merge_element(&mut result, &valid_keys, &values, schema)?;
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
        for item in self.patch.iter().flatten().chain(&self.base) {
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

    fn merge_element(
        &mut self,
        result: &mut Vec<Node>,
        keys: &[String],
        values: &[String],
        schema: Option<Schema>,
    ) -> Result<(), Misfit> {
        let at = position(&self.base, keys, values);
        let patch_at = self.patch.as_ref().and_then(|p| position(p, keys, values));
        let base = at.map(|i| self.base[i].clone());
        let patch = self.patch.as_ref().zip(patch_at).map(|(p, i)| p[i].clone());
        let (value, in_place) = match walk(base.as_ref(), patch.as_ref(), schema)? {
            Walked::Gone => (None, false),
            Walked::Same => (base, true),
            Walked::InPlace(node) => (Some(node), true),
            Walked::FromPatch(node) => (Some(node), false),
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

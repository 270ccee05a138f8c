//! Replacements: values that are copied from one object to others.

use std::sync::Arc;

use regex::Regex;

use crate::budget::{check_object, measure_node};
use crate::field::KindFilter;
use crate::kustomization::{
    FieldOptions, Replacement, ReplacementSource, ReplacementTarget, Selector,
};
use crate::patch::select::{IdFilter, TextFilter};
use crate::resource::alias::separate;
use crate::resource::{Resource, ResourceId};
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag};
use crate::version::KustomizeVersion;
use manifest_yaml::ScalarStyle;

/// Applies one replacement.
pub(crate) fn apply_replacement(
    resources: &mut [Resource],
    replacement: &Replacement,
    version: KustomizeVersion,
) -> Result<(), String> {
    let value = match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => {
            return Err("`source` and `sourceValue` exclude each other".to_owned());
        }
        (None, None) => return Err("a replacement needs a `source`".to_owned()),
        (Some(source), None) => source_value(resources, source)?,
        (None, Some(text)) => Node::Scalar(Scalar::untyped(text)),
    };
    let Some(targets) = &replacement.targets else {
        return Err("a replacement needs at least one target".to_owned());
    };
    for target in targets {
        let filter = TargetFilter::new(target, version)?;
        for resource in resources.iter_mut() {
            if filter.accepts(resource) {
                put(resource, &value, target).map_err(|e| format!("{}: {e}", resource.id()))?;
            }
        }
    }
    Ok(())
}

/// Selects the objects that a replacement changes.
struct TargetFilter {
    select: TermFilter,
    reject: Vec<TermFilter>,
}

/// One selector of a target.
struct TermFilter {
    ids: IdMatch,
    texts: TextFilter,
}

/// How the parts of an id are compared.
enum IdMatch {
    /// No part is given.
    Any,
    /// Exactly, up to kustomize 5.6.
    Exact(Selector),
    /// By regular expressions, since 5.8.
    Pattern(IdFilter),
}

impl TermFilter {
    fn new(selector: &Selector, version: KustomizeVersion) -> Result<Self, String> {
        let is_empty = selector.kinds == KindFilter::default()
            && selector.name.is_empty()
            && selector.namespace.is_empty();
        Ok(Self {
            ids: if is_empty {
                IdMatch::Any
            } else if version == KustomizeVersion::V5_8 {
                IdMatch::Pattern(IdFilter::new(selector)?)
            } else {
                IdMatch::Exact(selector.clone())
            },
            texts: TextFilter::new(selector)?,
        })
    }

    fn selects_id(&self, id: &ResourceId) -> bool {
        match &self.ids {
            IdMatch::Any => true,
            IdMatch::Exact(selector) => selects(selector, id),
            IdMatch::Pattern(filter) => filter.accepts(id),
        }
    }

    /// Returns whether the selector rejects an object; an empty part of it rejects nothing.
    fn rejects(&self, resource: &Resource) -> bool {
        let by_id =
            !matches!(self.ids, IdMatch::Any) && resource.any_ids().any(|id| self.selects_id(&id));
        by_id || (!self.texts.is_empty() && self.texts.accept(resource))
    }
}

impl TargetFilter {
    fn new(target: &ReplacementTarget, version: KustomizeVersion) -> Result<Self, String> {
        let Some(select) = &target.select else {
            return Err("a target of a replacement needs `select`".to_owned());
        };
        let mut reject = Vec::new();
        for selector in &target.reject {
            reject.push(TermFilter::new(selector, version)?);
        }
        Ok(Self {
            select: TermFilter::new(select, version)?,
            reject,
        })
    }

    fn accepts(&self, resource: &Resource) -> bool {
        self.select.texts.accept(resource)
            && resource.any_ids().any(|id| self.select.selects_id(&id))
            && !self.reject.iter().any(|term| term.rejects(resource))
    }
}

/// Exact equality of the parts that are given.
fn selects(selector: &Selector, id: &ResourceId) -> bool {
    let effective = |namespace: &str| {
        if namespace.is_empty() {
            "default".to_owned()
        } else {
            namespace.to_owned()
        }
    };
    (selector.name.is_empty() || selector.name == id.name)
        && (selector.namespace.is_empty()
            || effective(&selector.namespace) == effective(&id.namespace))
        && selector.kinds.accepts(&id.group, &id.version, &id.kind)
}

fn source_value(resources: &[Resource], source: &ReplacementSource) -> Result<Node, String> {
    let mut found = resources
        .iter()
        .filter(|r| r.any_ids().any(|id| selects(&source.select, &id)));
    let name = describe(&source.select);
    let Some(resource) = found.next() else {
        return Err(format!("no object is {name}"));
    };
    if found.next().is_some() {
        return Err(format!("more than one object is {name}"));
    }
    let path = source.field_path.as_deref().unwrap_or("metadata.name");
    let value = find_value(resource.root(), &split_path(path))?.filter(|n| !n.is_null_or_empty());
    let value = value.ok_or_else(|| format!("{} has no field `{path}`", resource.id()))?;
    let Some(delimiter) = source.options.delimiter.as_deref() else {
        return Ok(separate(value));
    };
    let Node::Scalar(scalar) = value else {
        return Err("`delimiter` needs a scalar".to_owned());
    };
    let part = usize::try_from(source.options.index).ok();
    let part = part.and_then(|at| scalar.text.split(delimiter).nth(at));
    let part =
        part.ok_or_else(|| format!("`{}` has no part {}", scalar.text, source.options.index))?;
    Ok(Node::Scalar(Scalar {
        text: Arc::from(part),
        alias: 0,
        ..scalar.clone()
    }))
}

fn describe(select: &Selector) -> String {
    let or = |text: &str, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    format!(
        "`{}/{}`",
        or(&select.kinds.kind, "any kind"),
        or(&select.name, "any name")
    )
}

/// The field at a path; `None` where it is missing.
pub(crate) fn find_value<'n>(node: &'n Node, path: &[String]) -> Result<Option<&'n Node>, String> {
    let mut node = node;
    for part in path.iter().map(|p| p.trim()).filter(|p| !p.is_empty()) {
        if node.is_null() {
            return Ok(None);
        }
        let found = match (part.parse::<i64>(), element(part)) {
            (Ok(at), _) => items(node, part)?
                .get(usize::try_from(at).map_err(|_| format!("`{part}` is negative"))?),
            (_, _) if part == "-" => items(node, part)?.last(),
            (_, _) if part == "*" => return Err("`*` cannot be used in a source".to_owned()),
            (_, Some((key, value))) => items(node, part)?.iter().find(|item| match key {
                "" => item.text() == value,
                key => item.get(key).is_some_and(|n| n.text() == value),
            }),
            _ => match node {
                Node::Mapping(mapping) => mapping.get(part),
                other => {
                    return Err(format!(
                        "`{part}` needs a map, but {} is there",
                        other.kind()
                    ));
                }
            },
        };
        match found {
            Some(found) => node = found,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn items<'n>(node: &'n Node, part: &str) -> Result<&'n [Node], String> {
    match node {
        Node::Sequence(sequence) => Ok(&sequence.items),
        other if other.is_null() => Ok(&[]),
        other => Err(format!(
            "`{part}` needs a list, but {} is there",
            other.kind()
        )),
    }
}

/// `[key=value]`.
fn element(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// Splits a path at dots, except escaped ones and those in brackets.
pub(crate) fn split_path(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let whole = path
        .strip_prefix('.')
        .filter(|rest| !rest.is_empty())
        .unwrap_or(path);
    for piece in whole.split('.') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    let mut joined: Vec<String> = Vec::new();
    let mut pieces = parts.into_iter();
    while let Some(mut part) = pieces.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for piece in pieces.by_ref() {
                part.push('.');
                part.push_str(&piece);
                if piece.ends_with(']') {
                    break;
                }
            }
            if !part.contains('=') {
                part.retain(|c| !matches!(c, '[' | ']'));
            }
        }
        joined.push(part);
    }
    joined
}

fn put(resource: &mut Resource, value: &Node, target: &ReplacementTarget) -> Result<(), String> {
    let default = ["metadata.name".to_owned()];
    let paths = if target.field_paths.is_empty() {
        &default
    } else {
        target.field_paths.as_slice()
    };
    for path in paths {
        let create = target.options.create.then_some(value);
        let mut found = 0;
        let mut set = |old: &Node| {
            found += 1;
            replaced(old, value, &target.options)
        };
        let root = edit(resource.root(), &split_path(path), create, &mut set)
            .map_err(|e| format!("`{path}`: {e}"))?;
        if found == 0 {
            return Err(format!("there is no field `{path}`"));
        }
        if let Some(root) = root {
            if may_grow_much(value) {
                check_object(&root)?;
            }
            resource.set_root(root);
        }
    }
    Ok(())
}

/// Returns whether a value is so large that its copies are counted.
fn may_grow_much(value: &Node) -> bool {
    const SMALL: usize = 1 << 10;
    measure_node(value, SMALL) > SMALL
}

/// The value that stands at the target afterwards. A scalar keeps its type and its quotes; only its text is replaced.
fn replaced(old: &Node, value: &Node, options: &FieldOptions) -> Result<Node, String> {
    let mut text = value.text().to_owned();
    if let Some(delimiter) = options.delimiter.as_deref() {
        let Node::Scalar(old) = old else {
            return Err("`delimiter` needs a scalar".to_owned());
        };
        let part = if value.is_null() { "" } else { value.text() };
        let mut parts: Vec<&str> = old.text.split(delimiter).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, part),
            Ok(at) if at >= parts.len() => parts.push(part),
            Ok(at) => parts[at] = part,
        }
        text = parts.join(delimiter);
    }
    Ok(match (old, value) {
        (Node::Scalar(old), _) => Node::Scalar(Scalar {
            text: Arc::from(text),
            ..old.clone()
        }),
        (_, Node::Scalar(value)) => Node::Scalar(Scalar {
            text: Arc::from(text),
            ..value.clone()
        }),
        (_, value) => value.clone(),
    })
}

type Set<'s> = dyn FnMut(&Node) -> Result<Node, String> + 's;

/// Changes every field that a path leads to. `create`: the value for which missing fields are made.
fn edit(
    node: &Node,
    path: &[String],
    create: Option<&Node>,
    set: &mut Set<'_>,
) -> Result<Option<Node>, String> {
    let Some((part, rest)) = path.split_first() else {
        return set(node).map(Some);
    };
    if part.parse::<u64>().is_ok() {
        return edit_index(node, part, rest, create, set);
    }
    if part.starts_with('[') && part.ends_with(']') {
        let pair =
            element(part).ok_or_else(|| format!("`{part}` is not of the form `[key=value]`"))?;
        return edit_matching(node, pair, rest, create, set);
    }
    if part == "*" {
        return edit_items(node, part, &mut |item| edit(item, rest, create, set));
    }
    let mapping = match node {
        Node::Mapping(mapping) => mapping,
        other if other.is_null() => return Ok(None),
        other => {
            return Err(format!(
                "`{part}` needs a map, but {} is there",
                other.kind()
            ));
        }
    };
    let made = match (mapping.get(part), create) {
        (Some(_), _) => None,
        (None, None) => return Ok(None),
        (None, Some(value)) => Some(empty_for(rest, value)),
    };
    let found = mapping.get(part).or(made.as_ref());
    let Some(new) = found
        .map(|found| edit(found, rest, create, set))
        .transpose()?
        .flatten()
        .or(made)
    else {
        return Ok(None);
    };
    let mut mapping = mapping.clone();
    mapping.put(part, new);
    Ok(Some(Node::Mapping(mapping)))
}

/// What a missing field becomes, by what follows in the path.
fn empty_for(rest: &[String], value: &Node) -> Node {
    match rest.first() {
        Some(next) if next.parse::<u64>().is_ok() || next.starts_with('[') => {
            Node::sequence(Vec::new())
        }
        Some(_) => Node::mapping(Vec::new()),
        None => match value {
            Node::Scalar(_) => Node::Scalar(Scalar::untyped("")),
            Node::Sequence(_) => Node::sequence(Vec::new()),
            Node::Mapping(_) => Node::mapping(Vec::new()),
        },
    }
}

type Each<'e> = dyn FnMut(&Node) -> Result<Option<Node>, String> + 'e;

fn edit_items(node: &Node, part: &str, each: &mut Each<'_>) -> Result<Option<Node>, String> {
    let mut changed: Option<Vec<Node>> = None;
    let list = items(node, part)?;
    for (at, item) in list.iter().enumerate() {
        if let Some(new) = each(item)? {
            changed.get_or_insert_with(|| list.to_vec())[at] = new;
        }
    }
    Ok(changed.map(|items| {
        Node::Sequence(Sequence {
            items: Arc::new(items),
            flow: node.is_flow(),
        })
    }))
}

fn edit_index(
    node: &Node,
    part: &str,
    rest: &[String],
    create: Option<&Node>,
    set: &mut Set<'_>,
) -> Result<Option<Node>, String> {
    let at: usize = part
        .parse()
        .map_err(|_| format!("`{part}` is not an index"))?;
    let mut list = items(node, part)?.to_vec();
    if let Some(value) = create.filter(|_| at == list.len()) {
        list.push(empty_for(rest, value));
    }
    let Some(found) = list.get(at) else {
        return Err(format!(
            "the list has {} elements, but the index is {at}",
            list.len()
        ));
    };
    let Some(new) = edit(found, rest, create, set)? else {
        return Ok(None);
    };
    list[at] = new;
    Ok(Some(Node::Sequence(Sequence {
        items: Arc::new(list),
        flow: node.is_flow(),
    })))
}

fn edit_matching(
    node: &Node,
    (key, pattern): (&str, &str),
    rest: &[String],
    create: Option<&Node>,
    set: &mut Set<'_>,
) -> Result<Option<Node>, String> {
    let regex =
        Regex::new(pattern).map_err(|_| format!("`{pattern}` is not a regular expression"))?;
    let part = format!("[{key}={pattern}]");
    let mut matched = false;
    let changed = edit_items(node, &part, &mut |item| {
        let compared = if key.is_empty() {
            Some(item)
        } else {
            item.get(key)
        };
        if !compared.is_some_and(|n| regex.is_match(written(n).trim())) {
            return Ok(None);
        }
        matched = true;
        if key.is_empty() {
            set(item).map(Some)
        } else {
            edit(item, rest, create, set)
        }
    })?;
    if matched || create.is_none() {
        return Ok(changed);
    }
    // Nothing matches: such an element is made.
    let scalar = Node::Scalar(Scalar::untyped(pattern));
    let made = if key.is_empty() {
        scalar
    } else {
        let mut mapping = Mapping::default();
        mapping.put(key, scalar);
        Node::Mapping(mapping)
    };
    let made = if key.is_empty() {
        set(&made)?
    } else {
        edit(&made, rest, create, set)?.unwrap_or(made)
    };
    let mut list = items(node, &part)?.to_vec();
    list.push(made);
    Ok(Some(Node::Sequence(Sequence {
        items: Arc::new(list),
        flow: node.is_flow(),
    })))
}

/// A scalar as it is written, with its quotes: that is what patterns are compared with.
fn written(node: &Node) -> String {
    match node {
        Node::Scalar(scalar) if scalar.style == ScalarStyle::Double && scalar.tag != Tag::None => {
            format!("\"{}\"", scalar.text)
        }
        Node::Scalar(scalar) if scalar.style == ScalarStyle::Single => format!("'{}'", scalar.text),
        other => other.text().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::split_path;

    #[test]
    fn paths_are_split_at_dots_outside_brackets() {
        assert_eq!(
            split_path("a.b\\.c.[d.e].[f=g.h].*.0"),
            ["a", "b.c", "d.e", "[f=g.h]", "*", "0"]
        );
        assert_eq!(split_path(".a.b"), ["a", "b"]);
    }
}

//! Strategic merge: a patch in the shape of the object.
//!
//! Follows kustomize field by field, also where it surprises: what the patch does not mention is walked as well, the elements of a
//! patched list come first, and an element without its key takes others with it.

use std::sync::Arc;

use super::keyed_list::{ListElements, read_list_directive};
use super::schema::{NodeSchema, SchemaData};
use crate::tree::{Mapping, Node, quoted_if_needed};
use manifest_yaml::ScalarStyle;

/// Reason why a patch does not fit.
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

/// The outcome of merging a patch into an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MergedObject {
    /// Nothing changed.
    Same,
    /// The patch would replace the whole object, which kustomize ignores.
    Ignored,
    /// The object is deleted.
    Gone,
    /// The object as it is now.
    Changed(Node),
}

/// Merges a patch into an object; `schema` takes the place of kustomize's own.
pub(crate) fn merge_patch(
    base: &Node,
    patch: &Node,
    schema: Option<&SchemaData>,
) -> Result<MergedObject, Misfit> {
    let merger = StrategicMerger {
        data: schema.unwrap_or_else(|| SchemaData::built_in()),
    };
    Ok(match merger.walk(Some(base), Some(patch), None)? {
        Walked::Gone => MergedObject::Gone,
        Walked::InPlace(node) => MergedObject::Changed(node),
        Walked::Same => MergedObject::Same,
        Walked::FromPatch(_) => MergedObject::Ignored,
    })
}

/// Merges patches by the merge keys of a schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct StrategicMerger<'s> {
    data: &'s SchemaData,
}

/// Returns a key of the patch that other tools act on and kustomize copies into the output.
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
pub(super) enum Walked {
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
pub(super) enum PatchDirective {
    Merge,
    Delete,
    Replace,
}

impl<'s> StrategicMerger<'s> {
    pub(super) fn walk(
        self,
        base: Option<&Node>,
        patch: Option<&Node>,
        schema: Option<NodeSchema<'s>>,
    ) -> Result<Walked, Misfit> {
        let written = |node: Option<&'_ Node>| node.filter(|n| !n.is_null()).cloned();
        let schema = schema
            .or_else(|| base.and_then(|node| self.data.of_object(node)))
            .or_else(|| patch.and_then(|node| self.data.of_object(node)));
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
                Some(NodeSchema::List { keys, .. }) => {
                    self.walk_keyed_list(base, patch, keys, schema)
                }
                _ => walk_list(patch),
            },
            Some(Node::Scalar(_)) => Ok(walk_scalar(base, patch)),
            _ => self.walk_mapping(base, patch, schema),
        }
    }

    fn walk_mapping(
        self,
        base: Option<&Node>,
        patch: Option<&Node>,
        schema: Option<NodeSchema<'s>>,
    ) -> Result<Walked, Misfit> {
        let Some(Node::Mapping(base)) = base else {
            return self.walk_missing_mapping(base, patch, schema);
        };
        let Some(patch) = patch else {
            return self.walk_fields(base.clone(), None, schema, false);
        };
        let Node::Mapping(patch) = patch else {
            return Ok(Walked::Gone);
        };
        let (directive, patch) = read_directive(patch)?;
        match directive {
            PatchDirective::Delete => Ok(Walked::Gone),
            PatchDirective::Replace => self.walk_fields_alone(patch, schema),
            PatchDirective::Merge => {
                let mut base = base.clone();
                // An empty map takes the style of the patch.
                let restyled = base.entries.is_empty() && base.flow != patch.flow;
                if restyled {
                    base.flow = patch.flow;
                }
                self.walk_fields(base, Some(&patch), schema, restyled)
            }
        }
    }

    /// A map that is missing or null in the object.
    fn walk_missing_mapping(
        self,
        base: Option<&Node>,
        patch: Option<&Node>,
        schema: Option<NodeSchema<'s>>,
    ) -> Result<Walked, Misfit> {
        match patch {
            // A null that was written out stays; one that was not vanishes.
            None => Ok(if base.is_some_and(|b| !b.text().is_empty()) {
                Walked::Same
            } else {
                Walked::Gone
            }),
            Some(Node::Mapping(patch)) => {
                let merged = || (PatchDirective::Merge, patch.clone());
                let (directive, patch) = read_directive(patch).unwrap_or_else(|_| merged());
                match directive {
                    PatchDirective::Delete => Ok(Walked::Gone),
                    _ => self.walk_fields_alone(patch, schema),
                }
            }
            Some(_) => Ok(Walked::Gone),
        }
    }

    fn walk_fields(
        self,
        mut base: Mapping,
        patch: Option<&Mapping>,
        schema: Option<NodeSchema<'s>>,
        mut changed: bool,
    ) -> Result<Walked, Misfit> {
        let Some(patch) = patch else {
            return self.walk_own_fields(base, schema, changed);
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
            match self
                .walk(
                    Some(&value),
                    below,
                    schema.and_then(|s| s.field(self.data, key)),
                )
                .map_err(|e| e.within(key))?
            {
                Walked::Same => continue,
                Walked::Gone => base.remove(key),
                Walked::InPlace(node) => base.put(key, node),
                Walked::FromPatch(node) => {
                    base.set(key, quoted_if_needed(node), ScalarStyle::Plain);
                }
            }
            changed = true;
        }
        for (key, value) in patch.entries.iter() {
            if own.binary_search(&key.text).is_ok() || base.get(&key.text).is_some() {
                continue;
            }
            let field = schema.and_then(|s| s.field(self.data, &key.text));
            if let Walked::FromPatch(node) = self
                .walk(None, Some(value), field)
                .map_err(|e| e.within(&key.text))?
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
        self,
        mut base: Mapping,
        schema: Option<NodeSchema<'s>>,
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
            let field = schema.and_then(|s| s.field(self.data, &key.text));
            match self
                .walk(Some(value), None, field)
                .map_err(|e| e.within(&key.text))?
            {
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

    /// Walks the map of a patch where the object has none: kustomize then merges it with itself, one and the same.
    fn walk_fields_alone(
        self,
        mut patch: Mapping,
        schema: Option<NodeSchema<'s>>,
    ) -> Result<Walked, Misfit> {
        let entries = Arc::clone(&patch.entries);
        for (at, (key, value)) in entries.iter().enumerate() {
            let before = &entries[..at];
            if before.iter().any(|(other, _)| other.text == key.text) {
                continue;
            }
            let field = schema.and_then(|s| s.field(self.data, &key.text));
            let walked = self.walk_alone(value, field);
            match walked.map_err(|e| e.within(&key.text))? {
                None => patch.remove(&key.text),
                Some(node) if node.is_same(value) && !matches!(node, Node::Scalar(_)) => {}
                Some(node @ Node::Mapping(_)) => patch.put(&key.text, node),
                Some(node) => patch.set(&key.text, quoted_if_needed(node), ScalarStyle::Plain),
            }
        }
        Ok(Walked::FromPatch(Node::Mapping(patch)))
    }

    /// Walks a value of a patch that is merged with itself; `None` where nothing is left.
    pub(super) fn walk_alone(
        self,
        node: &Node,
        schema: Option<NodeSchema<'s>>,
    ) -> Result<Option<Node>, Misfit> {
        let schema = schema.or_else(|| self.data.of_object(node));
        let walked = match (node, schema) {
            _ if node.is_null() => return Ok(None),
            (Node::Scalar(_), _) => return Ok(Some(node.clone())),
            (Node::Mapping(mapping), _) => match read_directive(mapping)? {
                (PatchDirective::Delete, _) => return Ok(None),
                (_, mapping) => self.walk_fields_alone(mapping, schema)?,
            },
            (Node::Sequence(list), Some(NodeSchema::List { keys, .. })) => {
                let (directive, list) = read_list_directive(list)?;
                if directive == PatchDirective::Delete {
                    return Ok(None);
                }
                let elements = schema.and_then(|s| s.elements(self.data));
                let merged = ListElements::alone(&list).merged(self, keys, elements, list.flow)?;
                return Ok(Some(merged));
            }
            (Node::Sequence(_), _) => walk_list(Some(node))?,
        };
        Ok(match walked {
            Walked::Gone => None,
            Walked::Same => Some(node.clone()),
            Walked::InPlace(node) | Walked::FromPatch(node) => Some(node),
        })
    }

    fn walk_keyed_list(
        self,
        base: Option<&Node>,
        patch: Option<&Node>,
        keys: &[String],
        schema: Option<NodeSchema<'s>>,
    ) -> Result<Walked, Misfit> {
        let elements = schema.and_then(|s| s.elements(self.data));
        let base = base.and_then(Node::as_sequence);
        let patch_list = patch.and_then(Node::as_sequence);
        let (base, patch_list) = match (base, patch_list) {
            (None, None) => return Ok(Walked::Gone),
            (Some(_), None) if patch.is_some() => return Ok(Walked::Gone),
            (None, Some(list)) => {
                let merged = ListElements::alone(list).merged(self, keys, elements, list.flow)?;
                return Ok(Walked::FromPatch(merged));
            }
            (Some(base), None) => {
                let list = ListElements::of(base, None);
                let merged = list.merged(self, keys, elements, base.flow)?;
                let is_same = matches!(&merged, Node::Sequence(s) if s == base);
                return Ok(if is_same {
                    Walked::Same
                } else {
                    Walked::InPlace(merged)
                });
            }
            (Some(base), Some(list)) => (base, list),
        };
        let (directive, patch) = read_list_directive(patch_list)?;
        let flow = if base.items.is_empty() {
            patch.flow
        } else {
            base.flow
        };
        match directive {
            PatchDirective::Delete => Ok(Walked::Gone),
            PatchDirective::Replace => {
                let merged =
                    ListElements::alone(&patch).merged(self, keys, elements, patch.flow)?;
                Ok(Walked::FromPatch(merged))
            }
            PatchDirective::Merge => {
                let list = ListElements::of(base, Some(&patch));
                Ok(Walked::InPlace(list.merged(self, keys, elements, flow)?))
            }
        }
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

/// Returns the words for a misfit: the fields on the way, then the reason.
fn within(key: &str, reason: &str) -> String {
    match reason.strip_prefix("at `") {
        Some(rest) => format!("at `{key}/{rest}"),
        None => format!("at `{key}`: {reason}"),
    }
}

/// Returns the `$patch` of a map, and the map without it.
pub(super) fn read_directive(patch: &Mapping) -> Result<(PatchDirective, Mapping), String> {
    let Some(value) = patch.get("$patch") else {
        return Ok((PatchDirective::Merge, patch.clone()));
    };
    let directive = parse_directive(value.text())?;
    let mut rest = patch.clone();
    rest.remove("$patch");
    Ok((directive, rest))
}

pub(super) fn parse_directive(word: &str) -> Result<PatchDirective, String> {
    match word {
        "delete" => Ok(PatchDirective::Delete),
        "replace" => Ok(PatchDirective::Replace),
        "merge" => Ok(PatchDirective::Merge),
        other => Err(format!(
            "`$patch: {other}` is not known; `merge`, `replace` or `delete` is expected"
        )),
    }
}

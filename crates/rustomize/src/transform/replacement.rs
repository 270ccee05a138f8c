//! Replacements: values that are copied from one object to others.

use std::sync::Arc;

use super::embedded::{TextChange, set_in_text};
use super::field_path::{DottedPathError, edit_fields, find_value, split_path};
use crate::budget::{check_object, measure_node};
use crate::field::KindFilter;
use crate::kustomization::{
    FieldOptions, Replacement, ReplacementSource, ReplacementTarget, Selector,
};
use crate::patch::select::{IdFilter, TextFilter};
use crate::resource::alias::separate;
use crate::resource::{Resource, ResourceId};
use crate::tree::{Node, Scalar};
use crate::version::KustomizeVersion;

/// Reason why a replacement cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReplacementError {
    #[error("`source` and `sourceValue` exclude each other")]
    TwoSources,
    #[error("a replacement needs a `source`")]
    NoSource,
    #[error("a replacement needs at least one target")]
    NoTargets,
    #[error("a target of a replacement needs `select`")]
    NoSelect,
    #[error("{0}")]
    Selector(String),
    #[error("no object is {0}")]
    NoObject(String),
    #[error("more than one object is {0}")]
    ManyObjects(String),
    #[error("{object} has no field `{path}`")]
    NoSourceField { object: String, path: String },
    #[error("`{text}` has no part {index}")]
    NoPart { text: String, index: i64 },
    #[error("{0}")]
    SourcePath(#[from] DottedPathError),
    #[error("{object}: `{path}`: {reason}")]
    TargetPath {
        object: String,
        path: String,
        reason: DottedPathError,
    },
    #[error("{object}: {reason}")]
    TooLarge { object: String, reason: String },
    #[error("{object}: there is no field `{path}`")]
    NoField { object: String, path: String },
    #[error(
        "{object}: `{path}` leads into a text of YAML with comments, anchors or tags, which is not written anew here: remove them, or move the value into a field of its own"
    )]
    EmbeddedYaml { object: String, path: String },
}

/// Applies one replacement.
pub(crate) fn apply_replacement(
    resources: &mut [Resource],
    replacement: &Replacement,
    version: KustomizeVersion,
) -> Result<(), ReplacementError> {
    let value = match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => {
            return Err(ReplacementError::TwoSources);
        }
        (None, None) => return Err(ReplacementError::NoSource),
        (Some(source), None) => take_source(resources, source)?,
        (None, Some(text)) => Node::Scalar(Scalar::untyped(text)),
    };
    let Some(targets) = &replacement.targets else {
        return Err(ReplacementError::NoTargets);
    };
    for target in targets {
        let filter = TargetFilter::new(target, version)?;
        for resource in resources.iter_mut() {
            if filter.accepts(resource) {
                set_value(resource, &value, target, version)?;
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

/// Comparison of the parts of an id.
enum IdMatch {
    /// No part is given.
    Any,
    /// Exactly, up to kustomize 5.6.
    Exact(Selector),
    /// By regular expressions, since 5.8.
    Pattern(IdFilter),
}

impl TermFilter {
    fn new(selector: &Selector, version: KustomizeVersion) -> Result<Self, ReplacementError> {
        let is_empty = selector.kinds == KindFilter::default()
            && selector.name.is_empty()
            && selector.namespace.is_empty();
        Ok(Self {
            ids: if is_empty {
                IdMatch::Any
            } else if version == KustomizeVersion::V5_8 {
                IdMatch::Pattern(IdFilter::new(selector).map_err(ReplacementError::Selector)?)
            } else {
                IdMatch::Exact(selector.clone())
            },
            texts: TextFilter::new(selector).map_err(ReplacementError::Selector)?,
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
    fn new(
        target: &ReplacementTarget,
        version: KustomizeVersion,
    ) -> Result<Self, ReplacementError> {
        let Some(select) = &target.select else {
            return Err(ReplacementError::NoSelect);
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

/// Returns the value that a replacement copies.
/// Returns the value that a replacement copies, and notes on its object that it was read.
fn take_source(
    resources: &mut [Resource],
    source: &ReplacementSource,
) -> Result<Node, ReplacementError> {
    let mut found = resources
        .iter_mut()
        .filter(|r| r.any_ids().any(|id| selects(&source.select, &id)));
    let name = describe(&source.select);
    let Some(resource) = found.next() else {
        return Err(ReplacementError::NoObject(name));
    };
    if found.next().is_some() {
        return Err(ReplacementError::ManyObjects(name));
    }
    resource.is_replacement_source = true;
    let path = source.field_path.as_deref().unwrap_or("metadata.name");
    let value = find_value(resource.root(), &split_path(path))?.filter(|n| !n.is_null_or_empty());
    let value = value.ok_or_else(|| ReplacementError::NoSourceField {
        object: resource.id().to_string(),
        path: path.to_owned(),
    })?;
    let Some(delimiter) = source.options.delimiter.as_deref() else {
        return Ok(separate(value));
    };
    let Node::Scalar(scalar) = value else {
        return Err(DottedPathError::Delimiter.into());
    };
    let part = usize::try_from(source.options.index).ok();
    let part = part.and_then(|at| scalar.text.split(delimiter).nth(at));
    let part = part.ok_or_else(|| ReplacementError::NoPart {
        text: scalar.text.to_string(),
        index: source.options.index,
    })?;
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

/// Sets a value in all fields of an object that a target names.
fn set_value(
    resource: &mut Resource,
    value: &Node,
    target: &ReplacementTarget,
    version: KustomizeVersion,
) -> Result<(), ReplacementError> {
    let default = ["metadata.name".to_owned()];
    let paths = if target.field_paths.is_empty() {
        &default
    } else {
        target.field_paths.as_slice()
    };
    for path in paths {
        let object = || resource.id().to_string();
        let parts = split_path(path);
        let create = target.options.create.then_some(value);
        if version == KustomizeVersion::V5_8 {
            let mut set = |old: &Node| replace_in_text(old, value, &target.options);
            match set_in_text(resource.root(), &parts, create, &mut set) {
                TextChange::Made(root) => {
                    put_root(resource, root, value)?;
                    continue;
                }
                TextChange::Yaml => {
                    return Err(ReplacementError::EmbeddedYaml {
                        object: object(),
                        path: path.clone(),
                    });
                }
                TextChange::Unprintable => continue,
                TextChange::None => {}
            }
        }
        let mut found = 0;
        let mut set = |old: &Node| {
            found += 1;
            replace_value(old, value, &target.options)
        };
        let edited = edit_fields(resource.root(), &parts, create, &mut set);
        let root = edited.map_err(|reason| ReplacementError::TargetPath {
            object: object(),
            path: path.clone(),
            reason,
        })?;
        if found == 0 {
            return Err(ReplacementError::NoField {
                object: object(),
                path: path.clone(),
            });
        }
        if let Some(root) = root {
            put_root(resource, root, value)?;
        }
    }
    Ok(())
}

/// Puts a tree with a copied value in place, unless it is too large.
fn put_root(resource: &mut Resource, root: Node, value: &Node) -> Result<(), ReplacementError> {
    if may_grow_much(value) {
        check_object(&root).map_err(|reason| ReplacementError::TooLarge {
            object: resource.id().to_string(),
            reason,
        })?;
    }
    resource.set_root(root);
    Ok(())
}

/// Returns whether a value is so large that its copies are counted.
fn may_grow_much(value: &Node) -> bool {
    const SMALL: usize = 1 << 10;
    measure_node(value, SMALL) > SMALL
}

/// Returns the value that stands inside a text afterwards: there, kustomize checks the delimiter and does not use it.
fn replace_in_text(
    old: &Node,
    value: &Node,
    options: &FieldOptions,
) -> Result<Node, DottedPathError> {
    if options.delimiter.is_some() && !matches!(old, Node::Scalar(_)) {
        return Err(DottedPathError::Delimiter);
    }
    replace_value(old, value, &FieldOptions::default())
}

/// Returns the value that stands at the target afterwards. A scalar keeps its type and its quotes; only its text is replaced.
fn replace_value(
    old: &Node,
    value: &Node,
    options: &FieldOptions,
) -> Result<Node, DottedPathError> {
    let mut text = value.text().to_owned();
    if let Some(delimiter) = options.delimiter.as_deref() {
        let Node::Scalar(old) = old else {
            return Err(DottedPathError::Delimiter);
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

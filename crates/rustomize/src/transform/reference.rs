//! References by name: when an object is renamed, the fields that name it follow.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::{Config, ReferenceFields};
use crate::field::{FieldSpec, KindFilter, Make, change, replaced_scalar};
use crate::resource::{Resource, ResourceId};
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag, implicit};
use manifest_yaml::ScalarStyle;

/// Corrects the names in all objects. Only objects that were renamed (or moved, or patched) can be meant.
pub(crate) fn follow_references(
    resources: &mut [Resource],
    config: &Arc<Config>,
) -> Result<(), String> {
    if !resources.iter().any(is_renamed)
        && config.is_default()
        && !resources.iter().any(|r| refers_by_map(r.kind()))
    {
        return Ok(());
    }
    let references = &config.references;
    let candidates = Candidates::of(resources);
    let mut fields: BTreeMap<(String, String, String), Fields<'_>> = BTreeMap::new();
    for resource in resources {
        // Where nothing is renamed, only references by map are looked at: kustomize checks them.
        if candidates.by_name.is_empty() && !refers_by_map(resource.kind()) {
            continue;
        }
        let original = resource.original_id();
        let key = (
            original.group.clone(),
            original.version.clone(),
            original.kind.clone(),
        );
        let fields = fields
            .entry(key)
            .or_insert_with(|| fields_of(references, &original));
        for (target, spec) in fields {
            let referrer = Referrer::new(resource, target, &spec.path)?;
            let new = change(resource.root(), spec, Make::Never, &mut |node| {
                candidates.corrected(node, &referrer)
            });
            if let Some(root) = new.map_err(|e| format!("{}: {e}", resource.id()))? {
                resource.set_root(root);
            }
        }
    }
    Ok(())
}

/// Returns whether a former name or namespace differs from the present one.
fn is_renamed(resource: &Resource) -> bool {
    let previous = &resource.history.previous;
    let namespace = resource.effective_namespace();
    previous
        .iter()
        .any(|p| p.name != resource.name() || p.kind != resource.kind() || p.namespace != namespace)
}

/// Kinds with references that name a namespace, too: those are written even where nothing is renamed.
fn refers_by_map(kind: &str) -> bool {
    kind.ends_with("RoleBinding") || kind.ends_with("WebhookConfiguration")
}

/// The fields of a kind of objects, each with the kind that it refers to.
type Fields<'r> = Vec<(&'r KindFilter, &'r FieldSpec)>;

fn fields_of<'r>(references: &'r [ReferenceFields], id: &ResourceId) -> Fields<'r> {
    let accepts = |spec: &&FieldSpec| spec.kinds.accepts(&id.group, &id.version, &id.kind);
    references
        .iter()
        .flat_map(|r| {
            r.referrers
                .iter()
                .filter(accepts)
                .map(|spec| (&r.target, spec))
        })
        .collect()
}

/// An object that can be meant by a reference.
struct Candidate {
    id: ResourceId,
    previous: Vec<ResourceId>,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
}

struct Candidates {
    all: Vec<Candidate>,
    /// The candidates that had a name, in the order of the objects.
    by_name: BTreeMap<String, Vec<usize>>,
    /// All namespaces in which objects were before.
    original_namespaces: BTreeMap<String, BTreeSet<usize>>,
}

/// The object with the reference, and what the reference is for.
struct Referrer<'r> {
    id: ResourceId,
    target: &'r KindFilter,
    /// From `roleRef`, where the field is the name in it.
    role: Option<KindFilter>,
    /// Namespaces of the service accounts of a role binding.
    namespaces: BTreeSet<String>,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
}

impl<'r> Referrer<'r> {
    fn new(resource: &Resource, target: &'r KindFilter, path: &str) -> Result<Self, String> {
        Ok(Self {
            id: resource.id(),
            target,
            role: if path.ends_with("roleRef/name") {
                role(resource.root())
            } else {
                None
            },
            namespaces: account_namespaces(resource)?,
            prefixes: resource.history.prefixes.clone(),
            suffixes: resource.history.suffixes.clone(),
        })
    }
}

fn role(root: &Node) -> Option<KindFilter> {
    let text = |key: &str| root.at(&["roleRef", key]).map(|n| n.text().to_owned());
    Some(KindFilter {
        group: text("apiGroup")?.into(),
        version: Cow::default(),
        kind: text("kind")?.into(),
    })
}

fn account_namespaces(resource: &Resource) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    if resource.kind() != "RoleBinding" {
        return Ok(found);
    }
    let subjects = resource.root().get("subjects").and_then(Node::as_sequence);
    for subject in subjects.iter().flat_map(|s| s.items.iter()) {
        let account = subject
            .get("kind")
            .is_some_and(|kind| kind.text() == "ServiceAccount");
        match subject.get("namespace") {
            Some(node @ Node::Scalar(scalar)) if account && is_written_text(node) => {
                found.insert(scalar.text.to_string());
            }
            Some(_) if account => {
                return Err(format!(
                    "{}: a subject's namespace is not text",
                    resource.id()
                ));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Returns whether a value is text when it is read again.
fn is_written_text(node: &Node) -> bool {
    let Node::Scalar(scalar) = node else {
        return false;
    };
    let is_plain = scalar.style == ScalarStyle::Plain;
    match scalar.tag {
        Tag::Text => true,
        Tag::None => !is_plain || implicit(&scalar.text) == Tag::Text,
        _ => false,
    }
}

impl Candidates {
    fn of(resources: &[Resource]) -> Self {
        let mut found = Self {
            all: Vec::new(),
            by_name: BTreeMap::new(),
            original_namespaces: BTreeMap::new(),
        };
        for resource in resources {
            let candidate = Candidate {
                id: resource.id(),
                previous: resource.previous_ids().collect(),
                prefixes: resource.history.prefixes.clone(),
                suffixes: resource.history.suffixes.clone(),
            };
            let index = found.all.len();
            for id in &candidate.previous {
                let list = found.by_name.entry(id.name.clone()).or_default();
                if list.last() != Some(&index) {
                    list.push(index);
                }
            }
            let original = candidate.previous.first().unwrap_or(&candidate.id);
            let namespace = original.effective_namespace().to_owned();
            found
                .original_namespaces
                .entry(namespace)
                .or_default()
                .insert(index);
            found.all.push(candidate);
        }
        found
    }

    fn corrected(&self, node: &Node, referrer: &Referrer<'_>) -> Result<Option<Node>, String> {
        match node {
            _ if node.is_null() => Ok(None),
            Node::Scalar(_) => self.corrected_scalar(node, referrer),
            Node::Mapping(mapping) => self.corrected_mapping(mapping, referrer),
            Node::Sequence(sequence) => {
                let mut items: Option<Vec<Node>> = None;
                for (at, item) in sequence.items.iter().enumerate() {
                    let new = match item {
                        Node::Scalar(_) if !item.is_null() => {
                            self.corrected_scalar(item, referrer)?
                        }
                        Node::Mapping(mapping) => self.corrected_mapping(mapping, referrer)?,
                        Node::Sequence(_) => {
                            return Err(
                                "a name or a map is expected, but a list is there".to_owned()
                            );
                        }
                        Node::Scalar(_) => None,
                    };
                    if let Some(new) = new {
                        items.get_or_insert_with(|| sequence.items.to_vec())[at] = new;
                    }
                }
                Ok(items.map(|items| {
                    Node::Sequence(Sequence {
                        items: Arc::new(items),
                        flow: sequence.flow,
                    })
                }))
            }
        }
    }

    fn corrected_scalar(
        &self,
        node: &Node,
        referrer: &Referrer<'_>,
    ) -> Result<Option<Node>, String> {
        let pool = |_: usize| true;
        match self.select(node.text(), referrer, &pool, |a, b| a.name == b.name)? {
            Some(found) if found.id.name != node.text() => {
                replaced_scalar(node, &found.id.name, Tag::None)
            }
            _ => Ok(None),
        }
    }

    fn corrected_mapping(
        &self,
        mapping: &Mapping,
        referrer: &Referrer<'_>,
    ) -> Result<Option<Node>, String> {
        let name = mapping
            .get("name")
            .ok_or("a map without `name` is there")?
            .text();
        let namespace = mapping.get("namespace").map(Node::text);
        let in_pool = |index: usize| self.in_pool(index, referrer);
        let originally = namespace
            .and_then(|n| self.original_namespaces.get(n))
            .map(|found| {
                found
                    .iter()
                    .copied()
                    .filter(|i| in_pool(*i))
                    .collect::<BTreeSet<_>>()
            })
            .filter(|found| !found.is_empty());
        let pool = |index: usize| match (namespace, &originally) {
            (None, _) => true,
            (Some(_), Some(found)) => found.contains(&index),
            (Some(namespace), None) => self.all[index].id.effective_namespace() == namespace,
        };
        let same = |a: &ResourceId, b: &ResourceId| a.name == b.name && a.namespace == b.namespace;
        let Some(found) = self.select(name, referrer, &pool, same)? else {
            return Ok(None);
        };
        if found.id.name == name && found.id.namespace.is_empty() {
            return Ok(None);
        }
        let mut new = mapping.clone();
        new.set(
            "name",
            Node::Scalar(Scalar::untyped(&found.id.name)),
            ScalarStyle::Plain,
        );
        if !found.id.namespace.is_empty() {
            new.set(
                "namespace",
                Node::Scalar(Scalar::untyped(&found.id.namespace)),
                ScalarStyle::Plain,
            );
        }
        Ok((new != *mapping).then_some(Node::Mapping(new)))
    }

    /// Returns whether an object could be referenced from where the referrer is.
    fn in_pool(&self, index: usize, referrer: &Referrer<'_>) -> bool {
        let id = &self.all[index].id;
        referrer.id.is_cluster_scoped()
            || id.is_cluster_scoped()
            || id.effective_namespace() == referrer.id.effective_namespace()
            || referrer.namespaces.contains(&id.namespace)
    }

    fn select(
        &self,
        name: &str,
        referrer: &Referrer<'_>,
        pool: &dyn Fn(usize) -> bool,
        same: impl Fn(&ResourceId, &ResourceId) -> bool,
    ) -> Result<Option<&Candidate>, String> {
        let Some(named) = self.by_name.get(name) else {
            return Ok(None);
        };
        let was = |c: &Candidate, kinds: &KindFilter| {
            c.previous
                .iter()
                .any(|id| kinds.accepts(&id.group, &id.version, &id.kind))
        };
        let mut found: Vec<&Candidate> = named
            .iter()
            .filter(|i| pool(**i) && self.in_pool(**i, referrer))
            .map(|i| &self.all[*i])
            .filter(|c| {
                was(c, referrer.target) && referrer.role.as_ref().is_none_or(|role| was(c, role))
            })
            .filter(|c| in_scope(c, referrer))
            .collect();
        if let [only] = found.as_slice() {
            return Ok(Some(only));
        }
        found.retain(|c| same_affixes(c, referrer, true));
        if found.len() > 1 {
            found.retain(|c| same_affixes(c, referrer, false));
        }
        match found.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|c| same(&first.id, &c.id)) => Ok(Some(first)),
            many => {
                let ids: Vec<String> = many.iter().map(|c| c.id.to_string()).collect();
                Err(format!("`{name}` could be any of {}", ids.join(", ")))
            }
        }
    }
}

fn in_scope(candidate: &Candidate, referrer: &Referrer<'_>) -> bool {
    referrer.id.is_cluster_scoped()
        || candidate.id.is_cluster_scoped()
        || candidate.id.kind == "ServiceAccount"
        || candidate.id.effective_namespace() == referrer.id.effective_namespace()
}

/// Returns whether prefixes and suffixes end alike.
fn same_affixes(candidate: &Candidate, referrer: &Referrer<'_>, allow_empty: bool) -> bool {
    let alike = |a: &[Arc<str>], b: &[Arc<str>]| {
        let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        if short.is_empty() {
            return allow_empty || long.is_empty();
        }
        long.ends_with(short)
    };
    alike(&candidate.prefixes, &referrer.prefixes) && alike(&candidate.suffixes, &referrer.suffixes)
}

//! The namespace of all objects.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::{FieldChoice, change_fields};
use crate::field::{FieldSpec, KindFilter, Make, replaced_scalar};
use crate::resource::Resource;
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag};

/// A namespace to set, and where.
#[derive(Debug)]
pub(crate) struct NamespaceStep {
    pub(crate) namespace: String,
    pub(crate) fields: FieldChoice,
    pub(crate) targets: NamespaceTargets,
    pub(crate) subjects: SubjectChoice,
}

/// The fields in which the namespace is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamespaceTargets {
    All,
    /// Objects that name none yet.
    Unset,
}

/// The subjects of role bindings whose namespace is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubjectChoice {
    NamedDefault,
    AllServiceAccounts,
    Nobody,
}

impl NamespaceStep {
    /// Returns the step of the field `namespace`.
    pub(crate) fn of_field(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            fields: FieldChoice::Configured,
            targets: NamespaceTargets::All,
            subjects: SubjectChoice::NamedDefault,
        }
    }

    /// Returns what a field becomes; `None` where it stays as it is.
    fn replace(&self, old: &Node) -> Result<Option<Node>, String> {
        let is_set = !old.is_null_or_empty() && !old.text().is_empty();
        if self.targets == NamespaceTargets::Unset && is_set {
            return Ok(None);
        }
        replaced_scalar(old, &self.namespace, Tag::Text)
    }

    /// Returns whether the namespace of a subject is set.
    fn selects_subject(&self, subject: &Node) -> bool {
        let has = |key: &str, text: &str| subject.get(key).is_some_and(|n| n.text() == text);
        match self.subjects {
            SubjectChoice::NamedDefault => has("name", "default"),
            SubjectChoice::AllServiceAccounts => has("kind", "ServiceAccount"),
            SubjectChoice::Nobody => false,
        }
    }
}

/// Puts all objects that may have one into a namespace.
pub(crate) fn set_namespace(
    resources: &mut [Resource],
    step: &NamespaceStep,
    configured: &[FieldSpec],
) -> Result<(), String> {
    if step.namespace.is_empty() {
        return Ok(());
    }
    let specs = step.fields.specs(configured);
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for resource in resources.iter() {
        *ids.entry(resource.id_key()).or_default() += 1;
    }
    for resource in resources {
        let before = resource.id_key();
        resource.store_previous();
        set_in_object(resource, step, specs)?;
        if let Some(count) = ids.get_mut(&before) {
            *count -= 1;
        }
        let count = ids.entry(resource.id_key()).or_default();
        *count += 1;
        if *count > 1 {
            return Err(format!("two objects become {}", resource.id()));
        }
    }
    Ok(())
}

/// The namespace of the object itself.
static OWN_NAMESPACE: LazyLock<FieldSpec> =
    LazyLock::new(|| FieldSpec::new(KindFilter::default(), "metadata/namespace", true));

/// Sets the namespace in one object.
pub(crate) fn set_in_object(
    resource: &mut Resource,
    step: &NamespaceStep,
    specs: &[FieldSpec],
) -> Result<(), String> {
    let mut put = |old: &Node| step.replace(old);
    if !resource.is_cluster_scoped() {
        change_fields(resource, [&*OWN_NAMESPACE], Make::Scalar, &mut put)?;
    }
    let binding = matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding");
    if binding {
        set_in_subjects(resource, step)?;
    }
    let core = resource.api_version() == "v1";
    let wanted = |spec: &&FieldSpec| {
        let subjects = binding
            && spec.path == "subjects/namespace"
            && spec.kinds.kind.ends_with("RoleBinding");
        spec.path != "metadata/namespace" && (core || spec.path != "metadata/name") && !subjects
    };
    change_fields(
        resource,
        specs.iter().filter(wanted),
        Make::Scalar,
        &mut put,
    )
}

/// Sets the namespace of the subjects that are service accounts of the namespace.
fn set_in_subjects(resource: &mut Resource, step: &NamespaceStep) -> Result<(), String> {
    let Some(Node::Sequence(subjects)) = resource.root().get("subjects") else {
        return Ok(());
    };
    let mut changed: Option<Vec<Node>> = None;
    for (at, subject) in subjects.items.iter().enumerate() {
        let Node::Mapping(mapping) = subject else {
            continue;
        };
        if step.selects_subject(subject)
            && let Some(new) = subject_in_namespace(mapping, step)?
        {
            changed.get_or_insert_with(|| subjects.items.to_vec())[at] = new;
        }
    }
    let Some(items) = changed else {
        return Ok(());
    };
    let subjects = Node::Sequence(Sequence {
        items: Arc::new(items),
        flow: subjects.flow,
    });
    if let Node::Mapping(root) = resource.root() {
        let mut root = root.clone();
        root.put("subjects", subjects);
        resource.set_root(Node::Mapping(root));
    }
    Ok(())
}

fn subject_in_namespace(subject: &Mapping, step: &NamespaceStep) -> Result<Option<Node>, String> {
    let missing = Node::Scalar(Scalar::untyped(""));
    let old = subject.get("namespace").unwrap_or(&missing);
    let Some(new) = step.replace(old)? else {
        return Ok(None);
    };
    let mut subject = subject.clone();
    subject.put("namespace", new);
    Ok(Some(Node::Mapping(subject)))
}

//! The namespace of all objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change_fields;
use crate::field::{FieldSpec, KindFilter, Make, replaced_scalar};
use crate::resource::Resource;
use crate::tree::{Mapping, Node, Scalar, Sequence, Tag};

/// Puts all objects that may have one into a namespace.
pub(crate) fn set(
    resources: &mut [Resource],
    namespace: &str,
    specs: &[FieldSpec],
) -> Result<(), String> {
    let own = FieldSpec::new(KindFilter::default(), "metadata/namespace", true);
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for resource in resources.iter() {
        *ids.entry(resource.id_key()).or_default() += 1;
    }
    for resource in resources {
        let before = resource.id_key();
        resource.store_previous();
        let mut put = |old: &Node| replaced_scalar(old, namespace, Tag::Text);
        if !resource.is_cluster_scoped() {
            change_fields(resource, [&own], Make::Scalar, &mut put)?;
        }
        let binding = matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding");
        if binding {
            subjects_named_default(resource, namespace);
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
        )?;
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

/// Service accounts called `default` are those of the namespace.
fn subjects_named_default(resource: &mut Resource, namespace: &str) {
    let Some(Node::Sequence(subjects)) = resource.root().get("subjects") else {
        return;
    };
    let is_default = |subject: &Node| {
        subject
            .get("name")
            .is_some_and(|name| name.text() == "default")
    };
    if !subjects.items.iter().any(is_default) {
        return;
    }
    let items = subjects.items.iter().map(|subject| match subject {
        Node::Mapping(mapping) if is_default(subject) => {
            Node::Mapping(in_namespace(mapping, namespace))
        }
        other => other.clone(),
    });
    let subjects = Node::Sequence(Sequence {
        items: Arc::new(items.collect()),
        flow: subjects.flow,
    });
    if let Node::Mapping(root) = resource.root() {
        let mut root = root.clone();
        root.put("subjects", subjects);
        resource.set_root(Node::Mapping(root));
    }
}

fn in_namespace(subject: &Mapping, namespace: &str) -> Mapping {
    let mut subject = subject.clone();
    let old = subject
        .get("namespace")
        .cloned()
        .unwrap_or_else(|| Node::Scalar(Scalar::untyped("")));
    subject.put(
        "namespace",
        Node::Scalar(Scalar::text(namespace)).in_style_of(&old),
    );
    subject
}

//! The table, and what the objects and apps of a site teach beside it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::manifest::Object;

use super::GroupKind;
use kubernetes_vocabulary::ResourceScope;

/// The kinds of a site: those of the table, those whose CustomResourceDefinitions are among the site's objects, and those that the
/// `catalogue` of an app describes with `scope` (and `plural`).
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    learnt: BTreeMap<GroupKind, Learnt>,
}

#[derive(Debug, Clone)]
struct Learnt {
    resource: Option<String>,
    scope: ResourceScope,
}

impl Kinds {
    /// Learns from entries of a catalogue and from objects; of the objects, definitions of custom resources teach something.
    pub fn learn<'a>(
        entries: impl IntoIterator<Item = &'a Value>,
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Self {
        let mut kinds = Self::default();
        for entry in entries {
            kinds.learn_from_catalogue(entry);
        }
        for object in objects {
            kinds.learn_from(object);
        }
        kinds
    }

    /// Learns from an object, if it is a CustomResourceDefinition.
    pub fn learn_from(&mut self, object: &Object) {
        if object.kind() != "CustomResourceDefinition" {
            return;
        }
        let text = |pointer: &str| object.get(pointer).and_then(Value::as_str);
        if let (Some(group), Some(kind), Some(scope)) = (
            text("/spec/group"),
            text("/spec/names/kind"),
            text("/spec/scope").and_then(read_scope),
        ) {
            let resource = text("/spec/names/plural").map(str::to_owned);
            self.learnt
                .insert(GroupKind::new(group, kind), Learnt { resource, scope });
        }
    }

    /// Returns the scope of a kind: cluster or namespace.
    pub fn scope(&self, kind: &GroupKind) -> Option<ResourceScope> {
        self.learnt
            .get(kind)
            .map(|l| l.scope)
            .or_else(|| super::scope(&kind.group, &kind.kind))
    }

    /// The scope of an object's kind; where nobody knows, what the object suggests: with a namespace it is namespaced.
    pub fn scope_of(&self, object: &Object) -> ResourceScope {
        let suggested = if object.namespace().is_some() {
            ResourceScope::Namespaced
        } else {
            ResourceScope::Cluster
        };
        self.scope(&GroupKind::of(object)).unwrap_or(suggested)
    }

    /// The name of the kind's resource in rules of roles; where nobody knows, formed as Kubernetes forms it by default.
    pub fn resource(&self, kind: &GroupKind) -> String {
        if let Some(resource) = self.learnt.get(kind).and_then(|l| l.resource.clone()) {
            return resource;
        }
        match super::resource(&kind.group, &kind.kind) {
            Some(resource) => resource.to_owned(),
            None => plural(&kind.kind.to_ascii_lowercase()),
        }
    }

    fn learn_from_catalogue(&mut self, entry: &Value) {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        if let (Some(kind), Some(scope)) = (text("kind"), text("scope").and_then(read_scope)) {
            let resource = text("plural").map(str::to_owned);
            self.learnt.insert(
                GroupKind::new(text("group").unwrap_or_default(), kind),
                Learnt { resource, scope },
            );
        }
    }
}

fn read_scope(text: &str) -> Option<ResourceScope> {
    match text {
        "Namespaced" => Some(ResourceScope::Namespaced),
        "Cluster" => Some(ResourceScope::Cluster),
        _ => None,
    }
}

/// The plural that apimachinery's `UnsafeGuessKindToResource` gives.
fn plural(singular: &str) -> String {
    match singular.as_bytes() {
        [.., b's'] => format!("{singular}es"),
        [stem @ .., b'y'] => format!("{}ies", String::from_utf8_lossy(stem)),
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kind(group: &str, kind: &str) -> GroupKind {
        GroupKind::new(group, kind)
    }

    #[test]
    fn the_table_knows_built_in_and_custom_kinds() {
        let kinds = Kinds::default();
        assert_eq!(kinds.scope(&kind("", "Node")), Some(ResourceScope::Cluster));
        assert_eq!(
            kinds.scope(&kind("apps", "Deployment")),
            Some(ResourceScope::Namespaced)
        );
        assert_eq!(
            kinds.scope(&kind("nmstate.io", "NMState")),
            Some(ResourceScope::Cluster)
        );
        assert_eq!(
            kinds.scope(&kind("config.openshift.io", "Scheduler")),
            Some(ResourceScope::Cluster)
        );
        assert_eq!(kinds.scope(&kind("example.com", "Widget")), None);
    }

    #[test]
    fn a_definition_teaches_scope_and_resource() {
        let mut kinds = Kinds::default();
        kinds.learn_from(&Object::new(json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "spec": {"group": "example.com", "scope": "Cluster", "names": {"kind": "Widget", "plural": "widgetry"}},
        })));
        assert_eq!(
            kinds.scope(&kind("example.com", "Widget")),
            Some(ResourceScope::Cluster)
        );
        assert_eq!(kinds.resource(&kind("example.com", "Widget")), "widgetry");
    }

    #[test]
    fn a_catalogue_entry_teaches_scope() {
        let mut kinds = Kinds::default();
        kinds.learn_from_catalogue(
            &json!({"group": "example.com", "kind": "Gadget", "scope": "Namespaced"}),
        );
        kinds.learn_from_catalogue(&json!({"group": "example.com", "kind": "Other"}));
        assert_eq!(
            kinds.scope(&kind("example.com", "Gadget")),
            Some(ResourceScope::Namespaced)
        );
        assert_eq!(kinds.scope(&kind("example.com", "Other")), None);
    }

    #[test]
    fn unknown_resources_are_formed_as_kubernetes_does() {
        let kinds = Kinds::default();
        let names = ["Widget", "Policy", "Class"].map(|k| kinds.resource(&kind("example.com", k)));
        assert_eq!(names, ["widgets", "policies", "classes"]);
        assert_eq!(kinds.resource(&kind("config.openshift.io", "DNS")), "dnses");
        assert_eq!(kinds.resource(&kind("", "Endpoints")), "endpoints");
    }

    #[test]
    fn an_unknown_object_shows_its_scope_by_its_namespace() {
        let kinds = Kinds::default();
        let object = |namespace: &str| {
            Object::new(
                json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a", "namespace": namespace}}),
            )
        };
        assert_eq!(kinds.scope_of(&object("x")), ResourceScope::Namespaced);
        let bare = Object::new(
            json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}}),
        );
        assert_eq!(kinds.scope_of(&bare), ResourceScope::Cluster);
    }
}

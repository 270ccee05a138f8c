//! Tells which policies and bindings a request concerns.

use serde_json::Value;

use super::{AdmissionContext, AdmissionRequest, MatchPolicy, MatchResources, ResourceRule};
use crate::set::ServedKind;
use kubernetes_vocabulary::ResourceScope;

/// The label that every namespace has with its own name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A request with what rules ask of it.
pub(super) struct Subject<'a> {
    pub(super) request: AdmissionRequest<'a>,
    pub(super) kind: ServedKind<'a>,
    pub(super) name: &'a str,
    /// Empty for objects of the cluster.
    pub(super) namespace: &'a str,
    /// The namespace of the object, as far as it is among the objects of the context.
    pub(super) namespace_object: Option<&'a Value>,
}

impl<'a> Subject<'a> {
    /// Looks up the kind and the namespace of a request's object; `None` for kinds that the cluster does not know.
    pub(super) fn find(
        request: AdmissionRequest<'a>,
        context: AdmissionContext<'a>,
    ) -> Option<Self> {
        let text = |pointer: &str| {
            request
                .object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let kind = context
            .schemas
            .find_kind(text("/apiVersion"), text("/kind"))?;
        let name = text("/metadata/name");
        let namespace = match kind.scope {
            ResourceScope::Cluster => "",
            ResourceScope::Namespaced => request
                .object
                .pointer("/metadata/namespace")
                .and_then(Value::as_str)
                .unwrap_or("default"),
        };
        let is_it = |object: &&&Value| {
            object["kind"] == "Namespace"
                && object["apiVersion"] == "v1"
                && object["metadata"]["name"] == namespace
        };
        let namespace_object = context
            .objects
            .iter()
            .find(is_it)
            .copied()
            .filter(|_| !namespace.is_empty());
        Some(Self {
            request,
            kind,
            name,
            namespace,
            namespace_object,
        })
    }

    /// Tells whether a policy's constraints or a binding's resources include the request.
    pub(super) fn is_matched(
        &self,
        resources: &MatchResources,
        context: AdmissionContext<'_>,
    ) -> bool {
        let matches = |rule: &ResourceRule| self.matches_rule(rule, resources.policy, context);
        resources
            .rules
            .as_ref()
            .is_none_or(|rules| rules.iter().any(matches))
            && !resources.exclusions.iter().any(matches)
            && self.matches_namespace(resources.namespaces.as_ref())
            && self.matches_object(resources.objects.as_ref())
    }

    fn matches_rule(
        &self,
        rule: &ResourceRule,
        policy: MatchPolicy,
        context: AdmissionContext<'_>,
    ) -> bool {
        let listed =
            |list: &[String], name: &str| list.iter().any(|item| item == "*" || item == name);
        let scope = match (rule.scope.as_str(), self.kind.scope) {
            ("Namespaced", scope) => {
                scope == ResourceScope::Namespaced && self.kind.kind != "Namespace"
            }
            ("Cluster", scope) => scope == ResourceScope::Cluster,
            _ => true,
        };
        let other_version = || {
            policy == MatchPolicy::Equivalent
                && context.schemas.kinds().any(|other| {
                    other.group == self.kind.group
                        && other.plural == self.kind.plural
                        && listed(&rule.versions, other.version)
                })
        };
        let resource = listed(&rule.resources, self.kind.plural)
            || rule.resources.iter().any(|item| item == "*/*");
        scope
            && resource
            && listed(&rule.groups, self.kind.group)
            && listed(&rule.operations, self.request.operation.name())
            && (rule.names.is_empty() || rule.names.iter().any(|name| name == self.name))
            && (listed(&rule.versions, self.kind.version) || other_version())
    }

    fn matches_namespace(&self, selector: Option<&Value>) -> bool {
        let Some(selector) = selector else {
            return true;
        };
        let (labels, name) = if self.kind.kind == "Namespace" && self.kind.group.is_empty() {
            (self.request.object.pointer("/metadata/labels"), self.name)
        } else if self.namespace.is_empty() {
            return true;
        } else {
            (
                self.namespace_object
                    .and_then(|object| object.pointer("/metadata/labels")),
                self.namespace,
            )
        };
        let label = |key: &str| match key {
            NAMESPACE_NAME => Some(name),
            _ => labels?.get(key)?.as_str(),
        };
        matches_selector(selector, label)
    }

    fn matches_object(&self, selector: Option<&Value>) -> bool {
        let Some(selector) = selector else {
            return true;
        };
        let labelled = |object: &Value| {
            let labels = object.pointer("/metadata/labels");
            matches_selector(selector, |key| labels?.get(key)?.as_str())
        };
        labelled(self.request.object) || self.request.old_object.is_some_and(labelled)
    }
}

/// Evaluates a label selector.
pub(super) fn matches_selector<'l>(
    selector: &Value,
    label: impl Fn(&str) -> Option<&'l str>,
) -> bool {
    let equal = selector
        .get("matchLabels")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let mut equal = equal.map(|(key, value)| label(key).is_some() && label(key) == value.as_str());
    let expressions = selector
        .get("matchExpressions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut expressions = expressions.map(|expression| {
        let value = label(expression["key"].as_str().unwrap_or_default());
        let listed = || {
            expression["values"]
                .as_array()
                .is_some_and(|values| values.iter().any(|item| item.as_str() == value))
        };
        match expression["operator"].as_str() {
            Some("In") => value.is_some() && listed(),
            Some("NotIn") => value.is_none() || !listed(),
            Some("Exists") => value.is_some(),
            Some("DoesNotExist") => value.is_none(),
            _ => false,
        }
    });
    equal.all(|holds| holds) && expressions.all(|holds| holds)
}

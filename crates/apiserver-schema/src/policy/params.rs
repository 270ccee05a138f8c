//! Finds the parameters of a binding.

use serde_json::Value;

use super::matching::{Subject, matches_selector};
use super::{AdmissionContext, Binding, MissingParameter, Policy};
use kubernetes_vocabulary::ResourceScope;

/// The parameters that a binding is evaluated with.
pub(super) enum Parameters<'a> {
    /// The policy takes none.
    None,
    /// The expressions are evaluated once with each.
    Each(Vec<&'a Value>),
    /// There is none, and the binding passes over that.
    Skipped,
    /// There is none, and the request fails; the reason is a phrase.
    Missing(String),
}

/// Finds the parameters.
pub(super) fn find_parameters<'a>(
    policy: &Policy,
    binding: &Binding,
    subject: &Subject<'_>,
    context: AdmissionContext<'a>,
) -> Parameters<'a> {
    let (Some((api_version, kind)), Some(reference)) = (&policy.parameter_kind, &binding.parameter)
    else {
        return if policy.parameter_kind.is_some() {
            Parameters::Each(Vec::new())
        } else {
            Parameters::None
        };
    };
    let Some(served) = context.schemas.find_kind(api_version, kind) else {
        return Parameters::Missing(format!(
            "no definition of the parameter kind `{api_version}` {kind} is known"
        ));
    };
    let namespaced = served.scope == ResourceScope::Namespaced;
    let namespace = match (&reference.namespace, namespaced) {
        (_, false) => "",
        (Some(namespace), true) => namespace,
        (None, true) if subject.namespace.is_empty() => {
            return Parameters::Missing(
                "the parameter has a namespace, the object none, and `paramRef` names none"
                    .to_owned(),
            );
        }
        (None, true) => subject.namespace,
    };
    let matches = |object: &&Value| {
        let named = object
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let in_namespace = object
            .pointer("/metadata/namespace")
            .and_then(Value::as_str)
            .unwrap_or("default");
        let labels = object.pointer("/metadata/labels");
        object["kind"] == kind.as_str()
            && object["apiVersion"] == api_version.as_str()
            && (!namespaced || in_namespace == namespace)
            && reference.name.as_deref().is_none_or(|name| name == named)
            && reference
                .selector
                .as_ref()
                .is_none_or(|selector| matches_selector(selector, |key| labels?.get(key)?.as_str()))
    };
    let found: Vec<&Value> = context.objects.iter().copied().filter(matches).collect();
    match (found.is_empty(), reference.missing) {
        (false, _) => Parameters::Each(found),
        (true, MissingParameter::Allow) => Parameters::Skipped,
        (true, MissingParameter::Deny) => {
            let name = reference
                .name
                .as_deref()
                .map_or("of the selector".to_owned(), |name| format!("`{name}`"));
            Parameters::Missing(format!("no {kind} {name} is among the objects"))
        }
    }
}

//! Finds the host names by which a site is reached from outside.

use serde_json::Value;

use crate::manifest::Object;
use crate::plan::{Claim, ClaimedValue};
use crate::schema::UniqueScope;
use pointer_diagnostics::Pointer;

use super::view::View;

/// A host name in an object, and the path below it.
struct HostField {
    pointer: Pointer,
    path: String,
}

/// Returns the claims of the host names of Routes and Ingresses: a path below a host leads to one of them.
pub(super) fn claim_hosts(view: &View<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (instance, object) in view.objects() {
        for field in list_hosts(object) {
            let host = object.get(field.pointer.as_str()).and_then(Value::as_str);
            let Some(host) = host.filter(|host| !host.is_empty()) else {
                continue;
            };
            claims.push(Claim {
                site: view.plan.name.clone(),
                value: ClaimedValue::Host(host.to_lowercase()),
                part: Some(field.path),
                scope: UniqueScope::Fleet,
                text: host.to_owned(),
                owner: format!(
                    "`{} {}` of `{}`",
                    object.kind(),
                    object.name(),
                    instance.name
                ),
                origin: view
                    .find_field_origin(instance, object, &field.pointer)
                    .unwrap_or_else(|| instance.origin.clone()),
            });
        }
    }
    claims
}

fn list_hosts(object: &Object) -> Vec<HostField> {
    let text = |pointer: &str| object.get(pointer).and_then(Value::as_str);
    match (object.group(), object.kind()) {
        ("route.openshift.io", "Route") => vec![HostField {
            pointer: Pointer::parse("/spec/host"),
            path: text("/spec/path").unwrap_or("/").to_owned(),
        }],
        ("networking.k8s.io", "Ingress") => {
            let rules = object.get("/spec/rules").and_then(Value::as_array);
            let mut fields = Vec::new();
            for (index, rule) in rules.into_iter().flatten().enumerate() {
                let paths = rule.pointer("/http/paths").and_then(Value::as_array);
                for path in paths.into_iter().flatten() {
                    let path = path.get("path").and_then(Value::as_str);
                    fields.push(HostField {
                        pointer: Pointer::parse("/spec/rules").at(index).at("host"),
                        path: path.unwrap_or("/").to_owned(),
                    });
                }
            }
            fields
        }
        _ => Vec::new(),
    }
}

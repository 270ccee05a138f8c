//! Groups, versions and kinds are names that an API server can serve.

use std::collections::BTreeSet;

use kubernetes_vocabulary::names::{is_dns_label, is_dns_subdomain};

use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::view::{FieldPlace, View};
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "kind-not-possible",
        severity: Severity::Error,
        summary: "a group, version or kind is a name that no API server serves",
        explain: include_str!("../../../docs/rules/kind-not-possible.md"),
    },
    check,
};

/// The field of group and version.
const API_VERSION: &str = "/apiVersion";

/// A part of an object's type that cannot be one.
struct ImpossibleName<'o> {
    /// The part that it should be, as messages call it.
    part: &'static str,
    text: &'o str,
    /// The field that holds it.
    field: &'static str,
}

/// Reports each impossible name once, at the first object that has it. A group or version that the site's API server is known not to serve is
/// told as that.
fn check(view: &View<'_>, found: &mut Diagnostics) {
    let mut told = BTreeSet::new();
    for (instance, object) in view.objects() {
        let Some(name) = find_impossible_name(object) else {
            continue;
        };
        let is_told = view.server_findings().iter().any(|finding| {
            std::ptr::eq(finding.object, object)
                && finding.refusal().pointer.as_str() == API_VERSION
        });
        if (name.field == API_VERSION && is_told) || !told.insert((name.field, name.text)) {
            continue;
        }
        let field = Pointer::parse(name.field);
        let place = FieldPlace {
            instance,
            object,
            field: &field,
        };
        let message = format!(
            "`{}` is not a {} that an API server can serve",
            name.text, name.part
        );
        found.push(view.report_at(&RULE.rule, place, message).help(
            "write it as the definition of the resource has it: a group is a DNS name, a version `v1` or `v1beta1`, \
             a kind letters and digits, a letter first",
        ));
    }
}

/// Returns the first part of the type of an object that cannot be one.
fn find_impossible_name(object: &Object) -> Option<ImpossibleName<'_>> {
    let (group, version) = match object.api_version().split_once('/') {
        Some((group, version)) => (Some(group), version),
        None => (None, object.api_version()),
    };
    let of_api = |part, text| ImpossibleName {
        part,
        text,
        field: API_VERSION,
    };
    if let Some(group) = group.filter(|group| !is_dns_subdomain(group)) {
        return Some(of_api("group", group));
    }
    if !is_type_name(version) {
        return Some(of_api("version", version));
    }
    let kind = object.kind();
    (!is_type_name(&kind.to_ascii_lowercase())).then_some(ImpossibleName {
        part: "kind",
        text: kind,
        field: "/kind",
    })
}

/// Checks for the form of versions, and of kinds in lower case: a DNS label with a letter first (`ValidateCustomResourceDefinition` in
/// k8s.io/apiextensions-apiserver).
fn is_type_name(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|first: char| first.is_ascii_lowercase())
}

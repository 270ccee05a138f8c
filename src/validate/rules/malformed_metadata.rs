//! Names, labels and annotations in the forms that the API server takes.

use kubernetes_vocabulary::annotations::TOTAL_SIZE_LIMIT;
use kubernetes_vocabulary::names::{
    is_dns_1035_label, is_dns_label, is_dns_subdomain, is_label_value, is_path_segment,
    is_qualified_name,
};
use serde_json::{Map, Value};

use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::view::{FieldPlace, View, called};
use pointer_diagnostics::{Diagnostics, Pointer, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "malformed-metadata",
        severity: Severity::Error,
        summary: "a name, label or annotation has a form that the API server refuses",
        explain: include_str!("../../../docs/rules/malformed-metadata.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (instance, object) in view.objects() {
        let mut troubles: Vec<Trouble> = name_trouble(object).into_iter().collect();
        troubles.extend(
            object
                .namespace()
                .filter(|n| !n.is_empty() && !is_dns_label(n))
                .map(|n| Trouble {
                    pointer: Pointer::parse("/metadata/namespace"),
                    text: format!("has the namespace `{n}`"),
                }),
        );
        collect(object.value(), &Pointer::root(), &mut troubles);
        for trouble in troubles {
            let field = FieldPlace {
                instance,
                object,
                field: &trouble.pointer,
            };
            let message = format!("{} {}", called(object), trouble.text);
            found
                .push(view.report_at(&RULE.rule, field, message).help(
                    "the API server refuses it: see the page of this rule for what it takes",
                ));
        }
    }
}

/// Something that is wrong with a field of some metadata.
struct Trouble {
    pointer: Pointer,
    text: String,
}

fn name_trouble(object: &Object) -> Option<Trouble> {
    let name = object.name();
    let (good, expected): (fn(&str) -> bool, &str) = match (object.group(), object.kind()) {
        ("rbac.authorization.k8s.io", _) => (is_path_segment, "no slash and no percent sign"),
        ("", "Namespace") => (
            is_dns_label,
            "at most 63 lower-case letters, digits and dashes",
        ),
        ("", "Service") => (
            is_dns_1035_label,
            "at most 63 lower-case letters, digits and dashes, a letter first",
        ),
        // Users, groups and image stream tags are named by rules of their own.
        ("user.openshift.io" | "image.openshift.io" | "security.openshift.io", _) => {
            (is_path_segment, "no slash")
        }
        _ => (
            is_dns_subdomain,
            "at most 253 lower-case letters, digits, dashes and dots",
        ),
    };
    let generated = object.get("/metadata/generateName").is_some() && name.is_empty();
    (!generated && !good(name)).then(|| Trouble {
        pointer: Pointer::parse("/metadata/name"),
        text: format!("has a name of another form than {expected}"),
    })
}

/// Looks into every `metadata` of the object: its own and those of templates.
fn collect(value: &Value, at: &Pointer, troubles: &mut Vec<Trouble>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, inner)| collect(inner, &at.at(i), troubles)),
        Value::Object(map) => {
            if let Some(Value::Object(metadata)) = map.get("metadata") {
                check_maps(metadata, &at.at("metadata"), troubles);
            }
            map.iter()
                .for_each(|(key, inner)| collect(inner, &at.at(key), troubles));
        }
        _ => {}
    }
}

fn check_maps(metadata: &Map<String, Value>, at: &Pointer, troubles: &mut Vec<Trouble>) {
    let place = |key: &str| at.at(key).as_str().to_owned();
    let mut add = |map: &str, key: Option<&str>, text: String| {
        let pointer = key.map_or_else(|| at.at(map), |key| at.at(map).at(key));
        troubles.push(Trouble { pointer, text });
    };
    if let Some(Value::Object(labels)) = metadata.get("labels") {
        for (key, value) in labels {
            if !is_qualified_name(key) {
                add(
                    "labels",
                    Some(key),
                    format!("has the key `{key}` in `{}`", place("labels")),
                );
            }
            if !value.as_str().is_some_and(is_label_value) {
                let text = format!("has the value {value} for `{key}` in `{}`", place("labels"));
                add("labels", Some(key), text);
            }
        }
    }
    if let Some(Value::Object(annotations)) = metadata.get("annotations") {
        for (key, value) in annotations {
            if !is_qualified_name(key) {
                let text = format!("has the key `{key}` in `{}`", place("annotations"));
                add("annotations", Some(key), text);
            }
            if !value.is_string() {
                let text = format!(
                    "has the value {value} for `{key}` in `{}`, expected text",
                    place("annotations")
                );
                add("annotations", Some(key), text);
            }
        }
        let size: usize = annotations
            .iter()
            .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
            .sum();
        if size > TOTAL_SIZE_LIMIT {
            let text = format!(
                "has {size} bytes of annotations in `{}`, at most {TOTAL_SIZE_LIMIT} are possible",
                place("annotations")
            );
            add("annotations", None, text);
        }
    }
}

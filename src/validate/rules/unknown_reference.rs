//! Checks the references of pods: Secrets, ConfigMaps, ServiceAccounts and PersistentVolumeClaims of their namespace.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::catalogue::Catalogue;
use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "unknown-reference",
        severity: Severity::Error,
        summary: "a pod refers to an object that nothing makes",
        explain: include_str!("../../../docs/rules/unknown-reference.md"),
    },
    check,
};

/// Names that Kubernetes and OpenShift make in every namespace.
const EVERYWHERE: &[(&str, &str)] = &[
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "openshift-service-ca.crt"),
    ("ServiceAccount", "builder"),
    ("ServiceAccount", "default"),
    ("ServiceAccount", "deployer"),
];

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let known = Known::of(view);
    for (instance, object) in view.objects() {
        let Some(namespace) = object.namespace() else {
            continue;
        };
        let mut references = BTreeSet::new();
        collect(object.value(), &mut references);
        for (kind, name) in references
            .into_iter()
            .filter(|(kind, name)| !known.holds(kind, namespace, name))
        {
            let says = format!(
                "{} needs the {kind} `{name}`, which nothing makes in `{namespace}`",
                called(object)
            );
            found.push(view.report(&RULE.rule, instance, says).help(help(kind)));
        }
    }
}

fn help(kind: &str) -> &'static str {
    match kind {
        "Secret" => {
            "list it under `secrets:` of the fleet if somebody puts it there, under `provides.secrets` of the app whose operator makes it, \
             or mark the reference `optional: true`"
        }
        "ConfigMap" => "add it to the base, or mark the reference `optional: true`",
        _ => "add it to the base, or correct the name",
    }
}

/// Objects that are there, or will be: kind, namespace (none: in all), name.
struct Known<'a>(BTreeSet<(&'static str, Option<&'a str>, Cow<'a, str>)>);

impl<'a> Known<'a> {
    fn of(view: &View<'a>) -> Self {
        let fleet = view
            .fleet()
            .secrets
            .iter()
            .map(|s| ("Secret", Some(s.namespace.as_str()), Cow::from(&s.name)));
        let provided = view.plan.instances.iter().flat_map(|instance| {
            let secrets = instance
                .app()
                .into_iter()
                .flat_map(|app| &app.spec.provides.secrets);
            secrets.map(|name| ("Secret", instance.namespace.as_deref(), Cow::from(name)))
        });
        let everywhere = EVERYWHERE
            .iter()
            .map(|(kind, name)| (*kind, None, Cow::from(*name)));
        let rendered = view.objects().flat_map(|(_, object)| {
            made_by(object)
                .into_iter()
                .map(|(kind, name)| (kind, object.namespace(), Cow::from(name)))
        });
        Self(
            fleet
                .chain(provided)
                .chain(everywhere)
                .chain(rendered)
                .collect(),
        )
    }

    fn holds(&self, kind: &'static str, namespace: &str, name: &str) -> bool {
        self.0.contains(&(kind, Some(namespace), Cow::from(name)))
            || self.0.contains(&(kind, None, Cow::from(name)))
    }
}

/// Lists the kind and name of everything that is there because an object is.
fn made_by(object: &Object) -> Vec<(&'static str, String)> {
    let entry = Catalogue::built_in().entry(object);
    let makes = entry.map_or(&[][..], |entry| entry.makes.as_slice());
    makes
        .iter()
        .filter_map(|made| Some((made.kind.as_str(), made.name_for(object)?)))
        .collect()
}

/// The references of all pods that are described in a value.
fn collect(value: &Value, found: &mut BTreeSet<(&'static str, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        Value::Object(map) => {
            if map.get("containers").is_some_and(Value::is_array) {
                of_pod(map, found);
            }
            map.values().for_each(|inner| collect(inner, found));
        }
        _ => {}
    }
}

fn of_pod(pod: &Map<String, Value>, found: &mut BTreeSet<(&'static str, String)>) {
    let mut add = |kind, name: Option<&Value>| {
        let name = name.and_then(Value::as_str).filter(|name| !name.is_empty());
        found.extend(name.map(|name| (kind, name.to_owned())));
    };
    add("ServiceAccount", pod.get("serviceAccountName"));
    list(pod, "imagePullSecrets").for_each(|secret| add("Secret", secret.get("name")));
    for volume in list(pod, "volumes") {
        let projected = volume
            .pointer("/projected/sources")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        add(
            "PersistentVolumeClaim",
            volume.pointer("/persistentVolumeClaim/claimName"),
        );
        for source in std::iter::once(volume).chain(projected) {
            add(
                "Secret",
                required(source.get("secret"))
                    .and_then(|s| s.get("secretName").or_else(|| s.get("name"))),
            );
            add(
                "ConfigMap",
                required(source.get("configMap")).and_then(|c| c.get("name")),
            );
        }
    }
    let containers = ["containers", "initContainers"]
        .into_iter()
        .flat_map(|key| list(pod, key));
    for container in containers.filter_map(Value::as_object) {
        for source in list(container, "envFrom") {
            add(
                "Secret",
                required(source.get("secretRef")).and_then(|s| s.get("name")),
            );
            add(
                "ConfigMap",
                required(source.get("configMapRef")).and_then(|c| c.get("name")),
            );
        }
        for source in list(container, "env").filter_map(|variable| variable.get("valueFrom")) {
            add(
                "Secret",
                required(source.get("secretKeyRef")).and_then(|s| s.get("name")),
            );
            add(
                "ConfigMap",
                required(source.get("configMapKeyRef")).and_then(|c| c.get("name")),
            );
        }
    }
}

/// A reference, unless it says that it may lead nowhere.
fn required(reference: Option<&Value>) -> Option<&Value> {
    reference.filter(|r| r.get("optional").and_then(Value::as_bool) != Some(true))
}

fn list<'a>(map: &'a Map<String, Value>, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    map.get(key).and_then(Value::as_array).into_iter().flatten()
}

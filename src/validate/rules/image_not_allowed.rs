//! Images come from where the fleet allows: those in manifests, and those that operators choose.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::catalogue::Catalogue;
use crate::images::{covers_image, full_name};
use crate::manifest::Object;
use crate::model::ImagePolicy;
use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::view::{View, called};
use pointer_diagnostics::{Diagnostic, Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "image-not-allowed",
        severity: Severity::Error,
        summary: "an image comes from where the fleet does not allow",
        explain: include_str!("../../../docs/rules/image-not-allowed.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    let policy = &view.fleet().images;
    if policy.allow.is_empty() && policy.deny.is_empty() {
        return;
    }
    for used in list_used(view) {
        if let Some(refusal) = refusal(policy, &used.image) {
            found.push(with_policy(
                view,
                of_manifest(view, &used, &refusal),
                &refusal,
            ));
        }
    }
    for instance in &view.plan.instances {
        for (index, image) in instance
            .images
            .iter()
            .flat_map(|plan| plan.names.iter().enumerate())
        {
            found.extend(refusal(policy, image).map(|refusal| {
                of_operator(view, instance, OperatorImage { index, image }, &refusal)
            }));
        }
    }
}

/// An image that a manifest names, and every instance that brings it: one app may run several times.
pub(super) struct UsedImage<'a> {
    pub(super) image: String,
    pub(super) object: &'a Object,
    pub(super) instances: Vec<&'a Instance>,
}

/// The images that manifests name, but for streams of the site itself: once for each app and object.
pub(super) fn list_used<'a>(view: &View<'a>) -> Vec<UsedImage<'a>> {
    let local = local_streams(view);
    let mut all: BTreeMap<(String, String, String), UsedImage<'a>> = BTreeMap::new();
    for (instance, object) in view.objects() {
        let app = instance.app().map_or(&instance.name, |app| &app.name);
        let is_stream = |image: &str| {
            object
                .namespace()
                .is_some_and(|n| local.contains(&(n, stream_name(image))))
        };
        for image in images(object).into_iter().filter(|image| !is_stream(image)) {
            let key = (app.clone(), object.id().to_string(), image.clone());
            let used = all.entry(key).or_insert_with(|| UsedImage {
                image,
                object,
                instances: Vec::new(),
            });
            used.instances.push(instance);
        }
    }
    all.into_values().collect()
}

fn of_manifest(view: &View<'_>, used: &UsedImage<'_>, refusal: &Refusal) -> Diagnostic {
    let UsedImage {
        image,
        object,
        instances,
    } = used;
    let message = format!("{} uses `{image}`, {}", called(object), refusal.says);
    let Some((first, others)) = instances.split_first() else {
        return RULE.rule.report(message);
    };
    let report = view.report(&RULE.rule, first, message);
    others.iter().fold(report, |report, other| {
        report.context_key(
            other.origin.clone(),
            format!("`{}` on this site", other.name),
        )
    })
}

/// An image that an operator starts, with its place in the `images` of the instance.
struct OperatorImage<'a> {
    index: usize,
    image: &'a str,
}

fn of_operator(
    view: &View<'_>,
    instance: &Instance,
    OperatorImage { index, image }: OperatorImage<'_>,
    refusal: &Refusal,
) -> Diagnostic {
    let report = RULE.rule.report(format!(
        "`{}` leads to `{image}`, {}",
        instance.name, refusal.says
    ));
    let origin = instance.images.as_ref().map_or_else(
        || instance.origin.clone(),
        |plan| plan.origin.at("names").at(index),
    );
    let report = report.primary(origin, "").context_key(
        instance.origin.clone(),
        format!("`{}` on this site", instance.name),
    );
    with_policy(view, report, refusal)
}

fn with_policy(view: &View<'_>, report: Diagnostic, refusal: &Refusal) -> Diagnostic {
    report
        .context(
            view.fleet_origin(&refusal.pointer),
            "the fleet's image policy",
        )
        .help("name an image of an allowed registry in full, registry first, or mirror it there")
}

/// Reason why an image is not allowed, and the entry of the policy that says so.
struct Refusal {
    says: String,
    pointer: String,
}

fn refusal(policy: &ImagePolicy, image: &str) -> Option<Refusal> {
    let full = full_name(image);
    let covers = |entry: &String| covers_image(entry, &full);
    let source = if full == image {
        String::new()
    } else {
        format!("which is `{full}`, ")
    };
    if let Some(index) = policy.deny.iter().position(covers) {
        let says = format!("{source}and the fleet denies `{}`", policy.deny[index]);
        return Some(Refusal {
            says,
            pointer: format!("/images/deny/{index}"),
        });
    }
    let refused = !policy.allow.is_empty() && !policy.allow.iter().any(covers);
    refused.then(|| Refusal {
        says: format!("{source}and the fleet does not allow it"),
        pointer: "/images/allow".to_owned(),
    })
}

/// Every image that an object names: at the places of the catalogue, in fields called `image`, and as a `DockerImage`.
fn images(object: &Object) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if matches!(
        object.kind(),
        "ConfigMap" | "CustomResourceDefinition" | "Secret"
    ) {
        return found;
    }
    for pointer in Catalogue::built_in().image_pointers(object) {
        let value = object.get(pointer.as_str());
        found.extend(value.and_then(Value::as_str).map(str::to_owned));
    }
    collect(object.value(), &mut found);
    found.retain(|image| !image.trim().is_empty());
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        Value::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Value::as_str);
            found.extend(text("image").map(str::to_owned));
            if text("kind") == Some("DockerImage") {
                found.extend(text("name").map(str::to_owned));
            }
            let registry = map
                .get("registry")
                .and_then(|r| r.get("url")?.as_str()?.strip_prefix("docker://"));
            found.extend(registry.map(str::to_owned));
            // Where a build puts its result is not where an image comes from.
            map.iter()
                .filter(|(key, _)| *key != "output")
                .for_each(|(_, inner)| collect(inner, found));
        }
        _ => {}
    }
}

/// The image streams that pods of their namespace can name like images, by namespace.
fn local_streams<'a>(view: &View<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let streams = view.objects().map(|(_, object)| object).filter(|o| {
        o.kind() == "ImageStream"
            && o.get("/spec/lookupPolicy/local").and_then(Value::as_bool) == Some(true)
    });
    streams
        .filter_map(|o| Some((o.namespace()?, o.name())))
        .collect()
}

/// Returns the name that an image of one word would have as an image stream.
fn stream_name(image: &str) -> &str {
    image.split(['@', ':']).next().unwrap_or(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TagPolicy;

    fn refused(allow: &[&str], deny: &[&str], image: &str) -> bool {
        let owned = |list: &[&str]| list.iter().map(|entry| (*entry).to_owned()).collect();
        refusal(
            &ImagePolicy {
                allow: owned(allow),
                deny: owned(deny),
                tags: TagPolicy::Any,
            },
            image,
        )
        .is_some()
    }

    #[test]
    fn denied_registries_are_denied_however_they_are_spelt() {
        for image in [
            "nginx",
            "library/nginx",
            "docker.io/nginx",
            "registry-1.docker.io/a/b@sha256:0",
        ] {
            assert!(refused(&[], &["docker.io"], image), "{image}");
        }
        assert!(!refused(&[], &["docker.io"], "docker.io.example.com/a"));
    }

    #[test]
    fn only_what_is_allowed_is_allowed() {
        let allow = ["registry.redhat.io", "quay.io/ours/"];
        assert!(!refused(&allow, &[], "registry.redhat.io/ubi9:1"));
        assert!(!refused(&allow, &[], "quay.io/ours/web@sha256:0"));
        assert!(refused(&allow, &[], "quay.io/theirs/web"));
        assert!(refused(&allow, &[], "quay.io/oursother/web"));
        assert!(refused(
            &["quay.io"],
            &["quay.io/theirs"],
            "quay.io/theirs/web"
        ));
    }
}

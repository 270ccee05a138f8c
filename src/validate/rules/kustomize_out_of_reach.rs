//! Checks the references of kustomizations: directories anywhere in the fleet, and files below their own directory; nothing remote, nothing
//! twice, no circles.

use rustomize::KUSTOMIZATION_FILE;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::plan::Instance;
use crate::validate::CheckedRule;
use crate::validate::view::{View, at_instance};
use pointer_diagnostics::{Diagnostic, Diagnostics, Origin, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "kustomize-out-of-reach",
        severity: Severity::Error,
        summary: "a kustomization refers to what kustomize does not load",
        explain: include_str!("../../../docs/rules/kustomize-out-of-reach.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for (directory, document) in view.kustomizations {
        let mut seen = BTreeSet::new();
        for (field, reference) in references(document) {
            let trouble = match resolve(directory, reference) {
                _ if is_remote(reference) => Some("is fetched from elsewhere"),
                None => Some("leaves the repository"),
                Some(target) => trouble(view, directory, &target)
                    .or_else(|| (!seen.insert(target)).then_some("is listed twice")),
            };
            if let Some(trouble) = trouble {
                let says = format!(
                    "`{reference}` under `{field}` of `{directory}/{KUSTOMIZATION_FILE}` {trouble}"
                );
                found.push(report(view, directory, says));
            }
        }
        for reference in files(document) {
            let inside =
                resolve(directory, reference).is_some_and(|target| is_below(&target, directory));
            if is_remote(reference) || !inside {
                let says = format!(
                    "the file `{reference}` of `{directory}/{KUSTOMIZATION_FILE}` is not below its directory"
                );
                found.push(report(view, directory, says));
            }
        }
    }
    for circle in circles(view.kustomizations) {
        found.push(report(
            view,
            &circle,
            format!("the kustomization `{circle}` is built on itself"),
        ));
    }
}

/// Returns the problem of an entry of `resources` or `components` that is no directory that is there, and no file below.
fn trouble(view: &View<'_>, directory: &str, target: &str) -> Option<&'static str> {
    let is_directory =
        view.kustomizations.contains_key(target) || view.files.iter().any(|f| is_below(f, target));
    match () {
        () if target == directory || is_below(directory, target) => {
            Some("is the directory itself or one above it")
        }
        () if is_directory => None,
        () if !is_below(target, directory) => Some("is a file outside of the directory"),
        () if !view.files.contains(target) => Some("does not exist"),
        () => None,
    }
}

fn report(view: &View<'_>, directory: &str, says: String) -> Diagnostic {
    let report = RULE.rule.report(says);
    let report = match owner(view, directory) {
        Some(instance) => at_instance(report, instance),
        None => report.primary(
            Origin::file(&format!("{directory}/{KUSTOMIZATION_FILE}")),
            "",
        ),
    };
    report.help("refer to directories of this repository, each once, and to files of the kustomization's own directory")
}

/// The instance whose overlay the directory is.
fn owner<'a>(view: &View<'a>, directory: &str) -> Option<&'a Instance> {
    let name = directory.strip_prefix(&format!("out/{}/", view.plan.name))?;
    view.plan.instance(name)
}

/// Entries of the fields that name directories or files.
fn references(document: &Value) -> impl Iterator<Item = (&'static str, &str)> {
    ["resources", "components", "bases"]
        .into_iter()
        .flat_map(|field| {
            let entries = document
                .get(field)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            entries
                .filter_map(Value::as_str)
                .map(move |entry| (field, entry))
        })
}

/// Files that fields other than `resources` name.
fn files(document: &Value) -> Vec<&str> {
    let list = |field: &str| {
        document
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let plain = [
        "crds",
        "configurations",
        "generators",
        "transformers",
        "validators",
        "patchesStrategicMerge",
    ];
    let plain = plain
        .into_iter()
        .flat_map(list)
        .filter_map(Value::as_str)
        .filter(|entry| !entry.contains('\n'));
    let pathed = ["patches", "patchesJson6902", "replacements"]
        .into_iter()
        .flat_map(list);
    let pathed = pathed.filter_map(|entry| entry.get("path")?.as_str());
    let generated = ["configMapGenerator", "secretGenerator"]
        .into_iter()
        .flat_map(list);
    let generated = generated.flat_map(|generator| {
        let of = |field: &str| {
            generator
                .get(field)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
        };
        let files = of("files")
            .filter_map(Value::as_str)
            .map(|file| file.split_once('=').map_or(file, |(_, path)| path));
        files
            .chain(of("envs").filter_map(Value::as_str))
            .collect::<Vec<_>>()
    });
    plain.chain(pathed).chain(generated).collect()
}

/// Directories that are reached from themselves.
fn circles(kustomizations: &BTreeMap<String, Value>) -> Vec<String> {
    let next = |directory: &str| -> Vec<String> {
        let document = kustomizations.get(directory);
        let targets = document
            .into_iter()
            .flat_map(references)
            .filter_map(|(_, entry)| resolve(directory, entry));
        targets
            .filter(|target| kustomizations.contains_key(target))
            .collect()
    };
    let reaches_itself = |start: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), next(start));
        while let Some(directory) = open.pop() {
            if directory == start {
                return true;
            }
            if seen.insert(directory.clone()) {
                open.extend(next(&directory));
            }
        }
        false
    };
    kustomizations
        .keys()
        .filter(|directory| reaches_itself(directory))
        .cloned()
        .collect()
}

/// The path from the fleet's root that a reference leads to; `None` where it leaves the repository.
fn resolve(directory: &str, reference: &str) -> Option<String> {
    if reference.starts_with('/') {
        return None;
    }
    let mut names: Vec<&str> = directory
        .split('/')
        .filter(|name| !name.is_empty())
        .collect();
    for name in reference.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Checks whether kustomize would fetch the reference: an URL, a git address, or a host name followed by a path.
fn is_remote(reference: &str) -> bool {
    let host = reference.split('/').next().unwrap_or_default();
    reference.contains("://")
        || reference.contains("?ref=")
        || reference.contains("//")
        || reference.starts_with("git@")
        || reference.starts_with("git::")
        || matches!(host, "github.com" | "gitlab.com" | "bitbucket.org")
}

#[cfg(test)]
mod tests {
    use super::is_remote;

    #[test]
    fn each_form_of_a_remote_reference_is_recognised() {
        for remote in [
            "https://example.com/base.yaml",
            "example.com/base?ref=v1",
            "example.com/repository//base",
            "git@example.com:team/base.git",
            "git::example.com",
            "github.com/team/base",
            "gitlab.com/team/base",
            "bitbucket.org/team/base",
        ] {
            assert!(is_remote(remote), "{remote}");
        }
        for local in ["base", "../base", "./deployment.yaml", "base/github.com"] {
            assert!(!is_remote(local), "{local}");
        }
    }
}

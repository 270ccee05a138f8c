//! Projects that keep Applications apart. Argo CD checks them in its own API only: what is applied from git is taken as it is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bundle::IN_CLUSTER;
use crate::manifest::Object;
use crate::rules;
use pointer_diagnostics::Diagnostics;

use super::argo::Argo;
use super::syntax::is_duration;
use super::view::View;

pub(super) fn check(view: &View<'_>, found: &mut Diagnostics) {
    for project in view.argo.iter().filter(|a| a.is_project()) {
        let name = project.object.name();
        for reach in too_wide(view, project) {
            found.push(
                project
                    .report(
                        view.plan,
                        &rules::PROJECT_TOO_WIDE,
                        format!("the project `{name}` {reach}"),
                    )
                    .help(
                        "list the namespaces and clusters that its Applications need, one by one",
                    ),
            );
        }
        for trouble in malformed(&project.object) {
            found.push(
                project.report(view.plan, &rules::MALFORMED_PROJECT, format!("the project `{name}` {trouble}")).help(
                    "correct it: Argo CD accepts such a project from git and then ignores or refuses parts of it",
                ),
            );
        }
    }
}

fn too_wide(view: &View<'_>, project: &Argo<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in entries(&project.object, "destinations") {
        for key in ["namespace", "server", "name"] {
            if text(entry, key).contains('*') && !text(entry, key).starts_with('!') {
                found.push(format!(
                    "reaches every {key} that matches `{}`",
                    text(entry, key)
                ));
            }
        }
        let here = text(entry, "server") == IN_CLUSTER || text(entry, "name") == "in-cluster";
        if here && text(entry, "namespace") == view.argocd().namespace() && !project.is_bootstrap()
        {
            found.push(format!(
                "reaches Argo CD's own namespace `{}`, and with it every other project",
                view.argocd().namespace()
            ));
        }
    }
    found
}

fn malformed(project: &Object) -> Vec<String> {
    let mut found = Vec::new();
    let destinations: Vec<String> = entries(project, "destinations")
        .map(|d| {
            format!(
                "{}{}/{}",
                text(d, "server"),
                if text(d, "server").is_empty() {
                    text(d, "name")
                } else {
                    ""
                },
                text(d, "namespace")
            )
        })
        .collect();
    let repositories: Vec<String> = strings(project, "sourceRepos");
    let namespaces: Vec<String> = strings(project, "sourceNamespaces");
    for (what, list) in [
        ("destination", &destinations),
        ("repository", &repositories),
        ("source namespace", &namespaces),
    ] {
        found.extend(repeated(list).map(|item| format!("lists the {what} `{item}` twice")));
    }
    let negations = entries(project, "destinations")
        .flat_map(|d| ["server", "name", "namespace"].map(|key| text(d, key)));
    if negations
        .chain(repositories.iter().map(String::as_str))
        .any(|pattern| pattern == "!*")
    {
        found.push("excludes everything with `!*`".to_owned());
    }
    let roles: Vec<String> = entries(project, "roles")
        .map(|r| text(r, "name").to_owned())
        .collect();
    found.extend(repeated(&roles).map(|role| format!("has the role `{role}` twice")));
    found.extend(entries(project, "roles").flat_map(|role| bad_role(project.name(), role)));
    found.extend(entries(project, "syncWindows").filter_map(bad_window));
    found
}

fn bad_role(project: &str, role: &Value) -> Vec<String> {
    let name = text(role, "name");
    let edge = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| edge(c) || matches!(c, '-' | '_');
    let mut found = Vec::new();
    if name.is_empty()
        || !name.chars().all(inner)
        || !name.starts_with(edge)
        || !name.ends_with(edge)
    {
        found.push(format!(
            "has a role with the name `{name}`, expected letters, digits, `-` and `_`"
        ));
    }
    let policies = role
        .get("policies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    found.extend(policies.filter(|p| !is_policy(project, name, p)).map(|p| format!("has the policy `{p}` in role `{name}`, which is not of the form `p, proj:{project}:{name}, <resource>, <action>, {project}/<object>, allow`")));
    found
}

fn is_policy(project: &str, role: &str, policy: &str) -> bool {
    let parts: Vec<&str> = policy.split(',').map(str::trim).collect();
    let [p, subject, _, _, object, effect] = parts[..] else {
        return false;
    };
    p == "p"
        && subject == format!("proj:{project}:{role}")
        && object
            .strip_prefix(project)
            .is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
        && matches!(effect, "allow" | "deny")
}

fn bad_window(window: &Value) -> Option<String> {
    let selects = ["applications", "namespaces", "clusters"]
        .iter()
        .any(|key| window.get(key).is_some());
    let trouble = match () {
        () if !matches!(text(window, "kind"), "allow" | "deny") => "is neither `allow` nor `deny`",
        () if text(window, "schedule").split_whitespace().count() != 5 => {
            "has no schedule of five fields"
        }
        () if !is_duration(text(window, "duration")) => "has no duration such as `1h30m`",
        () if !selects => "selects no applications, namespaces or clusters",
        () => return None,
    };
    Some(format!("has a sync window that {trouble}"))
}

fn entries<'a>(project: &'a Object, list: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    project
        .get(&format!("/spec/{list}"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn strings(project: &Object, list: &str) -> Vec<String> {
    entries(project, list)
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn repeated(list: &[String]) -> impl Iterator<Item = &String> {
    let mut seen = BTreeSet::new();
    list.iter().filter(move |item| !seen.insert(*item))
}

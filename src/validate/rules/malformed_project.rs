//! Projects have the form that Argo CD expects. It checks them in its own API only: what is applied from git is taken as it is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::glob::{Glob, Slashes};
use crate::validate::projects::{project_entries, text_field};
use crate::validate::syntax::is_duration;
use crate::validate::view::View;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "malformed-project",
        severity: Severity::Error,
        summary: "a project has parts that Argo CD ignores or refuses",
        explain: include_str!("../../../docs/rules/malformed-project.md"),
    },
    check,
};

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for project in view.argo.iter().filter(|a| a.is_project()) {
        let name = project.object.name();
        for trouble in malformed(&project.object) {
            found.push(
                project.report(view.plan, &RULE.rule, format!("the project `{name}` {trouble}")).help(
                    "correct it: Argo CD accepts such a project from git and then ignores or refuses parts of it",
                ),
            );
        }
    }
}

fn malformed(project: &Object) -> Vec<String> {
    let mut found = Vec::new();
    let destinations: Vec<String> = project_entries(project, "destinations")
        .iter()
        .map(|d| {
            format!(
                "{}{}/{}",
                text_field(d, "server"),
                if text_field(d, "server").is_empty() {
                    text_field(d, "name")
                } else {
                    ""
                },
                text_field(d, "namespace")
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
    let negations = project_entries(project, "destinations")
        .iter()
        .flat_map(|d| ["server", "name", "namespace"].map(|key| text_field(d, key)));
    if negations
        .chain(repositories.iter().map(String::as_str))
        .any(|pattern| pattern == "!*")
    {
        found.push("excludes everything with `!*`".to_owned());
    }
    found.extend(describe_unreadable_patterns(project));
    let roles: Vec<String> = project_entries(project, "roles")
        .iter()
        .map(|r| text_field(r, "name").to_owned())
        .collect();
    found.extend(repeated(&roles).map(|role| format!("has the role `{role}` twice")));
    found.extend(
        project_entries(project, "roles")
            .iter()
            .flat_map(|role| bad_role(project.name(), role)),
    );
    found.extend(
        project_entries(project, "syncWindows")
            .iter()
            .filter_map(bad_window),
    );
    found
}

/// Describes each pattern that Argo CD takes for one that matches nothing.
fn describe_unreadable_patterns(project: &Object) -> Vec<String> {
    let mut patterns: Vec<&str> = project_entries(project, "sourceRepos")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for (list, keys) in [
        ("destinations", ["server", "name", "namespace"]),
        ("clusterResourceWhitelist", ["group", "kind", "name"]),
        ("clusterResourceBlacklist", ["group", "kind", "name"]),
        ("namespaceResourceWhitelist", ["group", "kind", "name"]),
        ("namespaceResourceBlacklist", ["group", "kind", "name"]),
    ] {
        for entry in project_entries(project, list) {
            patterns.extend(keys.map(|key| text_field(entry, key)));
        }
    }
    let mut found = Vec::new();
    for pattern in patterns {
        if let Err(why) = Glob::parse(pattern, Slashes::AreOrdinary) {
            let start: String = pattern.chars().take(40).collect();
            let cut = if start.len() < pattern.len() {
                "…"
            } else {
                ""
            };
            found.push(format!("has the pattern `{start}{cut}`, which {why}"));
        }
    }
    found
}

fn bad_role(project: &str, role: &Value) -> Vec<String> {
    let name = text_field(role, "name");
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
        () if !matches!(text_field(window, "kind"), "allow" | "deny") => {
            "is neither `allow` nor `deny`"
        }
        () if text_field(window, "schedule").split_whitespace().count() != 5 => {
            "has no schedule of five fields"
        }
        () if !is_duration(text_field(window, "duration")) => "has no duration such as `1h30m`",
        () if !selects => "selects no applications, namespaces or clusters",
        () => return None,
    };
    Some(format!("has a sync window that {trouble}"))
}

fn strings(project: &Object, list: &str) -> Vec<String> {
    project_entries(project, list)
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn repeated(list: &[String]) -> impl Iterator<Item = &String> {
    let mut seen = BTreeSet::new();
    list.iter().filter(move |item| !seen.insert(*item))
}

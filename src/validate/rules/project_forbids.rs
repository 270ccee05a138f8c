//! Projects permit what their Applications hold. What is not permitted is not synced, and when it is removed it is not pruned.

use crate::argocd::{IN_CLUSTER_NAME, IN_CLUSTER_SERVER};
use std::collections::BTreeSet;

use serde_json::Value;

use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::argo::{Argo, Place};
use crate::validate::view::View;
use kubernetes_vocabulary::ResourceScope;
use pointer_diagnostics::{Diagnostics, Rule, Severity};

pub(super) static RULE: CheckedRule = CheckedRule {
    rule: Rule {
        code: "project-forbids",
        severity: Severity::Error,
        summary: "a project does not permit what its Application holds",
        explain: include_str!("../../../docs/rules/project-forbids.md"),
    },
    check,
};

/// The project that every Argo CD has, which permits everything unless somebody changes it.
const DEFAULT: &str = "default";

fn check(view: &View<'_>, found: &mut Diagnostics) {
    for application in view.argo.iter().filter(|a| a.is_application()) {
        let name = application.text("/spec/project");
        let project = view
            .argo
            .iter()
            .find(|a| a.is_project() && a.object.name() == name);
        let refusals = match project {
            None if name == DEFAULT => continue,
            None => BTreeSet::from(["does not exist".to_owned()]),
            Some(project) => Permits {
                project: &project.object,
            }
            .refusals(view, application),
        };
        for refusal in refusals {
            let says = format!(
                "the project `{name}` of Application `{}` {refusal}",
                application.object.name()
            );
            found.push(
                application
                    .report(view.plan, &RULE.rule, says)
                    .help("let the project list it, or take it out of the Application"),
            );
        }
    }
}

struct Permits<'a> {
    project: &'a Object,
}

impl Permits<'_> {
    fn refusals(&self, view: &View<'_>, application: &Argo<'_>) -> BTreeSet<String> {
        let mut refusals = BTreeSet::new();
        let repository = application.text("/spec/source/repoURL");
        if !repository.is_empty() && !self.permits_source(repository) {
            refusals.insert(format!("does not permit the repository `{repository}`"));
        }
        let cluster = Cluster {
            server: application
                .text("/spec/destination/server")
                .trim_end_matches('/'),
            name: application.text("/spec/destination/name"),
        };
        let mut namespaces = BTreeSet::from([application.text("/spec/destination/namespace")]);
        for object in synced(view, application) {
            let scope = view.kinds.scope_of(object);
            if scope == ResourceScope::Namespaced {
                namespaces.extend(object.namespace());
            }
            if !self.permits_kind(object, scope) {
                refusals.insert(format!(
                    "does not permit the kind `{}`",
                    crate::kinds::GroupKind::of(object)
                ));
            }
        }
        let refused = namespaces
            .into_iter()
            .filter(|namespace| !self.permits_destination(&cluster, namespace));
        refusals.extend(refused.map(|namespace| {
            format!(
                "does not permit the namespace `{namespace}` on {}",
                cluster.shown()
            )
        }));
        refusals
    }

    fn permits_source(&self, repository: &str) -> bool {
        let patterns = texts(self.project, "/spec/sourceRepos");
        let (deny, allow): (Vec<&str>, Vec<&str>) = patterns.partition(|p| p.starts_with('!'));
        let same = |pattern: &str| glob(&normal_url(pattern), &normal_url(repository), true);
        allow.into_iter().any(same) && !deny.into_iter().any(|p| same(p.trim_start_matches('!')))
    }

    fn permits_kind(&self, object: &Object, scope: ResourceScope) -> bool {
        let list = |which: &str| {
            let prefix = if scope == ResourceScope::Cluster {
                "cluster"
            } else {
                "namespace"
            };
            self.project
                .get(&format!("/spec/{prefix}Resource{which}list"))
                .and_then(Value::as_array)
        };
        let holds = |list: &Vec<Value>| list.iter().any(|entry| is_kind(entry, object));
        let allowed = match (list("White"), scope) {
            (Some(list), _) => holds(list),
            (None, ResourceScope::Namespaced) => true,
            (None, ResourceScope::Cluster) => false,
        };
        allowed && !list("Black").is_some_and(holds)
    }

    fn permits_destination(&self, cluster: &Cluster<'_>, namespace: &str) -> bool {
        let destinations = self
            .project
            .get("/spec/destinations")
            .and_then(Value::as_array);
        let matches = |entry: &Value| {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let server = !cluster.server.is_empty() && glob(text("server"), cluster.server, false);
            let name = !cluster.name.is_empty() && glob(text("name"), cluster.name, false);
            let in_cluster = cluster.server == IN_CLUSTER_SERVER && text("name") == IN_CLUSTER_NAME
                || cluster.name == IN_CLUSTER_NAME && text("server") == IN_CLUSTER_SERVER;
            (server || name || in_cluster) && glob(text("namespace"), namespace, false)
        };
        destinations.is_some_and(|all| all.iter().any(matches))
    }
}

struct Cluster<'a> {
    server: &'a str,
    name: &'a str,
}

impl Cluster<'_> {
    fn shown(&self) -> String {
        let which = if self.name.is_empty() {
            self.server
        } else {
            self.name
        };
        format!("`{which}`")
    }
}

/// The objects that an Application syncs, as far as they are known here.
fn synced<'a>(
    view: &'a View<'_>,
    application: &'a Argo<'_>,
) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
    match application.place {
        Place::OfInstance(instance) => Box::new(view.objects_of(instance).iter()),
        Place::OfSite(_) => {
            let below = view
                .argo
                .iter()
                .filter(|a| !a.is_bootstrap() && !matches!(a.place, Place::In(_)));
            Box::new(below.map(|a| &a.object))
        }
        Place::In(_) => Box::new(std::iter::empty()),
    }
}

fn is_kind(entry: &Value, object: &Object) -> bool {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let named = entry
        .get("name")
        .and_then(Value::as_str)
        .is_none_or(|name| glob(name, object.name(), false));
    glob(text("group"), object.group(), false) && glob(text("kind"), object.kind(), false) && named
}

fn texts<'a>(object: &'a Object, pointer: &str) -> impl Iterator<Item = &'a str> {
    object
        .get(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn normal_url(url: &str) -> String {
    let url = url.trim().trim_end_matches('/').to_lowercase();
    url.strip_suffix(".git").unwrap_or(&url).to_owned()
}

/// Whether a pattern with `*` and `?` matches the whole text. With `segments`, `*` stops at a slash, and `**` does not.
pub(super) fn glob(pattern: &str, text: &str, segments: bool) -> bool {
    if let Some(rest) = pattern.strip_prefix('*') {
        let (rest, crosses) = rest
            .strip_prefix('*')
            .map_or((rest, !segments), |rest| (rest, true));
        let end = if crosses {
            text.len()
        } else {
            text.find('/').unwrap_or(text.len())
        };
        return text[..end]
            .char_indices()
            .map(|(i, _)| i)
            .chain([end])
            .any(|i| glob(rest, &text[i..], segments));
    }
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    match (pattern.next(), text.next()) {
        (None, None) => true,
        (Some(wanted), Some(is)) if wanted == is || wanted == '?' => {
            glob(pattern.as_str(), text.as_str(), segments)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_match_whole_texts() {
        assert!(
            glob("*", "anything/at all", false)
                && glob("web-*", "web-a", false)
                && glob("", "", false)
        );
        assert!(
            !glob("web-*", "db-a", false) && !glob("web", "web-a", false) && !glob("", "a", false)
        );
        assert!(
            glob("a?c", "abc", false) && !glob("a?c", "ac", false) && glob("*é*", "caféine", false)
        );
    }

    #[test]
    fn a_star_in_urls_is_one_segment() {
        assert!(
            glob("https://git/x/*", "https://git/x/y", true)
                && !glob("https://git/x/*", "https://git/x/y/z", true)
        );
        assert!(glob("https://git/x/**", "https://git/x/y/z", true));
    }
}

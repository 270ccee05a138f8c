//! Projects permit what their Applications hold. What is not permitted is not synced, and when it is removed it is not pruned.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::argocd::{IN_CLUSTER_NAME, IN_CLUSTER_SERVER};
use crate::kinds::GroupKind;
use crate::manifest::Object;
use crate::validate::CheckedRule;
use crate::validate::argo::{Argo, ArgoOrigin};
use crate::validate::glob::{Glob, Slashes};
use crate::validate::projects::{project_entries, text_field};
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
            Some(project) => {
                ProjectPermits::of(&project.object).describe_refusals(view, application)
            }
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

/// Permissions of a project, with its patterns compiled.
struct ProjectPermits {
    sources: Vec<ProjectPattern>,
    destinations: Vec<DestinationPattern>,
    cluster_kinds: KindLists,
    namespaced_kinds: KindLists,
}

/// A pattern that permits what it matches, or with `!` before it what it does not match.
struct ProjectPattern {
    denies: bool,
    /// `None`: the pattern cannot be read, and matches nothing.
    glob: Option<Glob>,
}

/// An entry of `destinations`.
struct DestinationPattern {
    server: ProjectPattern,
    name: ProjectPattern,
    namespace: ProjectPattern,
    is_in_cluster: bool,
}

/// The kinds that a project lists for one scope.
struct KindLists {
    /// `None`: there is no list of what is permitted.
    white: Option<Vec<KindPattern>>,
    black: Vec<KindPattern>,
}

/// An entry of a list of kinds. A pattern that cannot be read matches nothing.
struct KindPattern {
    group: Option<Glob>,
    kind: Option<Glob>,
    /// The pattern of names, where there is one; the inner is absent where the pattern cannot be read.
    #[expect(
        clippy::option_option,
        reason = "no pattern and an unreadable one are not the same"
    )]
    name: Option<Option<Glob>>,
}

/// The cluster of an Application's destination.
struct DestinationCluster<'a> {
    server: &'a str,
    name: &'a str,
}

impl ProjectPermits {
    fn of(project: &Object) -> Self {
        let sources = project_entries(project, "sourceRepos");
        let destinations = project_entries(project, "destinations");
        Self {
            sources: sources
                .iter()
                .filter_map(Value::as_str)
                .map(ProjectPattern::of_repository)
                .collect(),
            destinations: destinations.iter().map(DestinationPattern::of).collect(),
            cluster_kinds: KindLists::of(project, "cluster"),
            namespaced_kinds: KindLists::of(project, "namespace"),
        }
    }

    fn describe_refusals(&self, view: &View<'_>, application: &Argo<'_>) -> BTreeSet<String> {
        let mut refusals = BTreeSet::new();
        let repository = application.text("/spec/source/repoURL");
        if !repository.is_empty() && !self.permits_source(repository) {
            refusals.insert(format!("does not permit the repository `{repository}`"));
        }
        let mut namespaces = BTreeSet::from([application.text("/spec/destination/namespace")]);
        for object in synced_objects(view, application) {
            let scope = view.kinds.scope_of(object);
            if scope == ResourceScope::Namespaced {
                namespaces.extend(object.namespace());
            }
            let kinds = match scope {
                ResourceScope::Cluster => &self.cluster_kinds,
                ResourceScope::Namespaced => &self.namespaced_kinds,
            };
            if !kinds.permit(object, scope) {
                let kind = GroupKind::of(object);
                refusals.insert(format!("does not permit the kind `{kind}`"));
            }
        }
        let cluster = DestinationCluster::of(application);
        for namespace in namespaces {
            if !self.permits_destination(&cluster, namespace) {
                refusals.insert(format!(
                    "does not permit the namespace `{namespace}` on {}",
                    cluster.shown()
                ));
            }
        }
        refusals
    }

    fn permits_source(&self, repository: &str) -> bool {
        let url = normalize_url(repository);
        let is_denied = |pattern: &ProjectPattern| pattern.denies && !pattern.accepts(&url);
        self.sources.iter().any(|pattern| pattern.accepts(&url))
            && !self.sources.iter().any(is_denied)
    }

    fn permits_destination(&self, cluster: &DestinationCluster<'_>, namespace: &str) -> bool {
        let mut is_permitted = false;
        for entry in &self.destinations {
            let by_server = !cluster.server.is_empty() && entry.server.accepts(cluster.server);
            let by_name = !cluster.name.is_empty() && entry.name.accepts(cluster.name);
            let by_cluster = by_server || by_name || entry.is_in_cluster && cluster.is_in_cluster();
            let by_namespace = entry.namespace.accepts(namespace);
            if by_cluster && by_namespace {
                is_permitted = true;
            } else if entry.name.denies && !by_name
                || entry.server.denies && !by_server
                || entry.namespace.denies && !by_namespace
            {
                return false;
            }
        }
        is_permitted
    }
}

impl ProjectPattern {
    fn of(pattern: &str) -> Self {
        let (denies, pattern) = split_negation(pattern);
        Self {
            denies,
            glob: Glob::parse(pattern, Slashes::AreOrdinary).ok(),
        }
    }

    fn of_repository(pattern: &str) -> Self {
        let (denies, pattern) = split_negation(pattern);
        Self {
            denies,
            glob: Glob::parse(&normalize_url(pattern), Slashes::Separate).ok(),
        }
    }

    /// Checks that the pattern matches, or with `!` before it that it does not.
    fn accepts(&self, text: &str) -> bool {
        is_match(self.glob.as_ref(), text) != self.denies
    }
}

impl DestinationPattern {
    fn of(entry: &Value) -> Self {
        let is_in_cluster = text_field(entry, "name") == IN_CLUSTER_NAME
            || text_field(entry, "server") == IN_CLUSTER_SERVER;
        Self {
            server: ProjectPattern::of(text_field(entry, "server")),
            name: ProjectPattern::of(text_field(entry, "name")),
            namespace: ProjectPattern::of(text_field(entry, "namespace")),
            is_in_cluster,
        }
    }
}

impl KindLists {
    fn of(project: &Object, prefix: &str) -> Self {
        let list = |which: &str| {
            let entries = project
                .get(&format!("/spec/{prefix}Resource{which}list"))
                .and_then(Value::as_array)?;
            Some(entries.iter().map(KindPattern::of).collect())
        };
        Self {
            white: list("White"),
            black: list("Black").unwrap_or_default(),
        }
    }

    fn permit(&self, object: &Object, scope: ResourceScope) -> bool {
        let is_listed = |list: &[KindPattern]| list.iter().any(|entry| entry.matches(object));
        let is_white = match &self.white {
            Some(list) => is_listed(list),
            None => scope == ResourceScope::Namespaced,
        };
        is_white && !is_listed(&self.black)
    }
}

impl KindPattern {
    fn of(entry: &Value) -> Self {
        let glob = |text: &str| Glob::parse(text, Slashes::AreOrdinary).ok();
        Self {
            group: glob(text_field(entry, "group")),
            kind: glob(text_field(entry, "kind")),
            name: entry.get("name").and_then(Value::as_str).map(glob),
        }
    }

    fn matches(&self, object: &Object) -> bool {
        is_match(self.group.as_ref(), object.group())
            && is_match(self.kind.as_ref(), object.kind())
            && self
                .name
                .as_ref()
                .is_none_or(|name| is_match(name.as_ref(), object.name()))
    }
}

impl<'a> DestinationCluster<'a> {
    fn of(application: &'a Argo<'_>) -> Self {
        Self {
            server: application
                .text("/spec/destination/server")
                .trim_end_matches('/'),
            name: application.text("/spec/destination/name"),
        }
    }

    fn is_in_cluster(&self) -> bool {
        self.server == IN_CLUSTER_SERVER || self.name == IN_CLUSTER_NAME
    }

    fn shown(&self) -> String {
        let which = if self.name.is_empty() {
            self.server
        } else {
            self.name
        };
        format!("`{which}`")
    }
}

/// Returns the objects that an Application syncs, as far as they are known here.
fn synced_objects<'a>(
    view: &'a View<'_>,
    application: &'a Argo<'_>,
) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
    match application.place {
        ArgoOrigin::OfInstance(instance) => Box::new(view.objects_of(instance).iter()),
        ArgoOrigin::OfSite(_) => {
            let below = view
                .argo
                .iter()
                .filter(|a| !a.is_bootstrap() && !matches!(a.place, ArgoOrigin::In(_)));
            Box::new(below.map(|a| &a.object))
        }
        ArgoOrigin::In(_) => Box::new(std::iter::empty()),
    }
}

fn is_match(glob: Option<&Glob>, text: &str) -> bool {
    glob.is_some_and(|glob| glob.matches(text))
}

fn split_negation(pattern: &str) -> (bool, &str) {
    match pattern.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    }
}

/// Returns a URL in the form in which Argo CD compares repositories.
fn normalize_url(url: &str) -> String {
    let url = url.trim().trim_end_matches('/').to_lowercase();
    url.strip_suffix(".git").unwrap_or(&url).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[expect(clippy::needless_pass_by_value, reason = "a value made by `json!`")]
    fn permits(spec: Value) -> ProjectPermits {
        ProjectPermits::of(&Object::new(json!({
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": "p", "namespace": "argocd"},
            "spec": spec,
        })))
    }

    const NAMED: DestinationCluster<'_> = DestinationCluster {
        server: "",
        name: "plant-1",
    };

    #[test]
    fn repositories_are_permitted_by_pattern() {
        let sources =
            permits(json!({"sourceRepos": ["https://git/fleet/*", "!https://git/fleet/old*"]}));
        assert!(sources.permits_source("https://git/fleet/web.git"));
        assert!(!sources.permits_source("https://git/fleet/old-web.git"));
        assert!(permits(json!({"sourceRepos": ["*"]})).permits_source("https://git/a/b.git"));
        assert!(!permits(json!({})).permits_source("https://git/a/b.git"));
    }

    #[test]
    fn destinations_are_permitted_and_denied_by_pattern() {
        let all = json!({"name": "plant-*", "namespace": "*"});
        assert!(permits(json!({"destinations": [all]})).permits_destination(&NAMED, "web"));
        let without =
            permits(json!({"destinations": [all, {"name": "plant-*", "namespace": "!kube-*"}]}));
        assert!(without.permits_destination(&NAMED, "web"));
        assert!(!without.permits_destination(&NAMED, "kube-system"));
        assert!(
            !permits(json!({"destinations": [{"name": "hub", "namespace": "*"}]}))
                .permits_destination(&NAMED, "web")
        );
    }

    #[test]
    fn the_own_cluster_has_a_name_and_a_server() {
        let by_name =
            permits(json!({"destinations": [{"name": "in-cluster", "namespace": "web"}]}));
        let here = DestinationCluster {
            server: IN_CLUSTER_SERVER,
            name: "",
        };
        assert!(by_name.permits_destination(&here, "web"));
        assert!(!by_name.permits_destination(&here, "db"));
        assert!(!by_name.permits_destination(&NAMED, "web"));
    }

    #[test]
    fn kinds_are_listed_by_scope() {
        let role = Object::new(
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}}),
        );
        let none = permits(json!({}));
        assert!(!none.cluster_kinds.permit(&role, ResourceScope::Cluster));
        assert!(
            none.namespaced_kinds
                .permit(&role, ResourceScope::Namespaced)
        );
        let entry = json!({"group": "rbac.*", "kind": "*", "name": "read*"});
        let listed = permits(json!({"clusterResourceWhitelist": [entry]}));
        assert!(listed.cluster_kinds.permit(&role, ResourceScope::Cluster));
        let refused = permits(
            json!({"clusterResourceWhitelist": [entry], "clusterResourceBlacklist": [entry]}),
        );
        assert!(!refused.cluster_kinds.permit(&role, ResourceScope::Cluster));
    }
}

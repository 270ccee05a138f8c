//! Rules of Argo CD: names, destinations, projects, waves, options, paths.

use pointer_diagnostics::Diagnostics;
use serde_json::{Value, json};
use siteplan::bundle::{File, names};
use siteplan::validate::shared_names;

use super::{Case, case};
use crate::made_site::{Made, config_map, document_mut, fleet, kustomization};

/// A site with one app, all in order.
pub(super) fn plain() -> Made {
    with(json!([config_map("web", "a")]))
}

/// The same with other objects.
pub(super) fn with(objects: Value) -> Made {
    Made::new()
        .app("web", 1, json!({"namespace": "web"}), objects)
        .namespaces()
}

fn of(argocd: Value) -> Made {
    let made = Made::of(fleet(argocd, json!({})), "plant", json!({}));
    made.app(
        "web",
        1,
        json!({"namespace": "web"}),
        json!([config_map("web", "a")]),
    )
    .namespaces()
}

/// An Application inside of a base, which may live in Argo CD's namespace.
fn application(change: fn(&mut Value)) -> Made {
    let mut application = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "extra", "namespace": "web"},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://git.example.com/other.git", "path": "deploy", "targetRevision": "v1"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "web"},
        },
    });
    change(&mut application);
    with(json!([application]))
}

/// A project inside of a base.
fn project(change: fn(&mut Value)) -> Made {
    let mut project = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject",
        "metadata": {"name": "extra", "namespace": "web"},
        "spec": {
            "sourceRepos": ["https://git.example.com/other.git"],
            "destinations": [{"server": "https://kubernetes.default.svc", "namespace": "web"}],
            "roles": [{"name": "viewer", "policies": ["p, proj:extra:viewer, applications, get, extra/*, allow"]}],
            "syncWindows": [{"kind": "deny", "schedule": "0 22 * * *", "duration": "1h30m", "applications": ["*"]}],
        },
    });
    change(&mut project);
    with(json!([project]))
}

fn labelled(change: fn(&mut Value)) -> Made {
    let mut object = config_map("web", "a");
    change(&mut object);
    with(json!([object]))
}

/// The Application of the app.
fn web(files: &mut [File]) -> &mut Value {
    document_mut(files, "apps/web.yaml")
}

pub(super) fn cases() -> Vec<Case> {
    [names_and_places(), projects(), waves(), options(), paths()]
        .into_iter()
        .flatten()
        .collect()
}

fn names_and_places() -> Vec<Case> {
    let hub = || of(json!({"version": "3.3", "topology": "hub"}));
    vec![
        case(
            "unknown-argocd-version",
            "a word",
            of(json!({"version": "latest"})),
            of(json!({"version": "2.14"})),
        ),
        case(
            "unknown-argocd-version",
            "too old",
            of(json!({"version": "2.10"})),
            of(json!({"version": "3.5.1"})),
        ),
        case(
            "name-too-long",
            "64 characters are too many",
            plain().tampered(|files| web(files)["metadata"]["name"] = json!("a".repeat(64))),
            plain().tampered(|files| web(files)["metadata"]["name"] = json!("a".repeat(63))),
        ),
        case(
            "shared-application-name",
            "the root's name is taken",
            plain().tampered(|files| web(files)["metadata"]["name"] = json!("plant")),
            plain().tampered(|files| web(files)["metadata"]["name"] = json!("plant-b")),
        ),
        case(
            "unclear-destination",
            "a cluster by name and by server",
            application(|a| a["spec"]["destination"]["name"] = json!("in-cluster")),
            application(|_| {}),
        ),
        case(
            "unclear-destination",
            "no cluster at all",
            application(|a| a["spec"]["destination"] = json!({"namespace": "web"})),
            application(|a| {
                a["spec"]["destination"] = json!({"name": "plant", "namespace": "web"});
            }),
        ),
        case(
            "unclear-destination",
            "the hub instead of the site",
            hub().tampered(|files| {
                let here = json!({"server": "https://kubernetes.default.svc", "namespace": "web"});
                web(files)["spec"]["destination"] = here.clone();
                document_mut(files, "apps/project.yaml")["spec"]["destinations"]
                    .as_array_mut()
                    .unwrap()
                    .push(here);
            }),
            hub(),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn projects() -> Vec<Case> {
    vec![
        case(
            "project-forbids",
            "a namespace that the project does not list",
            plain().tampered(|files| {
                let destinations = &mut document_mut(files, "apps/project.yaml")["spec"]["destinations"];
                destinations.as_array_mut().unwrap().retain(|d| d["namespace"] != "web");
            }),
            plain(),
        ),
        case(
            "project-forbids",
            "a kind that the project does not list",
            plain().tampered(|files| {
                document_mut(files, "apps/project.yaml")["spec"]["namespaceResourceWhitelist"] = json!([]);
            }),
            plain().tampered(|files| {
                let kinds = json!([{"group": "*", "kind": "Config*"}]);
                document_mut(files, "apps/project.yaml")["spec"]["namespaceResourceWhitelist"] = kinds;
            }),
        ),
        case(
            "project-forbids",
            "another repository",
            plain().tampered(|files| {
                document_mut(files, "apps/project.yaml")["spec"]["sourceRepos"] =
                    json!(["https://git.example.com/*", "!https://git.example.com/fleet"]);
            }),
            plain().tampered(|files| {
                document_mut(files, "apps/project.yaml")["spec"]["sourceRepos"] = json!(["https://git.example.com/*"]);
            }),
        ),
        case(
            "project-forbids",
            "a project that is not there",
            application(|a| a["spec"]["project"] = json!("nowhere")),
            application(|a| a["spec"]["project"] = json!("default")),
        ),
        case(
            "project-too-wide",
            "every namespace",
            project(|p| p["spec"]["destinations"][0]["namespace"] = json!("*")),
            project(|_| {}),
        ),
        case(
            "project-too-wide",
            "Argo CD's own namespace",
            project(|p| p["spec"]["destinations"][0]["namespace"] = json!("argocd")),
            project(|p| {
                p["spec"]["destinations"][0] = json!({"server": "https://10.0.0.1:6443", "namespace": "argocd"});
            }),
        ),
        case(
            "malformed-project",
            "a policy of another role",
            project(|p| {
                p["spec"]["roles"][0]["policies"] = json!(["p, proj:extra:admin, applications, get, extra/*, allow"]);
            }),
            project(|p| {
                p["spec"]["roles"][0]["policies"] = json!(["p, proj:extra:viewer, applications, get, extra/web, deny"]);
            }),
        ),
        case(
            "malformed-project",
            "a schedule without fields",
            project(|p| p["spec"]["syncWindows"][0]["schedule"] = json!("nightly")),
            project(|p| p["spec"]["syncWindows"][0]["schedule"] = json!("*/5 0 * * 1-5")),
        ),
        case(
            "malformed-project",
            "a window over nothing",
            project(|p| {
                p["spec"]["syncWindows"][0] = json!({"kind": "allow", "schedule": "0 0 * * *", "duration": "2h"});
            }),
            project(|p| p["spec"]["syncWindows"][0]["namespaces"] = json!(["web"])),
        ),
        case(
            "malformed-project",
            "everything excluded",
            project(|p| p["spec"]["destinations"][0]["namespace"] = json!("!*")),
            project(|p| {
                p["spec"]["destinations"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!({"server": "https://a", "namespace": "!kube-system"}));
            }),
        ),
        case(
            "project-after-application",
            "the root in a project that it brings",
            plain().tampered(|files| document_mut(files, "bootstrap/root.yaml")["spec"]["project"] = json!("plant")),
            plain(),
        ),
        case(
            "project-after-application",
            "the same wave",
            plain().tampered(|files| {
                document_mut(files, "apps/project.yaml")["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] =
                    json!("0");
            }),
            plain().tampered(|files| {
                document_mut(files, "apps/project.yaml")["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] =
                    json!("-1");
            }),
        ),
    ]
}

fn waves() -> Vec<Case> {
    let wave = "argocd.argoproj.io/sync-wave";
    assert_eq!(wave.len(), 28);
    vec![
        case(
            "wave-not-integer",
            "a word",
            labelled(|o| {
                o["metadata"]["annotations"] = json!({"argocd.argoproj.io/sync-wave": "first"});
            }),
            labelled(|o| {
                o["metadata"]["annotations"] = json!({"argocd.argoproj.io/sync-wave": "-5"});
            }),
        ),
        case(
            "waves-not-gated",
            "no health customization",
            plain().tampered(|files| files.retain(|f| f.path != "bootstrap/argocd-cm.patch.yaml")),
            of(json!({"version": "3.3", "flavour": "openshift-gitops"})),
        ),
        case(
            "application-applied-server-side",
            "the root",
            plain().tampered(|files| {
                let options = &mut document_mut(files, "bootstrap/root.yaml")["spec"]["syncPolicy"]
                    ["syncOptions"];
                options
                    .as_array_mut()
                    .unwrap()
                    .push(json!("ServerSideApply=true"));
            }),
            plain().tampered(|files| {
                web(files)["spec"]["syncPolicy"]["syncOptions"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("ServerSideApply=true"));
            }),
        ),
        case(
            "application-applied-server-side",
            "an Application by its annotation",
            application(|a| {
                a["metadata"]["annotations"] =
                    json!({"argocd.argoproj.io/sync-options": "ServerSideApply=true"});
            }),
            labelled(|o| {
                o["metadata"]["annotations"] =
                    json!({"argocd.argoproj.io/sync-options": "ServerSideApply=true"});
            }),
        ),
    ]
}

fn options() -> Vec<Case> {
    let retry = |files: &mut Vec<File>| {
        drop(
            web(files)["spec"]["syncPolicy"]
                .as_object_mut()
                .unwrap()
                .remove("retry"),
        );
    };
    vec![
        case(
            "unknown-sync-option",
            "a capital letter",
            labelled(|o| {
                o["metadata"]["annotations"] =
                    json!({"argocd.argoproj.io/sync-options": "Prune=False"});
            }),
            labelled(|o| {
                o["metadata"]["annotations"] =
                    json!({"argocd.argoproj.io/sync-options": "Prune=false, Delete=confirm"});
            }),
        ),
        case(
            "sync-option-too-new",
            "for a whole Application before 3.1",
            of(json!({"version": "3.0"})).tampered(|files| {
                web(files)["spec"]["syncPolicy"]["syncOptions"] =
                    json!(["SkipDryRunOnMissingResource=true"]);
            }),
            of(json!({"version": "3.1"})).tampered(|files| {
                web(files)["spec"]["syncPolicy"]["syncOptions"] =
                    json!(["SkipDryRunOnMissingResource=true"]);
            }),
        ),
        case(
            "spec-not-normal",
            "settings in which nothing is set",
            application(|a| a["spec"]["source"]["directory"] = json!({"recurse": false})),
            application(|a| a["spec"]["source"]["directory"] = json!({"recurse": true})),
        ),
        case(
            "not-to-schema",
            "a misspelt key",
            application(|a| a["spec"]["syncPolicy"] = json!({"automated": {"selfheal": true}})),
            application(|a| a["spec"]["syncPolicy"] = json!({"automated": {}})),
        ),
        case(
            "not-to-schema",
            "a duration in words",
            plain().tampered(|files| {
                web(files)["spec"]["syncPolicy"]["retry"]["backoff"]["duration"] =
                    json!("10 seconds");
            }),
            plain().tampered(retry),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn paths() -> Vec<Case> {
    let overlay = |resources: &[&str], more: fn(&mut Value)| {
        let mut made = plain();
        let resources: Vec<String> = resources.iter().map(|r| (*r).to_owned()).collect();
        let mut document = kustomization(&resources);
        more(&mut document);
        made.kustomizations
            .insert("out/plant/web".to_owned(), document);
        made
    };
    let files = |more: &[&'static str]| {
        let mut made = plain();
        made.more_files = more.to_vec();
        made
    };
    let base = "../../../base/apps/web";
    vec![
        case(
            "source-path-missing",
            "no such directory",
            plain()
                .tampered(|files| web(files)["spec"]["source"]["path"] = json!("out/plant/webb")),
            plain().tampered(|files| {
                web(files)["spec"]["source"]["path"] = json!("out/plant/namespaces");
            }),
        ),
        case(
            "path-not-portable",
            "only case differs",
            files(&["base/apps/web/A.yaml", "base/apps/web/a.yaml"]),
            files(&["base/apps/web/a.yaml"]),
        ),
        case(
            "override-file",
            "a hidden source",
            files(&["base/apps/web/.argocd-source-plant-web.yaml"]),
            files(&["base/apps/web/argocd-source.yaml"]),
        ),
        case(
            "kustomize-out-of-reach",
            "a directory above",
            overlay(&[base, ".."], |_| {}),
            overlay(&[base], |_| {}),
        ),
        case(
            "kustomize-out-of-reach",
            "a patch above",
            overlay(&[base], |d| {
                d["patches"] = json!([{"path": "p.yaml"}, {"path": "placement/../../p.yaml"}]);
            }),
            overlay(&[base], |d| d["patches"] = json!([{"path": "p.yaml"}])),
        ),
        case(
            "kustomize-out-of-reach",
            "a remote base",
            overlay(&["https://github.com/example/app//deploy?ref=main"], |_| {}),
            overlay(&["../../../base/apps/web/"], |d| {
                d["resources"] = json!(["../../../base/apps/web"]);
            }),
        ),
        case(
            "kustomize-out-of-reach",
            "a file outside",
            overlay(&["../../../base/apps/web/kustomization.yaml"], |_| {}),
            overlay(&["kustomization.yaml"], |_| {}),
        ),
        case(
            "kustomize-out-of-reach",
            "the same base twice",
            overlay(&[base, "../../../base/apps/../apps/web"], |_| {}),
            overlay(&[base], |_| {}),
        ),
        case(
            "kustomize-out-of-reach",
            "a circle",
            circle("../../../out/plant/web"),
            circle("../../../base/apps/web"),
        ),
        case(
            "not-to-schema",
            "a field that siteplan never writes",
            overlay(&[base], |d| d["namePrefix"] = json!("a-")),
            overlay(&[base], |d| d["namespace"] = json!("web")),
        ),
    ]
}

/// An overlay over a component that is built on something itself.
fn circle(below: &str) -> Made {
    let mut made = plain();
    let entries = [
        ("out/plant/web", "../../../base/components/tls"),
        ("base/components/tls", below),
    ];
    made.kustomizations = entries
        .map(|(at, to)| (at.to_owned(), kustomization(&[to.to_owned()])))
        .into_iter()
        .collect();
    made
}

#[test]
fn names_of_two_sites_of_a_hub_are_held_apart() {
    let found = |topology: &str| -> Diagnostics {
        let fleet = fleet(json!({"version": "3.3", "topology": topology}), json!({}));
        let site = |name: &str, app: &str| {
            Made::of(fleet.clone(), name, json!({}))
                .app(app, 0, json!({}), json!([]))
                .plan
        };
        shared_names(
            &fleet,
            &[names(&site("plant", "a-b")), names(&site("plant-a", "b"))],
        )
    };
    let hub = found("hub");
    let messages: Vec<&str> = hub.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(
        messages,
        ["`a-b` of site `plant` and `b` of site `plant-a` would both be Application `plant-a-b`"]
    );
    assert!(found("per-site").is_empty());
}

#[test]
fn a_site_called_as_the_roots_project_of_another_is_told() {
    let fleet = fleet(json!({"version": "3.3", "topology": "hub"}), json!({}));
    let site = |name: &str| names(&Made::of(fleet.clone(), name, json!({})).plan);
    let found = shared_names(&fleet, &[site("plant"), site("plant-root")]);
    assert_eq!(
        found.iter().map(|d| d.code).collect::<Vec<_>>(),
        ["shared-application-name"]
    );
}

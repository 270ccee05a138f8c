//! Our own fleet as the real kustomize builds it: what siteplan rendered, byte for byte; nothing of a base lost; every pod with its rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use manifest_yaml::{ReadLimits, read_documents};
use rustomize::{DiskFiles, Renderer};
use serde_json::Value;
use siteplan::catalogue::Catalogue;
use siteplan::manifest::Object;

use crate::built::{Built, assert_rendered, build, built, further_versions, objects};
use crate::{compiled, oracle, repository};

const ARCH: &str = "kubernetes.io/arch";

#[test]
fn every_base_and_overlay_is_rendered_as_kustomize_builds_it() {
    let Some(kustomize) = oracle::find("kustomize") else {
        return;
    };
    let renderer = Renderer::new(Arc::new(DiskFiles::new(repository::root()).unwrap()));
    for (directory, expected) in built() {
        match renderer.render_to_text(directory) {
            Ok(rendered) => assert_same(directory, &rendered, expected),
            Err(found) => panic!("{directory}: {found:?}"),
        }
    }
    assert_rendered(&kustomize, repository::root(), compiled::own_fleet());
}

#[test]
fn kubectl_and_the_versions_that_argo_cd_ships_build_the_same() {
    let Some(kubectl) = oracle::find("kubectl") else {
        return;
    };
    let mut others: Vec<Built> = vec![build(&kubectl, &["kustomize"])];
    others.extend(
        further_versions()
            .iter()
            .map(|kustomize| build(kustomize, &["build"])),
    );
    for (directory, expected) in built() {
        for other in &others {
            assert_same(directory, &other[directory], expected);
        }
    }
}

#[test]
fn what_cannot_be_made_again_is_deleted_only_after_somebody_confirmed() {
    let catalogue = Catalogue::built_in();
    let compiled = compiled::own_fleet();
    let objects = compiled
        .sites
        .iter()
        .flat_map(|site| site.rendered.values());
    let lossy: Vec<&Object> = objects
        .flatten()
        .filter(|object| catalogue.deletion_loss(object).is_some())
        .collect();
    assert!(lossy.len() > 10, "{} objects", lossy.len());
    for object in lossy {
        let options = object.annotation("argocd.argoproj.io/sync-options");
        let options = options.unwrap_or_default();
        for option in ["Prune=", "Delete="] {
            assert!(options.contains(option), "{}: `{options}`", object.id());
        }
    }
}

#[test]
fn nothing_of_a_base_is_lost() {
    let mut lost = Vec::new();
    for overlay in overlays() {
        for object in &overlay.base {
            let changed = overlay.changed_paths(object);
            let Some(now) = overlay.objects.iter().find(|o| overlay.is_same(object, o)) else {
                lost.push(format!(
                    "{}: {} is not there",
                    overlay.directory,
                    object.id()
                ));
                continue;
            };
            let mut found = Vec::new();
            compare(
                object.value(),
                now.value(),
                "",
                &|path| changed.contains(path) || overlay.moves(path, object),
                &mut found,
            );
            lost.extend(
                found
                    .into_iter()
                    .map(|path| format!("{}: {}: {path}", overlay.directory, object.id())),
            );
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// Looks for pods by their containers alone, with no knowledge of kinds.
#[test]
fn every_pod_says_which_architectures_it_runs_on() {
    let all: Vec<(String, Vec<Object>)> = overlays()
        .into_iter()
        .map(|o| (o.directory, o.objects))
        .collect();
    assert!(assert_pods_have_rules(&all) >= 4 || built().is_empty());
}

/// Fails where a pod is not tied to architectures; gives the number of pods.
pub(crate) fn assert_pods_have_rules(overlays: &[(String, Vec<Object>)]) -> usize {
    let (mut pods, mut without) = (0, Vec::new());
    for (directory, objects) in overlays {
        for object in objects {
            for (path, pod) in pods_in(object.value(), "") {
                pods += 1;
                if !has_rule(pod) {
                    without.push(format!("{directory}: {}{path}", object.id()));
                }
            }
        }
    }
    assert!(without.is_empty(), "{}", without.join("\n"));
    pods
}

/// Where operators make pods: kind, and the maps that must hold an affinity or a node selector with the architecture.
const MADE_BY_OPERATORS: &[(&str, &[&str])] = &[
    ("BuildConfig", &["/spec"]),
    (
        "HyperConverged",
        &["/spec/infra/nodePlacement", "/spec/workloads/nodePlacement"],
    ),
    ("LocalVolume", &["/spec"]),
    ("LocalVolumeDiscovery", &["/spec"]),
    ("NMState", &["/spec/infraAffinity"]),
    (
        "PostgresCluster",
        &[
            "/spec/instances/0",
            "/spec/proxy/pgBouncer",
            "/spec/backups/pgbackrest/repoHost",
            "/spec/backups/pgbackrest/jobs",
        ],
    ),
    (
        "StorageCluster",
        &["/spec/placement/all", "/spec/storageDeviceSets/0/placement"],
    ),
    ("Subscription", &["/spec/config"]),
    ("VirtualMachine", &["/spec/template/spec"]),
];

#[test]
fn every_custom_resource_says_which_architectures_its_pods_run_on() {
    let mut seen = BTreeSet::new();
    let mut without = Vec::new();
    // What is applied by hand is there before anything is placed, and its images exist for all architectures.
    let synced = overlays()
        .into_iter()
        .filter(|overlay| !overlay.directory.ends_with("/bootstrap"));
    for overlay in synced {
        for object in &overlay.objects {
            let Some((kind, places)) = MADE_BY_OPERATORS
                .iter()
                .find(|(kind, _)| *kind == object.kind())
            else {
                continue;
            };
            seen.insert(*kind);
            for place in places
                .iter()
                .filter(|place| !object.get(place).is_some_and(has_rule))
            {
                without.push(format!("{}: {}{place}", overlay.directory, object.id()));
            }
        }
    }
    assert!(without.is_empty(), "{}", without.join("\n"));
    assert!(
        seen.len() == MADE_BY_OPERATORS.len() || built().is_empty(),
        "only {seen:?} are in out/"
    );
}

/// An overlay of out/, with what it is made from.
struct Overlay {
    directory: String,
    kustomization: Value,
    /// Target kind and name, and the path of each operation that changes what is there.
    operations: Vec<(String, String, String)>,
    base: Vec<Object>,
    objects: Vec<Object>,
}

impl Overlay {
    /// Whether an object of the result is the one of the base: same kind and name, and the same namespace or the overlay's.
    fn is_same(&self, base: &Object, now: &Object) -> bool {
        let namespace = now.namespace() == base.namespace()
            || now.namespace() == self.kustomization["namespace"].as_str();
        namespace
            && now.api_version() == base.api_version()
            && now.kind() == base.kind()
            && now.name() == base.name()
    }

    fn changed_paths(&self, object: &Object) -> BTreeSet<String> {
        let of_object = self
            .operations
            .iter()
            .filter(|(kind, name, _)| kind == object.kind() && name == object.name());
        of_object.map(|(_, _, path)| path.clone()).collect()
    }

    /// Whether kustomize's `namespace:` changes the field.
    fn moves(&self, path: &str, object: &Object) -> bool {
        let is_namespace = path == "/metadata/namespace"
            || (path.starts_with("/subjects/") && path.ends_with("/namespace"));
        is_namespace && self.kustomization["namespace"].is_string() && object.namespace().is_some()
    }
}

/// All overlays of out/ that have a base.
fn overlays() -> Vec<Overlay> {
    let mut found = Vec::new();
    for (directory, text) in built()
        .iter()
        .filter(|(directory, _)| directory.starts_with("out/"))
    {
        let kustomization = documents(&format!("{directory}/kustomization.yaml")).remove(0);
        let strings = |list: &Value| -> Vec<String> {
            list.as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        let bases = strings(&kustomization["resources"])
            .into_iter()
            .filter_map(|r| r.strip_prefix("../../../").map(str::to_owned));
        let base: Vec<Object> = bases.flat_map(|base| objects(&built()[&base])).collect();
        let mut operations = Vec::new();
        for patch in kustomization["patches"].as_array().into_iter().flatten() {
            let target = |key: &str| {
                patch["target"][key]
                    .as_str()
                    .unwrap_or_default()
                    .replace('\\', "")
            };
            let Some(path) = patch["path"].as_str() else {
                continue;
            };
            for operation in documents(&format!("{directory}/{path}"))[0]
                .as_array()
                .into_iter()
                .flatten()
            {
                if operation["op"] == "replace"
                    || operation["op"] == "remove"
                    || operation["op"] == "add"
                {
                    let path = operation["path"].as_str().unwrap_or_default();
                    operations.push((target("kind"), target("name"), path.to_owned()));
                }
            }
        }
        found.push(Overlay {
            directory: directory.clone(),
            kustomization,
            operations,
            base,
            objects: objects(text),
        });
    }
    found
}

fn documents(path: &str) -> Vec<Value> {
    read_documents(&repository::read(path), &ReadLimits::MANIFEST)
        .unwrap()
        .iter()
        .map(|d| d.to_value().unwrap())
        .collect()
}

/// Collects the paths of the base that the result does not have, or has with another value that no patch asked for.
fn compare(
    base: &Value,
    now: &Value,
    path: &str,
    changed: &dyn Fn(&str) -> bool,
    lost: &mut Vec<String>,
) {
    if changed(path) {
        return;
    }
    match (base, now) {
        (Value::Object(base), Value::Object(now)) => {
            for (key, value) in base {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                match now.get(key) {
                    Some(now) => compare(value, now, &path, changed, lost),
                    None if changed(&path) => {}
                    None => lost.push(path),
                }
            }
        }
        (Value::Array(base), Value::Array(now)) => {
            for (index, value) in base.iter().enumerate() {
                let named = now
                    .iter()
                    .find(|n| value.get("name").is_some() && n.get("name") == value.get("name"));
                match named.or_else(|| now.get(index)) {
                    Some(now) => compare(value, now, &format!("{path}/{index}"), changed, lost),
                    None => lost.push(format!("{path}/{index}")),
                }
            }
        }
        _ if base == now => {}
        _ => lost.push(path.to_owned()),
    }
}

/// Every map below a value that has a list of containers, with its path.
fn pods_in<'a>(value: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let below =
        |key: &dyn std::fmt::Display, value: &'a Value| pods_in(value, &format!("{path}/{key}"));
    match value {
        Value::Object(map) => {
            let containers = map.get("containers").and_then(Value::as_array);
            let is_pod = containers.is_some_and(|c| c.iter().any(|c| c.get("image").is_some()));
            let own = is_pod.then(|| (path.to_owned(), value));
            own.into_iter()
                .chain(map.iter().flat_map(|(key, value)| below(key, value)))
                .collect()
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .flat_map(|(index, value)| below(&index, value))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a map that describes pods ties them to architectures: in each of the terms, or in a map of labels.
fn has_rule(pod: &Value) -> bool {
    let required = "/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = [
        format!("/affinity/nodeAffinity{required}"),
        format!("/nodeAffinity{required}"),
        "/nodeSelector/nodeSelectorTerms".to_owned(),
    ];
    let in_terms = terms
        .iter()
        .filter_map(|path| pod.pointer(path)?.as_array())
        .any(|terms| {
            let names = |term: &Value| {
                term["matchExpressions"]
                    .as_array()
                    .is_some_and(|e| e.iter().any(|e| e["key"] == ARCH && e["operator"] == "In"))
            };
            !terms.is_empty() && terms.iter().all(names)
        });
    in_terms
        || pod
            .pointer("/nodeSelector")
            .is_some_and(|labels| labels.get(ARCH).is_some())
}

/// Swapping the architectures of the two pools, with a database whose images exist for both, moves everything.
#[test]
fn swapping_two_lines_moves_everything() {
    let fleet = repository::copy_of_fleet();
    let site = "sites/fusion-hetero.yaml";
    for (from, to) in [
        ("arch: amd64", "arch: other"),
        ("arch: ppc64le", "arch: amd64"),
        ("arch: other", "arch: ppc64le"),
        ("use: postgres,", "use: postgresql,"),
    ] {
        repository::edit(fleet.path(), site, from, to);
    }
    let compiled = compiled::compile(fleet.path());
    assert!(!compiled.report.contains("error["), "{}", compiled.report);
    let site = compiled
        .sites
        .iter()
        .find(|site| site.plan.name == "fusion-hetero")
        .unwrap();
    for (instance, arch) in [
        ("database", "ppc64le"),
        ("flask-appserver", "amd64"),
        ("flask-build", "amd64"),
        ("hetero-verify", "amd64"),
    ] {
        assert_eq!(
            architectures(&site.rendered[instance]),
            BTreeSet::from([arch.to_owned()]),
            "{instance}"
        );
    }
}

/// Every architecture that objects name.
fn architectures(objects: &[Object]) -> BTreeSet<String> {
    let text: String = objects.iter().map(|o| o.value().to_string()).collect();
    let all = siteplan::model::Arch::ALL
        .iter()
        .map(|a| a.label().to_owned());
    all.filter(|arch| text.contains(&format!("\"{arch}\"")))
        .collect()
}

fn assert_same(directory: &str, found: &str, expected: &str) {
    let first = found
        .lines()
        .zip(expected.lines())
        .position(|(a, b)| a != b);
    let line = |text: &str| {
        text.lines()
            .nth(first.unwrap_or(0))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(
        found == expected,
        "{directory} differs in line {:?}: {:?}, kustomize has {:?}",
        first.map(|n| n + 1),
        line(found),
        line(expected)
    );
}

/// Sites, and the architectures that their pools and placements leave to each pod.
#[test]
fn pods_of_the_heterogeneous_site_are_where_the_site_says() {
    let expected = BTreeMap::from([
        ("flask-appserver", "ppc64le"),
        ("hetero-verify", "ppc64le"),
        ("flask-build", "ppc64le"),
        ("database", "amd64"),
    ]);
    for overlay in overlays() {
        let Some(instance) = overlay.directory.strip_prefix("out/fusion-hetero/") else {
            continue;
        };
        let Some(arch) = expected.get(instance) else {
            continue;
        };
        assert_eq!(
            architectures(&overlay.objects),
            BTreeSet::from([(*arch).to_owned()]),
            "{instance}"
        );
    }
}

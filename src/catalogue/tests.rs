use serde_json::json;

use super::{Absent, ArchVia, Catalogue, Field, Inject, carries_pods};
use crate::manifest::Object;

fn pointers(object: &Object, part: &str, field: Field) -> Vec<String> {
    let parts = Catalogue::built_in().parts(object);
    let wanted = parts.iter().filter(|p| p.part.name == part);
    wanted
        .flat_map(|p| p.pointers(object, field))
        .map(|p| p.to_string())
        .collect()
}

fn postgres() -> Object {
    Object::new(json!({
        "apiVersion": "postgres-operator.crunchydata.com/v1beta1", "kind": "PostgresCluster", "metadata": {"name": "db"},
        "spec": {
            "instances": [{"name": "a", "replicas": 3, "dataVolumeClaimSpec": {}}, {"name": "b"}],
            "backups": {"pgbackrest": {"repos": [{"name": "repo1", "volume": {"volumeClaimSpec": {}}}]}},
        },
    }))
}

#[test]
fn every_list_element_is_a_part() {
    assert_eq!(
        pointers(&postgres(), "instance", Field::NodeAffinity),
        [
            "/spec/instances/0/affinity/nodeAffinity",
            "/spec/instances/1/affinity/nodeAffinity"
        ]
    );
}

#[test]
fn pods_that_run_anyway_are_parts_and_pods_that_writing_would_start_are_not() {
    let object = postgres();
    let parts = Catalogue::built_in().parts(&object);
    let names: Vec<&str> = parts.iter().map(|p| p.part.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "instance",
            "instance",
            "pgbackrest-repo-host",
            "pgbackrest-jobs"
        ]
    );
    assert_eq!(
        parts.iter().map(|p| p.present).collect::<Vec<_>>(),
        [true, true, false, false]
    );
}

#[test]
fn selectors_name_the_element_of_the_operator() {
    let object = postgres();
    let parts = Catalogue::built_in().parts(&object);
    assert_eq!(
        parts[1].selector(&object),
        Some(json!({"matchLabels": {
            "postgres-operator.crunchydata.com/cluster": "db", "postgres-operator.crunchydata.com/instance-set": "b",
        }}))
    );
}

#[test]
fn counts_come_from_the_object_the_default_and_the_factor() {
    let object = postgres();
    let counts: Vec<_> = Catalogue::built_in()
        .parts(&object)
        .iter()
        .map(|p| p.count(&object))
        .collect();
    assert_eq!(counts, [Some(3), Some(1), Some(1), Some(1)]);
    let storage = Object::new(json!({
        "apiVersion": "ocs.openshift.io/v1", "kind": "StorageCluster", "metadata": {"name": "s"},
        "spec": {"storageDeviceSets": [{"name": "x", "count": 2, "replica": 4}, {"name": "y", "count": 5}]},
    }));
    let osds: Vec<_> = Catalogue::built_in()
        .parts(&storage)
        .iter()
        .filter(|p| p.part.name == "osd")
        .map(|p| p.count(&storage))
        .collect();
    assert_eq!(osds, [Some(8), Some(15)]);
}

#[test]
fn pods_of_all_groups_of_a_role_are_counted() {
    let trino = Object::new(json!({
        "apiVersion": "trino.stackable.tech/v1alpha1", "kind": "TrinoCluster", "metadata": {"name": "t"},
        "spec": {"workers": {"roleGroups": {"large": {"replicas": 2}, "small": {"replicas": 5}}}},
    }));
    let counts = |object: &Object| -> Vec<_> {
        let parts = Catalogue::built_in().parts(object);
        parts.iter().map(|p| p.count(object)).collect()
    };
    let groups = [Some(0), Some(0)];
    assert_eq!(counts(&trino), [&[Some(7)][..], &groups].concat());
    let clickhouse = Object::new(json!({
        "apiVersion": "clickhouse.altinity.com/v1", "kind": "ClickHouseInstallation", "metadata": {"name": "c"},
        "spec": {
            "templates": {"podTemplates": [{"name": "p", "spec": {}}]},
            "configuration": {"clusters": [{"layout": {"shardsCount": 2, "replicasCount": 3}}]},
        },
    }));
    assert_eq!(counts(&clickhouse), [Some(6)]);
}

#[test]
fn versions_of_a_kind_may_have_other_paths() {
    let of = |version: &str| {
        let object = Object::new(
            json!({"apiVersion": format!("hco.kubevirt.io/{version}"), "kind": "HyperConverged", "metadata": {"name": "k"}, "spec": {}}),
        );
        pointers(&object, "infra", Field::NodeSelector)
    };
    assert_eq!(of("v1beta1"), ["/spec/infra/nodePlacement/nodeSelector"]);
    assert_eq!(
        of("v1"),
        ["/spec/deployment/nodePlacements/infra/nodeSelector"]
    );
}

#[test]
fn built_in_workloads_are_named_by_their_objects() {
    let object = Object::new(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x/y:1"}]}}},
    }));
    let parts = Catalogue::built_in().parts(&object);
    assert_eq!(
        parts[0].names,
        ["Deployment/web/pod", "Deployment/web", "web", "pod"]
    );
    assert_eq!(
        parts[0].selector(&object),
        Some(json!({"matchLabels": {"a": "b"}}))
    );
    let images = Catalogue::built_in().image_pointers(&object);
    assert_eq!(
        images.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["/spec/template/spec/containers/0/image"]
    );
}

#[test]
fn a_place_that_cannot_be_made_is_a_part_only_where_it_is_absent() {
    let of = |templates: serde_json::Value| {
        let object = Object::new(json!({
            "apiVersion": "clickhouse.altinity.com/v1", "kind": "ClickHouseInstallation", "metadata": {"name": "c"}, "spec": {"templates": templates},
        }));
        let parts = Catalogue::built_in().parts(&object);
        parts
            .iter()
            .map(|p| (p.part.name.clone(), p.element.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(json!({})), [("untemplated".to_owned(), None)]);
    assert_eq!(
        of(json!({"podTemplates": [{"name": "a", "spec": {}}]})),
        [("clickhouse".to_owned(), Some("a".to_owned()))]
    );
}

#[test]
fn entries_about_one_object_are_for_that_object() {
    let of = |name: &str| {
        let object = Object::new(
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}),
        );
        Catalogue::built_in()
            .entry(&object)
            .unwrap()
            .unsupported
            .is_some()
    };
    assert!(of("cluster-monitoring-config"));
    assert!(!of("settings"));
}

#[test]
fn an_app_adds_a_kind_and_changes_a_part_of_a_known_one() {
    let own = json!([
        {"group": "example.com", "kind": "Cache", "parts": [{
            "name": "cache", "at": "spec.pod", "form": "node-placement", "absent": "create", "inject": "always", "archVia": "node-affinity",
        }]},
        {"group": "nmstate.io", "kind": "NMState", "parts": [{"name": "handler-daemonset", "note": "elsewhere"}]},
    ]);
    let catalogue = Catalogue::with(own.as_array().unwrap()).unwrap();
    let cache = Object::new(
        json!({"apiVersion": "example.com/v1", "kind": "Cache", "metadata": {"name": "c"}}),
    );
    assert_eq!(
        catalogue.parts(&cache)[0]
            .pointer(&cache, Field::NodeAffinity)
            .unwrap()
            .as_str(),
        "/spec/pod/affinity/nodeAffinity"
    );
    let nmstate = Object::new(
        json!({"apiVersion": "nmstate.io/v1", "kind": "NMState", "metadata": {"name": "n"}}),
    );
    let names: Vec<&str> = catalogue
        .parts(&nmstate)
        .iter()
        .map(|p| p.part.name.as_str())
        .collect();
    assert_eq!(names, ["webhook-metrics-console", "handler-daemonset"]);
}

#[test]
fn an_entry_that_is_none_is_refused_with_its_position() {
    let wrong = json!([{"kind": "Ok"}, {"kind": "Bad", "parts": [{"name": "x", "archVia": "node-selector"}]}]);
    let error = Catalogue::with(wrong.as_array().unwrap()).unwrap_err();
    assert_eq!(
        (error.index, error.message.as_str()),
        (1, "the part `x` does not say where its `nodeSelector` is")
    );
    assert!(Catalogue::with(&[json!({"kind": "Bad", "pards": []})]).is_err());
    assert!(
        Catalogue::with(&[json!({"kind": "Bad", "parts": [{"name": "x", "at": "spec.[a"}]})])
            .is_err()
    );
}

#[test]
fn every_entry_of_ours_says_where_its_facts_are_from() {
    let catalogue = Catalogue::built_in();
    assert!(catalogue.entries().count() > 250);
    for entry in catalogue.entries() {
        let names_only = entry.parts.is_empty() && entry.operands.is_none();
        assert!(
            names_only || !entry.source.is_empty(),
            "{} {}",
            entry.group,
            entry.kind
        );
        for part in &entry.parts {
            let unreachable = part.inject != Inject::Never && part.arch_via == ArchVia::None;
            assert!(
                !unreachable || part.note.is_some(),
                "{}/{}: a part that cannot be placed says why",
                entry.kind,
                part.name
            );
            assert!(
                part.absent == Absent::Leave || part.at.is_some(),
                "{}/{}: nothing to create",
                entry.kind,
                part.name
            );
        }
    }
}

#[test]
fn containers_are_found_in_unknown_kinds() {
    let object = |spec| {
        Object::new(
            json!({"apiVersion": "example.com/v1", "kind": "New", "metadata": {"name": "n"}, "spec": spec}),
        )
    };
    let pod =
        object(json!({"jobs": [{"template": {"containers": [{"name": "a", "image": "b"}]}}]}));
    assert_eq!(
        carries_pods(&pod).unwrap().as_str(),
        "/spec/jobs/0/template"
    );
    assert_eq!(
        carries_pods(&object(json!({"containers": ["a"], "image": "x"}))),
        None
    );
}

#[test]
fn the_example_of_the_documentation_is_an_entry() {
    let page = include_str!("../../docs/catalogue.md");
    let example = page
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let document = manifest_yaml::read_documents(example, &manifest_yaml::ReadLimits::INPUT)
        .unwrap()
        .remove(0)
        .to_value()
        .unwrap();
    let catalogue = Catalogue::with(document["catalogue"].as_array().unwrap()).unwrap();
    let object = Object::new(json!({
        "apiVersion": "cache.example.com/v1", "kind": "Cache", "metadata": {"name": "c"},
        "spec": {"servers": [{"name": "a", "count": 3}], "proxy": {}},
    }));
    let parts = catalogue.parts(&object);
    assert_eq!(
        parts[0].selector(&object),
        Some(json!({"matchLabels": {"app": "c", "group": "a"}}))
    );
    assert_eq!(
        parts[1]
            .pointer(&object, Field::NodeSelector)
            .unwrap()
            .as_str(),
        "/spec/proxy/nodeSelector"
    );
}

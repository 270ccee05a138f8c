//! The data platform: what its specification names is in the output, and what it cannot be is refused.

mod components;
mod coverage;
mod operations;
mod refusals;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use siteplan::manifest::Object;

use crate::compiled::own_fleet;
use crate::repository::{self, siteplan};

const FULL: &str = "datalyptica";
const MIXED: &str = "datalyptica-mixed";
const EDGE: &str = "datalyptica-edge";
const SECOND: &str = "datalyptica-dr";
const SITES: [&str; 4] = [FULL, SECOND, EDGE, MIXED];

/// The final manifests of a site, by instance.
fn rendered(site: &str) -> &'static BTreeMap<String, Vec<Object>> {
    &own_fleet().site(site).rendered
}

fn objects(site: &str) -> impl Iterator<Item = &'static Object> {
    own_fleet().objects(site)
}

/// The one object of a kind and name on a site.
fn object(site: &str, kind: &str, name: &str) -> &'static Object {
    own_fleet().object(site, kind, name)
}

fn text<'a>(object: &'a Object, pointer: &str) -> &'a str {
    let value = object.get(pointer).and_then(Value::as_str);
    value.unwrap_or_else(|| panic!("{} has no text at {pointer}", object.id()))
}

/// All values below a value, itself among them.
fn walk<'a>(value: &'a Value, visit: &mut dyn FnMut(&'a Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(map) => map.values().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

/// The pod specs that a manifest writes, found by their containers.
fn pods(object: &Object) -> Vec<&Value> {
    let mut found = Vec::new();
    walk(object.value(), &mut |value| {
        if value["containers"].is_array() && value["containers"][0]["image"].is_string() {
            found.push(value);
        }
    });
    found
}

#[test]
fn phases_come_in_the_documented_order() {
    let site = own_fleet().site(FULL);
    let wave = |app: &str| {
        let instance = site.plan.instances.iter().find(|i| i.name == app);
        instance.unwrap_or_else(|| panic!("no {app}")).wave
    };
    let phases: [&[&str]; 6] = [
        &["lakehouse-postgres", "redis", "etcd"],
        &["minio"],
        &["nessie"],
        &["kafka", "flink"],
        &["trino", "spark", "clickhouse"],
        &["airflow", "superset"],
    ];
    let prerequisites = ["platform-secrets", "platform-ca", "platform-network"];
    for app in phases.concat() {
        assert!(
            prerequisites.iter().all(|p| wave(p) < wave(app)),
            "{app} comes before what it stands on"
        );
    }
    for (earlier, later) in phases[2..].iter().zip(&phases[3..]) {
        for (a, b) in earlier
            .iter()
            .flat_map(|a| later.iter().map(move |b| (a, b)))
        {
            assert!(wave(a) <= wave(b), "{a} comes after {b}");
        }
    }
    assert!(wave("minio-buckets") < wave("lakehouse-postgres"));
    assert!(wave("kafka") < wave("flink") && wave("flink") < wave("trino"));
    assert!(wave("trino") < wave("airflow") && wave("airflow") < wave("superset"));
}

#[test]
fn every_site_is_proved() {
    for site in SITES {
        let ran = siteplan(repository::root(), &["place", site, "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let place = &document["data"]["places"][0];
        assert_eq!(place["outcome"], "proved", "{site}");
        assert_eq!(place["holds"], true, "{site}");
        assert!(
            !ran.stdout.contains("counted with nothing"),
            "{site}: pods without requests"
        );
    }
    let workers = own_fleet().site(FULL);
    assert_eq!(workers.plan.site.spec.ha.survive.zones, 1);
}

#[test]
fn replicas_are_on_nodes_of_their_own() {
    let places: [(&str, &str, &str); 17] = [
        ("PostgresCluster", "datalyptica-pg", "/spec/instances/0"),
        ("PostgresCluster", "datalyptica-pg", "/spec/proxy/pgBouncer"),
        ("RedisReplication", "redis", "/spec"),
        ("RedisSentinel", "redis-sentinel", "/spec"),
        ("StatefulSet", "etcd", "/spec/template/spec"),
        ("Tenant", "datalyptica-minio", "/spec/pools/0"),
        ("Deployment", "nessie", "/spec/template/spec"),
        ("KafkaNodePool", "brokers", "/spec/template/pod"),
        ("KafkaNodePool", "controllers", "/spec/template/pod"),
        (
            "FlinkDeployment",
            "datalyptica-flink",
            "/spec/jobManager/podTemplate/spec",
        ),
        (
            "FlinkDeployment",
            "datalyptica-flink",
            "/spec/taskManager/podTemplate/spec",
        ),
        ("TrinoCluster", "trino", "/spec/workers/config"),
        (
            "ClickHouseInstallation",
            "datalyptica",
            "/spec/templates/podTemplates/0/spec",
        ),
        (
            "ClickHouseKeeperInstallation",
            "datalyptica",
            "/spec/templates/podTemplates/0/spec",
        ),
        ("AirflowCluster", "airflow", "/spec/schedulers/config"),
        ("AirflowCluster", "airflow", "/spec/celeryExecutors/config"),
        ("SupersetCluster", "superset", "/spec/nodes/config"),
    ];
    let apart =
        "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/0/topologyKey";
    for (kind, name, place) in places {
        let key = text(object(FULL, kind, name), &format!("{place}/{apart}"));
        assert_eq!(key, "kubernetes.io/hostname", "{kind}/{name}{place}");
    }
    let mirror = object(SECOND, "KafkaMirrorMaker2", "datalyptica");
    assert_eq!(
        text(mirror, &format!("/spec/template/pod/{apart}")),
        "kubernetes.io/hostname"
    );
    let nessie = object(FULL, "Deployment", "nessie");
    assert_eq!(
        nessie.get("/spec/strategy/rollingUpdate/maxSurge"),
        Some(&0.into())
    );
}

#[test]
fn our_own_pods_have_probes() {
    let long_lived = ["Deployment", "StatefulSet"];
    let mut seen = 0;
    for object in objects(FULL).filter(|o| long_lived.contains(&o.kind())) {
        for container in pods(object)[0]["containers"].as_array().unwrap() {
            seen += 1;
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                assert!(container[probe].is_object(), "{}: no {probe}", object.id());
            }
        }
    }
    assert_eq!(seen, 2, "etcd and Nessie");
}

#[test]
fn pods_are_restricted() {
    for site in SITES {
        for object in objects(site).filter(|o| matches!(o.group(), "" | "apps" | "batch")) {
            for pod in pods(object) {
                let id = object.id();
                assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{id}");
                assert_eq!(
                    pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault",
                    "{id}"
                );
                let all = ["containers", "initContainers"].into_iter();
                for container in all.flat_map(|key| pod[key].as_array().into_iter().flatten()) {
                    let context = &container["securityContext"];
                    assert_eq!(context["allowPrivilegeEscalation"], false, "{id}");
                    assert_eq!(context["capabilities"]["drop"][0], "ALL", "{id}");
                    assert!(
                        container["resources"]["requests"]["memory"].is_string(),
                        "{id}"
                    );
                }
            }
        }
        for namespace in ["datalyptica-infra", "datalyptica-apps"] {
            let level = "/metadata/labels/pod-security.kubernetes.io~1enforce";
            assert_eq!(
                text(object(site, "Namespace", namespace), level),
                "restricted"
            );
        }
    }
}

#[test]
fn accounts_have_no_tokens_but_for_a_reason() {
    let mut with_token = BTreeSet::new();
    for account in objects(FULL).filter(|o| o.kind() == "ServiceAccount") {
        let token = account.get("/automountServiceAccountToken");
        if token != Some(&false.into()) {
            with_token.insert(account.name());
        }
    }
    // Flink's jobmanagers elect their leader through ConfigMaps.
    assert_eq!(with_token, BTreeSet::from(["flink"]));
    for pod in objects(FULL)
        .filter(|o| matches!(o.group(), "apps" | "batch"))
        .flat_map(pods)
    {
        assert_eq!(pod["automountServiceAccountToken"], false);
    }
    for role in objects(FULL).filter(|o| matches!(o.kind(), "Role" | "ClusterRole")) {
        assert!(
            !role.value()["rules"].to_string().contains('*'),
            "{}",
            role.id()
        );
    }
}

#[test]
fn no_secret_is_in_the_output() {
    for site in SITES {
        assert!(objects(site).all(|o| o.kind() != "Secret"), "{site}");
        let stores: Vec<_> = objects(site)
            .filter(|o| o.kind() == "ExternalSecret")
            .map(|o| text(o, "/spec/secretStoreRef/name"))
            .collect();
        assert!(
            stores.len() > 10
                && stores
                    .iter()
                    .all(|s| ["vault", "datalyptica-infra"].contains(s))
        );
    }
}

#[test]
fn components_speak_tls() {
    let issuer = "/spec/issuerRef/name";
    for certificate in [
        "redis",
        "etcd",
        "datalyptica-minio",
        "nessie",
        "flink",
        "clickhouse",
        "airflow",
    ] {
        let found = object(FULL, "Certificate", certificate);
        assert_eq!(text(found, issuer), "datalyptica-ca", "{certificate}");
    }
    let etcd = object(FULL, "StatefulSet", "etcd").value().to_string();
    assert!(!etcd.contains("http://$(ETCD_NAME)") && etcd.contains("ETCD_CLIENT_CERT_AUTH"));
    for (kind, name) in [
        ("RedisReplication", "redis"),
        ("RedisSentinel", "redis-sentinel"),
    ] {
        assert_eq!(
            text(object(FULL, kind, name), "/spec/TLS/secret/secretName"),
            "redis-tls"
        );
    }
    let kafka = object(FULL, "Kafka", "datalyptica");
    let listeners = kafka
        .get("/spec/kafka/listeners")
        .unwrap()
        .as_array()
        .unwrap();
    assert!(
        listeners
            .iter()
            .all(|l| l["tls"] == true && l["authentication"]["type"] == "tls")
    );
    let house = object(FULL, "ClickHouseInstallation", "datalyptica");
    let cluster = house.get("/spec/configuration/clusters/0").unwrap();
    assert_eq!(
        (&cluster["secure"], &cluster["insecure"]),
        (&"yes".into(), &"no".into())
    );
    let trino = object(FULL, "TrinoCluster", "trino");
    assert_eq!(
        text(trino, "/spec/clusterConfig/tls/serverSecretClass"),
        "datalyptica-tls"
    );
    let nessie = object(FULL, "Deployment", "nessie").value().to_string();
    assert!(nessie.contains(r#"{"name":"QUARKUS_HTTP_INSECURE_REQUESTS","value":"disabled"}"#));
    let airflow = object(FULL, "ExternalSecret", "airflow-broker")
        .value()
        .to_string();
    assert!(airflow.contains("rediss://") && airflow.contains("ssl_cert_reqs=required"));
}

/// Each label that lets a pod speak to something is one that a policy of its namespace lets out, and that something lets in.
#[test]
fn every_client_has_its_path() {
    let client = |key: &String| key.ends_with("-client");
    let (mut carried, mut let_out, mut let_in) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for object in objects(FULL) {
        if object.kind() == "NetworkPolicy" {
            let labels = |value: &Value| -> BTreeSet<String> {
                let mut found = BTreeSet::new();
                walk(value, &mut |v| {
                    found.extend(
                        v.as_object()
                            .into_iter()
                            .flat_map(|m| m.keys().filter(|k| client(k)).cloned()),
                    );
                });
                found
            };
            if object.get("/spec/egress").is_some() {
                let_out.extend(labels(object.get("/spec/podSelector").unwrap()));
            }
            let_in.extend(object.get("/spec/ingress").map(labels).unwrap_or_default());
            continue;
        }
        walk(object.value(), &mut |v| {
            let labels = v["labels"].as_object();
            carried.extend(
                labels
                    .into_iter()
                    .flat_map(|m| m.keys().filter(|k| client(k)).cloned()),
            );
        });
    }
    for path in [
        "s3-client",
        "database-client",
        "redis-client",
        "etcd-client",
        "nessie-client",
        "kafka-client",
    ] {
        assert!(
            carried.contains(path) || path == "etcd-client",
            "nobody carries {path}"
        );
    }
    let without: Vec<_> = carried.difference(&let_out).collect();
    assert!(without.is_empty(), "no way out for {without:?}");
    let kafka = object(FULL, "Kafka", "datalyptica").value().to_string();
    let nowhere: Vec<_> = carried
        .difference(&let_in)
        .filter(|l| *l != "kubernetes-api-client" && !kafka.contains(l.as_str()))
        .collect();
    assert!(nowhere.is_empty(), "nothing lets {nowhere:?} in");
    for namespace in ["datalyptica-infra", "datalyptica-apps"] {
        let denies =
            objects(FULL).find(|o| o.name() == "default-deny" && o.namespace() == Some(namespace));
        let types = denies.unwrap().get("/spec/policyTypes").unwrap();
        assert_eq!(types, &serde_json::json!(["Ingress", "Egress"]));
    }
}

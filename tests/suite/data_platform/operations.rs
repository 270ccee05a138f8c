//! What an on-call engineer relies on: measurements, alerts, restores, the second region.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use siteplan::manifest::Object;

use super::{FULL, SECOND, SITES, object, objects, rendered, text, walk};
use crate::compiled::compile;
use crate::repository::{copy_of_fleet, edit};

type Labels = BTreeMap<String, String>;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

/// Labels of pods that operators make, and their ports: the operator's code or its tests say so (see each app's README and catalogue).
fn made_by_operators() -> Vec<(Labels, &'static [&'static str])> {
    let stackable = |name: &str, ports: &'static [&'static str]| {
        (
            labels(&[
                ("app.kubernetes.io/name", name),
                ("app.kubernetes.io/instance", name),
            ]),
            ports,
        )
    };
    let strimzi = |kind: &str, name: &str| {
        let found = [
            ("strimzi.io/cluster", "datalyptica"),
            ("strimzi.io/kind", kind),
            ("strimzi.io/name", name),
        ];
        (labels(&found), &["tcp-prometheus"][..])
    };
    let cluster = "postgres-operator.crunchydata.com/cluster";
    let exporter = "postgres-operator.crunchydata.com/crunchy-postgres-exporter";
    vec![
        (
            labels(&[(cluster, "datalyptica-pg"), (exporter, "true")]),
            &["exporter"],
        ),
        (
            labels(&[
                ("app", "redis"),
                ("redis_setup_type", "replication"),
                ("role", "replication"),
            ]),
            &["redis-exporter"],
        ),
        strimzi("Kafka", "datalyptica-kafka"),
        strimzi("KafkaMirrorMaker2", "datalyptica-mirrormaker2"),
        stackable("trino", &["https", "metrics"]),
        stackable("airflow", &["http", "metrics"]),
        stackable("superset", &["http", "metrics"]),
        stackable("spark-history", &["http", "metrics"]),
        stackable("spark-connect", &["grpc", "http", "metrics"]),
    ]
}

/// Labels and port names of the pods that manifests write themselves, also in custom resources.
fn written(site: &str) -> Vec<(Labels, BTreeSet<String>)> {
    let mut found = Vec::new();
    for object in objects(site) {
        walk(object.value(), &mut |value| {
            let mut ports = BTreeSet::new();
            walk(&value["spec"]["containers"], &mut |v| {
                let named = v["ports"].as_array().into_iter().flatten();
                ports.extend(named.filter_map(|p| p["name"].as_str().map(str::to_owned)));
            });
            if let (false, Some(map)) = (ports.is_empty(), value["metadata"]["labels"].as_object())
            {
                let map = map
                    .iter()
                    .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
                found.push((map.collect(), ports));
            }
        });
    }
    found
}

fn selects(selector: &Value, labels: &Labels) -> bool {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let mut equal = equal.map(|(key, value)| labels.get(key).map(String::as_str) == value.as_str());
    let among = selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten();
    let mut among = among.map(|e| {
        assert_eq!(e["operator"], "In");
        let values = e["values"].as_array().unwrap();
        labels
            .get(e["key"].as_str().unwrap())
            .is_some_and(|v| values.iter().any(|x| x == v.as_str()))
    });
    equal.all(|holds| holds) && among.all(|holds| holds)
}

#[test]
fn monitors_select_what_is_there() {
    let enabled = text(
        object(FULL, "ConfigMap", "cluster-monitoring-config"),
        "/data/config.yaml",
    );
    assert!(enabled.contains("enableUserWorkload: true"));
    let mut seen = 0;
    for site in SITES {
        let written = written(site);
        for monitor in objects(site).filter(|o| o.kind() == "PodMonitor") {
            let selector = monitor.get("/spec/selector").unwrap();
            let port = text(monitor, "/spec/podMetricsEndpoints/0/port");
            let by_us = written
                .iter()
                .any(|(l, ports)| selects(selector, l) && ports.contains(port));
            let made = made_by_operators();
            let by_operators = made
                .iter()
                .any(|(l, ports)| selects(selector, l) && ports.contains(&port));
            assert!(
                by_us || by_operators,
                "{site}: {} selects no pod with the port {port}",
                monitor.id()
            );
            seen += 1;
        }
    }
    assert!(seen >= 12 + 4 + 5 + 4, "{seen}");
    let monitor = object(FULL, "ServiceMonitor", "datalyptica-minio");
    let service = object(FULL, "Tenant", "datalyptica-minio");
    let on_service = service
        .get("/spec/serviceMetadata/minioServiceLabels")
        .unwrap();
    let on_service = on_service.as_object().unwrap().iter();
    let on_service = on_service
        .map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned()))
        .collect();
    assert!(selects(monitor.get("/spec/selector").unwrap(), &on_service));
}

#[test]
fn the_monitoring_is_let_in() {
    // Strimzi makes the policies of its pods, and lets everybody read the measurements.
    for (instance, objects) in rendered(FULL).iter().filter(|(name, _)| *name != "kafka") {
        let monitored = objects
            .iter()
            .any(|o| matches!(o.kind(), "PodMonitor" | "ServiceMonitor"));
        let let_in = objects.iter().any(|o| {
            let ingress = o.get("/spec/ingress").map(Value::to_string);
            o.kind() == "NetworkPolicy"
                && ingress.is_some_and(|i| i.contains("openshift-user-workload-monitoring"))
        });
        assert_eq!(monitored, let_in, "{instance}");
    }
}

/// Argo CD compares lists as a whole: what the API server adds to an element would be a difference for ever.
#[test]
fn defaults_in_lists_are_written() {
    for site in SITES {
        for secret in objects(site).filter(|o| o.kind() == "ExternalSecret") {
            for entry in secret.get("/spec/data").unwrap().as_array().unwrap() {
                for field in ["conversionStrategy", "decodingStrategy", "metadataPolicy"] {
                    assert!(entry["remoteRef"][field].is_string(), "{}", secret.id());
                }
            }
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn alerts_have_what_an_on_call_engineer_needs() {
    let components = [
        "lakehouse-postgres",
        "redis",
        "etcd",
        "minio",
        "nessie",
        "kafka",
        "flink",
        "trino",
        "spark",
        "clickhouse",
        "airflow",
        "superset",
    ];
    for component in components {
        let rules = rendered(FULL)[component]
            .iter()
            .filter(|o| o.kind() == "PrometheusRule");
        let rules: Vec<&Object> = rules.collect();
        assert_eq!(rules.len(), 1, "{component}");
        let alerts = rules[0]
            .get("/spec/groups/0/rules")
            .unwrap()
            .as_array()
            .unwrap();
        assert!(
            alerts.iter().any(|a| a["labels"]["severity"] == "critical"),
            "{component}"
        );
        for alert in alerts {
            let name = alert["alert"].as_str().unwrap();
            let says = alert["annotations"]["description"].as_str().unwrap();
            assert!(
                says.len() > 15 && alert["annotations"]["summary"].is_string(),
                "{name}"
            );
            assert!(
                alert["for"].is_string()
                    && ["warning", "critical"]
                        .contains(&alert["labels"]["severity"].as_str().unwrap())
            );
            let namespace = rules[0].namespace().unwrap();
            let expression = alert["expr"].as_str().unwrap();
            assert!(
                expression.contains(&format!("namespace=\"{namespace}\"")),
                "{name}: {expression}"
            );
        }
    }
    for namespace in ["datalyptica-infra", "datalyptica-apps"] {
        let config = object(FULL, "AlertmanagerConfig", namespace);
        let page = config.get("/spec/receivers/1").unwrap();
        assert_eq!(
            page["pagerdutyConfigs"][0]["routingKey"]["name"],
            "alert-receivers"
        );
        assert_eq!(
            page["emailConfigs"][0]["authPassword"]["name"],
            "alert-receivers"
        );
        assert_eq!(config.get("/spec/route/routes/0/receiver").unwrap(), "page");
        let known = objects(FULL).any(|o| {
            o.kind() == "ExternalSecret"
                && o.name() == "alert-receivers"
                && o.namespace() == Some(namespace)
        });
        assert!(known, "{namespace}");
    }
}

#[test]
fn the_two_regions_are_a_pair() {
    let host =
        |site: &str| text(object(site, "Route", "datalyptica-minio"), "/spec/host").to_owned();
    let second = host(SECOND);
    for job in objects(FULL).filter(|o| o.kind() == "Job" && o.name().starts_with("bucket-")) {
        let copied = format!(r#"{{"name":"REPLICATE_TO","value":"{second}"}}"#);
        assert!(job.value().to_string().contains(&copied), "{}", job.id());
    }
    let names = text(
        object(SECOND, "Certificate", "datalyptica-minio"),
        "/spec/dnsNames/5",
    );
    assert_eq!(names, second);

    let trusted =
        object(FULL, "Tenant", "datalyptica-minio").get("/spec/externalCaCertSecret/0/name");
    assert_eq!(trusted, Some(&"minio-remote-ca".into()));
    object(FULL, "ExternalSecret", "minio-remote-ca");

    let standby = object(SECOND, "PostgresCluster", "datalyptica-pg");
    assert_eq!(
        standby.get("/spec/standby").unwrap(),
        &serde_json::json!({"enabled": true, "repoName": "repo1"})
    );
    let bucket = "/spec/backups/pgbackrest/repos/0/s3/bucket";
    assert_eq!(
        text(standby, bucket),
        text(object(FULL, "PostgresCluster", "datalyptica-pg"), bucket)
    );

    let external = |site| {
        let listeners = object(site, "Kafka", "datalyptica")
            .get("/spec/kafka/listeners")
            .unwrap();
        listeners
            .as_array()
            .unwrap()
            .iter()
            .any(|l| l["type"] == "route" && l["tls"] == true)
    };
    assert!(external(FULL) && !external(SECOND));
    let mirror = object(SECOND, "KafkaMirrorMaker2", "datalyptica");
    let source = mirror.get("/spec/mirrors/0").unwrap();
    assert!(
        source["source"]["bootstrapServers"]
            .as_str()
            .unwrap()
            .ends_with(".apps.datalyptica.example.com:443")
    );
    assert_eq!(
        source["checkpointConnector"]["config"]["sync.group.offsets.enabled"],
        "true"
    );
    assert_eq!(
        source["source"]["authentication"]["certificateAndKey"]["secretName"],
        "kafka-mirror-source"
    );
    object(FULL, "KafkaUser", "mirror");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn restores_are_one_value_away() {
    let fleet = copy_of_fleet();
    let site = "sites/datalyptica-edge.yaml";
    edit(
        fleet.path(),
        site,
        "    node-health: {}\n",
        "    node-health: {}
    lakehouse-postgres: {values: {restore: {id: again, options: ['--type=time', '--target=\"2026-11-21 16:00:00+00\"']}}}
    redis: {values: {restore: redis-backup-29384715-x7k2p.rdb}}
    etcd: {values: {clusterState: existing, restore: etcd-backup-29384700-x7k2p.db, rejoin: {member: etcd-1, id: 8e9e05c52164694d}}}\n",
    );
    let compiled = compile(fleet.path());
    let found = compiled
        .sites
        .iter()
        .find(|s| s.plan.name == "datalyptica-edge");
    let rendered = &found
        .unwrap_or_else(|| panic!("{}", compiled.report))
        .rendered;
    let object = |instance: &str, kind: &str, name: &str| {
        let found = rendered[instance]
            .iter()
            .find(|o| o.kind() == kind && o.name() == name);
        found.unwrap_or_else(|| panic!("no {kind}/{name}")).clone()
    };
    let postgres = object("lakehouse-postgres", "PostgresCluster", "datalyptica-pg");
    let restore = postgres.get("/spec/backups/pgbackrest/restore").unwrap();
    assert_eq!(
        (&restore["enabled"], &restore["repoName"]),
        (&true.into(), &"repo1".into())
    );
    let affinity = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
    assert!(
        restore.pointer(affinity).is_some(),
        "the restore has no rule"
    );
    assert_eq!(
        postgres.annotation("postgres-operator.crunchydata.com/pgbackrest-restore"),
        Some("again")
    );

    let redis = object("redis", "Job", "redis-restore").value().to_string();
    assert!(
        redis.contains("redis/redis-backup-29384715-x7k2p.rdb") && redis.contains("redis-redis-0")
    );
    for member in 0..3 {
        let job = object("etcd", "Job", &format!("etcd-restore-{member}"))
            .value()
            .to_string();
        assert!(
            job.contains(&format!("--name=etcd-{member}")) && job.contains("snapshot"),
            "{job}"
        );
        let claim = object(
            "etcd",
            "PersistentVolumeClaim",
            &format!("data-etcd-{member}"),
        );
        assert_eq!(text(&claim, "/spec/storageClassName"), "lvms-vg1");
    }
    let rejoin = object("etcd", "Job", "etcd-rejoin-8e9e05c52164694d")
        .value()
        .to_string();
    assert!(
        rejoin.contains("remove")
            && rejoin.contains("--peer-urls=https://etcd-1.etcd-members:2380")
    );
    let state = object("etcd", "StatefulSet", "etcd").value().to_string();
    assert!(state.contains(r#"{"name":"ETCD_INITIAL_CLUSTER_STATE","value":"existing"}"#));
}

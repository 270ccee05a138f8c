//! Each component has its operator, its form and the documented figures.

use serde_json::Value;

use super::{FULL, object, objects, text};

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn every_component_has_its_operator_and_its_form() {
    for (package, catalog) in [
        ("crunchy-postgres-operator", "certified-operators"),
        ("redis-operator", "community-operators"),
        ("minio-operator", "certified-operators"),
        ("strimzi-kafka-operator", "community-operators"),
        ("flink-kubernetes-operator", "community-operators"),
        ("clickhouse", "community-operators"),
        ("stackable-trino-operator", "certified-operators"),
        ("stackable-spark-operator", "certified-operators"),
        ("stackable-airflow-operator", "certified-operators"),
        ("stackable-superset-operator", "certified-operators"),
    ] {
        let found = objects(FULL).find(|o| {
            o.kind() == "Subscription" && o.get("/spec/name").is_some_and(|n| n == package)
        });
        assert_eq!(text(found.expect(package), "/spec/source"), catalog);
    }
    for (kind, name, pointer, count) in [
        (
            "PostgresCluster",
            "datalyptica-pg",
            "/spec/instances/0/replicas",
            3,
        ),
        ("RedisReplication", "redis", "/spec/clusterSize", 3),
        ("RedisSentinel", "redis-sentinel", "/spec/clusterSize", 3),
        ("StatefulSet", "etcd", "/spec/replicas", 3),
        ("Tenant", "datalyptica-minio", "/spec/pools/0/servers", 4),
        ("Deployment", "nessie", "/spec/replicas", 2),
        ("KafkaNodePool", "brokers", "/spec/replicas", 3),
        (
            "FlinkDeployment",
            "datalyptica-flink",
            "/spec/jobManager/replicas",
            2,
        ),
        (
            "TrinoCluster",
            "trino",
            "/spec/workers/roleGroups/default/replicas",
            3,
        ),
        (
            "AirflowCluster",
            "airflow",
            "/spec/schedulers/roleGroups/default/replicas",
            2,
        ),
        (
            "SupersetCluster",
            "superset",
            "/spec/nodes/roleGroups/default/replicas",
            2,
        ),
    ] {
        assert_eq!(
            object(FULL, kind, name).get(pointer),
            Some(&Value::from(count)),
            "{kind}"
        );
    }
    let keepers = object(FULL, "ClickHouseKeeperInstallation", "datalyptica");
    let count = "/spec/configuration/clusters/0/layout/replicasCount";
    assert_eq!(keepers.get(count), Some(&Value::from(3)));
    object(FULL, "SparkConnectServer", "spark-connect");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of cases")]
fn figures_are_the_documented_ones() {
    let postgres = object(FULL, "PostgresCluster", "datalyptica-pg");
    let repo = "/spec/backups/pgbackrest/repos/0";
    assert!(postgres.get(&format!("{repo}/volume")).is_none());
    assert!(postgres.get(&format!("{repo}/s3/bucket")).is_some());
    assert_eq!(
        text(postgres, &format!("{repo}/schedules/full")),
        "0 1 * * *"
    );
    assert_eq!(
        text(postgres, &format!("{repo}/schedules/incremental")),
        "0 7,13,19 * * *"
    );
    let global = |key: &str| text(postgres, &format!("/spec/backups/pgbackrest/global/{key}"));
    assert_eq!(global("repo1-retention-full"), "30");
    assert_eq!(global("repo1-retention-full-type"), "time");
    let patroni = postgres.get("/spec/patroni/dynamicConfiguration").unwrap();
    assert_eq!(patroni["synchronous_mode"], true);
    assert!(patroni["ttl"].as_u64().unwrap() < 30);

    let sentinel = object(FULL, "RedisSentinel", "redis-sentinel");
    let config = &sentinel.get("/spec/redisSentinelConfig").unwrap();
    let number = |key: &str| config[key].as_str().unwrap().parse::<u32>().unwrap();
    assert!(number("downAfterMilliseconds") + number("failoverTimeout") < 20_000);
    assert_eq!(
        config["redisReplicationPassword"]["secretKeyRef"]["name"],
        "redis-auth"
    );
    let redis = text(
        object(FULL, "ConfigMap", "redis-config"),
        "/data/redis-additional.conf",
    );
    assert!(redis.contains("save 3600 1") && redis.contains("min-replicas-max-lag 5"));

    let every = |name| text(object(FULL, "CronJob", name), "/spec/schedule");
    assert_eq!(
        (every("redis-backup"), every("etcd-backup")),
        ("15 * * * *", "*/30 * * * *")
    );
    let backups = object(FULL, "Job", "bucket-datalyptica-backups")
        .value()
        .to_string();
    assert!(backups.contains("etcd/=7 redis/=7"), "{backups}");
    let lakehouse = object(FULL, "Job", "bucket-datalyptica-lakehouse")
        .value()
        .to_string();
    assert!(
        lakehouse.contains(r#"{"name":"VERSIONING","value":"true"}"#),
        "{lakehouse}"
    );
    let tenant = object(FULL, "Tenant", "datalyptica-minio")
        .value()
        .to_string();
    assert!(tenant.contains("EC:2"));

    let kafka = object(FULL, "Kafka", "datalyptica")
        .get("/spec/kafka/config")
        .unwrap();
    assert_eq!(
        (
            &kafka["default.replication.factor"],
            &kafka["min.insync.replicas"]
        ),
        (&3.into(), &2.into())
    );
    assert_eq!(kafka["unclean.leader.election.enable"], false);
    for topic in objects(FULL).filter(|o| o.kind() == "KafkaTopic") {
        assert_eq!(
            topic.get("/spec/replicas"),
            Some(&3.into()),
            "{}",
            topic.id()
        );
        assert_eq!(
            topic.get("/spec/config/retention.ms"),
            Some(&(7 * 86_400_000_u64).into())
        );
    }
}

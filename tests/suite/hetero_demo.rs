//! The demo on two architectures: each thing that its description names is there.

use serde_json::{Value, json};
use siteplan::manifest::Object;

use crate::compiled::{compile, own_fleet};
use crate::repository::{self, copy_of_fleet, edit, siteplan};

const SITE: &str = "fusion-hetero";
const FILE: &str = "sites/fusion-hetero.yaml";
const TERMS: &str = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions";

fn objects() -> impl Iterator<Item = &'static Object> {
    own_fleet().objects(SITE)
}

fn object(kind: &str, name: &str) -> &'static Object {
    own_fleet().object(SITE, kind, name)
}

fn architecture(object: &Object, pod: &str) -> Value {
    let expressions = object
        .get(&format!("{pod}{TERMS}"))
        .and_then(Value::as_array);
    let expressions = expressions.unwrap_or_else(|| panic!("{}: no rule at {pod}", object.id()));
    let of_arch = expressions
        .iter()
        .find(|e| e["key"] == "kubernetes.io/arch");
    of_arch.unwrap()["values"].clone()
}

#[test]
fn each_half_is_on_its_architecture() {
    let database = objects().find(|o| o.kind() == "PostgresCluster").unwrap();
    for pod in [
        "/spec/instances/0",
        "/spec/backups/pgbackrest/repoHost",
        "/spec/backups/pgbackrest/jobs",
        "/spec/proxy/pgBouncer",
    ] {
        assert_eq!(architecture(database, pod), json!(["amd64"]), "{pod}");
    }
    let server = object("Deployment", "flask-appserver");
    assert_eq!(
        architecture(server, "/spec/template/spec"),
        json!(["ppc64le"])
    );
    let build = object("BuildConfig", "hetero-demo-app");
    assert_eq!(
        build.get("/spec/nodeSelector/kubernetes.io~1arch").unwrap(),
        "ppc64le"
    );
}

#[test]
fn nodes_are_labelled() {
    let labels: Vec<&str> = objects()
        .filter(|o| o.kind() == "Node")
        .filter_map(|o| o.get("/metadata/labels/workload-type")?.as_str())
        .collect();
    assert_eq!(labels, ["database", "appserver"]);
}

#[test]
fn the_operator_is_certified_and_the_database_is_version_16() {
    let subscription = objects().find(|o| o.kind() == "Subscription").unwrap();
    assert_eq!(
        subscription.get("/spec/source").unwrap(),
        "certified-operators"
    );
    let database = objects().find(|o| o.kind() == "PostgresCluster").unwrap();
    assert_eq!(database.get("/spec/postgresVersion").unwrap(), 16);
    let size = "/spec/instances/0/dataVolumeClaimSpec/resources/requests/storage";
    assert_eq!(database.get(size).unwrap(), "10Gi");
}

#[test]
fn the_server_is_reached_by_tls_and_guarded_by_policies() {
    assert_eq!(
        object("Route", "flask-appserver-route")
            .get("/spec/tls/termination")
            .unwrap(),
        "edge"
    );
    object("Service", "flask-appserver-service");
    let policies = objects().filter(|o| o.kind() == "NetworkPolicy").count();
    assert!(policies >= 3, "{policies} policies");
    let server = object("Deployment", "flask-appserver");
    for probe in ["livenessProbe", "readinessProbe"] {
        assert!(
            server
                .get(&format!("/spec/template/spec/containers/0/{probe}"))
                .is_some()
        );
    }
}

#[test]
fn the_verification_asks_for_everything() {
    let script = object("ConfigMap", "hetero-verify")
        .get("/data/verify.py")
        .unwrap();
    let script = script.as_str().unwrap();
    for call in [
        r#"ask("GET", "/health")"#,
        r#"ask("GET", "/ready")"#,
        r#"ask("GET", "/arch")"#,
        r#"ask("GET", "/items")"#,
        r#"ask("POST", "/items""#,
        r#"ask("PUT", f"/items/"#,
        r#"ask("DELETE", f"/items/"#,
        "ask_route()",
    ] {
        assert!(script.contains(call), "{call}");
    }
    let role = object("Role", "hetero-verify").value().to_string();
    assert!(role.contains("route.openshift.io"), "{role}");
}

#[test]
fn nothing_comes_from_docker_io() {
    let allowed = repository::read("siteplan.yaml");
    assert!(allowed.contains("docker.io/library"));
    for object in objects() {
        assert!(
            !object.value().to_string().contains("docker.io/"),
            "{}",
            object.id()
        );
    }
}

#[test]
fn the_application_is_in_the_repository() {
    let app = repository::read("examples/hetero-demo/app/app.py");
    for route in ["/health", "/ready", "/arch", "/items", "/items/<int:item>"] {
        assert!(app.contains(&format!("(\"{route}\")")), "{route}");
    }
    for file in ["wsgi.py", "requirements.txt", "Containerfile"] {
        assert!(!repository::read(&format!("examples/hetero-demo/app/{file}")).is_empty());
    }
    let base = repository::read("examples/hetero-demo/app/Containerfile");
    assert!(base.contains("FROM registry.access.redhat.com/ubi9/python-311:"));
}

#[test]
fn another_class_is_one_line() {
    let fleet = copy_of_fleet();
    edit(
        fleet.path(),
        FILE,
        "  namespaces:\n",
        "  storage: {block: {class: ibm-spectrum-scale-sc, modes: [ReadWriteOnce, ReadWriteMany]}}\n  namespaces:\n",
    );
    let compiled = compile(fleet.path());
    let site = compiled.sites.iter().find(|s| s.plan.name == SITE).unwrap();
    let mut objects = site.rendered.values().flatten();
    let database = objects.find(|o| o.kind() == "PostgresCluster").unwrap();
    let class = "/spec/instances/0/dataVolumeClaimSpec/storageClassName";
    assert_eq!(database.get(class).unwrap(), "ibm-spectrum-scale-sc");
}

#[test]
fn swapped_architectures_of_the_database_are_refused() {
    let fleet = copy_of_fleet();
    let text = repository::read(FILE);
    let swapped = text
        .replace("arch: amd64", "arch: X")
        .replace("arch: ppc64le", "arch: amd64")
        .replace("arch: X", "arch: ppc64le");
    repository::write(fleet.path(), FILE, &swapped);
    let ran = siteplan(fleet.path(), &["check", "--list", SITE]);
    assert!(
        ran.stderr
            .contains("error[no-common-architecture]: `database` has no image for ppc64le"),
        "{}",
        ran.stderr
    );
}

#[test]
fn taints_are_put_on_nodes_tolerated_and_proved() {
    let tainted = copy_of_fleet();
    let pool = "      labels: {workload-type: database}\n";
    let taint = "      taints: [{key: dedicated, value: database, effect: NoSchedule}]\n";
    edit(tainted.path(), FILE, pool, &format!("{pool}{taint}"));
    edit(
        tainted.path(),
        FILE,
        "    crunchy-operator: {values",
        "    node-taints: {}\n    crunchy-operator: {values",
    );
    // The operator may still run on the other architecture alone, which its images do not exist for.
    let ran = siteplan(tainted.path(), &["check", "--list", SITE]);
    let refused = "no node takes `crunchy-operator/operator-deployments`";
    assert!(ran.stderr.contains(refused), "{}", ran.stderr);
    edit(
        tainted.path(),
        FILE,
        "    crunchy-operator: {values",
        "    crunchy-operator: {pool: database, values",
    );
    let compiled = compile(tainted.path());
    assert_eq!(compiled.report, "");
    let site = compiled.sites.iter().find(|s| s.plan.name == SITE).unwrap();
    let mut objects = site.rendered.values().flatten();
    let job = objects
        .find(|o| o.name() == "node-taints-database")
        .unwrap();
    let environment = job.get("/spec/template/spec/containers/0/env").unwrap();
    assert_eq!(environment[0]["value"], "fusion-worker-0");
    assert_eq!(
        environment[1]["value"],
        r#"[{"effect":"NoSchedule","key":"dedicated","value":"database"}]"#
    );
    let mut objects = site.rendered.values().flatten();
    let database = objects.find(|o| o.kind() == "PostgresCluster").unwrap();
    assert_eq!(
        database.get("/spec/instances/0/tolerations/0/key").unwrap(),
        "dedicated"
    );
}

//! Small changes after which the platform cannot be what it promises: each is refused, for its reason.

use std::path::Path;

use crate::repository::{copy_of_fleet, edit, siteplan};

const FULL: &str = "sites/datalyptica.yaml";

/// The errors of a site after a change: code and message.
fn errors_after(site: &str, change: impl Fn(&Path)) -> Vec<String> {
    let fleet = copy_of_fleet();
    change(fleet.path());
    let ran = siteplan(fleet.path(), &["check", "--list", site]);
    let errors = ran.stderr.lines().filter(|l| l.starts_with("error"));
    errors.map(str::to_owned).collect()
}

#[test]
fn three_nodes_for_four_servers() {
    let found = errors_after("datalyptica-edge", |fleet| {
        let file = "sites/datalyptica-edge.yaml";
        edit(
            fleet,
            file,
            "{servers: 3, storage: 50Gi}",
            "{servers: 4, storage: 50Gi}",
        );
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("`Tenant/datalyptica-minio/pool` has 4 replicas that must not share a node, but can run on 3 nodes"), "{found:?}");
}

#[test]
fn a_power_pool_for_an_intel_image() {
    let found = errors_after("datalyptica-mixed", |fleet| {
        let file = "sites/datalyptica-mixed.yaml";
        edit(
            fleet,
            file,
            "    minio: {pool: power}\n",
            "    minio: {pool: power}\n    redis: {pool: power}\n",
        );
    });
    assert!(!found.is_empty(), "nothing is said");
    assert!(
        found
            .iter()
            .all(|e| e.starts_with("error[no-common-architecture]: `redis`")),
        "{found:?}"
    );
}

#[test]
fn a_z_pool_for_the_upload_of_a_backup() {
    let found = errors_after("datalyptica-mixed", |fleet| {
        let file = "sites/datalyptica-mixed.yaml";
        edit(
            fleet,
            file,
            "{pool: z, placement: {etcd-backup: {pool: power}}}",
            "{pool: z}",
        );
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("error[no-common-architecture]") && found[0].contains("etcd"),
        "{found:?}"
    );
}

#[test]
fn a_phase_left_out() {
    let found = errors_after("datalyptica", |fleet| {
        edit(
            fleet,
            FULL,
            "    worker-health: {}\n",
            "    worker-health: {}\n    nessie: {enabled: false}\n",
        );
    });
    let expected = ["trino", "spark"].map(|app| {
        format!(
            "error[missing-requirement]: `{app}` requires `nessie`, which does not run on this site"
        )
    });
    assert_eq!(found, expected);
}

#[test]
fn a_zone_that_holds_two_servers() {
    let found = errors_after("datalyptica", |fleet| {
        let text = fs_err::read_to_string(fleet.join(FULL)).unwrap();
        crate::repository::write(fleet, FULL, &text.replace("{zone: d}", "{zone: c}"));
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with(
            "error[loss-not-survived]: `minio/pool-pool-0` loses its majority with zone"
        ),
        "{found:?}"
    );
}

#[test]
fn too_few_replicas_for_the_promise() {
    let found = errors_after("datalyptica", |fleet| {
        let file = "base/profiles/datalyptica-core.yaml";
        edit(
            fleet,
            file,
            "    nessie: {}\n",
            "    nessie: {values: {replicas: 1}}\n",
        );
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("error[too-few-replicas]"), "{found:?}");
}

#[test]
fn a_role_without_its_mode_is_refused() {
    let found = errors_after("datalyptica", |fleet| {
        edit(
            fleet,
            FULL,
            "ceph-rbd, modes: [ReadWriteOnce]",
            "ceph-rbd, modes: [ReadWriteMany]",
        );
    });
    assert!(!found.is_empty(), "nothing is said");
    assert!(
        found
            .iter()
            .all(|e| e.starts_with("error[access-mode-not-offered]")),
        "{found:?}"
    );
}

#[test]
fn nothing_fences_the_workers() {
    let found = errors_after("datalyptica", |fleet| {
        edit(fleet, FULL, "    worker-health: {}\n", "");
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("nothing fences a node that fails"),
        "{found:?}"
    );
}

#[test]
fn an_image_from_elsewhere() {
    let found = errors_after("datalyptica", |fleet| {
        edit(fleet, "siteplan.yaml", "    - docker.io/altinity\n", "");
    });
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found
            .iter()
            .all(|e| e.starts_with("error[image-not-allowed]: `clickhouse-operator`")),
        "{found:?}"
    );
}

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

/// The errors of a site after one edit of its file.
fn errors_after_edit(site: &str, from: &str, to: &str) -> Vec<String> {
    errors_after(site, |fleet| {
        edit(fleet, &format!("sites/{site}.yaml"), from, to);
    })
}

#[test]
fn nine_workers() {
    let found = errors_after_edit("datalyptica", "        worker-9: {zone: b}\n", "");
    let expected = "error[requirement-not-met]: the site has 9 nodes with the role `worker`, but 10 are required";
    assert_eq!(found, [expected]);
    let found = errors_after_edit("datalyptica-dr", "replicas: 10", "replicas: 9");
    assert_eq!(found, [expected]);
}

#[test]
fn no_class_for_many_writers() {
    let found = errors_after_edit(
        "datalyptica",
        "    shared: {class: ocs-storagecluster-cephfs, modes: [ReadWriteOnce, ReadWriteMany], capacity: 1Ti}\n",
        "",
    );
    let expected = "error[requirement-not-met]: no storage class of the site offers ReadWriteMany, but volumes with it are required";
    assert_eq!(found, [expected]);
}

#[test]
fn less_space_than_the_platform_needs() {
    let found = errors_after_edit("datalyptica-edge", "capacity: 600Gi", "capacity: 400Gi");
    let expected = "error[requirement-not-met]: no storage class of the site that offers ReadWriteOnce has the space, but 500Gi of it are required";
    assert_eq!(found, [expected]);
    let found = errors_after_edit(
        "datalyptica-mixed",
        "ReadWriteMany], capacity: 1Ti",
        "ReadWriteMany]",
    );
    let expected = "error[requirement-not-met]: the storage role `shared` does not say how much space it has, but 500Gi with ReadWriteMany are required";
    assert_eq!(found, [expected]);
}

#[test]
fn workers_that_are_too_small() {
    let found = errors_after_edit(
        "datalyptica-edge",
        "reserved: {cpu: \"6\", memory: 24Gi}",
        "reserved: {cpu: \"9\", memory: 36Gi}",
    );
    let required: Vec<&String> = found
        .iter()
        .filter(|e| e.contains("[requirement-not-met]"))
        .collect();
    let expected = [
        "error[requirement-not-met]: the site has workers that offer 21 CPUs to pods, but 24 are required",
        "error[requirement-not-met]: the site has workers that offer 84Gi of memory to pods, but 96Gi are required",
    ];
    assert_eq!(required, expected, "{found:?}");
}

#[test]
fn a_platform_that_is_too_old() {
    let found = errors_after_edit("datalyptica-dr", "4.18.22", "4.9.50");
    let expected = "error[requirement-not-met]: the site has OpenShift 4.9.50, but versions >=4.10 of OpenShift are required";
    assert_eq!(found, [expected]);
    let found = errors_after_edit("datalyptica", "4.18.22", "4.16.3");
    let expected = "error[requirement-not-met]: the site has OpenShift 4.16.3, but versions >=4.18, <=4.22 of OpenShift are required by `stackable-operators`";
    assert_eq!(found, [expected]);
}

#[test]
fn three_nodes_for_four_servers() {
    let found = errors_after("datalyptica-edge", |fleet| {
        let file = "base/profiles/datalyptica-small.yaml";
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
